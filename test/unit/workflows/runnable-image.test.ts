import { describe, expect, test } from '@jest/globals';
import { UNKNOWN_GUEST } from '../../../src/workflows/guest-promises.ts';
import { RunDirectory } from '../../../src/workflows/run-directory.ts';
import {
  chooseArtifact,
  findRunnableImage,
  type RunnableImage,
} from '../../../src/workflows/runnable-image.ts';
import type { TestSubject } from '../../../src/workflows/test-subject.ts';
import type { TargetName } from '../../../src/profiles/profile.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('runnable');
const promise = { guest: UNKNOWN_GUEST, checks: [] };

function subject(name: string, line: string | undefined, ...targets: TargetName[]): TestSubject {
  const artifacts = targets.map((target) => ({ path: `/r/${target}.img`, target }));
  return { name, artifacts, promise, ...(line === undefined ? {} : { line }) };
}

describe('chooseArtifact', () => {
  const rows: { because: string; found: TestSubject; target?: TargetName; path: string; as: TargetName }[] = [
    {
      because: 'QEMU is KVM, whatever comes first',
      found: subject('lab 1', 'lab', 'hyperv', 'kvm'),
      path: '/r/kvm.img',
      as: 'kvm',
    },
    {
      because: 'a target was asked for',
      found: subject('lab 1', 'lab', 'kvm', 'vmware'),
      target: 'vmware',
      path: '/r/vmware.img',
      as: 'vmware',
    },
    {
      because: 'a file goes into any machine',
      found: subject('disk.img', undefined, 'kvm'),
      target: 'hyperv',
      path: '/r/kvm.img',
      as: 'hyperv',
    },
    {
      because: "so does a release's file that was named itself",
      found: subject('kvm.img', 'lab', 'kvm'),
      target: 'vmware',
      path: '/r/kvm.img',
      as: 'vmware',
    },
  ];
  test.each(rows)('$because', ({ found, target, path, as }) => {
    expect(chooseArtifact(found, target).artifact).toEqual({ path, target: as });
  });

  test('says what a release has instead', () => {
    const found = subject('lab 1', 'lab', 'kvm', 'hyperv');
    expect(() => chooseArtifact(found, 'vmware')).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'E_NOT_FOUND',
        message: 'lab 1 has no artifact for vmware',
        hint: 'it has kvm, hyperv',
      }),
    );
  });
});

function makeRun(): Promise<RunDirectory> {
  return RunDirectory.create(scratch.join('state'), 'kvm', 'lab', new Date('2026-11-21T07:31:00Z'));
}

function find(text: string): Promise<RunnableImage> {
  return findRunnableImage(
    text,
    { catalogue: scratch.join('none'), state: scratch.join('state') },
    undefined,
  );
}

describe('findRunnableImage', () => {
  test('takes the latest disk of a run, named by its directory or its id', async () => {
    const run = await makeRun();
    await scratch.write(`state/runs/${run.id}/output/disk.qcow2`, 'older');
    const older = { path: run.file('output/disk.qcow2'), target: 'kvm' };
    expect((await find(run.path)).artifact).toEqual(older);
    await scratch.write(`state/runs/${run.id}/disk.raw`, 'newer');
    expect(await find(run.id)).toEqual({
      name: `disk.raw of ${run.id}`,
      artifact: { path: run.file('disk.raw'), target: 'kvm' },
      promise,
    });
  });

  test('says why a run has nothing to boot', async () => {
    const run = await makeRun();
    await expect(find(run.id)).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
      hint: expect.stringContaining('--keep-failed'),
    });
  });
});
