import type { Command } from './command.ts';
import { baseCommand } from './commands/base.ts';
import { buildCommand } from './commands/build.ts';
import { convertCommand } from './commands/convert.ts';
import { diffCommand } from './commands/diff.ts';
import { doctorCommand } from './commands/doctor.ts';
import { importCommand } from './commands/import.ts';
import { inspectCommand } from './commands/inspect.ts';
import { profileCommand } from './commands/profile.ts';
import { profilesCommand } from './commands/profiles.ts';
import { pinCommand } from './commands/pin.ts';
import { promoteCommand } from './commands/promote.ts';
import { revokeCommand } from './commands/revoke.ts';
import { rollbackCommand } from './commands/rollback.ts';
import { pruneCommand } from './commands/prune.ts';
import { releasesCommand } from './commands/releases.ts';
import { renderCommand } from './commands/render.ts';
import { runCommand } from './commands/run.ts';
import { showCommand } from './commands/show.ts';
import { testCommand } from './commands/test.ts';
import { validateCommand } from './commands/validate.ts';
import { versionCheckCommand } from './commands/version-check.ts';
import { verifyCommand } from './commands/verify.ts';
import { versionCompareCommand } from './commands/version-compare.ts';
import { versionNextCommand } from './commands/version-next.ts';
import { versionParseCommand } from './commands/version-parse.ts';

/** Every command, in the order the help shows them. */
export const COMMANDS: readonly Command[] = [
  buildCommand,
  baseCommand,
  renderCommand,
  validateCommand,
  profilesCommand,
  profileCommand,
  convertCommand,
  inspectCommand,
  importCommand,
  testCommand,
  runCommand,
  releasesCommand,
  showCommand,
  diffCommand,
  promoteCommand,
  rollbackCommand,
  revokeCommand,
  pinCommand,
  verifyCommand,
  doctorCommand,
  pruneCommand,
  versionNextCommand,
  versionParseCommand,
  versionCompareCommand,
  versionCheckCommand,
];
