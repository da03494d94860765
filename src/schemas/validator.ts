import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Fault } from '../errors/fault.ts';
import { isMapping, memberOf } from './document-path.ts';
import { explainErrors, type SchemaError } from './explain-errors.ts';

/** Checks a value and returns every fault; an empty list means that it is valid. */
export type Validator = (value: unknown) => Fault[];

/**
 * Compiles a JSON Schema (draft 2020-12). Beyond the standard keywords a schema may carry `x-expects`: words that
 * complete "must be …" where a pattern fails, such as `an absolute path`. References must be local (`#/…`) and
 * not recursive. Throws on a schema that is itself wrong, which is a bug.
 */
export function compileSchema(schema: object): Validator {
  const { $schema: _, ...inlined } = inlineReferences(schema, schema) as { $schema?: string };
  const isValid = createAjv({ messages: false }).compile(inlined);
  let explain: ReturnType<Ajv2020['compile']> | undefined;
  return (value) => {
    if (isValid(value)) return [];
    explain ??= createAjv({ allErrors: true, verbose: true }).compile(inlined);
    if (explain(value)) return [];
    return explainErrors((explain.errors ?? []) as SchemaError[], value);
  };
}

/**
 * What is valid, as nearly everything is, needs no words: the code that finds them is three times as long, and made only
 * when there is something to explain. Optimizing it costs more time than it saves in documents as small as ours.
 */
function createAjv(options: {
  readonly messages?: false;
  readonly allErrors?: true;
  readonly verbose?: true;
}): Ajv2020 {
  const ajv = new Ajv2020({
    ...options,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    code: { optimize: false },
    // compiling the meta-schema would cost every command a tenth of a second; tests check our schemas against it
    meta: false,
    validateSchema: false,
  });
  ajv.addKeyword('x-expects');
  return ajv;
}

/** Errors then carry one unbroken schema path, from which the alternatives they belong to can be read. */
function inlineReferences(node: object, root: object, trail: readonly string[] = []): object {
  const inline = (member: unknown): unknown =>
    typeof member === 'object' && member !== null ? inlineReferences(member, root, trail) : member;
  if (Array.isArray(node)) return node.map(inline);
  const { $ref, $defs: _, ...rest } = node as { $ref?: string; $defs?: object };
  const own = Object.fromEntries(Object.entries(rest).map(([key, member]) => [key, inline(member)]));
  if ($ref === undefined) return own;
  if (trail.includes($ref)) throw new Error(`schema reference ${$ref} is recursive`);
  return { ...inlineReferences(resolveReference($ref, root), root, [...trail, $ref]), ...own };
}

function resolveReference(reference: string, root: object): object {
  const keys = reference.startsWith('#/') ? reference.slice(2).split('/') : [];
  const target = keys.reduce<unknown>(memberOf, root);
  if (!isMapping(target)) throw new Error(`schema reference ${reference} leads nowhere`);
  return target;
}
