import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import type { BootContractName } from '../guest/boot-contract-name.ts';
import { chooseAccelerator } from '../host/accelerator.ts';
import { findReadableKernel } from '../host/host-kernel.ts';
import { createSecretFilter } from '../host/secrets.ts';
import { probeTools, requireTools } from '../host/tools.ts';
import type { TestReport } from '../manifests/test-report.ts';
import type { TargetName } from '../profiles/profile.ts';
import type { WorkflowContext } from './build-request.ts';
import { keepingConsoles } from './keep-consoles.ts';
import { readTestedDisk } from './read-tested-disk.ts';
import { StageRunner } from './stage-runner.ts';
import { summarizeReport } from './summarize-report.ts';
import { testFailureOf } from './test-failure.ts';
import { testImage } from './test-image.ts';
import { writeTestRecords } from './test-records.ts';
import { findTestSubject, type TestSubject } from './test-subject.ts';
import { withWorkDirectory } from './work-directory.ts';

/** What `test` is asked for. */
export interface TestRequest {
  /** A file, a release's directory, `LINE` or `LINE@VERSION`. */
  readonly subject: string;
  readonly catalogue: string;
  readonly contract?: BootContractName;
  /** Whether every artifact is booted once and no more. */
  readonly isAlone?: boolean;
  /** Only the artifacts of these targets; all of them when empty. For a file of which nothing is known: what it is for. */
  readonly targets: readonly TargetName[];
  readonly sshUser?: string;
  readonly memoryMiB?: number;
  readonly readyDeadlineMs?: number;
  readonly accelerator: 'auto' | 'kvm' | 'tcg';
  /** Directory for reports and evidence; else one below the state directory. */
  readonly out?: string;
}

/** What a test came to. */
export interface TestOutcome {
  readonly report: TestReport;
  /** Where reports and evidence are. */
  readonly directory: string;
  /** The failure that the report stands for. */
  readonly failure: Failure | undefined;
}

/**
 * Boots what a person named and holds it to what it promises. Raises what finding and booting it raise; an image that fails
 * is in the outcome.
 */
export async function testRelease(request: TestRequest, context: WorkflowContext): Promise<TestOutcome> {
  context.emit({ type: 'stages', stages: ['test'] });
  const stages = new StageRunner(context.emit, context.signal);
  return stages.run({
    name: 'test',
    run: (progress) => testFound(request, context, progress),
    summarize: ({ report }) => summarizeReport(report),
  });
}

async function testFound(
  request: TestRequest,
  context: WorkflowContext,
  onProgress: (detail: string, percent?: number) => void,
): Promise<TestOutcome> {
  const subject = narrow(await findTestSubject(request.subject, request.catalogue), request.targets);
  const { accelerator, qemu } = await probeMachine(request, context);
  const secrets = createSecretFilter([]);
  const directory = request.out ?? (await makeReportDirectory(subject, context));
  const { contract, isAlone, sshUser, memoryMiB, readyDeadlineMs } = request;
  return withWorkDirectory('test', context, async (work) => {
    const [first] = subject.artifacts;
    if (first === undefined) throw new Error('a subject without artifacts');
    const own = subject.promise.guest.ownFiles;
    onProgress('reading the disk');
    const disk = await readTestedDisk(first, { own, directory: join(work, 'd') }, context);
    const test = await keepingConsoles(work, directory, () =>
      testImage(
        {
          subject,
          directory: work,
          accelerator,
          qemu,
          contract,
          isAlone,
          sshUser,
          memoryMiB,
          readyDeadlineMs,
          secrets,
          onProgress,
        },
        context,
      ),
    );
    const report = { ...test.report, suites: [disk.hygiene, ...test.report.suites] };
    await writeTestRecords(directory, { ...test, report, content: disk.content }, secrets);
    return { report, directory, failure: testFailureOf(report, directory) };
  });
}

function narrow(subject: TestSubject, targets: readonly TargetName[]): TestSubject {
  if (targets.length === 0) return subject;
  if (subject.line === undefined) {
    const artifacts = subject.artifacts.map((artifact) => ({
      ...artifact,
      target: targets[0] ?? artifact.target,
    }));
    return { ...subject, artifacts };
  }
  const artifacts = subject.artifacts.filter(({ target }) => targets.includes(target));
  if (artifacts.length > 0) return { ...subject, artifacts };
  const there = [...new Set(subject.artifacts.map(({ target }) => target))].join(', ');
  throw new Failure('usage', 'E_NOT_FOUND', `${subject.name} has no artifact for ${targets.join(', ')}`, {
    hint: `it has ${there}`,
  });
}

async function probeMachine(
  { accelerator }: Pick<TestRequest, 'accelerator'>,
  { run, environment, directories, signal }: WorkflowContext,
): Promise<{ accelerator: 'kvm' | 'tcg'; qemu: string }> {
  const tools = await probeTools(run, { environment, signal });
  const needed = ['qemu-system-x86_64', 'qemu-img', 'ssh-keygen', 'setpriv', 'xorriso'];
  const found = requireTools(tools.filter(({ tool }) => needed.includes(tool.program)));
  const kernel = await findReadableKernel();
  const choice = { choice: accelerator, cacheDirectory: directories.cache, kernel, signal };
  const verdict = await chooseAccelerator(run, choice);
  const qemu = found.find(({ tool }) => tool.program === 'qemu-system-x86_64')?.version ?? 'unknown';
  return { accelerator: verdict.accelerator, qemu };
}

/** Below the state directory: `tests/<YYYYMMDD-HHMMSS>-<name>`. */
async function makeReportDirectory(subject: TestSubject, context: WorkflowContext): Promise<string> {
  const stamp = context.clock.now().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const name = subject.name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 80);
  const directory = join(context.directories.state, 'tests', `${stamp}-${name}`);
  await mkdir(directory, { recursive: true });
  return directory;
}
