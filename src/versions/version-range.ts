import { Failure } from '../errors/failure.ts';
import { renderFaults, type Fault } from '../errors/fault.ts';
import { readVersion } from './parse-version.ts';
import type { ParsedVersion, VersionRecord } from './version.ts';
import { readLeadingFields } from './version-fields.ts';

/** How a release must stand to a bound. */
type RangeOperator = '=' | '>' | '>=' | '<' | '<=';

/**
 * One condition. The bound holds as many leading numbers of a release as were written, and only these are compared: a
 * day stands for all releases of that day. That is what semver's ranges come to when bare bounds are widened
 * (`>=S` to `>=S-0`, `>S` to the next day) and `includePrerelease` is set.
 */
interface RangeCondition {
  readonly operator: RangeOperator;
  readonly bound: readonly number[];
  /** WIRE has no REV: it holds the day and BUILD. */
  readonly withoutRev: boolean;
}

/** A choice of releases, as people write it. */
export interface VersionRange {
  /** As it was written. */
  readonly text: string;
  /** A release is in the range when it meets all conditions of one of these lists. */
  readonly alternatives: readonly (readonly RangeCondition[])[];
}

const EXAMPLES =
  'write a version (26.11.21-2.57), a day (26.11.21), 26.11.x, or bounds such as ">=26.11.21 <27.x || 26.6.1-2"';

/**
 * Reads a range: versions of any dated form, `26.11.x`, `26.x`, each with `=`, `>`, `>=`, `<` or `<=` before it;
 * blanks between them mean "and", `||` means "or". Names of channels are no ranges.
 * @throws Failure `E_RANGE_INVALID` with everything that is wrong
 */
export function parseRange(text: string): VersionRange {
  const faults: Fault[] = [];
  const alternatives = text.split('||').map((part) => {
    const terms = part.replace(/([<>=])\s+/g, '$1').match(/\S+/g) ?? [];
    if (terms.length === 0) faults.push({ path: '.', message: 'must name a version on each side of ||' });
    return terms.flatMap((term) => readCondition(term, faults) ?? []);
  });
  if (faults.length > 0) throw invalidRange(text, faults);
  return { text, alternatives };
}

/** Whether a release is in a range. */
export function matchesRange(range: VersionRange, record: VersionRecord): boolean {
  return range.alternatives.some((conditions) => conditions.every((condition) => meets(condition, record)));
}

function meets({ operator, bound, withoutRev }: RangeCondition, record: VersionRecord): boolean {
  const { year, month, day } = record.date;
  const fields = withoutRev ? [year, month, day, record.build] : [year, month, day, record.rev, record.build];
  const order = compareLeading(fields, bound);
  switch (operator) {
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    default:
      return order === 0;
  }
}

/** Compares as many numbers as the bound has. */
function compareLeading(fields: readonly number[], bound: readonly number[]): number {
  const place = bound.findIndex((value, index) => value !== fields[index]);
  return place < 0 ? 0 : (fields[place] ?? 0) - (bound[place] ?? 0);
}

function readCondition(term: string, faults: Fault[]): RangeCondition | undefined {
  const match = /^(>=|<=|>|<|=)?(.*)$/s.exec(term);
  const text = match?.[2] ?? '';
  const operator = operatorOf(match?.[1]);
  const open = /^([^.]+)(?:\.([^.]+))?\.[xX*]$/.exec(text);
  const found: Fault[] = [];
  if (open) {
    const bound = readLeadingFields(open.slice(1), found);
    if (found.length === 0) return { operator, bound, withoutRev: false };
  } else {
    const reading = readVersion(text, 'date');
    if ('version' in reading) return { operator, ...boundOf(reading.version) };
    found.push(...reading.faults);
  }
  faults.push(...found.map(({ path, message }) => ({ path: `${term} ${path}`, message })));
  return undefined;
}

function operatorOf(text: string | undefined): RangeOperator {
  return text === '>' || text === '>=' || text === '<' || text === '<=' ? text : '=';
}

function boundOf(version: ParsedVersion): Omit<RangeCondition, 'operator'> {
  if (version.form === 'legacy') throw new Error('a version of the date scheme cannot be of form legacy');
  const { year, month, day } = version.date;
  const rest = [...('rev' in version ? [version.rev] : []), ...('build' in version ? [version.build] : [])];
  return { bound: [year, month, day, ...rest], withoutRev: version.form === 'wire' };
}

function invalidRange(text: string, faults: readonly Fault[]): Failure {
  const subject = JSON.stringify(text.slice(0, LONGEST_QUOTE));
  return new Failure('usage', 'E_RANGE_INVALID', `${subject} is not a range of versions`, {
    hint: EXAMPLES,
    details: renderFaults(faults),
    evidence: { text, faults },
  });
}

/** Longer texts are not quoted back whole. */
const LONGEST_QUOTE = 120;
