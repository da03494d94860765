import { quoteForShell } from '../values/command-spec.ts';
import { judgeFacts, unanswered, type ComparedFact } from './compared-facts.ts';
import { failed, passed } from './guest-check.ts';
import type { ProfileCheckPlanner } from './profile-check-plan.ts';

/** A package, as dpkg knows it. */
export const planPackageCheck: ProfileCheckPlanner<'package'> = ({ name, installed, version }) => ({
  subject: name,
  title: `package ${name} is ${installed ? (version ?? 'installed') : 'not installed'}`,
  script: `dpkg-query -W -f '\${db:Status-Status} \${Version}\\n' -- ${quoteForShell(name)}`,
  judge: ({ text }) => {
    const versions = text.split('\n').flatMap((line) => /^installed (\S+)$/.exec(line)?.[1] ?? []);
    if (versions.length === 0) {
      return installed ? failed(version ?? 'installed', 'not installed') : passed('not installed');
    }
    const found = `installed, ${versions.join(' and ')}`;
    if (!installed) return failed('not installed', found);
    return version === undefined || versions.includes(version) ? passed(found) : failed(version, found);
  },
});

/** A unit, as systemd knows it; what is started or enabled by another name counts (`ssh`, `sshd`). */
export const planServiceCheck: ProfileCheckPlanner<'service'> = ({ name, active, enabled }) => ({
  subject: name,
  title: `${name} is ${active ? 'active' : 'not active'}`,
  script: `systemctl show -p LoadState -p ActiveState -p SubState -p UnitFileState -- ${quoteForShell(name)}`,
  judge: (answer) => {
    const states = new Map(
      answer.text.split('\n').map((line) => [line.split('=')[0], line.split('=')[1] ?? '']),
    );
    const state = states.get('ActiveState');
    const unitFile = states.get('UnitFileState');
    if (state === undefined) return unanswered('an answer of systemd', answer);
    if (states.get('LoadState') === 'not-found' && (active || enabled === true)) {
      return failed(active ? 'active' : 'enabled', 'there is no such unit');
    }
    const facts: ComparedFact[] = [
      {
        what: '',
        expected: active ? 'active' : 'not active',
        found: `${state} (${states.get('SubState') ?? ''})`,
        isKept: (state === 'active') === active,
      },
    ];
    if (enabled !== undefined) {
      const isEnabled = /^(?:enabled|static|alias|generated|indirect)/.test(unitFile ?? '');
      const found = unitFile === '' || unitFile === undefined ? 'not enabled' : unitFile;
      facts.push({
        what: '',
        expected: enabled ? 'enabled' : 'not enabled',
        found,
        isKept: isEnabled === enabled,
      });
    }
    return judgeFacts(facts);
  },
});

/** The kernel's own list of names needs no `ps`. Longer names are cut by the kernel (TASK_COMM_LEN, 16 with its NUL). */
export const planProcessCheck: ProfileCheckPlanner<'process'> = ({ name, running }) => ({
  subject: name,
  title: `${name} ${running ? 'runs' : 'does not run'}`,
  script: 'cat /proc/[0-9]*/comm 2>/dev/null; :',
  judge: (answer) => {
    const names = answer.text.split('\n').filter((line) => line !== '');
    if (names.length === 0) return unanswered('the names of the processes', answer);
    const count = names.filter((each) => each === keptName(name)).length;
    const found = count === 0 ? 'does not run' : `${count} of it`;
    return count > 0 === running ? passed(found) : failed(running ? 'runs' : 'does not run', found);
  },
});

function keptName(name: string): string {
  return Buffer.from(name).subarray(0, 15).toString();
}

/** An account and its groups, wherever the guest keeps them. */
export const planUserCheck: ProfileCheckPlanner<'user'> = (check) => ({
  subject: check.name,
  title: `user ${check.name} ${check.exists ? 'is as promised' : 'does not exist'}`,
  script: `getent passwd -- ${quoteForShell(check.name)} && id -nG -- ${quoteForShell(check.name)}`,
  judge: ({ text }) => {
    const [entry = '', groupLine = ''] = text.split('\n');
    const fields = entry.split(':');
    if (fields.length < 7) return check.exists ? failed('exists', 'no such user') : passed('no such user');
    if (!check.exists) return failed('no such user', `uid ${fields[2] ?? ''}`);
    const facts: ComparedFact[] = [{ what: '', expected: 'exists', found: 'exists' }];
    if (check.uid !== undefined) {
      facts.push({ what: 'uid', expected: String(check.uid), found: fields[2] ?? '' });
    }
    if (check.shell !== undefined)
      facts.push({ what: 'shell', expected: check.shell, found: fields[6] ?? '' });
    if (check.groups !== undefined) facts.push(groupFact(check.groups, groupLine.split(' ')));
    return judgeFacts(facts);
  },
});

function groupFact(expected: readonly string[], found: readonly string[]): ComparedFact {
  const isKept = expected.every((group) => found.includes(group));
  return { what: 'groups', expected: expected.join(' '), found: found.join(' '), isKept };
}

/** A parameter is a file below /proc/sys; as with sysctl, dots and slashes change places in its name. */
export const planKernelParamCheck: ProfileCheckPlanner<'kernel-param'> = ({ name, value }) => {
  const path = name.replaceAll(/[./]/g, (sign) => (sign === '.' ? '/' : '.'));
  return {
    subject: name,
    title: `${name} is ${value}`,
    script: `cat -- ${quoteForShell(`/proc/sys/${path}`)}`,
    judge: (answer) => {
      if (answer.exitCode !== 0) return unanswered(words(value), answer);
      return judgeFacts([{ what: '', expected: words(value), found: words(answer.text) }]);
    },
  };
};

function words(text: string): string {
  return text.trim().split(/\s+/).join(' ');
}

/** What is mounted, as the kernel tells it; of two file systems at one place the upper one counts. */
export const planMountCheck: ProfileCheckPlanner<'mount'> = ({ path, filesystem, options }) => ({
  subject: path,
  title: `${path} is mounted${filesystem === undefined ? '' : ` as ${filesystem}`}`,
  script: 'cat /proc/self/mounts',
  judge: (answer) => {
    const mounts = answer.text.split('\n').map((line) => line.split(' '));
    const mounted = mounts.findLast(([, place]) => place !== undefined && unescapeMount(place) === path);
    if (mounted === undefined) return failed('mounted', 'not mounted');
    const [source = '', , type = '', had = ''] = mounted;
    const facts: ComparedFact[] = [{ what: 'mounted from', expected: source, found: source }];
    if (filesystem !== undefined) facts.push({ what: 'as', expected: filesystem, found: type });
    if (options !== undefined) {
      const isKept = options.every((option) => had.split(',').includes(option));
      facts.push({ what: 'with', expected: options.join(','), found: had, isKept });
    }
    return judgeFacts(facts);
  },
});

/** Blanks and backslashes of a path are octal in the kernel's list (proc_pid_mounts, fstab(5)). */
function unescapeMount(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}
