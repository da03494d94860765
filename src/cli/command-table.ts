import type { Command } from './command.ts';
import { buildCommand } from './commands/build.ts';

/** Every command, in the order the help shows them. */
export const COMMANDS: readonly Command[] = [buildCommand];
