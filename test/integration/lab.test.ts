import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compileWhenStale } from './compiled-cli.ts';
import { FIXED_ARGUMENTS, Lab, whyNoLab } from './lab.ts';
import { allocationsOf, cacheFaults, leftoversOf, servedFaults } from './lab-state.ts';

const reason = whyNoLab();
const describeLab = reason === undefined ? describe : describe.skip;
if (reason !== undefined) process.stderr.write(`skipped: builds in the lab, because ${reason}\n`);

describeLab('the lab', () => {
  let lab: Lab;
  beforeAll(() => {
    compileWhenStale();
    lab = Lab.make();
  }, 120_000);
  afterAll(() => lab.remove());

  test.each([
    { build: 1, from: 'made', because: 'the cache is empty' },
    { build: 2, from: 'from the cache', because: 'the first build left it' },
  ])('build $build files a release, with a base that is $from: $because', async ({ build, from }) => {
    const { exitCode, stderr } = await lab.build();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringContaining(from) });
    expect(allocationsOf(lab)[build]).toBe('released');
    expect(await leftoversOf(lab)).toEqual([]);
    expect([...servedFaults(lab), ...cacheFaults(lab)]).toEqual([]);
  });

  test('two profiles of one request share the disk up to its stamp', async () => {
    const other = join(lab.directory, 'other.json');
    copyFileSync(lab.profile, other);
    const profiles = ['--profile', lab.profile, '--profile', other];
    const { exitCode, stderr } = await lab.command(['build', ...profiles, ...FIXED_ARGUMENTS]).done;
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringContaining('the same disk was made for another profile just now'),
    });
    expect([...(await leftoversOf(lab)), ...servedFaults(lab), ...cacheFaults(lab)]).toEqual([]);
  }, 60_000);
});
