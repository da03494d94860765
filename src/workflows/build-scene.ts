import { join } from 'node:path';
import { readTextIfExists } from '../host/files.ts';
import type { SecretFilter } from '../host/secrets.ts';
import { renderShort, renderWire, type VersionRecord } from '../versions/version.ts';
import { markBuilding, reserve, reservedVersion, type Reservation } from './allocate-version.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import { fileFailure, type Evidence } from './file-failure.ts';
import type { BuildPlan } from './plan-build.ts';
import { listNames } from './catalogue-files.ts';
import type { RunDirectory } from './run-directory.ts';

/** What all stages of one build know. */
export interface BuildScene {
  readonly request: BuildRequest;
  readonly context: WorkflowContext;
  readonly plan: BuildPlan;
  readonly run: RunDirectory;
  readonly secrets: SecretFilter;
}

/** The version of a build, reserved. */
export interface ReservedBuild {
  readonly reservation: Reservation;
  readonly version: VersionRecord;
  /** What release files in the guest show. */
  readonly releaseLine: string;
}

/** Reserves the version of a plan. It is no stage of its own, but the end of `plan`; {@link burnReservation} is its undo. */
export async function reserveVersion(scene: BuildScene): Promise<ReservedBuild> {
  const { plan, request, context, run } = scene;
  const { profile } = plan;
  const reservation = await reserve(request.catalogue, profile.line, {
    date: plan.date,
    policy: profile.version.policy,
    recipeDigest: plan.recipeDigest,
    newCatalogue: request.newCatalogue,
    ci: isTrue(context.environment['CI']),
    now: context.clock.now(),
    run: run.id,
    ...(request.buildNumber === undefined ? {} : { buildNumber: request.buildNumber }),
  });
  await markBuilding(reservation, context.clock.now(), run.id);
  await run.update({ long: reservation.long });
  return describeReservation(plan, reservation);
}

/** What a reservation means for a plan. */
export function describeReservation(
  plan: Pick<BuildPlan, 'profile'>,
  reservation: Reservation,
): ReservedBuild {
  const version = reservedVersion(reservation);
  return { reservation, version, releaseLine: releaseLineOf(plan, version) };
}

/**
 * What management servers read in the guest. SHORT passes every known consumer; under policy `line` SHORT never
 * changes, so WIRE tells rebuilds apart wherever four parts are taken.
 */
export function releaseLineOf(plan: Pick<BuildPlan, 'profile'>, version: VersionRecord): string {
  const { version: options, template } = plan.profile;
  const refusesFourParts = template.consumers.includes('cloudstack24');
  return options.policy === 'line' && !refusesFourParts ? renderWire(version) : renderShort(version.date);
}

/** Where a run keeps what its tests left: reports, and the evidence of what failed. */
export const TESTED_DIRECTORY = 'tested';

/** Where a run keeps the machines of its tests while they run; short, because sockets lie there. */
export const MACHINES_DIRECTORY = 't';

/** Files of a run that are kept of a failed build; a guest may have written a secret into any of them. */
const EVIDENCE = [
  'state.json',
  'bootstrap.log',
  'packer.log',
  'finish-console.log',
  join('vm', 'serial.log'),
] as const;

/**
 * Burns the version of a failed build and keeps its logs in the catalogue, out of every index. Returns whether it is
 * burnt: a version that was filed before the failure is not.
 */
export async function burnReservation(
  scene: BuildScene,
  reserved: ReservedBuild,
  reason: string,
): Promise<boolean> {
  const evidence: Evidence[] = [];
  for (const name of EVIDENCE) {
    const text = await readTextIfExists(scene.run.file(name));
    if (text !== undefined) evidence.push({ name: name.replace('/', '-'), text: scene.secrets.text(text) });
  }
  // A test that came to no end has left no report, but what its machines said.
  const machines = scene.run.file(MACHINES_DIRECTORY);
  for (const machine of (await listNames(machines)).filter((name) => /^m\d+$/.test(name))) {
    const text = await readTextIfExists(join(machines, machine, 'serial.log'));
    if (text !== undefined) evidence.push({ name: `${machine}-serial.log`, text: scene.secrets.text(text) });
  }
  // What tests left holds no secrets any more.
  const tested = scene.run.file(TESTED_DIRECTORY);
  for (const name of await listNames(tested)) evidence.push({ name, source: join(tested, name) });
  const directory = await fileFailure(reserved.reservation, {
    reason: scene.secrets.text(reason),
    now: scene.context.clock.now(),
    evidence,
  });
  return directory !== undefined;
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(1|true|yes)$/i.test(value);
}
