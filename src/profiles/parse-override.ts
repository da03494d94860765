import type { Fault } from '../errors/fault.ts';
import { parseDocumentPath, renderDocumentPath, type DocumentPath } from '../schemas/document-path.ts';
import { parseDocumentText } from './parse-document-text.ts';

/** A `--set` option that was read. */
export interface Override {
  readonly path: DocumentPath;
  /** Whether the value is added to a list instead of replacing what is there. */
  readonly adds: boolean;
  readonly value: unknown;
  /** What is wrong with the option; it has no value then. */
  readonly faults: readonly Fault[];
}

/**
 * Reads `path=value`, which sets a value or a whole list, or `path+=value`, which adds to a list.
 * Paths are in jq notation, the first dot optional; values are YAML.
 */
export function parseOverride(option: string): Override {
  const { path, rest } = parseDocumentPath(option);
  const operator = /^(\+?)=/.exec(rest);
  if (!operator || path.length === 0) {
    const message = `must be path=value or path+=value; found ${JSON.stringify(option)}`;
    return { path, adds: false, value: undefined, faults: [{ path: '.', message }] };
  }
  const { value, faults } = parseDocumentText(rest.slice(operator[0].length));
  const rendered = renderDocumentPath(path);
  return {
    path,
    adds: operator[1] === '+',
    value,
    faults: faults.map(({ message }) => ({ path: rendered, message })),
  };
}
