import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findProgramIfAny } from '../../../src/host/find-program.ts';
import { PAYLOAD_ITERATIONS, PAYLOAD_RESULT, renderProbePayload } from '../../../src/host/probe-payload.ts';
import { run } from '../../../src/host/run.ts';

const SOURCE = join(import.meta.dirname, '../../../src/host/probe-payload.S');

const tools = await Promise.all(['as', 'ld'].map(async (name) => findProgramIfAny(name)));
const withBinutils = tools.includes(undefined) || process.arch !== 'x64' ? test.skip : test;
if (tools.includes(undefined)) process.stderr.write('skipped: assembling the probe payload: no binutils\n');

withBinutils('the bytes are what probe-payload.S assembles to', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mintmark-payload-'));
  try {
    const call = async (command: string, args: string[]) =>
      run({ command, args, cwd: directory, deadlineMs: 20_000 });
    await call('as', ['--64', '-o', 'p.o', SOURCE]);
    const link = ['-nostdlib', '-e', 'start', '-Ttext=0x100000', '--oformat', 'binary'];
    await call('ld', [...link, '-o', 'p.bin', 'p.o']);
    expect(Buffer.from(renderProbePayload()).toString('hex')).toBe(
      await readFile(join(directory, 'p.bin'), 'hex'),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test('the header is a Multiboot one: magic, flags and checksum add up to zero', () => {
  const header = Buffer.from(renderProbePayload());
  expect(header.readUInt32LE(0)).toBe(0x1badb002);
  expect((header.readUInt32LE(0) + header.readUInt32LE(4) + header.readUInt32LE(8)) % 2 ** 32).toBe(0);
  expect(header.readUInt32LE(20) - header.readUInt32LE(16)).toBe(header.length);
});

test('the expected result is what the generator gives after that many steps', () => {
  expect(stepsOfGenerator(1n, PAYLOAD_ITERATIONS)).toBe(PAYLOAD_RESULT);
  expect(stepsOfGenerator(1n, 2)).toBe(oneStep(oneStep(1n)));
  expect(renderProbePayload()).toContain(Number(PAYLOAD_RESULT & 0xffn));
});

function oneStep(state: bigint): bigint {
  return BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
}

/** Composes the step with itself by squaring: x → a·x + c, twice, is x → a²·x + (a + 1)·c. */
function stepsOfGenerator(state: bigint, count: number): bigint {
  let [factor, summand] = [6364136223846793005n, 1442695040888963407n];
  let result = state;
  for (let left = count; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = BigInt.asUintN(64, result * factor + summand);
    summand = BigInt.asUintN(64, summand * (factor + 1n));
    factor = BigInt.asUintN(64, factor * factor);
  }
  return result;
}
