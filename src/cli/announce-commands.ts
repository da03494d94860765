import { withoutDeathWatch } from '../host/die-with-parent.ts';
import type { Runner } from '../host/run.ts';
import { SECRET_MASK } from '../host/secrets.ts';
import { renderCommandLine, type CommandSpec } from '../values/command-spec.ts';
import type { EmitEvent } from '../workflows/events.ts';

/** A runner that tells of every program before it starts it; for `--verbose` and `--events`. */
export function announceCommands(run: Runner, emit: EmitEvent): Runner {
  return (spec, options) => {
    emit({ type: 'command', commandLine: announcedLine(spec) });
    return run(spec, options);
  };
}

/** User name and password of a URL, which a proxy may have; a slash in them is always spelled out. */
const URL_CREDENTIALS = /(?<=:\/\/)[^/?#\s]*@/g;

/**
 * The command line, without what is wrapped around it and without passwords of URLs. Secrets of a profile travel in
 * the environment or on standard input, which are not shown.
 */
function announcedLine(spec: CommandSpec): string {
  const { command, args } = withoutDeathWatch(spec);
  return renderCommandLine({
    command,
    args: args.map((word) => word.replaceAll(URL_CREDENTIALS, `${SECRET_MASK}@`)),
  });
}
