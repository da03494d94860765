import { judgeFacts } from './compared-facts.ts';
import { failed, passed, type Finding, type GuestCheck } from './guest-check.ts';

/** What makes a machine itself; no two machines of one image share any of it. */
export interface MachineIdentity {
  /** 32 hexadecimal digits; see machine-id(5). */
  readonly machineId: string;
  /** Public SSH host keys as `type base64`, sorted. */
  readonly hostKeys: readonly string[];
}

/** The machine has made itself an identity. Its answer is what {@link parseMachineIdentity} reads. */
export function checkMachineIdentity(): GuestCheck {
  return {
    name: 'fresh-identity',
    title: 'the machine has a machine-id and SSH host keys of its own',
    isIdentity: false,
    script: 'cat /etc/machine-id /etc/ssh/ssh_host_*_key.pub',
    judge: ({ text, stdout }) => {
      const identity = parseMachineIdentity(stdout ?? text);
      if (identity === undefined) {
        return failed('a machine-id and SSH host keys', lackOf(stdout ?? text));
      }
      return passed(`machine-id ${identity.machineId.slice(0, 8)}…, ${identity.hostKeys.length} host keys`);
    },
  };
}

/** Reads the answer to {@link checkMachineIdentity}; undefined where a part is missing or is no identity. */
export function parseMachineIdentity(text: string): MachineIdentity | undefined {
  const machineId = /^[0-9a-f]{32}$/m.exec(text)?.[0];
  const keys = [...text.matchAll(/^((?:ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/]{40,}={0,3})(?: .*)?$/gm)];
  if (machineId === undefined || /^0+$/.test(machineId) || keys.length === 0) return undefined;
  return { machineId, hostKeys: keys.map((match) => match[1] ?? '').toSorted() };
}

/** Which part of an identity is missing, in words; keys are public, but nobody reads them. */
function lackOf(text: string): string {
  const machineId = /^[0-9a-f]{32}$/m.exec(text)?.[0];
  if (machineId !== undefined && !/^0+$/.test(machineId)) return 'no SSH host key';
  return /^(?:ssh|ecdsa|sk)-/m.test(text) ? 'no machine-id' : 'neither';
}

/** Two machines of one image must be strangers: nothing of their identities is the same. */
export function judgeStrangers(a: MachineIdentity, b: MachineIdentity): Finding {
  const shared = a.hostKeys.filter((key) => b.hostKeys.includes(key));
  const same = [
    ...(a.machineId === b.machineId ? [`machine-id ${a.machineId}`] : []),
    ...shared.map((key) => `host key ${key.split(' ')[0] ?? ''}`),
  ];
  if (same.length === 0) return passed('machine-id and all host keys differ');
  return failed('machine-id and all host keys differ', `both have the same ${same.join(', ')}`);
}

/** A machine that has been restarted must be the same one. */
export function judgeSame(before: MachineIdentity, after: MachineIdentity): Finding {
  const differing = [
    ...before.hostKeys.filter((key) => !after.hostKeys.includes(key)),
    ...after.hostKeys.filter((key) => !before.hostKeys.includes(key)),
  ];
  return judgeFacts([
    { what: 'machine-id', expected: before.machineId, found: after.machineId },
    {
      what: 'host keys',
      expected: 'the same',
      found: differing.length === 0 ? 'the same' : `${differing.length} differ`,
    },
  ]);
}
