import type { BuildOutcome } from './build-outcome.ts';
import { buildLine } from './build-line.ts';
import type { SharedWork } from './provision-disk.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import { startResolving } from './plan-build.ts';
import type { LineInputs } from './plan-line.ts';
import { prepareProfile } from './prepare-profile.ts';
import { describeHost, probeHost } from './probe-host.ts';
import { findRun } from './saved-run.ts';

/** A line before this machine has been looked at. */
type UnprobedLine = Omit<LineInputs, 'host'>;

/**
 * Builds every profile of a request, one after the other, or goes on with a run that failed. Profiles with equal recipes
 * up to the unstamped disk share the work up to there.
 *
 * Raises the failure of the first profile that fails; what was filed before stays.
 */
export async function buildTemplates(asked: BuildRequest, context: WorkflowContext): Promise<BuildOutcome[]> {
  const { request, lines } =
    asked.resume === undefined ? await prepareLines(asked, context) : await prepareResumption(asked, context);
  const host = await probeHost(
    lines.map(({ prepared }) => prepared.profile),
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

/** Asks the mirror for every profile at once, so that this goes on while the host is looked at. */
async function prepareLines(
  request: BuildRequest,
  context: WorkflowContext,
): Promise<{ request: BuildRequest; lines: UnprobedLine[] }> {
  const profiles: Pick<UnprobedLine, 'reference' | 'prepared'>[] = [];
  for (const reference of request.profiles) {
    profiles.push({ reference, prepared: await prepareProfile(reference, request, context) });
  }
  const lines = profiles.map((line) => ({
    ...line,
    resolving: startResolving(line.prepared, request, context),
  }));
  return { request, lines };
}

/** The request of the run, but for what says how it is built and not what; its packages are known already. */
async function prepareResumption(
  asked: BuildRequest,
  context: WorkflowContext,
): Promise<{ request: BuildRequest; lines: UnprobedLine[] }> {
  const saved = await findRun(context.directories.state, asked.resume ?? '', asked.profiles);
  const { packer, accelerator, ...before } = saved.plan.request;
  const named = asked.packer ?? packer;
  const request: BuildRequest = {
    ...before,
    accelerator: asked.accelerator === 'auto' ? accelerator : asked.accelerator,
    ...(named === undefined ? {} : { packer: named }),
    offline: asked.offline || before.offline,
    keepFailed: asked.keepFailed,
    wait: asked.wait,
  };
  const [reference = ''] = request.profiles;
  const prepared = await prepareProfile(reference, request, context);
  const resolving = Promise.resolve(saved.plan.closure);
  return { request, lines: [{ reference, prepared, resolving, saved }] };
}
