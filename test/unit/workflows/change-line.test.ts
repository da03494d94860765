import { readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { settleLine } from '../../../src/workflows/change-line.ts';
import { readLineState } from '../../../src/workflows/read-line-state.ts';
import { fileSample } from './sample-catalogue.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('change-line');

describe('a line that was begun before there were journals', () => {
  test('gets one when it is settled, and can be read ever after', async () => {
    const catalogue = scratch.join('catalogue');
    const long = await fileSample(catalogue, scratch.path, 'server');
    const line = scratch.join('catalogue/lines/server');
    await rm(`${line}/journal.json`);
    await rm(`${line}/channels`, { recursive: true });
    const index = await readFile(`${line}/index.json`, 'utf8');
    await writeFile(`${line}/index.json`, index.replace(/"channels": \{[^}]*\}/, '"channels": {}'));

    await settleLine(catalogue, 'server');

    expect((await readLineState(catalogue, 'server')).index.channels).toEqual({ candidate: long });
  });
});
