import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readProcessIdentity } from '../../../src/host/process-identity.ts';
import { readRunState, RunDirectory } from '../../../src/workflows/run-directory.ts';
import { findRun, savePlan } from '../../../src/workflows/saved-run.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('saved');

interface RunFacts {
  readonly profile?: string;
  readonly minute?: number;
  readonly equalTo?: string;
  readonly status?: 'running' | 'failed' | 'done';
  /** Whether its process still lives. */
  readonly alive?: boolean;
}

/** A run with its plan, as a build leaves it. */
async function makeRun({
  profile = 'server',
  minute = 0,
  status = 'failed',
  alive = false,
  equalTo,
}: RunFacts): Promise<string> {
  const now = new Date(Date.UTC(2026, 10, 21, 7, minute));
  const run = await RunDirectory.create(scratch.path, 'name', 'line', now);
  const reservation = { catalogue: '/c', line: 'line', build: 1, long: '26.11.21-1.1' };
  // Of plan and request, saving looks at these alone.
  const plan = { closure: { packages: [] }, date: { year: 2026, month: 11, day: 21 }, recipeDigest: 'r' };
  const request = { profiles: [profile], catalogue: 'relative', targets: [] };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  await savePlan(run, profile, { request, plan, reservation } as unknown as Parameters<typeof savePlan>[2]);
  await run.update({ status, ...(equalTo === undefined ? {} : { equalTo }) });
  const owner = await readProcessIdentity();
  const state = { ...(await readRunState(run.path)), owner: alive ? owner : { ...owner, startTicks: 1 } };
  await writeFile(run.file('state.json'), JSON.stringify(state));
  return run.path;
}

describe('findRun', () => {
  test('finds the newest that can be gone on with', async () => {
    await makeRun({ minute: 1 });
    const newest = await makeRun({ minute: 3 });
    await makeRun({ minute: 2 });
    await makeRun({ minute: 4, status: 'done' });
    await makeRun({ minute: 5, status: 'running', alive: true });
    expect((await findRun(scratch.path, '', [])).path).toBe(newest);
  });

  test('of the profiles that are named', async () => {
    const wanted = await makeRun({ minute: 1, profile: './edge.yaml' });
    await makeRun({ minute: 2, profile: 'kvm' });
    const found = await findRun(scratch.path, '', ['edge.yaml']);
    expect(found.path).toBe(wanted);
    expect(found.plan.request.profiles).toEqual([join(process.cwd(), 'edge.yaml')]);
    expect(found.plan.request.catalogue).toBe(join(process.cwd(), 'relative'));
    expect(found.plan.request.date).toBe('2026-11-21');
  });

  test('by its name, and by its directory', async () => {
    const path = await makeRun({ status: 'running' });
    expect((await findRun(scratch.path, path.split('/').at(-1) ?? '', [])).path).toBe(path);
    expect((await findRun('/nowhere', path, [])).path).toBe(path);
  });

  test.each([
    { facts: { status: 'done' }, code: 'E_RUN_DONE', because: 'it is filed' },
    { facts: { status: 'running', alive: true }, code: 'E_RUN_ALIVE', because: 'it goes on as it is' },
  ] as const)('refuses one with $code, because $because', async ({ facts, code }) => {
    const path = await makeRun(facts);
    await expect(findRun(scratch.path, path, [])).rejects.toMatchObject({ kind: 'conflict', code });
  });

  test.each([
    { facts: { status: 'done' }, says: /: line 26\.11\.21-1\.1 is filed$/, because: 'that is how it ended' },
    {
      facts: { status: 'done', equalTo: '26.11.20-1.9' },
      says: /: its content is that of line 26\.11\.20-1\.9, so nothing was filed$/,
      because: 'it gave nothing new',
    },
  ] as const)('says what became of one that is done: $because', async ({ facts, says }) => {
    const path = await makeRun(facts);
    await expect(findRun(scratch.path, path, [])).rejects.toMatchObject({ message: says });
  });

  test.each([
    { name: '', because: 'there is none' },
    { name: 'no-such-run', because: 'none has the name' },
  ])('is told that $because', async ({ name }) => {
    await expect(findRun(scratch.path, name, [])).rejects.toMatchObject({
      kind: 'usage',
      code: 'E_RUN_UNKNOWN',
    });
  });

  test('believes no plan that was damaged', async () => {
    const path = await makeRun({});
    await writeFile(join(path, 'plan.json'), '{"sha256":"x","value":{"schema":1}}');
    await expect(findRun(scratch.path, path, [])).rejects.toMatchObject({ code: 'E_RUN_UNKNOWN' });
    await rename(join(path, 'plan.json'), join(path, 'elsewhere.json'));
    await expect(findRun(scratch.path, path, [])).rejects.toMatchObject({ code: 'E_RUN_UNKNOWN' });
  });
});
