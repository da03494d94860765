import type { BuildOutcome } from './build-outcome.ts';
import { buildLine } from './build-line.ts';
import type { SharedWork } from './provision-disk.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import { startResolving } from './plan-build.ts';
import { prepareProfile, type PreparedProfile } from './prepare-profile.ts';
import { describeHost, probeHost } from './probe-host.ts';
import { Failure } from '../errors/failure.ts';

/**
 * Builds every profile of a request, one after the other. Profiles with equal recipes up to the unstamped disk share
 * the work up to there.
 *
 * Raises the failure of the first profile that fails; what was filed before stays.
 */
export async function buildTemplates(
  request: BuildRequest,
  context: WorkflowContext,
): Promise<BuildOutcome[]> {
  if (request.resume !== undefined) {
    throw new Failure('usage', 'E_NOT_YET', '--resume cannot continue a run yet', {
      hint: 'build again: the base disk and every package are cached',
    });
  }
  const profiles: PreparedProfile[] = [];
  for (const reference of request.profiles) profiles.push(await prepareProfile(reference, request, context));
  const lines = profiles.map((prepared) => ({
    prepared,
    resolving: startResolving(prepared, request, context),
  }));
  const host = await probeHost(
    profiles.map(({ profile }) => profile),
    request,
    context,
  );
  context.emit({ type: 'header', text: describeHost(host) });
  const shared: SharedWork = { provisioned: new Map(), cleanups: [] };
  const outcomes: BuildOutcome[] = [];
  try {
    for (const line of lines) outcomes.push(await buildLine({ ...line, host }, request, shared, context));
  } finally {
    for (const cleanup of shared.cleanups) await cleanup();
  }
  return outcomes;
}
