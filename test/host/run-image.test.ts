import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { LEAVE_KEY } from '../../src/host/console-bridge.ts';
import { sha256OfFile } from '../../src/host/digest-file.ts';
import { findProgramIfAny } from '../../src/host/find-program.ts';
import { quoteForShell } from '../../src/values/command-spec.ts';
import { CLI, compileWhenStale } from '../integration/compiled-cli.ts';
import { useScratchDirectory } from '../unit/workflows/scratch-directory.ts';

/*
 * A person at a terminal: boots the `server` of MINTMARK_TEST_CATALOGUE, sees its console, and leaves. `script`
 * gives the command line a terminal of its own.
 */

const catalogue = process.env['MINTMARK_TEST_CATALOGUE'] ?? '';
const NEEDED = 'qemu-system-x86_64 qemu-img ssh-keygen setpriv xorriso script stty'.split(' ');
const programs = await Promise.all(NEEDED.map((name) => findProgramIfAny(name)));
const missing = NEEDED.filter((_, index) => programs[index] === undefined);
const reason =
  missing.length > 0
    ? `no ${missing.join(', ')}`
    : existsSync(join(catalogue, 'latest/server'))
      ? undefined
      : 'MINTMARK_TEST_CATALOGUE names no catalogue with a server';
if (reason !== undefined) process.stderr.write(`skipped: an image that is run for a person: ${reason}\n`);
const withImage = reason === undefined ? describe : describe.skip;

/** A boot loader under emulation, beside other tests. */
const BOOT_MS = 90_000;
const scratch = useScratchDirectory('person');

/** A command line in a terminal, and what has been shown there. */
class Terminal {
  shown = '';
  readonly #child;
  #onMore = (): void => {};

  constructor(commandLine: string, env: Readonly<Record<string, string>>) {
    this.#child = spawn('script', ['-qefc', commandLine, '/dev/null'], {
      env: { PATH: process.env['PATH'], TERM: 'dumb', SHELL: '/bin/sh', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.shown += text;
      this.#onMore();
    });
  }

  type(...bytes: readonly number[]): void {
    this.#child.stdin.write(Buffer.from(bytes));
  }

  async waitFor(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.shown)) {
      if (this.#child.exitCode !== null) throw new Error(`ended early:\n${this.shown}`);
      await new Promise<void>((resolve) => (this.#onMore = resolve));
    }
  }

  async end(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, 'close');
    return this.#child.exitCode;
  }

  /** For a test that failed: `script` goes, and its terminal's end takes the rest along. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

withImage('an image that is run for a person', () => {
  beforeAll(compileWhenStale, 120_000);

  test(
    'has its console on the terminal, and is gone with all it wrote when the person leaves',
    async () => {
      const release = await realpath(join(catalogue, 'latest/server'));
      const name = (await readdir(release)).find((file) => file.endsWith('-kvm.qcow2')) ?? '';
      const before = await sha256OfFile(join(release, name));
      const words = [process.execPath, CLI, 'run', 'server', '--catalogue', catalogue, '--accel', 'tcg'];
      const line = `${words.map(quoteForShell).join(' ')}; echo "code $?"; stty -a`;
      const terminal = new Terminal(line, {
        MINTMARK_CACHE: scratch.join('c'),
        XDG_STATE_HOME: scratch.join('s'),
        HOME: scratch.path,
      });
      try {
        await terminal.waitFor(/ssh -i \S+ -p \d+ .* debian@127\.0\.0\.1\r?$/m);
        // Its boot loader is heard within seconds; a login prompt would cost this test minutes.
        await terminal.waitFor(/Loading Linux|Linux version/);
        terminal.type(LEAVE_KEY);
        await terminal.waitFor(/asked to power off/);
        terminal.type(LEAVE_KEY);
        await terminal.end();
      } finally {
        terminal.kill();
      }
      expect(terminal.shown).toMatch(/you left it\. Nothing of it is kept\.\r?\n/);
      expect(terminal.shown).toMatch(/^code 0\r?$/m);
      expect(terminal.shown).toMatch(/(?:^|\s)isig icanon /);
      expect(terminal.shown).toMatch(/ echo /);
      expect(await readdir(scratch.join('c/work'))).toEqual([]);
      expect(await sha256OfFile(join(release, name))).toBe(before);
    },
    BOOT_MS,
  );
});
