import type { CheckResult } from '../manifests/test-report.ts';
import { failed, passed, type Finding } from './guest-check.ts';
import { ACCESS_RULES } from './hygiene-access.ts';
import type { HygieneFacts, HygieneRule } from './hygiene-facts.ts';
import { IDENTITY_RULES } from './hygiene-identity.ts';
import { PACKAGE_RULES } from './hygiene-packages.ts';
import { TRACE_RULES } from './hygiene-traces.ts';

/** Everything that a finished disk is held to without being booted. */
export const HYGIENE_RULES: readonly HygieneRule[] = [
  ...ACCESS_RULES,
  ...IDENTITY_RULES,
  ...TRACE_RULES,
  ...PACKAGE_RULES,
];

/** Lines of explanation that a check carries at most; the count is told in full. */
const MOST_DETAILS = 50;

/** Holds a disk against every rule. */
export function checkHygieneRules(facts: HygieneFacts, rules = HYGIENE_RULES): CheckResult[] {
  return rules.map((rule) => ({ name: rule.name, title: rule.title, ...findingOf(rule, facts) }));
}

function findingOf(rule: HygieneRule, facts: HygieneFacts): Finding {
  const reason = rule.skipped?.(facts);
  if (reason !== undefined) return { outcome: 'skipped', expected: rule.expected, found: reason };
  const faults = rule.find(facts);
  const [first] = faults;
  if (first === undefined) return { ...passed(rule.expected), expected: rule.expected };
  const more = faults.length === 1 ? '' : ` and ${faults.length - 1} more`;
  return failed(rule.expected, `${first}${more}`, faults.slice(0, MOST_DETAILS));
}
