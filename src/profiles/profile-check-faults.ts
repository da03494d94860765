import type { Fault } from '../errors/fault.ts';
import { renderDocumentPath, type DocumentPath } from '../schemas/document-path.ts';
import { parseTextPattern } from './text-pattern.ts';

/** What can only be asked of something that is there: by type, the key that says it is not, and the other keys. */
const NEEDS_PRESENCE: Readonly<Record<string, readonly [absent: string, others: readonly string[]]>> = {
  file: ['exists', ['contains', 'sha256', 'mode', 'owner']],
  package: ['installed', ['version']],
  user: ['exists', ['uid', 'shell', 'groups']],
  dns: ['resolves', ['address']],
};

/** Faults between the keys of one check: questions that no guest can answer. */
export function profileCheckFaults(path: DocumentPath, check: Readonly<Record<string, unknown>>): Fault[] {
  return [...contradictions(path, check), ...patternFaults(path, check)];
}

function contradictions(path: DocumentPath, check: Readonly<Record<string, unknown>>): Fault[] {
  const type = check['type'];
  if (typeof type !== 'string' || !Object.hasOwn(NEEDS_PRESENCE, type)) return [];
  const [absent = '', others = []] = NEEDS_PRESENCE[type] ?? [];
  if (check[absent] !== false) return [];
  return others
    .filter((key) => Object.hasOwn(check, key))
    .map((key) => ({
      path: renderDocumentPath([...path, key]),
      message: `cannot be asked where ${absent} is false; found ${JSON.stringify(check[key])}`,
    }));
}

function patternFaults(path: DocumentPath, check: Readonly<Record<string, unknown>>): Fault[] {
  const { type, stdout } = check;
  if (type !== 'command' || typeof stdout !== 'string') return [];
  const { fault } = parseTextPattern(stdout);
  return fault === undefined ? [] : [{ path: renderDocumentPath([...path, 'stdout']), message: fault }];
}
