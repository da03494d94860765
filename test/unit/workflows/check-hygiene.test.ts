import { describe, expect, test } from '@jest/globals';
import type { Profile } from '../../../src/profiles/profile.ts';
import { checkHygiene, ownFilesOf, type OwnFiles } from '../../../src/workflows/check-hygiene.ts';
import { factsOf } from '../guest/sample-hygiene.ts';
import { resolveBuiltIn } from '../profiles/resolve-built-in.ts';

const NOTHING: OwnFiles = { placed: [], expected: [] };
const { profile: BUILT_IN } = resolveBuiltIn('kvm');
const file = (path: string): Profile['files'][number] => ({ path, content: '', mode: '0644' });
const upload = (destination: string): Profile['provisioners'][number] => ({
  type: 'file',
  name: 'upload',
  source: '/host/tool',
  destination,
});

/** Names of the rules that a disk breaks which holds one more file than packages brought. */
function broken(path: string, profile?: Profile): string[] {
  const { files, texts, packages: packageDatabase } = factsOf([{ path }]);
  const own = profile === undefined ? NOTHING : ownFilesOf(profile);
  const { checks } = checkHygiene({ content: { files, texts, packageDatabase }, own });
  return checks.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
}

describe('checkHygiene', () => {
  test.each<[because: string, path: string, profile: Profile | undefined, expected: string[]]>([
    ['nothing is known of the image', '/usr/lib/x', undefined, ['unowned-files']],
    ['finish writes it', '/usr/lib/os-release', undefined, []],
    ['nobody declared it', '/usr/lib/x', BUILT_IN, ['unowned-files']],
    ['the profile places it', '/usr/lib/x', { ...BUILT_IN, files: [file('/usr/lib/x')] }, []],
    ['it was uploaded', '/usr/lib/x', { ...BUILT_IN, provisioners: [upload('/usr/lib/x')] }, []],
    ['it was uploaded into a directory', '/usr/tool', { ...BUILT_IN, provisioners: [upload('/usr/')] }, []],
    [
      'it is a release file',
      '/usr/lib/release',
      { ...BUILT_IN, guest: { ...BUILT_IN.guest, releaseFiles: [{ path: '/usr/lib/release', brand: 'X' }] } },
      [],
    ],
    [
      'the profile expects it',
      '/usr/lib/app/x',
      { ...BUILT_IN, finish: { ...BUILT_IN.finish, expectedFiles: ['/usr/lib/app'] } },
      [],
    ],
  ])('%s', (_because, path, profile, expected) => {
    expect(broken(path, profile)).toEqual(expected);
  });

  test('is a suite of its own, by a clock that was recorded', () => {
    const { files, texts, packages: packageDatabase } = factsOf([{ path: '/etc/x', mtimeMs: 5000 }]);
    const suite = checkHygiene({
      content: { files, texts, packageDatabase },
      own: NOTHING,
      finishedAt: '1970-01-01T00:00:01.000Z',
    });
    expect(suite).toMatchObject({ name: 'hygiene', evidence: [] });
    expect(suite.checks.find(({ name }) => name === 'newer-than-finish')).toMatchObject({
      outcome: 'failed',
      found: '/etc/x: 1970-01-01T00:00:05.000Z',
    });
  });
});
