import type { Command } from './command.ts';
import { buildCommand } from './commands/build.ts';
import { profileCommand } from './commands/profile.ts';
import { profilesCommand } from './commands/profiles.ts';

/** Every command, in the order the help shows them. */
export const COMMANDS: readonly Command[] = [buildCommand, profilesCommand, profileCommand];
