import { StringDecoder } from 'node:string_decoder';
import { Transform } from 'node:stream';
import { spellSecret } from './secret-spellings.ts';

/** What stands where a secret stood. */
export const SECRET_MASK = '<secret>';

/** Removes secrets from everything that is about to be shown or stored. */
export interface SecretFilter {
  /** A complete text, such as one line or one file. */
  readonly text: (text: string) => string;
  /** The same value with every string in it filtered, keys too; other values unchanged. */
  readonly value: (value: unknown) => unknown;
  /** A text that comes in pieces: a secret may begin in one and end in another. */
  readonly pieces: () => SecretFilterPieces;
  /** A byte stream of UTF-8 text, as a Node transform. */
  readonly transform: () => Transform;
}

/** The state between two pieces of one text. */
export interface SecretFilterPieces {
  /** Takes the next piece; returns what can no longer become part of a secret. */
  readonly push: (piece: string) => string;
  /** The rest, at the end of the text. */
  readonly flush: () => string;
}

/**
 * A filter for these secrets in every spelling of `secret-spellings.ts`. Overlapping finds are masked as one, so
 * nothing of either is left over. Empty secrets are ignored. A short secret is masked wherever its letters stand,
 * which can make a log hard to read but never leaks it.
 */
export function createSecretFilter(secrets: Iterable<string>): SecretFilter {
  const spellings = [...new Set([...secrets].flatMap(spellSecret))];
  const text = (whole: string): string => maskAll(whole, spellings, whole.length).done;
  const pieces = (): SecretFilterPieces => filterPieces(spellings);
  const value = (item: unknown): unknown => filterValue(item, text);
  return { text, value, pieces, transform: () => filterTransform(pieces()) };
}

function filterPieces(spellings: readonly string[]): SecretFilterPieces {
  let pending = '';
  const take = (piece: string, isLast: boolean): string => {
    const whole = pending + piece;
    const settled = isLast ? whole.length : whole.length - unsettledLength(whole, spellings);
    const { done, used } = maskAll(whole, spellings, settled);
    pending = whole.slice(used);
    return done;
  };
  return { push: (piece) => take(piece, false), flush: () => take('', true) };
}

/** Length of the longest end of the text with which some secret begins, without being complete. */
function unsettledLength(text: string, spellings: readonly string[]): number {
  let longest = 0;
  for (const spelling of spellings) {
    for (let length = Math.min(spelling.length - 1, text.length); length > longest; length -= 1) {
      if (spelling.startsWith(text.slice(text.length - length))) {
        longest = length;
        break;
      }
    }
  }
  return longest;
}

/**
 * The text up to `settled` with every secret masked. A find that reaches past that place stays whole in the rest,
 * because what follows may overlap it; `used` says where the rest begins.
 */
function maskAll(
  text: string,
  spellings: readonly string[],
  settled: number,
): { readonly done: string; readonly used: number } {
  let done = '';
  let used = 0;
  for (const [start, end] of findAll(text, spellings)) {
    if (end > settled) {
      const rest = Math.min(start, settled);
      return { done: done + text.slice(used, rest), used: rest };
    }
    done += text.slice(used, start) + SECRET_MASK;
    used = end;
  }
  return { done: done + text.slice(used, settled), used: Math.max(used, settled) };
}

/** Start and end of every find, in order, overlapping ones merged. */
function findAll(text: string, spellings: readonly string[]): [number, number][] {
  const finds: [number, number][] = [];
  for (const spelling of spellings) {
    for (let at = text.indexOf(spelling); at !== -1; at = text.indexOf(spelling, at + 1)) {
      finds.push([at, at + spelling.length]);
    }
  }
  const merged: [number, number][] = [];
  for (const find of finds.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && find[0] < last[1]) last[1] = Math.max(last[1], find[1]);
    else merged.push(find);
  }
  return merged;
}

function filterTransform(pieces: SecretFilterPieces): Transform {
  const decoder = new StringDecoder('utf8');
  return new Transform({
    decodeStrings: true,
    transform(chunk: Buffer, _encoding, done) {
      done(null, pieces.push(decoder.write(chunk)));
    },
    flush(done) {
      done(null, pieces.push(decoder.end()) + pieces.flush());
    },
  });
}

function filterValue(item: unknown, text: (text: string) => string): unknown {
  if (typeof item === 'string') return text(item);
  if (Array.isArray(item)) return item.map((member: unknown) => filterValue(member, text));
  if (typeof item !== 'object' || item === null) return item;
  return Object.fromEntries(
    Object.entries(item).map(([key, member]: [string, unknown]) => [text(key), filterValue(member, text)]),
  );
}
