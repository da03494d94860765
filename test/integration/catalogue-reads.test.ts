import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fileSample, promoteSample } from '../unit/workflows/sample-catalogue.ts';
import { compileWhenStale, runCli } from './compiled-cli.ts';

const RECORDER = join(import.meta.dirname, 'record-reads.mjs');
const FIRST = '26.11.21-1.1';

let scratch: string;
let catalogue: string;

beforeAll(async () => {
  compileWhenStale();
  scratch = mkdtempSync(join(tmpdir(), 'mintmark-reads-'));
  catalogue = join(scratch, 'catalogue');
  for (const line of ['server', 'server', 'node', 'other']) await fileSample(catalogue, scratch, line);
  await promoteSample(catalogue, 'server', FIRST);
}, 120_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The files and directories of the catalogue that a command opens, each once. */
async function opened(...args: string[]): Promise<string[]> {
  const list = join(scratch, 'opened');
  rmSync(list, { force: true });
  const { exitCode, stderr } = await runCli([...args, '--catalogue', catalogue], {
    env: { NODE_OPTIONS: `--import=${RECORDER}`, RECORD_BELOW: catalogue, RECORD_TO: list, HOME: scratch },
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return existsSync(list) ? [...new Set(readFileSync(list, 'utf8').trim().split('\n'))].toSorted() : [];
}

describe('commands that only look open what they need, and nothing of other releases', () => {
  test('show: the index, the journal, and two files of the release', async () => {
    expect(await opened('show', 'server@stable')).toEqual([
      'catalogue.json',
      'lines/server/index.json',
      'lines/server/journal.json',
      `releases/server/${FIRST}/packages.txt`,
      `releases/server/${FIRST}/release.json`,
    ]);
  });

  test('releases of a line: its index alone', async () => {
    expect(await opened('releases', 'server')).toEqual(['catalogue.json', 'lines/server/index.json']);
  });

  test('releases: the index of every line', async () => {
    expect(await opened('releases')).toEqual([
      'catalogue.json',
      'lines',
      'lines/node/index.json',
      'lines/other/index.json',
      'lines/server/index.json',
    ]);
  });
});
