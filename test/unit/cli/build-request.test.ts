import { describe, expect, test } from '@jest/globals';
import { buildCommand, buildRequestOf } from '../../../src/cli/commands/build.ts';
import { parseArguments } from '../../../src/cli/parse-arguments.ts';

/** The request for a command line; the parser's values have the types of the table they were parsed with. */
function requestFor(...argv: string[]) {
  const { input } = parseArguments(['build', ...argv], [buildCommand]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return buildRequestOf(input.options as Parameters<typeof buildRequestOf>[0], '/c');
}

describe('the build request', () => {
  test('has a default for everything', () => {
    expect(requestFor('--profile', 'server')).toEqual({
      profiles: ['server'],
      targets: [],
      set: [],
      catalogue: '/c',
      newCatalogue: false,
      accelerator: 'auto',
      offline: false,
      test: true,
      rebuild: false,
      wait: false,
      keepFailed: false,
      dryRun: false,
    });
  });

  test('carries every option', () => {
    const argv =
      '--profile a --profile=b --target kvm,vmware --target hyperv --set disk.sizeMiB=1 --catalogue d --date 2026-11-21 ' +
      '--build-number 7 --new-catalogue --accel tcg --mirror http://m.example/debian --guest-mirror https://g.example/d ' +
      '--packer /p --offline --no-test --rebuild --wait --keep-failed --dry-run';
    expect(requestFor(...argv.split(' '))).toEqual({
      profiles: ['a', 'b'],
      targets: ['kvm', 'vmware', 'hyperv'],
      set: ['disk.sizeMiB=1'],
      catalogue: 'd',
      date: '2026-11-21',
      buildNumber: 7,
      newCatalogue: true,
      accelerator: 'tcg',
      mirror: 'http://m.example/debian',
      guestMirror: 'https://g.example/d',
      packer: '/p',
      offline: true,
      test: false,
      rebuild: true,
      wait: true,
      keepFailed: true,
      dryRun: true,
    });
  });

  test('a resumed run needs no profile', () => {
    expect(requestFor('--resume')).toMatchObject({ profiles: [], resume: '' });
  });

  test('a resumed run takes no option that would change what it was asked for', () => {
    expect(() => requestFor('--resume', 'r1', '--set', 'disk.sizeMiB=1', '--rebuild')).toThrow(
      '--resume goes on with what was asked for, so it cannot take --set, --rebuild',
    );
    expect(requestFor('--resume', 'r1', '--keep-failed', '--accel', 'tcg')).toMatchObject({
      resume: 'r1',
      keepFailed: true,
      accelerator: 'tcg',
    });
  });

  test.each([
    { argv: [], message: 'build needs --profile PROFILE', because: 'nothing is named' },
    { argv: ['--date', '2026-02-30'], message: /--date must be a day.*2026-02-30/, because: 'no such day' },
    { argv: ['--date', 'today'], message: /--date must be a day/, because: 'a word is no day' },
    { argv: ['--mirror', 'deb.example'], message: /--mirror must be .* URL/, because: 'no scheme' },
    {
      argv: ['--mirror', 'ftp://m.example'],
      message: /--mirror must be .* URL/,
      because: 'apt has dropped ftp',
    },
    { argv: ['--set', 'disk'], message: '--set must be PATH=VALUE; found "disk"', because: 'no value' },
    { argv: ['--set', '=x'], message: '--set must be PATH=VALUE; found "=x"', because: 'no path' },
  ])('refuses $argv: $because', ({ argv, message }) => {
    const profile = argv.length === 0 ? [] : ['--profile', 'server'];
    expect(() => requestFor(...profile, ...argv)).toThrow(message);
  });
});
