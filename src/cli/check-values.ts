import { BOOT_CONTRACTS, type BootContractName } from '../guest/boot-contract-name.ts';
import { TARGET_NAMES } from '../profiles/profile-document.ts';
import type { TargetName } from '../profiles/profile.ts';
import { parseIsoDate } from '../values/calendar-date.ts';
import { usageFailure } from './usage-failure.ts';

/** The text when it is a day that exists, written `YYYY-MM-DD`. Raises `E_USAGE` otherwise. */
export function checkDate(option: string, text: string | undefined): string | undefined {
  if (text === undefined || parseIsoDate(text)) return text;
  throw usageFailure(`--${option} must be a day, YYYY-MM-DD; found ${JSON.stringify(text)}`);
}

/** Ways in which apt fetches packages and that a mirror may have. */
const MIRROR_PROTOCOLS = ['http:', 'https:', 'file:', 'copy:'];

/** The text when apt can use it as a mirror. Raises `E_USAGE` otherwise. */
export function checkMirror(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return text;
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (MIRROR_PROTOCOLS.includes(protocol)) return text;
  throw usageFailure(`--${option} must be an http, https or file URL; found ${JSON.stringify(text)}`);
}

/** The `path=value` pairs when each has both parts. Raises `E_USAGE` otherwise. */
export function checkAssignments(option: string, pairs: readonly string[]): readonly string[] {
  const wrong = pairs.find((pair) => pair.indexOf('=') < 1);
  if (wrong === undefined) return pairs;
  throw usageFailure(`--${option} must be PATH=VALUE; found ${JSON.stringify(wrong)}`);
}

/** The number when there is one of what it counts. Raises `E_USAGE` for 0. */
export function checkPositive(option: string, count: number | undefined): number | undefined {
  if (count !== 0) return count;
  throw usageFailure(`--${option} must be at least 1`);
}

/** The number when it is a TCP port. Raises `E_USAGE` otherwise. */
export function checkPort(option: string, port: number | undefined): number | undefined {
  if (port === undefined || (port >= 1 && port <= 65_535)) return port;
  throw usageFailure(`--${option} must be a port, 1 to 65535; found ${port}`);
}

/** The text when it names a target. Raises `E_USAGE` otherwise. */
export function checkTarget(text: string): TargetName {
  const target = TARGET_NAMES.find((name) => name === text);
  if (target !== undefined) return target;
  throw usageFailure(`there is no target ${JSON.stringify(text)}`, `there are ${TARGET_NAMES.join(', ')}`);
}

/** The text when it names a boot contract. Raises `E_USAGE` otherwise. */
export function checkContract(text: string | undefined): BootContractName | undefined {
  const contract = BOOT_CONTRACTS.find((name) => name === text);
  if (text === undefined || contract !== undefined) return contract;
  const hint = `there are ${BOOT_CONTRACTS.join(', ')}`;
  throw usageFailure(`there is no contract ${JSON.stringify(text)}`, hint);
}
