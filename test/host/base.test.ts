import { access, constants, open, readdir, readFile, realpath } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { HOST_MIRRORS_FORMAT, parseHostMirrors } from '../../src/bases/apt-sources.ts';
import type { Ext4FileSystem } from '../../src/disks/ext4-reader.ts';
import { findProgramIfAny } from '../../src/host/find-program.ts';
import { run } from '../../src/host/run.ts';
import { workDirectories } from '../../src/workflows/work-directory.ts';
import { CLI, compileWhenStale, type CliResult } from '../integration/compiled-cli.ts';
import { readPart } from '../read-part.ts';
import { BasePlace } from './base-place.ts';
import { answerUnsigned, answerWithPage, passOn, startMirror, type MirrorServer } from './mirror-server.ts';
import { documentOf } from './real-build.ts';

/*
 * Base disks for real: the smallest Debian 13 from the host's own mirror, by the compiled command line and the real
 * mmdebstrap. Two whole bootstraps are shared by all tests, one more is made by an ordinary user, one of a profile with
 * more in it, two are killed.
 */

const BOOTSTRAP_MS = 15 * 60_000;
const NEEDED = 'packer mmdebstrap apt-get mke2fs unshare setpriv qemu-img qemu-system-x86_64 zstd cpio'.split(
  ' ',
);

async function whyNot(): Promise<string | undefined> {
  const found = await Promise.all(NEEDED.map((name) => findProgramIfAny(name)));
  const missing = NEEDED.filter((_, index) => found[index] === undefined);
  if (missing.length > 0) return `no ${missing.join(', ')}`;
  if (mirrors === undefined) return 'the host’s apt configuration names no Debian mirror';
  const answers = await fetch(`${mirrors.main}/dists/trixie/InRelease`, { method: 'HEAD' }).catch(
    () => undefined,
  );
  return answers?.ok === true ? undefined : `the host’s mirror ${mirrors.main} does not answer`;
}

async function readMirrors(): Promise<{ main: string; security: string } | undefined> {
  const args = ['indextargets', '--format', HOST_MIRRORS_FORMAT];
  const asked = await run({ command: 'apt-get', args, deadlineMs: 30_000 }).catch(() => undefined);
  const { main, security } = parseHostMirrors(asked?.stdout ?? '');
  return main === undefined ? undefined : { main, security: security ?? `${main}-security` };
}

async function whyNoStranger(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'we are an ordinary user ourselves: every other test here shows it';
  if ((await findProgramIfAny('newuidmap')) === undefined) return 'no newuidmap';
  for (const path of [process.execPath, CLI]) {
    for (let parent = dirname(await realpath(path)); parent !== '/'; parent = dirname(parent)) {
      const mode = (await import('node:fs')).statSync(parent).mode;
      if ((mode & 0o001) === 0) return `an ordinary user cannot enter ${parent}`;
    }
  }
  return undefined;
}

const mirrors = await readMirrors();
const reason = await whyNot();
if (reason !== undefined) process.stderr.write(`skipped: real base disks: ${reason}\n`);
const withTools = reason === undefined ? describe : describe.skip;

compileWhenStale();
const noStranger = await whyNoStranger();
if (noStranger !== undefined)
  process.stderr.write(`skipped: a base made by an ordinary user: ${noStranger}\n`);

/** A text of a proxy's address that would be found again if it reached the disk. */
const PROXY = 'http://mintmark-user:mintmark-secret@127.0.0.1:9';

const pathOf = (result: CliResult): string => {
  const { path } = documentOf(result, 0);
  if (typeof path !== 'string') throw new Error(`no path in ${result.stdout}`);
  return path;
};

withTools('a real base disk', () => {
  let place: BasePlace;
  let first: CliResult[] = [];
  let files: Map<string, string> = new Map();

  beforeAll(async () => {
    place = await BasePlace.make();
    first = await Promise.all([place.base(), place.base()]);
    files = await readWhole(first[0]);
  }, BOOTSTRAP_MS);
  afterAll(() => place.remove());

  async function readWhole(result: CliResult | undefined): Promise<Map<string, string>> {
    if (result === undefined) throw new Error('no base was made');
    return place.withRoot(pathOf(result), describeFiles);
  }

  test('two calls at once make one', () => {
    expect(first.map((result) => documentOf(result, 0)['cached']).toSorted(byText)).toEqual([false, true]);
    expect(new Set(first.map(pathOf)).size).toBe(1);
  });

  test('the cache holds the entry and nothing half made', async () => {
    const entry = dirname(pathOf(first[0] ?? first[1]!));
    expect((await readdir(entry)).toSorted()).toEqual(
      ['base.qcow2', 'changelogs.tar.zst', 'entry.json', 'microvm.cpio.gz', 'vmlinuz'].toSorted(),
    );
    expect(await readdir(workDirectories(place.cache))).toEqual([]);
  });

  test('the tree is one that boots: kernel, initramfs, GRUB by UUID, fsck', () => {
    const names = [...files.keys()];
    expect(names.filter((name) => /^\/boot\/(vmlinuz|initrd\.img)-/.test(name))).toHaveLength(2);
    expect(names).toEqual(
      expect.arrayContaining(['/boot/grub/grub.cfg', '/boot/grub/i386-pc/normal.mod', '/usr/sbin/fsck.ext4']),
    );
  });

  test('documentation is gone, copyright files and links to them stay', () => {
    const names = [...files.keys()].filter((name) => name.startsWith('/usr/share/doc/'));
    expect(names).toContain('/usr/share/doc/bash/copyright');
    expect(names).toContain('/usr/share/doc/libstdc++6');
    expect(names.filter((name) => /\/changelog|\/README/.test(name))).toEqual([]);
  });

  describe('made again', () => {
    let again: CliResult;
    let others: Map<string, string> = new Map();

    beforeAll(async () => {
      await flipOneBit(pathOf(first[0] ?? first[1]!));
      // What comes from the caller's surroundings must not matter, so everything is different.
      again = await place.base({
        args: ['--offline'],
        umask: '077',
        env: {
          http_proxy: PROXY,
          https_proxy: PROXY,
          TZ: 'Asia/Tokyo',
          LANG: 'de_DE.UTF-8',
          DEBIAN_FRONTEND: 'readline',
        },
      });
      others = await readWhole(again);
    }, BOOTSTRAP_MS);

    test('one flipped bit in the cache is seen, and the base made again, offline', () => {
      expect(documentOf(again, 0)).toMatchObject({ cached: false, path: pathOf(first[0] ?? first[1]!) });
    });

    test('the same recipe gives the same files, modes, owners and capabilities', () => {
      const differing = [...new Set([...files.keys(), ...others.keys()])].filter(
        (name) => files.get(name) !== others.get(name),
      );
      expect(differing.map((name) => `${name}: ${files.get(name)} | ${others.get(name)}`)).toEqual([]);
    });

    test('nothing secret and nothing of the build host is in it', async () => {
      const machineId = (await readFile('/etc/machine-id', 'utf8').catch(() => '')).trim();
      const forbidden = [
        'mintmark-secret',
        '127.0.0.1:9',
        place.directory,
        ...(machineId === '' ? [] : [machineId]),
      ];
      await place.withRoot(pathOf(again), async (root) => {
        expect(await findTexts(root, ['PRIVATE KEY-----\n', ...forbidden])).toEqual([]);
        const text = async (path: string): Promise<string> => (await root.readFile(path)).toString();
        expect(await text('/etc/machine-id')).toBe('');
        expect(await text('/etc/resolv.conf')).toBe('');
        expect(await text('/etc/hostname')).toBe('localhost\n');
        if (hostname() !== 'localhost')
          expect(await text('/etc/hosts')).not.toMatch(new RegExp(`\\b${hostname()}\\b`));
        const passwords = (await text('/etc/shadow'))
          .trimEnd()
          .split('\n')
          .map((line) => line.split(':')[1]);
        expect(passwords.filter((password) => !/^[!*]+$/.test(password ?? ''))).toEqual([]);
        const modes = await Promise.all(
          [
            '/etc/hostname',
            '/etc/hosts',
            '/etc/fstab',
            '/etc/resolv.conf',
            '/etc/default/grub.d/50-template.cfg',
          ].map(async (path) => (await root.stat(path))?.mode),
        );
        expect(modes.map((mode) => (mode ?? 0) & 0o777)).toEqual([0o644, 0o644, 0o644, 0o644, 0o644]);
      });
      const names = [...others.keys()];
      expect(
        names.filter(
          (name) =>
            /ssh_host_|ssl-cert-snakeoil|^\/var\/lib\/systemd\/random-seed|99mmdebstrap|\/apt\/lists\/./.test(
              name,
            ) && !name.endsWith('/lists/partial'),
        ),
      ).toEqual([]);
    });

    describe('ended in the middle', () => {
      test.each([
        { signal: 'SIGTERM', exitCode: 130, left: 0, because: 'we clean up ourselves' },
        {
          signal: 'SIGKILL',
          exitCode: null,
          left: 1,
          because: 'the kernel ends the rest, the next run sweeps',
        },
      ] as const)(
        'by $signal: $because',
        async ({ signal, exitCode, left }) => {
          const entriesBefore = await readdir(join(place.cache, 'bases'));
          const result = await place.base({
            args: ['--rebuild', '--offline'],
            onStart: (child) => void place.untilInstalling().then(() => child.kill(signal)),
          });
          expect(result.exitCode).toBe(exitCode);
          await new Promise((resolve) => {
            setTimeout(resolve, 500);
          });
          expect(await place.processes()).toEqual([]);
          expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain(place.directory);
          expect(await readdir(join(place.cache, 'bases'))).toEqual(entriesBefore);
          const work = (await readdir(workDirectories(place.cache))).filter(
            (name) => !name.endsWith('.lock'),
          );
          // The copy for the caller and the bootstrap itself have a directory each.
          expect(work.length).toBe(left * 2);
          expect(documentOf(await place.base({ args: ['--offline'] }), 0)).toMatchObject({ cached: true });
          expect(await readdir(workDirectories(place.cache))).toEqual([]);
        },
        BOOTSTRAP_MS,
      );
    });

    test(
      'entry.json that is garbage, and a deleted entry, are misses',
      async () => {
        const path = pathOf(again);
        const handle = await open(join(dirname(path), 'entry.json'), 'r+');
        await handle.truncate(100);
        await handle.close();
        // Nothing may be fetched and mmdebstrap is not found, so this only shows what it would do.
        const result = await place.base({
          args: ['--offline'],
          onStart: (child) => void stopWhenInstalling(child.pid),
        });
        expect(result.exitCode).toBe(130);
        await expect(access(path, constants.R_OK)).rejects.toMatchObject({ code: 'ENOENT' });
      },
      BOOTSTRAP_MS,
    );
  });

  async function stopWhenInstalling(pid: number | undefined): Promise<void> {
    await place.untilInstalling();
    if (pid !== undefined) process.kill(pid, 'SIGTERM');
  }

  (noStranger === undefined ? test : test.skip)(
    'an ordinary user makes the same base',
    async () => {
      const own = await BasePlace.make();
      try {
        const result = await own.base({ asStranger: true, umask: '077' });
        expect(documentOf(result, 0)).toMatchObject({ cached: false });
        const theirs = await own.withRoot(pathOf(result), describeFiles);
        const differing = [...new Set([...files.keys(), ...theirs.keys()])].filter(
          (name) => files.get(name) !== theirs.get(name),
        );
        expect(differing).toEqual([]);
        expect(await readdir(workDirectories(own.cache))).toEqual([]);
      } finally {
        await own.remove();
      }
    },
    BOOTSTRAP_MS,
  );
});

withTools('a base with swap, whose packages copy what they find of the build host', () => {
  let place: BasePlace;
  beforeAll(async () => {
    place = await BasePlace.make();
  });
  afterAll(() => place.remove());

  test(
    'has swap that its fstab names, and nothing of the host’s resolver or name',
    async () => {
      const resolver = (await readFile('/etc/resolv.conf', 'utf8').catch(() => '')).trim();
      const result = await place.base({ profile: 'tiny-resolved' });
      await place.withRoot(pathOf(result), async (root, raw) => {
        const files = await describeFiles(root);
        expect(files.get('/etc/resolv.conf')).toMatch(/^symlink .* \S+\/stub-resolv\.conf /);
        expect([...files.keys()].filter((name) => name.endsWith('.bak'))).toEqual([]);
        expect(await findTexts(root, resolver === '' ? [] : [resolver])).toEqual([]);
        expect((await root.readFile('/etc/hostname')).toString()).toBe('localhost\n');
        const uuid = /^UUID=(\S+) none swap /m.exec((await root.readFile('/etc/fstab')).toString())?.[1];
        const page = await readPart(raw, 1024 * 1024, 4096);
        expect(page.toString('latin1', 4086)).toBe('SWAPSPACE2');
        expect(page.toString('hex', 1036, 1052)).toBe(uuid?.replaceAll('-', ''));
      });
    },
    BOOTSTRAP_MS,
  );
});

withTools('a mirror that is none', () => {
  let place: BasePlace;
  let server: MirrorServer | undefined;
  beforeAll(async () => {
    place = await BasePlace.make();
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  afterAll(() => place.remove());

  async function failsWith(uri: string, code: string): Promise<void> {
    const result = await place.base({ args: ['--mirror', uri], env: { MINTMARK_MIRROR_WAIT: '0' } });
    const document = documentOf(result, 4);
    expect(document).toMatchObject({ ok: false, error: { kind: 'host', code, hint: expect.any(String) } });
    expect(await readdir(join(place.cache, 'bases')).catch((): string[] => [])).toEqual([]);
    expect(await readdir(workDirectories(place.cache)).catch((): string[] => [])).toEqual([]);
  }

  test('nobody listens there', () => failsWith('http://127.0.0.1:9', 'E_MIRROR_UNREACHABLE'), 120_000);

  test.each([
    {
      answer: answerWithPage,
      code: 'E_MIRROR_NOT_TRUSTED',
      because: 'a captive portal answers everything with its page',
    },
    { answer: answerUnsigned, code: 'E_MIRROR_NOT_TRUSTED', because: 'nobody signed its index' },
    {
      answer: passOn(mirrors ?? { main: '', security: '' }, (path, response) => {
        if (!path.includes('/pool/')) return false;
        response.writeHead(404).end();
        return true;
      }),
      code: 'E_MIRROR_LACKS_SUITE',
      because: 'it was updated between index and packages',
    },
    {
      answer: passOn(mirrors ?? { main: '', security: '' }, (path, response) => {
        if (!path.includes('/pool/')) return false;
        response.writeHead(200).end('<html></html>');
        return true;
      }),
      code: 'E_MIRROR_INCONSISTENT',
      because: 'its packages are pages',
    },
    {
      answer: passOn(mirrors ?? { main: '', security: '' }, (path, response) => {
        if (!/\/(?:Packages|by-hash)/.test(path)) return false;
        response.writeHead(200).end('Package: bash\n');
        return true;
      }),
      code: 'E_MIRROR_INCONSISTENT',
      because: 'its indices are not those that were signed',
    },
  ])(
    '$code: $because',
    async ({ answer, code }) => {
      server = await startMirror(answer);
      await failsWith(server.uri, code);
      expect(server.asked.length).toBeGreaterThan(0);
    },
    240_000,
  );
});

const byText = (a: unknown, b: unknown): number => String(a).localeCompare(String(b));

/** Every file of a disk with type, mode, owner, content and extended attributes; not its times. */
async function describeFiles(root: Ext4FileSystem): Promise<Map<string, string>> {
  const { createHash } = await import('node:crypto');
  const files = new Map<string, string>();
  for await (const entry of root.walk()) {
    const hash = createHash('sha256');
    if (entry.type === 'file') for await (const chunk of root.readStream(entry.inode)) hash.update(chunk);
    const attributes = [...(await root.attributes(entry.path))].map(
      ([name, value]) => `${name}=${value.toString('hex')}`,
    );
    const { type, mode, uid, gid, linkTarget = '' } = entry;
    files.set(
      entry.path,
      [type, mode.toString(8), uid, gid, linkTarget, hash.digest('hex'), ...attributes].join(' '),
    );
  }
  return files;
}

/** Files that hold one of some texts, as `path: text`. Larger ones than 64 MiB are not text. */
async function findTexts(root: Ext4FileSystem, texts: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of root.walk()) {
    if (entry.type !== 'file' || entry.size > 64 * 1024 * 1024) continue;
    // Programs that read keys hold the words that keys begin with.
    if (/^\/usr\/(?:bin|sbin|lib|libexec)\//.test(entry.path)) continue;
    const content = await root.readFile(entry.path);
    for (const text of texts) if (content.includes(text)) found.push(`${entry.path}: ${text}`);
  }
  return found;
}

async function flipOneBit(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, 50_000_000);
    await handle.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, 50_000_000);
  } finally {
    await handle.close();
  }
}
