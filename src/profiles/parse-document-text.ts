import { parseDocument } from 'yaml';
import type { Fault } from '../errors/fault.ts';
import { isMapping, renderDocumentPath, type DocumentPath } from '../schemas/document-path.ts';

/** A text that was read: its value, or what is wrong with it. */
export interface ParsedText {
  readonly value: unknown;
  readonly faults: readonly Fault[];
}

/**
 * Reads YAML 1.2 or JSON (which YAML 1.2 includes). Refused, because they could not be carried unchanged:
 * repeated keys, several documents, tags that stand for other things than text, numbers, lists and mappings,
 * aliases that contain themselves, NUL and half surrogate pairs.
 */
export function parseDocumentText(text: string): ParsedText {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true, logLevel: 'error' });
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0)
    return { value: undefined, faults: problems.map((problem) => syntaxFault(problem)) };
  try {
    // aliases may repeat a value; the count stops texts that unfold into gigabytes
    const value: unknown = document.toJS({ maxAliasCount: 1000 });
    return { value, faults: checkCarriable(value) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { value: undefined, faults: [{ path: '.', message }] };
  }
}

interface SyntaxProblem {
  readonly message: string;
  readonly linePos?: readonly { readonly line: number; readonly col: number }[] | undefined;
}

function syntaxFault(problem: SyntaxProblem): Fault {
  const place = problem.linePos?.[0];
  const where = place ? `line ${place.line}, column ${place.col}: ` : '';
  const what = (problem.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
  return { path: '.', message: `${where}${what}` };
}

/** Faults of every value that text, JSON and a guest's environment could not carry unchanged. */
export function checkCarriable(value: unknown): Fault[] {
  return faultsBelow(value, [], []);
}

function faultsBelow(value: unknown, path: DocumentPath, parents: readonly unknown[]): Fault[] {
  const fault = (message: string): Fault[] => [{ path: renderDocumentPath(path), message }];
  if (typeof value === 'string') return textProblem(value).flatMap(fault);
  if (typeof value !== 'object' || value === null) return [];
  if (parents.includes(value)) return fault('contains itself');
  const inside = [...parents, value];
  if (Array.isArray(value))
    return value.flatMap((entry, index) => faultsBelow(entry, [...path, index], inside));
  if (!isMapping(value) || ![Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    return fault('must be text, a number, a list or a mapping');
  }
  return Object.entries(value).flatMap(([key, member]) => [
    ...textProblem(key).map((message) => ({ path: renderDocumentPath([...path, key]), message })),
    ...faultsBelow(member, [...path, key], inside),
  ]);
}

function textProblem(text: string): string[] {
  if (text.includes('\0'))
    return ['holds a NUL character, which no program argument or environment can carry'];
  return /\p{Surrogate}/u.test(text) ? ['holds half a surrogate pair, which has no UTF-8 form'] : [];
}
