import { describe, expect, test } from '@jest/globals';
import { parseOutput, type OutputChoices } from '../../../src/profiles/parse-output.ts';

const usual: OutputChoices = { compression: 'zlib', compat: '1.1', subformat: 'dynamic' };

describe('parseOutput', () => {
  test.each<[text: string, choices: Partial<OutputChoices>, expected: object]>([
    ['qcow2', {}, { format: 'qcow2', compression: 'zlib', compat: '1.1', outer: 'none' }],
    [
      'qcow2',
      { compat: '0.10', compression: 'none' },
      { format: 'qcow2', compression: 'none', compat: '0.10' },
    ],
    ['vhd.bz2', {}, { format: 'vhd', subformat: 'dynamic', compression: 'none', outer: 'bz2' }],
    [
      'vhd',
      { subformat: 'fixed', compression: 'zstd' },
      { format: 'vhd', subformat: 'fixed', compression: 'none' },
    ],
    ['vhdx.zip', { subformat: 'fixed' }, { format: 'vhdx', outer: 'zip' }],
    ['raw.zst', {}, { format: 'raw', compression: 'none', outer: 'zst' }],
    ['ova', { compat: '0.10' }, { format: 'ova', compression: 'zlib' }],
  ])('%s with %j', (text, choices, expected) => {
    const output = parseOutput(text, { ...usual, ...choices });
    expect(output).toMatchObject({ missing: 'fail', ...expected });
    if (!('subformat' in expected)) expect(output).not.toHaveProperty('subformat', 'fixed');
  });

  test.each<[text: string, choices: Partial<OutputChoices>, message: string]>([
    ['qcow', {}, 'there is no image format "qcow"; did you mean qcow2?'],
    ['', {}, 'there is no image format ""'],
    ['constructor', {}, 'there is no image format "constructor"'],
    ['vhd.zipp', {}, '"vhd.zipp" ends in no known compression; did you mean zip?'],
    ['vhd.none.gz', {}, '"vhd.none.gz" ends in no known compression'],
    [
      'qcow2',
      { compat: '0.10', compression: 'zstd' },
      'a qcow2 of compatibility 0.10 cannot be compressed with zstd',
    ],
  ])('refuses %s with %j', (text, choices, message) => {
    expect(() => parseOutput(text, { ...usual, ...choices })).toThrow(message);
  });
});
