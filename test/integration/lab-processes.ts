import { readFileSync, readlinkSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A process of a lab. */
export interface LabProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** Every living process that names the lab in its command line, environment or working directory; zombies hold nothing. */
export function processesOf(directory: string): LabProcess[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids.flatMap((pid) => {
    const commandLine = readOrNothing(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    const facts = [
      commandLine,
      readOrNothing(() => readFileSync(`/proc/${pid}/environ`, 'utf8')),
      readOrNothing(() => readlinkSync(`/proc/${pid}/cwd`)),
    ];
    const belongs = facts.some((text) => text.includes(`${directory}/`) || text === directory);
    return belongs ? [{ pid: Number(pid), commandLine: commandLine.replaceAll('\0', ' ').trim() }] : [];
  });
}

/** The processes that run a program on the lab's PATH. */
export function findProcesses(directory: string, program: string): number[] {
  const script = `${directory}/bin/${program}`;
  return processesOf(directory)
    .filter(({ commandLine }) => new RegExp(`^(?:\\S+ )?${script}(?: |$)`).test(commandLine))
    .map(({ pid }) => pid);
}

/** Waits until no process of the lab is left; gives those that are left when the time is over. */
export async function processesLeft(directory: string, timeoutMs = 3000): Promise<string[]> {
  const endsAt = Date.now() + timeoutMs;
  for (;;) {
    const left = processesOf(directory);
    if (left.length === 0 || Date.now() > endsAt) return left.map(({ commandLine }) => commandLine);
    await delay(50);
  }
}

function readOrNothing(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
