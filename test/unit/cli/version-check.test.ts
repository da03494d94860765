import { describe, expect, test } from '@jest/globals';
import { describeVerdicts, versionCheckCommand } from '../../../src/cli/commands/version-check.ts';
import { PLAIN_STYLE } from '../../../src/cli/text-style.ts';
import { checkConsumer, VERSION_CONSUMER_IDS } from '../../../src/publishing/check-version.ts';

const layout = { width: 100, style: PLAIN_STYLE };

describe('version check', () => {
  test('shows one consumer without its name, and the legacy scheme', () => {
    const verdicts = ['16.3.22', '4.6.0', '16.4.3', '26.11.21'].map((text) =>
      checkConsumer('cosmic', text, '16.4.1'),
    );
    const { document, result, failure } = describeVerdicts(verdicts, layout);
    expect(result?.split('\n')).toEqual([
      '16.3.22   refused   lower than 16.4.1 (the router is told to upgrade)',
      '4.6.0     refused   lower than 16.4.1 (the router is told to upgrade; legacy scheme)',
      '16.4.3    accepted',
      '26.11.21  accepted',
    ]);
    expect(document).toEqual({ verdicts });
    expect(failure).toMatchObject({
      kind: 'conflict',
      code: 'E_VERSION_REFUSED',
      message: '2 of 4 are refused',
      evidence: { refused: [{ version: '16.3.22' }, { version: '4.6.0' }] },
    });
  });

  test('shows several consumers by name, and has nothing against what all accept', () => {
    const verdicts = VERSION_CONSUMER_IDS.map((id) => checkConsumer(id, '26.11.21'));
    const { result, failure } = describeVerdicts(verdicts, layout);
    expect(result?.split('\n')[2]).toBe('cloudstack24  26.11.21  accepted');
    expect(failure).toBeUndefined();
  });

  test('lets nothing through that moves a cursor', () => {
    const { result, failure } = describeVerdicts([checkConsumer('cosmic', '1\u001b[2J\u009b\n')], layout);
    expect(result).toMatch(/^"1\\u001b\[2J\\n" {2}refused {2}Cosmic takes digits and dots only/);
    expect(failure?.message).toBe('the version is refused');
  });

  test('names all consumers in its help', () => {
    expect(versionCheckCommand.options.consumer.summary).toContain(VERSION_CONSUMER_IDS.join(', '));
  });
});
