import type { ProfileCheck, ProfileCheckType } from '../profiles/profile-check.ts';
import type { GuestCheck } from './guest-check.ts';
import { planCommandCheck } from './profile-check-command.ts';
import { planFileCheck } from './profile-check-file.ts';
import { planDnsCheck, planHttpCheck, planPortCheck } from './profile-check-network.ts';
import type { ProfileCheckPlan, ProfileCheckPlanner } from './profile-check-plan.ts';
import {
  planKernelParamCheck,
  planMountCheck,
  planPackageCheck,
  planProcessCheck,
  planServiceCheck,
  planUserCheck,
} from './profile-check-system.ts';

/** How each kind of check is made; a new kind is a row here, one in `CHECK_DEFAULTS` and one in the schema. */
const PLANNERS: { readonly [Type in ProfileCheckType]: ProfileCheckPlanner<Type> } = {
  file: planFileCheck,
  package: planPackageCheck,
  service: planServiceCheck,
  port: planPortCheck,
  process: planProcessCheck,
  command: planCommandCheck,
  user: planUserCheck,
  'kernel-param': planKernelParamCheck,
  http: planHttpCheck,
  dns: planDnsCheck,
  mount: planMountCheck,
};

/** When a check is ended that sets no limit of its own, in seconds; Python alone needs five under emulation. */
const LIMIT_SECONDS = 60;

/** Longest part of a name that is made of what a check looks at, in characters. */
const SUBJECT_LENGTH = 40;

/** The checks of a profile, in its order; each has a name of its own, made of its type and what it looks at. */
export function profileChecks(checks: readonly ProfileCheck[]): GuestCheck[] {
  const taken = new Set<string>();
  return checks.map((check) => {
    const { subject, title, ...plan } = planCheck(check);
    const stem = `profile-${check.type}-${slugOf(subject)}`;
    let name = stem;
    for (let count = 2; taken.has(name); count += 1) name = `${stem}-${count}`;
    taken.add(name);
    return {
      name,
      title: writtenTitle(check) ?? title,
      isIdentity: false,
      timeoutSeconds: LIMIT_SECONDS,
      ...plan,
    };
  });
}

function planCheck(check: ProfileCheck): ProfileCheckPlan {
  // Each planner takes its own kind; that the row of a type fits the type is checked where the table stands.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (PLANNERS[check.type] as (check: ProfileCheck) => ProfileCheckPlan)(check);
}

/** Of some kinds the name is what is looked at, not what people read. */
function writtenTitle(check: ProfileCheck): string | undefined {
  switch (check.type) {
    case 'file':
    case 'port':
    case 'command':
    case 'http':
    case 'mount':
      return check.name;
    default:
      return undefined;
  }
}

function slugOf(subject: string): string {
  const slug = subject
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, SUBJECT_LENGTH);
  return slug.replaceAll(/^-|-$/g, '') || 'root';
}
