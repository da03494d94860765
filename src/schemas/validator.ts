import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Fault } from '../errors/fault.ts';
import { explainErrors, type SchemaError } from './explain-errors.ts';

/** Checks a value and returns every fault; an empty list means that it is valid. */
export type Validator = (value: unknown) => Fault[];

/**
 * Compiles a JSON Schema (draft 2020-12). Beyond the standard keywords a schema may carry `x-expects`: words that
 * complete "must be …" where a pattern fails, such as `an absolute path`. References must be local (`#/…`) and
 * not recursive. Throws on a schema that is itself wrong, which is a bug.
 */
export function compileSchema(schema: object): Validator {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
  });
  ajv.addKeyword('x-expects');
  const validate = ajv.compile(inlineReferences(schema, schema) as object);
  return (value) => {
    if (validate(value)) return [];
    return explainErrors((validate.errors ?? []) as SchemaError[], value);
  };
}

/** Errors then carry one unbroken schema path, from which the alternatives they belong to can be read. */
function inlineReferences(node: unknown, root: object, trail: readonly string[] = []): unknown {
  if (Array.isArray(node)) return node.map((member) => inlineReferences(member, root, trail));
  if (node === null || typeof node !== 'object') return node;
  if ('$ref' in node && typeof node.$ref === 'string') {
    if (trail.includes(node.$ref)) throw new Error(`schema reference ${node.$ref} is recursive`);
    const { $ref, ...rest } = node;
    const target = inlineReferences(resolveReference($ref, root), root, [...trail, $ref]) as object;
    return { ...target, ...(inlineReferences(rest, root, trail) as object) };
  }
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== '$defs')
      .map(([key, member]) => [key, inlineReferences(member, root, trail)]),
  );
}

function resolveReference(reference: string, root: object): unknown {
  const keys = reference.startsWith('#/') ? reference.slice(2).split('/') : [];
  const target = keys.reduce<unknown>(
    (node, key) => (node as Record<string, unknown> | undefined)?.[key],
    root,
  );
  if (keys.length === 0 || target === undefined)
    throw new Error(`schema reference ${reference} leads nowhere`);
  return target;
}
