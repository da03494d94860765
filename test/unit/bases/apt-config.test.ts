import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  APT_TIMEOUT_SECONDS,
  aptRootPaths,
  parseNetworkSettings,
  renderAptConfig,
  stallSeconds,
} from '../../../src/bases/apt-config.ts';

describe('parseNetworkSettings', () => {
  test.each([
    {
      line: 'Acquire::http::Proxy "http://proxy.example:3128";',
      kept: true,
      because: 'the mirror is behind it',
    },
    { line: 'Acquire::https::Verify-Peer "false";', kept: true, because: 'the host said so' },
    { line: 'Acquire::Check-Valid-Until "false";', kept: true, because: 'a snapshot mirror needs it' },
    { line: 'Acquire::Retries "0";', kept: true, because: 'it says how hard to try' },
    { line: 'Acquire::http::Proxy "";', kept: false, because: 'an empty value says nothing' },
    { line: 'APT::Install-Recommends "true";', kept: false, because: 'it would change what is installed' },
    {
      line: 'Dir::Etc::sourcelist "sources.list";',
      kept: false,
      because: 'the private root has its own places',
    },
    { line: 'Acquire::Languages:: "none";', kept: false, because: 'we say that ourselves' },
    {
      line: 'DPkg::Pre-Install-Pkgs:: "/usr/bin/hook";',
      kept: false,
      because: 'hooks of the host stay there',
    },
  ])('$line: $because', ({ line, kept }) => {
    expect(parseNetworkSettings(`APT "";\n${line}\n`)).toHaveLength(kept ? 1 : 0);
  });

  test('gives name and value', () => {
    expect(parseNetworkSettings('Acquire::http::Proxy::mirror.example "DIRECT";\n')).toEqual([
      { name: 'Acquire::http::Proxy::mirror.example', value: 'DIRECT' },
    ]);
  });
});

describe('renderAptConfig', () => {
  const root = { directory: '/cache/apt/1', architecture: 'amd64', recommends: false };

  test('every directory lies below the root, the host’s own configuration is not read', () => {
    const text = renderAptConfig(root, []);
    const paths = [...text.matchAll(/^Dir::\S+ "(.*)";$/gm)].map((match) => match[1]);
    expect(paths.length).toBeGreaterThan(8);
    expect(paths.filter((path) => path !== '/dev/null' && !path?.startsWith('/cache/apt/1'))).toEqual([]);
  });

  test('what the host says of the network comes last, so it wins', () => {
    expect(
      renderAptConfig(root, [{ name: 'Acquire::Retries', value: '9' }])
        .trimEnd()
        .split('\n')
        .at(-1),
    ).toBe('Acquire::Retries "9";');
  });

  test('apt gives a connection up soon, and leaves trying again to us', () => {
    const text = renderAptConfig(root, []);
    expect(text).toContain('Acquire::Retries "0";');
    for (const method of ['http', 'https'])
      expect(text).toContain(`Acquire::${method}::Timeout "${APT_TIMEOUT_SECONDS}";`);
  });

  test.each([
    { host: [], seconds: 40, because: 'apt tries a file twice before it gives up' },
    {
      host: [{ name: 'Acquire::http::Timeout', value: '120' }],
      seconds: 250,
      because: 'the host is patient',
    },
    {
      host: [{ name: 'acquire::https::timeout', value: '5' }],
      seconds: 40,
      because: 'haste is apt’s affair',
    },
  ])('a transfer is stalled after $seconds s: $because', ({ host, seconds }) => {
    expect(stallSeconds(renderAptConfig(root, host))).toBe(seconds);
  });

  const apt = spawnSync('apt-config', ['--version']).error === undefined;
  if (!apt) process.stderr.write('skipped: apt reads its configuration, because apt is not installed\n');
  (apt ? test : test.skip)('apt itself reads it as it was meant', () => {
    const directory = mkdtempSync(join(tmpdir(), 'mintmark-apt-'));
    try {
      const path = aptRootPaths(directory).config;
      writeFileSync(
        path,
        renderAptConfig({ ...root, directory }, [{ name: 'Acquire::http::Proxy', value: 'http://p:1' }]),
      );
      const { stdout } = spawnSync('apt-config', ['dump'], {
        env: { ...process.env, APT_CONFIG: path },
        encoding: 'utf8',
      });
      expect(stdout).toContain(`Dir::State::lists "${directory}/lists";`);
      expect(stdout).toContain('Dir::Etc::sourceparts "/dev/null";');
      expect(stdout).toContain('Acquire::ForceHash "SHA256";');
      expect(stdout).toContain('Acquire::http::Proxy "http://p:1";');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
