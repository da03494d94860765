import { requireLineName } from '../catalogue/paths.ts';
import { planReservation } from '../catalogue/plan-reservation.ts';
import type { CalendarDate } from '../values/calendar-date.ts';
import { newestRecord } from '../versions/compare-versions.ts';
import type { VersionPolicy } from '../versions/next-version.ts';
import { renderForms, renderLong, type VersionForms } from '../versions/version.ts';
import { withCatalogueErrors } from './catalogue-files.ts';
import { readLineHistory } from './read-line.ts';

/** What `version next` says: which version a build would get now. Nothing is reserved. */
export interface NextVersionReport {
  readonly line: string;
  readonly policy: VersionPolicy;
  /** LONG of the newest version that is released or being built. */
  readonly last?: string;
  /** The version for the recipe that the last one was made from. */
  readonly sameRecipe: VersionForms;
  /** The version for any other recipe. */
  readonly otherRecipe: VersionForms;
}

/**
 * Looks up the next version of a line.
 * @throws Failure of kind `usage` for a bad line name, `conflict` for a day before the line's last one
 */
export async function nextVersion(
  catalogue: string,
  line: string,
  date: CalendarDate,
  policy: VersionPolicy,
): Promise<NextVersionReport> {
  requireLineName(line);
  const history = await withCatalogueErrors(catalogue, () => readLineHistory(catalogue, line));
  const last = newestRecord(history.live);
  const plan = (recipeDigest: string): VersionForms =>
    renderForms(planReservation(history, { date, policy, recipeDigest, newCatalogue: true, ci: false }));
  return {
    line,
    policy,
    ...(last ? { last: renderLong(last) } : {}),
    sameRecipe: plan(last?.recipeDigest ?? ''),
    otherRecipe: plan('another recipe'),
  };
}
