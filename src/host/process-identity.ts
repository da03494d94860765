import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { readTextIfExists } from './files.ts';

/**
 * A process that can be told from every other, past and future. A process id alone is used again;
 * together with the rest it never is.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of `/proc/PID/stat`: clock ticks between boot and the start of the process. */
  readonly startTicks: number;
  /** `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: string;
  readonly host: string;
  /** `/proc/PID/ns/pid`: containers on one kernel count their processes apart. */
  readonly pidNamespace: string;
}

/** The identity of a running process, ours by default; undefined when there is none with that id. */
export async function readProcessIdentity(pid = process.pid): Promise<ProcessIdentity | undefined> {
  const startTicks = await readStartTicks(pid);
  if (startTicks === undefined) return undefined;
  return {
    pid,
    startTicks,
    bootId: await readBootId(),
    host: hostname(),
    pidNamespace: await readPidNamespace(),
  };
}

/**
 * Whether that very process still runs: `unknown` when it lives on another host or in another container,
 * where we cannot look. A zombie counts as dead: it holds nothing any more.
 */
export async function checkAlive(identity: ProcessIdentity): Promise<'alive' | 'dead' | 'unknown'> {
  if (identity.host !== hostname()) return 'unknown';
  if (identity.bootId !== (await readBootId())) return 'dead';
  if (identity.pidNamespace !== (await readPidNamespace())) return 'unknown';
  return (await readStartTicks(identity.pid)) === identity.startTicks ? 'alive' : 'dead';
}

/** Reads an identity back from JSON; undefined when it is anything else. */
export function parseProcessIdentity(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, startTicks, bootId, host, pidNamespace } = value as Partial<
    Record<keyof ProcessIdentity, unknown>
  >;
  if (!Number.isSafeInteger(pid) || !Number.isSafeInteger(startTicks)) return undefined;
  if (typeof bootId !== 'string' || typeof host !== 'string' || typeof pidNamespace !== 'string')
    return undefined;
  return { pid: Number(pid), startTicks: Number(startTicks), bootId, host, pidNamespace };
}

/** The kernel's name for this boot: a UUID that changes with every start of the machine. */
export async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

async function readPidNamespace(): Promise<string> {
  return readlink('/proc/self/ns/pid');
}

async function readStartTicks(pid: number): Promise<number | undefined> {
  const text = await readTextIfExists(`/proc/${pid}/stat`).catch(() => undefined);
  // The program's name stands in parentheses and may hold spaces and parentheses itself.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const ticks = Number(fields[19]);
  return Number.isSafeInteger(ticks) ? ticks : undefined;
}
