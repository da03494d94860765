import { Failure } from '../errors/failure.ts';

/** The channel that every filed release enters. */
export const CANDIDATE = 'candidate';
/** The channel of releases that have passed their tests. */
export const TESTED = 'tested';
/** The channel of releases that people use. */
export const STABLE = 'stable';

const GM = 'gm-';

const PATTERN = '^(candidate|tested|stable|gm-[a-z0-9]([a-z0-9.-]{0,58}[a-z0-9])?)$';

const WORDS = 'candidate, tested, stable or gm-PRODUCT in small letters, digits, dots and dashes';

/** Schema of a channel's name. */
export const CHANNEL = { type: 'string', pattern: PATTERN, 'x-expects': WORDS } as const;

/** Whether a text names a channel. */
export function isChannelName(text: string): boolean {
  return new RegExp(PATTERN).test(text);
}

/** Whether releases of this channel stay for as long as the product they were made for: golden masters. */
export function isGoldenMaster(channel: string): boolean {
  return channel.startsWith(GM);
}

/** The name itself, before it becomes part of any path. @throws Failure `E_CHANNEL_NAME` (usage) */
export function requireChannelName(text: string): string {
  if (isChannelName(text)) return text;
  throw new Failure('usage', 'E_CHANNEL_NAME', `${JSON.stringify(text.slice(0, 80))} is no channel`, {
    hint: `it must be ${WORDS}`,
  });
}
