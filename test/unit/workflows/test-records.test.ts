import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createSecretFilter } from '../../../src/host/secrets.ts';
import { writeTestRecords } from '../../../src/workflows/test-records.ts';
import { SAMPLE_HYGIENE, SAMPLE_REPORT } from '../reports/sample-report.ts';
import { useScratchDirectory } from './scratch-directory.ts';

const scratch = useScratchDirectory('records');
const SECRET = 'correct-horse-battery';

describe('writeTestRecords', () => {
  test('writes reports and evidence, and no secret into any text', async () => {
    const serial = await scratch.write('m0/serial.log', `login: ${SECRET}\n`);
    const screen = await scratch.write('m0/screen.png', Buffer.from([0x89, 0x50, 0xff, 0x00]));
    const suites = SAMPLE_REPORT.suites.map((suite) => ({ ...suite, name: `${suite.name} ${SECRET}` }));
    const names = await writeTestRecords(
      scratch.join('out'),
      {
        report: { ...SAMPLE_REPORT, suites },
        answers: new Map(),
        evidence: [
          { name: 'kvm.serial.log', path: serial },
          { name: 'kvm.screen.png', path: screen },
        ],
        content: undefined,
      },
      createSecretFilter([SECRET]),
    );
    expect(names).toEqual(['junit.xml', 'test-result.json', 'boot.svg', 'kvm.serial.log', 'kvm.screen.png']);
    for (const name of names) expect(readFileSync(scratch.join('out', name), 'utf8')).not.toContain(SECRET);
    expect(readFileSync(scratch.join('out/kvm.screen.png'))).toEqual(readFileSync(screen));
  });

  test('without a boot there is no timeline, and without a disk that was read no facts', async () => {
    const report = { ...SAMPLE_REPORT, suites: [SAMPLE_HYGIENE] };
    const records = { report, answers: new Map(), evidence: [], content: undefined };
    expect(await writeTestRecords(scratch.join('out'), records, createSecretFilter([]))).toEqual([
      'junit.xml',
      'test-result.json',
    ]);
  });
});
