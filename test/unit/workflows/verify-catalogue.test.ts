import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseJournal } from '../../../src/catalogue/journal.ts';
import { verifyCatalogue, type VerifyOutcome } from '../../../src/workflows/verify-catalogue.ts';
import { fileSample, promoteSample, SAMPLE_STAMP } from './sample-catalogue.ts';

const FIRST = '26.11.21-1.1';
const SECOND = '26.11.21-1.2';
const RELEASE = `releases/server/${FIRST}`;
const DISK = `${RELEASE}/server_${FIRST}_x86_64-kvm.qcow2`;
const JOURNAL = 'lines/server/journal.json';
const INDEX = 'lines/server/index.json';
const ALLOCATION = 'lines/server/alloc/2.json';

let scratch: string;
let sound: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'mintmark-verify-'));
  sound = join(scratch, 'sound');
  await fileSample(sound, scratch, 'server');
  await promoteSample(sound, 'server', FIRST);
  cpSync(sound, join(scratch, 'before'), { recursive: true, verbatimSymlinks: true });
  await fileSample(sound, scratch, 'server');
  await fileSample(sound, scratch, 'node');
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

async function verify(catalogue: string, metadata = false, lines: string[] = []): Promise<VerifyOutcome> {
  return verifyCatalogue(
    { catalogue, lines, metadata },
    {
      emit: () => undefined,
      signal: new AbortController().signal,
      clock: { now: () => new Date('2026-11-22T00:00:00Z') },
      run: () => Promise.reject(new Error('nothing is run')),
      directories: { cache: scratch, state: scratch },
      environment: {},
    },
  );
}

/** A catalogue that somebody worked on by hand. */
class Damaged {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    rmSync(path, { recursive: true, force: true });
    cpSync(sound, path, { recursive: true, verbatimSymlinks: true });
  }

  at(path: string): string {
    return join(this.path, path);
  }

  read(path: string): string {
    return readFileSync(this.at(path), 'utf8');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
  }

  replace(path: string, from: string | RegExp, to: string): void {
    const before = this.read(path);
    const after = before.replace(from, to);
    if (before === after) throw new Error(`${path} has no ${String(from)}`);
    writeFileSync(this.at(path), after);
  }

  /** The journal's entries, changed. */
  entries(change: (entries: unknown[]) => unknown[]): void {
    const journal = parseJournal(this.read(JOURNAL), JOURNAL);
    this.write(JOURNAL, JSON.stringify({ ...journal, entries: change([...journal.entries]) }));
  }

  flip(path: string): void {
    const bytes = readFileSync(this.at(path));
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    writeFileSync(this.at(path), bytes);
  }
}

interface DamageRow {
  readonly damage: string;
  readonly break: (catalogue: Damaged) => void;
  /** Path, and the member where there is one, that must be named. */
  readonly named: string;
  readonly fault: RegExp;
  /** Whether it is seen without reading the content of files. */
  readonly inMetadata?: false;
}

const DAMAGES: DamageRow[] = [
  {
    damage: 'a byte of an artifact is another',
    break: (catalogue) => catalogue.flip(DISK),
    named: DISK,
    fault: /SHA-256/,
    inMetadata: false,
  },
  {
    damage: 'a byte of a record is another',
    break: (catalogue) => catalogue.flip(`${RELEASE}/packages.txt`),
    named: `${RELEASE}/packages.txt`,
    fault: /SHA-256/,
    inMetadata: false,
  },
  {
    damage: 'a manifest is no JSON any more',
    break: (catalogue) => catalogue.flip(`${RELEASE}/release.json`),
    named: `${RELEASE}/release.json`,
    fault: /JSON/,
  },
  {
    damage: 'a manifest says something else',
    break: (catalogue) => catalogue.replace(`${RELEASE}/release.json`, '"tcg"', '"kvm"'),
    named: `${RELEASE}/release.json`,
    fault: /not what was filed: SHA-256/,
  },
  {
    damage: 'a manifest of another release stands there',
    break: (catalogue) =>
      catalogue.write(`${RELEASE}/release.json`, catalogue.read(`releases/server/${SECOND}/release.json`)),
    named: `${RELEASE}/release.json .version.long`,
    fault: /another release/,
  },
  {
    damage: 'an artifact was cut short',
    break: (catalogue) => truncateSync(catalogue.at(DISK), 3),
    named: DISK,
    fault: /size/,
  },
  {
    damage: 'a record is gone',
    break: (catalogue) => rmSync(catalogue.at(`${RELEASE}/packages.txt`)),
    named: `${RELEASE}/packages.txt`,
    fault: /gone/,
  },
  {
    damage: 'an artifact is gone',
    break: (catalogue) => rmSync(catalogue.at(DISK)),
    named: DISK,
    fault: /gone/,
  },
  {
    damage: 'the list of checksums is gone',
    break: (catalogue) => rmSync(catalogue.at(`${RELEASE}/SHA256SUMS`)),
    named: `${RELEASE}/SHA256SUMS`,
    fault: /gone/,
  },
  {
    damage: 'the list of checksums names a file outside',
    break: (catalogue) =>
      appendFileSync(catalogue.at(`${RELEASE}/SHA256SUMS`), `${'a'.repeat(64)} *../../x\n`),
    named: `${RELEASE}/SHA256SUMS line 5`,
    fault: /plain file name/,
  },
  {
    damage: 'the checksum of an artifact was written anew',
    break: (catalogue) =>
      catalogue.replace(`${RELEASE}/SHA256SUMS`, /^[0-9a-f]{64} \*server/m, `${'0'.repeat(64)} *server`),
    named: `${RELEASE}/SHA256SUMS server_${FIRST}_x86_64-kvm.qcow2`,
    fault: /sha256 of release.json/,
  },
  {
    damage: 'a file was put into a release',
    break: (catalogue) => catalogue.write(`${RELEASE}/notes.txt`, 'mine'),
    named: `${RELEASE}/notes.txt`,
    fault: /not in SHA256SUMS/,
  },
  {
    damage: 'a directory was put into a release',
    break: (catalogue) => mkdirSync(catalogue.at(`${RELEASE}/notes`)),
    named: `${RELEASE}/notes`,
    fault: /plain file/,
  },
  {
    damage: 'an artifact is a link to the same bytes elsewhere',
    break: (catalogue) => {
      catalogue.write('elsewhere', catalogue.read(DISK));
      rmSync(catalogue.at(DISK));
      symlinkSync('../../../elsewhere', catalogue.at(DISK));
    },
    named: DISK,
    fault: /plain file/,
  },
  {
    damage: 'the directory of a release is gone',
    break: (catalogue) => rmSync(catalogue.at(RELEASE), { recursive: true }),
    named: RELEASE,
    fault: /gone/,
  },
  {
    damage: 'a release stands under a second name',
    break: (catalogue) =>
      cpSync(catalogue.at(RELEASE), catalogue.at('releases/server/26.11.21-1.9'), { recursive: true }),
    named: 'releases/server/26.11.21-1.9',
    fault: /no journal/,
  },
  {
    damage: 'something that is no release stands among them',
    break: (catalogue) => mkdirSync(catalogue.at('releases/server/old')),
    named: 'releases/server/old',
    fault: /not the directory of a release/,
  },
  {
    damage: 'all releases of a line are behind a link',
    break: (catalogue) => {
      rmSync(catalogue.at('releases/server'), { recursive: true });
      symlinkSync(join(sound, 'releases/server'), catalogue.at('releases/server'));
    },
    named: 'releases/server',
    fault: /not a directory/,
  },
  {
    damage: 'releases of a line that is not there',
    break: (catalogue) => rmSync(catalogue.at('lines/node'), { recursive: true }),
    named: 'releases/node',
    fault: /no line/,
  },
  {
    damage: 'a line is gone that the catalogue names',
    break: (catalogue) => {
      rmSync(catalogue.at('lines/node'), { recursive: true });
      rmSync(catalogue.at('releases/node'), { recursive: true });
    },
    named: 'catalogue.json .lines["node"]',
    fault: /no line/,
  },
  {
    damage: 'the catalogue has a version that never was',
    break: (catalogue) => catalogue.replace('catalogue.json', /"version": \d+/, '"version": 0'),
    named: 'catalogue.json .version',
    fault: /at least 1/,
  },
  {
    damage: 'the catalogue leads elsewhere for an index',
    break: (catalogue) => catalogue.replace('catalogue.json', 'lines/node/index.json', '../x.json'),
    named: 'catalogue.json .lines["node"].index',
    fault: /elsewhere/,
  },
  {
    damage: 'the journal was cut short',
    break: (catalogue) => truncateSync(catalogue.at(JOURNAL), 200),
    named: JOURNAL,
    fault: /JSON/,
  },
  {
    damage: 'the journal is of a version to come',
    break: (catalogue) => catalogue.replace(JOURNAL, '"schema": 1', '"schema": 7'),
    named: JOURNAL,
    fault: /7/,
  },
  {
    damage: 'the journal is gone',
    break: (catalogue) => rmSync(catalogue.at(JOURNAL)),
    named: JOURNAL,
    fault: /gone/,
  },
  {
    damage: 'the journal is that of another line',
    break: (catalogue) => catalogue.write(JOURNAL, catalogue.read('lines/node/journal.json')),
    named: JOURNAL,
    fault: /line node/,
  },
  {
    damage: 'the last promotion was taken out of the journal',
    break: (catalogue) => catalogue.entries((entries) => entries.filter((_, place) => place !== 2)),
    named: JOURNAL,
    fault: /changed by hand/,
  },
  {
    damage: 'a filing was taken out of the journal',
    break: (catalogue) => catalogue.entries((entries) => entries.slice(0, -1)),
    named: `releases/server/${SECOND}`,
    fault: /no journal; its version is released/,
  },
  {
    damage: 'an entry stands in the journal twice',
    break: (catalogue) => catalogue.entries((entries) => [...entries, entries[1]]),
    named: `${JOURNAL} .entries[4]`,
    fault: /twice/,
  },
  {
    damage: 'a release is filed twice',
    break: (catalogue) => catalogue.entries((entries) => [...entries, entries[0]]),
    named: `${JOURNAL} .entries[4]`,
    fault: /filed twice/,
  },
  {
    damage: 'a channel moves from where it was not',
    break: (catalogue) =>
      catalogue.entries((entries) => [
        ...entries,
        { ...SAMPLE_STAMP, action: 'rollback', channel: 'stable', from: SECOND, to: FIRST },
      ]),
    named: `${JOURNAL} .entries[4].from`,
    fault: /elsewhere/,
  },
  {
    damage: 'a channel moves to what was never filed',
    break: (catalogue) =>
      catalogue.entries((entries) => [
        ...entries,
        { ...SAMPLE_STAMP, action: 'promote', channel: 'stable', from: FIRST, to: '26.11.21-1.7' },
      ]),
    named: `${JOURNAL} .entries[4].to`,
    fault: /no release 26.11.21-1.7/,
  },
  {
    damage: 'a release is replaced by what was never filed',
    break: (catalogue) =>
      catalogue.entries((entries) => [
        ...entries,
        { ...SAMPLE_STAMP, action: 'revoke', long: SECOND, reason: 'x', replacement: '26.11.21-1.7' },
      ]),
    named: `${JOURNAL} .entries[4].replacement`,
    fault: /no release 26.11.21-1.7/,
  },
  {
    damage: 'a head is revoked',
    break: (catalogue) =>
      catalogue.entries((entries) => [
        ...entries,
        { ...SAMPLE_STAMP, action: 'revoke', long: FIRST, reason: 'x' },
      ]),
    named: JOURNAL,
    fault: /stable points to 26.11.21-1.1, which is revoked/,
  },
  {
    damage: 'the digest of a manifest was changed in the journal',
    break: (catalogue) =>
      catalogue.replace(JOURNAL, /"manifestSha256":"[0-9a-f]{64}"/, `"manifestSha256":"${'0'.repeat(64)}"`),
    named: JOURNAL,
    fault: /changed by hand/,
  },
  {
    damage:
      'a fact about a release was changed in the journal, and all that is made from it was written again',
    break: (catalogue) => {
      catalogue.replace(JOURNAL, /"packagesDigest":"[0-9a-f]{64}"/, `"packagesDigest":"${'0'.repeat(64)}"`);
      rmSync(catalogue.at(INDEX));
    },
    named: `${JOURNAL} .entries[0].release.packagesDigest`,
    fault: /release.json says/,
  },
  {
    damage: 'the evidence of a promotion is another, and so is its checksum',
    break: (catalogue) => {
      catalogue.write(`${RELEASE}/test-result.json`, '{"tested":false}\n');
    },
    named: `${RELEASE}/test-result.json`,
    fault: /tested rests on/,
  },
  {
    damage: 'an allocation is no JSON any more',
    break: (catalogue) => catalogue.flip(ALLOCATION),
    named: ALLOCATION,
    fault: /JSON/,
  },
  {
    damage: 'an allocation is a copy of another',
    break: (catalogue) => catalogue.write('lines/server/alloc/3.json', catalogue.read(ALLOCATION)),
    named: 'lines/server/alloc/3.json',
    fault: /BUILD/,
  },
  {
    damage: 'an allocation says that nothing was filed',
    break: (catalogue) => catalogue.replace(ALLOCATION, '"released"', '"failed"'),
    named: `${ALLOCATION} .state`,
    fault: /was filed/,
  },
  {
    damage: 'an allocation says that something was filed',
    break: (catalogue) => {
      const text = catalogue
        .read(ALLOCATION)
        .replace('"build": 2', '"build": 3')
        .replace(SECOND, '26.11.21-1.3');
      catalogue.write('lines/server/alloc/3.json', text);
    },
    named: 'lines/server/alloc/3.json .state',
    fault: /no journal knows/,
  },
  {
    damage: 'an allocation is equal to nothing',
    break: (catalogue) => {
      const text = catalogue
        .read(ALLOCATION)
        .replace('"build": 2', '"build": 3')
        .replace(SECOND, '26.11.21-1.3')
        .replace('"released"', '"unchanged", "equalTo": "26.11.21-1.8"');
      catalogue.write('lines/server/alloc/3.json', text);
    },
    named: 'lines/server/alloc/3.json .equalTo',
    fault: /no release 26.11.21-1.8/,
  },
  {
    damage: 'the allocation of a release is gone',
    break: (catalogue) => rmSync(catalogue.at(ALLOCATION)),
    named: ALLOCATION,
    fault: /gone/,
  },
  {
    damage: 'a channel that never was',
    break: (catalogue) =>
      catalogue.write('lines/server/channels/gm-x.json', catalogue.read('lines/server/channels/stable.json')),
    named: 'lines/server/channels/gm-x.json',
    fault: /no move/,
  },
];

describe('damage is found and named', () => {
  test.each(DAMAGES)('$damage', async (row) => {
    const catalogue = new Damaged(join(scratch, 'damaged'));
    row.break(catalogue);
    if (row.inMetadata === false) expect((await verify(catalogue.path, true)).findings).toEqual([]);
    const { findings } = await verify(catalogue.path, row.inMetadata !== false);
    const named = findings.filter(({ path, member = '' }) =>
      `${path} ${member} `.startsWith(`${row.named} `),
    );
    expect(named.map(({ fault }) => fault)).toContainEqual(expect.stringMatching(row.fault));
  });
});

interface StaleRow {
  readonly stale: string;
  readonly break: (catalogue: Damaged) => void;
  readonly named: string;
}

const STALE: StaleRow[] = [
  { stale: 'the index is gone', break: (catalogue) => rmSync(catalogue.at(INDEX)), named: INDEX },
  {
    stale: 'the index was changed by hand',
    break: (catalogue) => catalogue.replace(INDEX, '"stable"', '"tested"'),
    named: INDEX,
  },
  {
    stale: 'the index was cut short',
    break: (catalogue) => truncateSync(catalogue.at(INDEX), 99),
    named: INDEX,
  },
  {
    stale: 'a channel was changed by hand',
    break: (catalogue) => catalogue.replace('lines/server/channels/stable.json', 'jenkins', 'nobody'),
    named: 'lines/server/channels/stable.json',
  },
  {
    stale: 'a channel is gone',
    break: (catalogue) => rmSync(catalogue.at('lines/server/channels/stable.json')),
    named: 'lines/server/channels/stable.json',
  },
  {
    stale: 'the catalogue has another digest of an index',
    break: (catalogue) =>
      catalogue.replace('catalogue.json', /"sha256": "[0-9a-f]{64}"/, `"sha256": "${'0'.repeat(64)}"`),
    named: 'catalogue.json',
  },
  {
    stale: 'the catalogue is gone',
    break: (catalogue) => rmSync(catalogue.at('catalogue.json')),
    named: 'catalogue.json',
  },
  {
    stale: 'latest points elsewhere',
    break: (catalogue) => {
      rmSync(catalogue.at('latest/server'));
      symlinkSync('../../etc', catalogue.at('latest/server'));
    },
    named: 'latest/server',
  },
  {
    stale: 'a change was killed right after the journal',
    break: (catalogue) =>
      catalogue.entries((entries) => [
        ...entries,
        { ...SAMPLE_STAMP, action: 'pin', long: FIRST, reason: 'customers use it' },
      ]),
    named: INDEX,
  },
  {
    stale: 'a revocation was killed between one line and the next',
    break: (catalogue) =>
      catalogue.entries((entries) => [
        ...entries,
        { ...SAMPLE_STAMP, action: 'rollback', channel: 'candidate', from: SECOND, to: FIRST },
        { ...SAMPLE_STAMP, action: 'revoke', long: SECOND, reason: 'x', descendants: ['node@26.11.21-1.1'] },
      ]),
    named: 'node@26.11.21-1.1 was made from a revoked release',
  },
  {
    stale: 'a filing was killed before the journal knew of it',
    break: (catalogue) => {
      const allocation = catalogue.read(ALLOCATION).replace('"released"', '"building"');
      rmSync(catalogue.at('lines'), { recursive: true });
      cpSync(join(scratch, 'before'), catalogue.path, { recursive: true, verbatimSymlinks: true });
      catalogue.write(ALLOCATION, allocation);
      rmSync(catalogue.at('releases/node'), { recursive: true });
      rmSync(catalogue.at('latest/node'));
    },
    named: `the filing of server ${SECOND} was killed: completed`,
  },
];

describe('what a journal can make again', () => {
  test.each(STALE)('$stale: it is named, made again, and clean', async (row) => {
    const catalogue = new Damaged(join(scratch, 'damaged'));
    row.break(catalogue);
    const first = await verify(catalogue.path);
    expect(first.findings).toEqual([]);
    expect(first.notes).toContainEqual(expect.stringContaining(row.named));
    const second = await verify(catalogue.path);
    expect({ findings: second.findings, notes: second.notes }).toEqual({ findings: [], notes: [] });
  });
});

describe('a sound catalogue', () => {
  test('is clean, and everything in it was read', async () => {
    const outcome = await verify(sound);
    expect(outcome).toMatchObject({ findings: [], notes: [], lines: 2, releases: 3, files: 12 });
  });

  test('is not written', async () => {
    const catalogue = new Damaged(join(scratch, 'untouched'));
    const before = readlinkSync(catalogue.at('latest/server'));
    await verify(catalogue.path);
    expect(readlinkSync(catalogue.at('latest/server'))).toBe(before);
    expect(catalogue.read(JOURNAL)).toBe(readFileSync(join(sound, JOURNAL), 'utf8'));
  });

  test('a line that is not there is a slip of usage', async () => {
    await expect(verify(sound, false, ['nobody'])).rejects.toMatchObject({ code: 'E_LINE_UNKNOWN' });
  });

  test('so is a catalogue that is not there', async () => {
    await expect(verify(join(scratch, 'nowhere'))).rejects.toMatchObject({ code: 'E_CATALOGUE_MISSING' });
  });
});
