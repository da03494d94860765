import { Failure } from '../errors/failure.ts';
import { didYouMean } from '../errors/suggestion.ts';
import { COMPRESSIONS } from './check-outputs.ts';
import { completeOutput } from './complete-profile.ts';
import type { Output } from './profile.ts';

/** Compressions that can be put around an image file. */
export const OUTER_COMPRESSIONS: readonly Output['outer'][] = ['gz', 'bz2', 'xz', 'zst', 'zip'];

/** What an artifact is asked for on a command line beside its suffix. */
export type OutputChoices = Required<Pick<Output, 'compression' | 'compat' | 'subformat'>>;

/**
 * The artifact that a suffix stands for: a format, and perhaps what is around it: `qcow2`, `vhd.bz2`, `vhdx.zip`.
 * Choices that the format does not have are not taken over.
 *
 * Raises `E_USAGE` for anything else.
 */
export function parseOutput(text: string, choices: OutputChoices): Output {
  const [name = '', outer = 'none', ...rest] = text.split('.');
  if (!isFormat(name)) {
    const suggestion = didYouMean(name, Object.keys(COMPRESSIONS));
    throw refused(`there is no image format ${JSON.stringify(name)}${suggestion}`);
  }
  const around = (['none', ...OUTER_COMPRESSIONS] as const).find((known) => known === outer);
  if (around === undefined || rest.length > 0) {
    throw refused(
      `${JSON.stringify(text)} ends in no known compression${didYouMean(outer, OUTER_COMPRESSIONS)}`,
    );
  }
  return completeOutput({ format: name, outer: around, ...choicesOf(name, choices) });
}

function isFormat(name: string): name is Output['format'] {
  return Object.hasOwn(COMPRESSIONS, name);
}

/** Several formats may be asked for at once, so a choice only means those that know it. */
function choicesOf(
  format: Output['format'],
  { compression, compat, subformat }: OutputChoices,
): Partial<OutputChoices> {
  if (format === 'vhd') return { subformat };
  if (format !== 'qcow2') return {};
  if (compression === 'zstd' && compat === '0.10') {
    throw new Failure('usage', 'E_USAGE', 'a qcow2 of compatibility 0.10 cannot be compressed with zstd');
  }
  return { compression, compat };
}

function refused(message: string): Failure {
  const hint = `formats: ${Object.keys(COMPRESSIONS).join(', ')}; around them: ${OUTER_COMPRESSIONS.join(', ')}, as in vhd.bz2`;
  return new Failure('usage', 'E_USAGE', message, { hint });
}
