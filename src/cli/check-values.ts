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
