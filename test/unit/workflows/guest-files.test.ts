import { describe, expect, test } from '@jest/globals';
import { withGuestFiles } from '../../../src/workflows/guest-files.ts';
import { resolveBuiltIn } from '../profiles/resolve-built-in.ts';

const SOURCES = '/etc/apt/sources.list.d/debian.sources';
const PORT = '/etc/ssh/sshd_config.d/05-port.conf';

function madeFiles(builtIn: string, sources: string | undefined): Record<string, string | undefined> {
  const { profile } = resolveBuiltIn(builtIn);
  const made = withGuestFiles(profile, sources).files.slice(profile.files.length);
  return Object.fromEntries(made.map(({ path, content }) => [path, content]));
}

describe('withGuestFiles', () => {
  test('tells sshd its port where that is not the usual one', () => {
    expect(madeFiles('kvm', 'Types: deb\n')).toEqual({ [PORT]: 'Port 3922\n', [SOURCES]: 'Types: deb\n' });
    expect(madeFiles('server', 'Types: deb\n')).toEqual({ [SOURCES]: 'Types: deb\n' });
  });

  test('gives no package sources where no mirror is known', () => {
    expect(madeFiles('server', undefined)).toEqual({});
  });

  test('a file of the profile itself wins', () => {
    const { profile } = resolveBuiltIn('kvm');
    const own = [
      { path: SOURCES, content: 'own', mode: '0644' },
      { path: PORT, content: 'Port 1\n', mode: '0644' },
    ];
    expect(withGuestFiles({ ...profile, files: own }, 'ours').files).toEqual(own);
  });
});
