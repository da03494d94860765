import { access, constants, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runProbeKernel, runProbePayload } from '../../src/host/accelerator-probe.ts';
import { chooseAccelerator } from '../../src/host/accelerator.ts';
import { findProgramIfAny } from '../../src/host/find-program.ts';
import { findReadableKernel } from '../../src/host/host-kernel.ts';
import { renderProbePayload } from '../../src/host/probe-payload.ts';
import { run } from '../../src/host/run.ts';

const qemu = await findProgramIfAny('qemu-system-x86_64');
const kernel = await findReadableKernel();
const hasKvm = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
  () => true,
  () => false,
);
const withQemu = qemu === undefined ? describe.skip : describe;
if (qemu === undefined) process.stderr.write('skipped: accelerator probe: no qemu-system-x86_64\n');
if (kernel === undefined) process.stderr.write('skipped: probe kernel: no readable kernel in /boot\n');
if (!hasKvm) process.stderr.write('skipped: the probe of a real /dev/kvm: it cannot be opened here\n');

let directory = '';
let payload = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-accelerator-'));
  payload = join(directory, 'payload');
  await writeFile(payload, renderProbePayload());
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

const guest = (more: { deadlineMs: number; kernel?: string }) => ({
  qemu: qemu ?? '',
  accelerator: 'tcg' as const,
  cpuModel: 'max',
  kernel: payload,
  cwd: directory,
  ...more,
});

withQemu('the accelerator probe on the real QEMU', () => {
  test('the payload passes under TCG', async () => {
    const outcome = await runProbePayload(run, guest({ deadlineMs: 15_000 }));
    expect(outcome.result).toBe('passed');
  });

  test('a payload that cannot finish in time is late, and its QEMU is gone at once', async () => {
    const startedAt = performance.now();
    const outcome = await runProbePayload(run, guest({ deadlineMs: 60 }));
    expect(outcome).toEqual({ result: 'late', durationMs: 60 });
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  test('a QEMU that refuses its CPU model is a failure in its own words', async () => {
    const outcome = await runProbePayload(run, { ...guest({ deadlineMs: 15_000 }), cpuModel: 'no-such-cpu' });
    expect(outcome).toMatchObject({ result: 'failed', detail: expect.stringContaining('no-such-cpu') });
  });

  (kernel === undefined ? test.skip : test)('a real kernel speaks under TCG', async () => {
    const outcome = await runProbeKernel(run, guest({ deadlineMs: 25_000, kernel: kernel ?? '' }));
    expect(outcome.result).toBe('passed');
  });

  (hasKvm ? test : test.skip)(
    'the verdict comes within 6 seconds, with a reason, and from the cache after that',
    async () => {
      const startedAt = performance.now();
      const request = { choice: 'auto' as const, cacheDirectory: directory, kernel };
      const first = await chooseAccelerator(run, request);
      const elapsedMs = performance.now() - startedAt;
      process.stderr.write(
        `accelerator: ${first.accelerator}, ${Math.round(elapsedMs)} ms: ${first.reason}\n`,
      );
      expect(elapsedMs).toBeLessThan(6000);
      expect(first.cached).toBe(false);
      expect(first.evidence['tcg']?.result).toBe('passed');
      expect(await chooseAccelerator(run, request)).toEqual({ ...first, cached: true });
      expect(await readdir(join(directory, 'accelerator'))).toHaveLength(1);
    },
  );

  (hasKvm ? test : test.skip)('the CPU model of the build is the one that is judged', async () => {
    const request = { choice: 'auto' as const, cacheDirectory: directory, kvmCpuModel: 'qemu64' };
    const verdict = await chooseAccelerator(run, request);
    expect(verdict.cached).toBe(false);
    process.stderr.write(`accelerator with qemu64: ${verdict.accelerator}: ${verdict.reason}\n`);
    expect(verdict.accelerator === 'kvm').toBe(verdict.evidence['kvm']?.result === 'passed');
  });
});
