import { isMapping } from '../schemas/document-path.ts';
import { failed, passed, type GuestCheck } from './guest-check.ts';

/**
 * systemd has started all that it should, and nothing failed. A start that still goes on is waited for. The last lines
 * of what failed tell why; there is no status of a unit that costs less.
 */
export function checkUnits(): GuestCheck {
  return {
    name: 'units',
    title: 'no unit failed',
    isIdentity: false,
    timeoutSeconds: 75,
    script: `state=$(timeout 60 systemctl is-system-running --wait)
[ -n "$state" ] || state=$(systemctl is-system-running)
echo "$state"
[ "$state" = running ] && exit
units=$(systemctl list-units --state=failed --plain --no-legend --no-pager --full)
echo "$units"
[ "$state" = degraded ] || systemctl list-jobs --no-legend --no-pager
echo
echo "$units" | while read -r unit rest; do
    [ -z "$unit" ] || journalctl -q -b -u "$unit" -n 5 -o short-monotonic --no-pager
done`,
    judge: (answer) => {
      const [state = '', ...rest] = (answer.stdout ?? answer.text).split('\n');
      if (state === 'running') return passed('running, no unit failed');
      const blank = rest.indexOf('');
      const units = rest
        .slice(0, blank === -1 ? undefined : blank)
        .map((line) => line.trim().split(/\s+/)[0] ?? '')
        .filter((unit) => unit !== '');
      // `list-jobs` begins with the job's number.
      const failures = units.filter((unit) => !/^\d+$/.test(unit));
      const found = failures.length === 0 ? state || 'no answer' : `${state}: ${failures.join(', ')}`;
      return failed(
        'running, no unit failed',
        found,
        rest.filter((line) => line !== ''),
      );
    },
  };
}

/** dpkg left nothing half done. */
export function checkPackageStates(): GuestCheck {
  return {
    name: 'package-states',
    title: 'no package is half installed',
    isIdentity: false,
    script: 'dpkg --audit',
    judge: ({ text, exitCode }) => {
      const lines = text.split('\n').filter((line) => line.trim() !== '');
      if (lines.length === 0 && exitCode === 0) return passed('nothing to tell');
      const packages = lines.flatMap((line) => /^ (\S+)/.exec(line)?.[1] ?? []);
      const found = packages.length === 0 ? (lines[0] ?? `exit code ${exitCode}`) : packages.join(', ');
      return failed('nothing to tell by dpkg --audit', found, lines);
    },
  };
}

/** cloud-init has read its data and come to its end without errors (its own record; asking itself costs a Python). */
export function checkCloudInit(): GuestCheck {
  return {
    name: 'cloud-init',
    title: 'cloud-init is done without errors',
    isIdentity: false,
    timeoutSeconds: 75,
    script: `f=/run/cloud-init/result.json
n=0
while [ ! -e $f ] && [ $n -lt 60 ]; do sleep 1; n=$((n + 1)); done
cat $f`,
    judge: ({ text, stdout, exitCode }) => {
      const result = exitCode === 0 ? parseResult(stdout ?? text) : undefined;
      if (result === undefined) return failed('done without errors', 'not done', text.split('\n').slice(-5));
      const { datasource, errors } = result;
      if (datasource === '' || /DataSourceNone/.test(datasource)) {
        return failed('data from the seed', datasource || 'no data source', errors);
      }
      if (errors.length === 0) return passed(`done, by ${datasource}`);
      return failed('done without errors', errors[0] ?? '', errors);
    },
  };
}

function parseResult(text: string): { datasource: string; errors: string[] } | undefined {
  try {
    const record: unknown = JSON.parse(text);
    const result = isMapping(record) ? record['v1'] : undefined;
    if (!isMapping(result)) return undefined;
    const { datasource, errors } = result;
    return {
      datasource: typeof datasource === 'string' ? datasource : '',
      errors: Array.isArray(errors) ? errors.map(String) : [],
    };
  } catch {
    return undefined;
  }
}
