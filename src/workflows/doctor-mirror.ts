import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explainAptFailure } from '../bases/apt-failures.ts';
import { chooseMirrors, type Mirrors } from '../bases/apt-sources.ts';
import { Failure } from '../errors/failure.ts';
import type { WorkflowContext } from './build-request.ts';
import type { DoctorFinding } from './doctor-finding.ts';
import { readHostMirrors } from './host-apt.ts';
import { findAptHelper } from './run-apt.ts';

/** Suites of the built-in profiles. */
export const DOCTOR_SUITES: readonly string[] = ['trixie', 'bookworm'];

const REMEDY = '--mirror URL, or --offline to build from what the cache has';
const DAY_MS = 24 * 60 * 60 * 1000;
const DOWNLOAD_DEADLINE_MS = 30_000;

/** Dates that a signed index carries. */
interface IndexDates {
  readonly date: Date;
  /** Absent in the main archive of a stable suite, which changes only at point releases. */
  readonly validUntil: Date | undefined;
}

/** Whether the mirror answers, and whether what it says is still valid: one finding for each archive. */
export async function checkMirror(
  context: WorkflowContext,
  mirror: string | undefined,
): Promise<DoctorFinding[]> {
  const mirrors = await readMirrors(context, mirror);
  if (mirrors === undefined) {
    return [
      { name: 'mirror', status: 'fail', text: "the host's apt configuration names none", remedy: REMEDY },
    ];
  }
  const findings: DoctorFinding[] = [];
  for (const suite of DOCTOR_SUITES) {
    findings.push(await checkIndex(context, mirrors.main, suite));
    if (mirrors.security !== undefined) {
      findings.push(await checkIndex(context, mirrors.security, `${suite}-security`));
    }
  }
  return findings;
}

async function readMirrors(
  context: WorkflowContext,
  named: string | undefined,
): Promise<Mirrors | undefined> {
  if (named !== undefined) return chooseMirrors(named, {});
  return chooseMirrors(undefined, await readHostMirrors(context));
}

async function checkIndex(context: WorkflowContext, archive: string, suite: string): Promise<DoctorFinding> {
  const name = `mirror ${suite}`;
  const fail = (text: string): DoctorFinding => ({ name, status: 'fail', text, remedy: REMEDY });
  let text: string;
  try {
    text = await fetchText(context, `${archive}/dists/${suite}/InRelease`);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === 'interrupted') throw error;
    return fail(`${archive} ${describeRefusal(error)} for ${suite}`);
  }
  const dates = parseIndexDates(text);
  if (dates === undefined)
    return fail(`${archive} answers for ${suite} with something that is no InRelease file`);
  const now = context.clock.now().getTime();
  const days = Math.max(0, Math.floor((now - dates.date.getTime()) / DAY_MS));
  const age = `${days} ${days === 1 ? 'day' : 'days'} old`;
  if (dates.validUntil !== undefined && dates.validUntil.getTime() < now) {
    return fail(`${archive} answers, but its ${suite} index is ${age} and no longer valid`);
  }
  return { name, status: 'ok', text: `${archive} answers, its index is ${age}` };
}

/** "Not there" and "not now" have different remedies. */
function describeRefusal(error: Failure): string {
  const explained = explainAptFailure(error);
  const code = explained instanceof Failure ? explained.code : error.code;
  if (code === 'E_MIRROR_LACKS_SUITE') return 'answers, but has no index';
  return code === 'E_MIRROR_REFUSED' ? 'refuses to answer' : 'does not answer';
}

/** Reads the dates of an InRelease file; undefined when it is none. */
export function parseIndexDates(text: string): IndexDates | undefined {
  const field = (name: string): Date | undefined => {
    const value = new RegExp(`^${name}: (.+)$`, 'm').exec(text)?.[1];
    const instant = new Date(value ?? Number.NaN);
    return Number.isNaN(instant.getTime()) ? undefined : instant;
  };
  const date = field('Date');
  return date === undefined ? undefined : { date, validUntil: field('Valid-Until') };
}

/** By apt's own downloader, which knows the proxies, certificates and passwords of the host. */
async function fetchText(context: WorkflowContext, url: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'mintmark-doctor-'));
  try {
    const file = join(directory, 'InRelease');
    const settings = ['APT::Sandbox::User=root', 'Acquire::Retries=0', 'Acquire::http::Timeout=10'];
    const args = [...settings.flatMap((setting) => ['-o', setting]), 'download-file', url, file];
    const spec = { command: await findAptHelper(), args, deadlineMs: DOWNLOAD_DEADLINE_MS };
    await context.run(spec, { signal: context.signal });
    return await readFile(file, 'utf8');
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
