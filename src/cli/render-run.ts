import { renderDuration } from '../values/duration.ts';
import type { ImageRun } from '../workflows/run-image.ts';
import { withoutControlCharacters } from './text-layout.ts';

const ENDINGS: Readonly<Record<ImageRun['endedBy'], string>> = {
  person: 'you left it',
  guest: 'the guest powered itself off',
  signal: 'a signal ended it',
};

/** How a machine's time with a person went, in a line or two. */
export function renderRun({ name, endedBy, readyMs, durationMs, sign }: ImageRun): string {
  const ready = readyMs === undefined ? 'was never ready' : `was ready in ${renderDuration(readyMs)}`;
  const first = `${name} ran ${renderDuration(durationMs)} and ${ready}; ${ENDINGS[endedBy]}. Nothing of it is kept.`;
  const lines = sign === undefined ? [first] : [first, `It had said: ${sign}`];
  return lines.map(withoutControlCharacters).join('\n');
}
