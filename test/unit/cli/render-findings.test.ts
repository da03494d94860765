import { describe, expect, test } from '@jest/globals';
import { describeVerification } from '../../../src/cli/commands/verify.ts';
import { PLAIN_STYLE } from '../../../src/cli/text-style.ts';

const layout = { width: 80, style: PLAIN_STYLE };
const COUNTS = { lines: 1, releases: 2, files: 3, sizeBytes: 4, durationMs: 5 };
const SUMMARY = 'verified 1 line, 2 releases, 3 files, 4 B in 0.0 s';

describe('what a verification found', () => {
  test('is a line for each, with what was expected and found, and a failure of the catalogue', () => {
    const findings = [
      {
        path: 'releases/server/26.11.21-1.1/packages.txt',
        fault: 'is not as recorded: SHA-256',
        expected: 'aa',
        found: 'bb',
      },
      {
        path: 'lines/server/journal.json',
        member: '.entries[3].to',
        fault: 'server has no\x1b[2J release\n26.11.21-1.7 by then',
      },
    ];
    const { result, failure, document } = describeVerification(
      { ...COUNTS, findings, notes: [] },
      SUMMARY,
      layout,
    );
    expect(result?.split('\n')).toEqual([
      '✖ releases/server/26.11.21-1.1/packages.txt: is not as recorded: SHA-256; expected aa, found bb',
      '✖ lines/server/journal.json .entries[3].to: server has no release 26.11.21-1.7 by then',
      '',
      SUMMARY,
    ]);
    expect(failure).toMatchObject({ kind: 'conflict', code: 'E_CATALOGUE_DAMAGED' });
    expect(failure?.message).toBe('the catalogue is damaged: 2 files are not as recorded');
    expect(document).toMatchObject({ findings, releases: 2 });
  });

  test('notes alone are no failure', () => {
    const outcome = { ...COUNTS, findings: [], notes: ['latest/server was not there: written again'] };
    const { result, failure } = describeVerification(outcome, SUMMARY, layout);
    expect(result?.split('\n')).toEqual(['· latest/server was not there: written again', '', SUMMARY]);
    expect(failure).toBeUndefined();
  });

  test('nothing at all leaves one line', () => {
    expect(describeVerification({ ...COUNTS, findings: [], notes: [] }, SUMMARY, layout).result).toBe(
      SUMMARY,
    );
  });
});
