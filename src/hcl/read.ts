import { Failure } from '../errors/failure.ts';
import { isHclList, isHclMap, isHclValue, type HclValue } from './literal.ts';
import { parseHcl, type ParseHcl } from './parse-hcl.ts';
import { HclTemplate } from './template.ts';

/** What an HCL file holds: attributes by name, blocks as lists below their type and labels. */
export type HclDocument = { readonly [name: string]: HclValue };

/**
 * Reads HCL into plain values; what HCL would have to compute comes back as {@link HclTemplate}.
 * Does not tell the order between blocks of different type or label.
 *
 * @param parse the parser, where it should not run in this thread
 * Raises `E_HCL_INVALID` for text that is no HCL.
 */
export async function readHcl(
  fileName: string,
  text: string,
  parse: ParseHcl = parseHcl,
): Promise<HclDocument> {
  const parsed = await parse(fileName, text).catch((cause: unknown) => {
    throw invalidHcl(fileName, cause);
  });
  const document = restore(parsed);
  return isHclMap(document) ? document : {};
}

function invalidHcl(fileName: string, cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Failure('profile', 'E_HCL_INVALID', `${fileName} is not valid HCL`, {
    details: [reason],
    cause,
  });
}

/** The members of a list expression such as the text within `concat(local.a, ["B=c"])`. */
export async function readHclList(
  expression: string,
  parse: ParseHcl = parseHcl,
): Promise<readonly HclValue[]> {
  const { list } = await readHcl('expression.hcl', `list = ${expression}\n`, parse);
  if (!isHclList(list)) {
    throw new Failure('profile', 'E_HCL_INVALID', 'an HCL expression is not a list', {
      details: [expression],
    });
  }
  return list;
}

/** The parser leaves `$${` and `%%{` as they stand in the file. */
function restore(value: unknown): HclValue {
  if (typeof value === 'string') return restoreText(value);
  if (Array.isArray(value)) return value.map(restore);
  if (value === null || typeof value !== 'object') return isHclValue(value) ? value : null;
  const entries = Object.entries(value).map(([key, member]): [string, HclValue] => {
    const name = restoreText(key);
    return [typeof name === 'string' ? name : name.source, restore(member)];
  });
  return Object.fromEntries(entries);
}

function restoreText(text: string): string | HclTemplate {
  let computed = false;
  const literal = text.replace(/\$\$\{|%%\{|\$\{|%\{/g, (mark) => {
    if (mark.length === 2) computed = true;
    return mark.slice(-2);
  });
  return computed ? new HclTemplate(text) : literal;
}
