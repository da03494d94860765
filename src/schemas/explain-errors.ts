import type { Fault } from '../errors/fault.ts';
import { didYouMean } from '../errors/suggestion.ts';
import { describeTypes, describeValue, joinWithOr } from './describe-value.ts';
import { isMapping, parseJsonPointer, renderDocumentPath } from './document-path.ts';

/** What a schema validator reports about one keyword that did not hold. */
export interface SchemaError {
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The keyword's own value. */
  readonly schema?: unknown;
  /** The schema object that the keyword stands in. */
  readonly parentSchema?: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
  /** Set when a key, not its value, is at fault. */
  readonly propertyName?: string;
}

/**
 * Says in our words what is wrong, each thing once. Where a value may take several forms (`anyOf`, `oneOf`),
 * only the faults of the form that was evidently meant are told; where none is evident, what would be accepted.
 *
 * @param document the whole document, which tells list indexes from keys
 */
export function explainErrors(errors: readonly SchemaError[], document: unknown): Fault[] {
  const faults = withoutBranches(errors).flatMap((error) =>
    isChoice(error) ? explainChoice(error, errors, document) : explainOne(error, document),
  );
  const seen = new Set<string>();
  return faults.filter((fault) => {
    const line = `${fault.path}\n${fault.message}`;
    return !seen.has(line) && seen.add(line);
  });
}

function isTypeError(error: SchemaError): boolean {
  return error.keyword === 'type';
}

function isChoice(error: SchemaError): boolean {
  return error.keyword === 'anyOf' || error.keyword === 'oneOf';
}

/** The errors that stand in no alternative of another error, and for each place of the wrong type only that. */
function withoutBranches(errors: readonly SchemaError[]): SchemaError[] {
  const choices = errors.filter(isChoice);
  const outside = errors.filter((error) => !choices.some((choice) => isWithin(error, choice)));
  // a number of the wrong kind needs no word about its size
  const mistyped = new Set(outside.filter(isTypeError).map((error) => error.instancePath));
  return outside.filter((error) => isTypeError(error) || !mistyped.has(error.instancePath));
}

function isWithin(error: SchemaError, choice: SchemaError): boolean {
  return (
    error.schemaPath.startsWith(`${choice.schemaPath}/`) &&
    `${error.instancePath}/`.startsWith(`${choice.instancePath}/`)
  );
}

function explainChoice(choice: SchemaError, errors: readonly SchemaError[], document: unknown): Fault[] {
  const forms = Array.isArray(choice.schema) ? choice.schema : [];
  const branches = forms.map((_, index) =>
    errors.filter((error) => isWithin(error, { ...choice, schemaPath: `${choice.schemaPath}/${index}` })),
  );
  const meant = branches
    .filter((branch) => branch.length > 0 && !branch.some((error) => isOtherForm(error, choice)))
    .toSorted((a, b) => a.length - b.length)[0];
  if (meant) return explainErrors(meant, document);
  return explainSelector(branches.flat(), choice, document) ?? [explainForms(choice, document)];
}

/** Whether an error shows that another form was meant: a different type, or a selecting constant that differs. */
function isOtherForm(error: SchemaError, choice: SchemaError): boolean {
  if (error.instancePath === choice.instancePath) return error.keyword === 'type';
  return error.keyword === 'const' && depthBelow(error, choice) === 1;
}

function depthBelow(error: SchemaError, choice: SchemaError): number {
  return error.instancePath.slice(choice.instancePath.length).split('/').length - 1;
}

/** When every form is chosen by one key's constant (`type: shell`), the fault is that key's value. */
function explainSelector(
  errors: readonly SchemaError[],
  choice: SchemaError,
  document: unknown,
): Fault[] | undefined {
  const selectors = errors.filter((error) => error.keyword === 'const' && depthBelow(error, choice) === 1);
  const first = selectors[0];
  if (!first || selectors.some((error) => error.instancePath !== first.instancePath)) return undefined;
  const allowed = selectors.map((error) => error.params['allowedValue']);
  return [faultAt(first, document, oneOf(allowed, first.data))];
}

function explainForms(choice: SchemaError, document: unknown): Fault {
  const forms = Array.isArray(choice.schema) ? choice.schema.filter(isMapping) : [];
  const wanted = joinWithOr(forms.map((form) => describeForm(form)).filter((words) => words !== ''));
  const message = wanted === '' ? 'has none of the accepted forms' : `must be ${wanted}`;
  return faultAt(choice, document, `${message}; found ${describeValue(choice.data)}`);
}

function describeForm(form: Readonly<Record<string, unknown>>): string {
  if (typeof form['x-expects'] === 'string') return form['x-expects'];
  if (Array.isArray(form['enum'])) return joinWithOr(form['enum'].map(String));
  if ('const' in form) return String(form['const']);
  return typeof form['type'] === 'string' ? describeTypes(form['type']) : '';
}

function explainOne(error: SchemaError, document: unknown): Fault[] {
  const message = messageOf(error);
  return message === undefined ? [] : [faultAt(error, document, message, keyAtFault(error))];
}

/** The key that the fault is about, when it is not the value at `instancePath` itself. */
function keyAtFault(error: SchemaError): string | undefined {
  const { params } = error;
  const key =
    params['additionalProperty'] ??
    params['unevaluatedProperty'] ??
    params['missingProperty'] ??
    error.propertyName;
  return typeof key === 'string' ? key : undefined;
}

function faultAt(error: SchemaError, document: unknown, message: string, key?: string): Fault {
  const path = parseJsonPointer(error.instancePath, document);
  return { path: renderDocumentPath(key === undefined ? path : [...path, key]), message };
}

type Explanation = (error: SchemaError) => string | undefined;

const found = (error: SchemaError): string => `found ${describeValue(error.data)}`;
const oneOf = (allowed: readonly unknown[], value: unknown): string => {
  const rule = allowed.length === 1 ? 'must be' : 'must be one of';
  return `${rule} ${allowed.map(String).join(', ')}; found ${describeValue(value)}`;
};
const unknownKey: Explanation = (error) =>
  `unknown key${didYouMean(keyAtFault(error) ?? '', Object.keys(error.parentSchema?.['properties'] ?? {}))}`;
const missingKey: Explanation = (error) =>
  error.keyword === 'required' ? 'missing' : `missing; ${String(error.params['property'])} needs it`;
const bound =
  (words: string): Explanation =>
  (error) =>
    `must be ${words} ${String(error.params['limit'])}; ${found(error)}`;
const length =
  (words: string, unit: string): Explanation =>
  (error) => {
    const limit = Number(error.params['limit']);
    if (words === 'at least' && limit === 1) return 'must not be empty';
    return `must have ${words} ${limit} ${unit}; found ${lengthOf(error.data)}`;
  };

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Array.from(value).length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function textsOf(value: unknown): string[] {
  return listOf(value).map(String);
}

function expectation(error: SchemaError): string {
  const expects = error.parentSchema?.['x-expects'];
  return typeof expects === 'string' ? `must be ${expects}` : `must match ${String(error.params['pattern'])}`;
}

/** One row per keyword; keywords that only wrap other errors (`if`, `propertyNames`) say nothing themselves. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  additionalProperties: unknownKey,
  unevaluatedProperties: unknownKey,
  required: missingKey,
  dependentRequired: missingKey,
  type: (error) => `must be ${describeTypes(textsOf(error.params['type']))}; ${found(error)}`,
  enum: (error) => oneOf(listOf(error.params['allowedValues']), error.data),
  const: (error) => oneOf([error.params['allowedValue']], error.data),
  pattern: (error) => `${expectation(error)}; ${found(error)}`,
  minimum: bound('at least'),
  maximum: bound('at most'),
  exclusiveMinimum: bound('more than'),
  exclusiveMaximum: bound('less than'),
  multipleOf: (error) => `must be a multiple of ${String(error.params['multipleOf'])}; ${found(error)}`,
  minLength: length('at least', 'characters'),
  maxLength: length('at most', 'characters'),
  minItems: length('at least', 'entries'),
  maxItems: length('at most', 'entries'),
  minProperties: length('at least', 'keys'),
  maxProperties: length('at most', 'keys'),
  uniqueItems: (error) =>
    `must not hold an entry twice; [${String(error.params['j'])}] equals [${String(error.params['i'])}]`,
  not: (error) => `is not allowed; ${found(error)}`,
  if: () => undefined,
  propertyNames: () => undefined,
};

function messageOf(error: SchemaError): string | undefined {
  const explain = EXPLANATIONS[error.keyword];
  return explain ? explain(error) : `does not satisfy ${error.keyword}; ${found(error)}`;
}
