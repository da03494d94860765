import { chmod, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Failure } from '../../../src/errors/failure.ts';
import { chooseAccelerator, KVM_FLOOR_MS, PROBE_BUDGET_MS } from '../../../src/host/accelerator.ts';
import type { Runner, RunOptions } from '../../../src/host/run.ts';
import type { CommandSpec } from '../../../src/values/command-spec.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-accelerator-'));
  await writeFile(join(directory, 'kvm'), '');
  await writeFile(join(directory, 'qemu'), '#!/bin/sh\n');
  await chmod(join(directory, 'qemu'), 0o755);
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

type Ending = 'passes' | 'late' | 'speaks' | { failsWith: string };

/** A QEMU that ends as the script says, guest by guest; an unscripted guest fails the test. */
function scriptedQemu(script: Record<string, Ending>) {
  const specs: CommandSpec[] = [];
  const runner: Runner = async (spec, options = {}) => {
    specs.push(spec);
    const accelerator = spec.args[spec.args.indexOf('-accel') + 1] ?? '';
    const guest = spec.args.includes('-append') ? 'linux' : accelerator;
    const ending = script[guest];
    if (ending === undefined) throw new Error(`unscripted guest ${guest}`);
    return end(ending, spec, options);
  };
  return { runner, specs };
}

async function end(ending: Ending, spec: CommandSpec, options: RunOptions) {
  const result = { stdout: '', stderr: '', exitCode: 65, durationMs: 1 };
  if (ending === 'passes') return result;
  if (ending === 'late') throw new Failure('command', 'E_COMMAND_TIMEOUT', 'too long');
  if (ending === 'speaks') {
    options.onLine?.('[    0.000000] Linux version 6.1.0 (debian)', 'stdout');
    if (options.signal?.aborted === true) throw new Failure('interrupted', 'E_INTERRUPTED', 'killed');
    return result;
  }
  const output = [ending.failsWith];
  throw new Failure('command', 'E_COMMAND_FAILED', `${spec.command} ended`, { evidence: { output } });
}

const interrupted: Runner = async () => {
  throw new Failure('interrupted', 'E_INTERRUPTED', 'Ctrl-C');
};

const request = () => ({
  choice: 'auto' as const,
  cacheDirectory: join(directory, 'cache'),
  device: join(directory, 'kvm'),
  qemu: join(directory, 'qemu'),
  kernel: '/boot/vmlinuz',
});

const onlyX64 = process.arch === 'x64' ? describe : describe.skip;

onlyX64('chooseAccelerator', () => {
  test.each<{ script: Record<string, Ending>; accelerator: string; reason: string; because: string }>([
    {
      script: { tcg: 'passes', kvm: 'passes', linux: 'speaks' },
      accelerator: 'kvm',
      reason: 'a test guest took',
      because: 'all three guests did what they should',
    },
    {
      script: { tcg: 'passes', kvm: 'late' },
      accelerator: 'tcg',
      reason: 'was not done after 2.0 s',
      because: 'a KVM slower than emulation is useless',
    },
    {
      script: { tcg: 'passes', kvm: { failsWith: 'qemu-system-x86_64: error: failed to set MSR 0x10a' } },
      accelerator: 'tcg',
      reason: 'QEMU fails on it with -cpu host: failed to set MSR 0x10a',
      because: 'QEMU itself gave up',
    },
    {
      script: { tcg: 'passes', kvm: 'passes', linux: 'late' },
      accelerator: 'tcg',
      reason: 'a Linux kernel printed nothing in',
      because: 'a payload that passes is not enough',
    },
    {
      script: { tcg: 'passes', kvm: 'passes', linux: 'passes' },
      accelerator: 'tcg',
      reason: 'the kernel ended without a word',
      because: 'a kernel that resets at once exits with success under -no-reboot',
    },
  ])('$accelerator because $because', async ({ script, accelerator, reason }) => {
    const { runner } = scriptedQemu(script);
    const verdict = await chooseAccelerator(runner, request());
    expect(verdict).toMatchObject({ accelerator, forced: false, cached: false });
    expect(verdict.reason).toContain(reason);
    expect(verdict.reason).not.toMatch(/\.$|\n/);
    expect(await chooseAccelerator(scriptedQemu({}).runner, request())).toEqual({ ...verdict, cached: true });
  });

  test('a control that is late decides for TCG, and nothing is remembered', async () => {
    const verdict = await chooseAccelerator(scriptedQemu({ tcg: 'late' }).runner, request());
    expect(verdict).toMatchObject({ accelerator: 'tcg' });
    expect(verdict.reason).toContain('KVM not judged');
    const next = scriptedQemu({ tcg: 'passes', kvm: 'passes', linux: 'speaks' });
    expect(await chooseAccelerator(next.runner, request())).toMatchObject({ accelerator: 'kvm' });
  });

  test('without a kernel the payload decides', async () => {
    const { runner, specs } = scriptedQemu({ tcg: 'passes', kvm: 'passes' });
    const verdict = await chooseAccelerator(runner, { ...request(), kernel: undefined });
    expect(verdict.accelerator).toBe('kvm');
    expect(specs).toHaveLength(2);
  });

  test('the guests run with the CPU model of the build, die with us, and are killed rather than asked', async () => {
    const { runner, specs } = scriptedQemu({ tcg: 'passes', kvm: 'passes', linux: 'speaks' });
    await chooseAccelerator(runner, { ...request(), kvmCpuModel: 'EPYC' });
    const models = specs.map((spec) => spec.args[spec.args.indexOf('-cpu') + 1]);
    expect(models).toEqual(['max', 'EPYC', 'EPYC']);
    for (const spec of specs) {
      expect(spec).toMatchObject({ command: 'setpriv', endSignal: 'SIGKILL' });
      expect(spec.args.slice(0, 3)).toEqual(['--pdeathsig', 'KILL', join(directory, 'qemu')]);
    }
    const [control = 0, kvm = 0, linux = 0] = specs.map((spec) => spec.deadlineMs);
    expect(kvm).toBe(KVM_FLOOR_MS);
    expect(control + kvm).toBeLessThan(PROBE_BUDGET_MS);
    expect(linux).toBeLessThanOrEqual(PROBE_BUDGET_MS);
  });

  test('another CPU model, another QEMU or a cut cache file is asked anew', async () => {
    const script: Record<string, Ending> = { tcg: 'passes', kvm: 'late' };
    await chooseAccelerator(scriptedQemu(script).runner, request());
    const other = await chooseAccelerator(scriptedQemu(script).runner, { ...request(), kvmCpuModel: 'EPYC' });
    expect(other.cached).toBe(false);
    await writeFile(join(directory, 'qemu'), '#!/bin/sh\n# a newer build\n');
    expect((await chooseAccelerator(scriptedQemu(script).runner, request())).cached).toBe(false);
    for (const name of await readdir(join(directory, 'cache/accelerator'))) {
      const file = join(directory, 'cache/accelerator', name);
      await writeFile(file, (await readFile(file, 'utf8')).slice(0, 20));
    }
    expect((await chooseAccelerator(scriptedQemu(script).runner, request())).cached).toBe(false);
  });

  test('an interruption is passed on, not taken for a slow KVM, and nothing is remembered', async () => {
    await expect(chooseAccelerator(interrupted, request())).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
    await expect(readdir(join(directory, 'cache'))).rejects.toThrow('ENOENT');
  });

  test('no device: TCG, and no guest is started', async () => {
    const verdict = await chooseAccelerator(scriptedQemu({}).runner, {
      ...request(),
      device: '/nowhere/kvm',
    });
    expect(verdict).toMatchObject({ accelerator: 'tcg', reason: 'there is no /nowhere/kvm', evidence: {} });
  });

  test.each(['kvm', 'tcg'] as const)('--accel %s is obeyed without a test', async (choice) => {
    const verdict = await chooseAccelerator(scriptedQemu({}).runner, { ...request(), choice });
    expect(verdict).toMatchObject({ accelerator: choice, forced: true });
  });

  test('--accel kvm without a device is refused', async () => {
    const refused = chooseAccelerator(scriptedQemu({}).runner, {
      ...request(),
      choice: 'kvm',
      device: '/nowhere/kvm',
    });
    await expect(refused).rejects.toMatchObject({ kind: 'host', code: 'E_KVM_MISSING' });
  });

  test('no QEMU is a missing tool', async () => {
    const verdict = chooseAccelerator(scriptedQemu({}).runner, { ...request(), qemu: '/nowhere/qemu' });
    await expect(verdict).rejects.toMatchObject({ code: 'E_TOOL_MISSING' });
  });
});
