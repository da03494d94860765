import { didYouMean } from '../errors/suggestion.ts';
import { BUILT_IN_PROFILES, FRAGMENTS } from './built-in.ts';

/** What `--profile` or `extends` names. */
export type ProfileReference =
  | { readonly kind: 'built-in'; readonly name: string }
  | { readonly kind: 'fragment'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'unknown'; readonly message: string }
  | { readonly kind: 'malformed'; readonly message: string };

/**
 * Tells files (they end in .yaml, .yml or .json) from names. `unknown` is a name that nothing has (its message is a
 * sentence), `malformed` is text that can be no name (its message continues one: "must be …").
 */
export function parseProfileReference(text: string): ProfileReference {
  if (/[\u0000-\u001f\u007f]/.test(text))
    return { kind: 'malformed', message: `must not hold control characters; found ${quoted(text)}` };
  if (/[^/]\.(?:ya?ml|json)$/i.test(text)) return { kind: 'file', path: text };
  if (Object.hasOwn(BUILT_IN_PROFILES, text)) return { kind: 'built-in', name: text };
  if (Object.hasOwn(FRAGMENTS, text)) return { kind: 'fragment', name: text };
  if (!/^[A-Za-z0-9][A-Za-z0-9.:-]*$/.test(text) || text.includes('..')) {
    const rule = 'must be the name of a profile, or a file ending in .yaml, .yml or .json';
    return { kind: 'malformed', message: `${rule}; found ${quoted(text)}` };
  }
  return {
    kind: 'unknown',
    message: `there is no profile ${quoted(text)}${didYouMean(text, knownNames())}`,
  };
}

/** `built-in profiles: server, …`, for hints. */
export function knownProfilesHint(): string {
  return `built-in profiles: ${Object.keys(BUILT_IN_PROFILES).join(', ')}; a file ends in .yaml, .yml or .json`;
}

function knownNames(): string[] {
  return [...Object.keys(BUILT_IN_PROFILES), ...Object.keys(FRAGMENTS)];
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
