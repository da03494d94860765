import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ECHO_MS } from '../../src/cli/interruption.ts';
import { CLI, compileWhenStale, runCli } from './compiled-cli.ts';

const scratch = mkdtempSync(join(tmpdir(), 'mintmark-cli-'));
const home = { HOME: scratch };

beforeAll(compileWhenStale, 120_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A directory with one fake program, and the environment that finds it first. */
function withFakeProgram(name: string, script: string): Readonly<Record<string, string>> {
  const directory = mkdtempSync(join(scratch, 'bin-'));
  writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory, name), 0o755);
  return { ...home, PATH: `${directory}:${process.env['PATH'] ?? ''}` };
}

describe('what is printed where', () => {
  test.each([
    { args: ['--help'], shows: 'Usage: mintmark COMMAND', because: 'the overview is a result' },
    { args: ['help', 'build'], shows: 'Usage: mintmark build', because: 'help takes a command' },
    { args: ['build', '--help'], shows: '--profile PROFILE', because: 'the option works as well' },
    { args: ['version', '--help'], shows: 'version next', because: 'a group has a page' },
    { args: ['--version'], shows: 'mintmark ', because: 'the version is a result' },
    { args: ['profiles'], shows: 'server', because: 'a list is a result' },
    { args: ['profile', 'kvm'], shows: '.disk.sizeMiB', because: 'a profile is a result' },
    { args: ['profile', '--schema'], shows: '"$schema"', because: 'a schema is a result' },
    {
      args: ['version', 'parse', '26.11.21-2.57'],
      shows: '20261121_0002.000057',
      because: 'so are spellings',
    },
    { args: ['version', 'compare', '26.11.21-1.57', '26.11.21-1.58'], shows: ' < ', because: 'and an order' },
  ])('mintmark $args writes to stdout only: $because', async ({ args, shows }) => {
    const { exitCode, stdout, stderr } = await runCli(args, { env: home });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(shows);
    expect(stdout.endsWith('\n')).toBe(true);
  });

  test.each([
    { args: [], exitCode: 2, says: 'no command was given', because: 'nothing was asked' },
    { args: ['biuld'], exitCode: 2, says: 'did you mean build?', because: 'the command is misspelt' },
    {
      args: ['build', '--profil', 'x'],
      exitCode: 2,
      says: 'did you mean --profile?',
      because: 'the option is',
    },
    { args: ['build'], exitCode: 2, says: 'build needs --profile', because: 'nothing to build' },
    {
      args: ['profile', 'serve'],
      exitCode: 3,
      says: 'did you mean server?',
      because: 'the profile is misspelt',
    },
    { args: ['profile', '../x'], exitCode: 3, says: '../x', because: 'a path is no name' },
    {
      args: ['profile', 'no/such.yaml'],
      exitCode: 3,
      says: 'no/such.yaml',
      because: 'there is no such file',
    },
    { args: ['version', 'parse', 'x'], exitCode: 2, says: 'is not a version', because: 'it is none' },
    {
      args: ['profiles', '--events', '/no/such/dir/f'],
      exitCode: 4,
      says: '--events',
      because: 'it cannot be written',
    },
  ])(
    'mintmark $args fails on stderr with exit code $exitCode: $because',
    async ({ args, exitCode, says }) => {
      const result = await runCli(args, { env: home });
      expect({ exitCode: result.exitCode, stdout: result.stdout }).toEqual({ exitCode, stdout: '' });
      expect(result.stderr).toContain(says);
      expect(result.stderr).toMatch(new RegExp(`exit ${exitCode}\n$`));
      expect(result.stderr).not.toContain('\x1b');
    },
  );

  test.each([
    { args: ['profiles', '--json'], ok: true, exitCode: 0, because: 'a good end' },
    {
      args: ['--json', 'profile', 'kvm', '--quiet'],
      ok: true,
      exitCode: 0,
      because: 'global options come anywhere',
    },
    { args: ['--version', '--json'], ok: true, exitCode: 0, because: 'the version has a document' },
    { args: ['build', '--help', '--json'], ok: true, exitCode: 0, because: 'help has one' },
    { args: ['biuld', '--json'], ok: false, exitCode: 2, because: 'a line that cannot be understood' },
    { args: ['--json'], ok: false, exitCode: 2, because: 'no command' },
    { args: ['profile', 'nope', '--json'], ok: false, exitCode: 3, because: 'no such profile' },
  ])('mintmark $args prints exactly one JSON document: $because', async ({ args, ok, exitCode }) => {
    const result = await runCli(args, { env: home });
    expect(result.exitCode).toBe(exitCode);
    expect(result.stdout.trimEnd().split('\n')).toHaveLength(1);
    const document: unknown = JSON.parse(result.stdout);
    expect(document).toMatchObject(
      ok
        ? { ok }
        : {
            ok,
            error: {
              kind: expect.any(String),
              code: expect.stringMatching(/^E_/),
              message: expect.any(String),
            },
          },
    );
  });

  test('a faulty profile lists every fault with its path', async () => {
    const path = join(scratch, 'edge.yaml');
    writeFileSync(path, 'extends: [server]\ndisk: { sizeMib: 1 }\ntargets: { kvm: { format: qcow } }\n');
    const { exitCode, stderr } = await runCli(['profile', path], { env: home });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('has 2 faults');
    expect(stderr).toMatch(/\.disk\.sizeMib\s+.*did you mean sizeMiB\?/);
    expect(stderr).toMatch(/\.targets\.kvm\.format\s+must be one of/);
  });

  test('--events writes the end even of a short command', async () => {
    const path = join(scratch, 'events.jsonl');
    await runCli(['profiles', '--events', path], { env: home });
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
      time: expect.any(String),
      type: 'end',
      result: 'finished',
    });
  });
});

describe('streams', () => {
  test('a closed standard input is no problem', () => {
    const { status, stdout } = spawnSync('sh', ['-c', `"$0" "$1" profiles <&-`, process.execPath, CLI], {
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(stdout).toContain('server');
  });

  test('a reader that goes away wanted no more', () => {
    const script = `{ "$0" "$1" profile kvm; echo "exit $?" >&2; } | true`;
    const { stderr } = spawnSync('sh', ['-c', script, process.execPath, CLI], { encoding: 'utf8' });
    expect(stderr).toBe('exit 0\n');
  });

  test.each([
    { args: 'profile --schema', because: 'a schema that is cut off is no schema' },
    { args: 'profiles --json', because: 'a program would read half a document' },
  ])('a result that cannot be written is a failure: $because', ({ args }) => {
    const script = `"$0" "$1" ${args} >/dev/full`;
    const { status, stderr } = spawnSync('sh', ['-c', script, process.execPath, CLI], { encoding: 'utf8' });
    expect(status).toBe(4);
    expect(stderr).toContain('the output could not be written');
    expect(stderr).toContain('ENOSPC');
  });

  test.each([
    { environment: {}, color: true, because: 'a terminal has colours' },
    { environment: { NO_COLOR: '1' }, color: false, because: 'NO_COLOR is set' },
    { environment: { TERM: 'dumb' }, color: false, because: 'the terminal is dumb' },
  ])('colours on a terminal: $color, $because', ({ environment, color }) => {
    const { stdout } = spawnSync('script', ['-qec', `"${process.execPath}" "${CLI}" nonsense`, '/dev/null'], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], TERM: 'xterm', ...home, ...environment },
      input: '',
    });
    expect(stdout).toContain('unknown command nonsense');
    expect(stdout.includes('\x1b[')).toBe(color);
  });
});

describe('render', () => {
  test('writes the project, names its directory on stdout, and refuses to write over it', async () => {
    const out = join(scratch, 'project');
    const args = ['render', '--profile', 'server', '--packer-version', '1.6.6', '--out', out];
    const first = await runCli(args, { env: home });
    expect({ exitCode: first.exitCode, stdout: first.stdout }).toEqual({ exitCode: 0, stdout: `${out}\n` });
    expect(readdirSync(out)).toEqual(expect.arrayContaining(['README.md', 'mintmark.pkr.hcl', 'scripts']));
    const second = await runCli(args, { env: home });
    expect(second.exitCode).toBe(2);
    expect(second.stderr).toContain('is not an empty directory');
  });

  test('leaves the terminal library and the HCL reader alone', () => {
    const out = join(scratch, 'traced');
    const args = [CLI, 'render', '--profile', 'server', '--packer-version', '1.6.6', '--out', out];
    const { status, stderr } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ...home, NODE_DEBUG: 'esm,module' },
      maxBuffer: 256 * 1024 * 1024,
    });
    expect(status).toBe(0);
    const loaded = new Set(
      [...stderr.matchAll(/node_modules\/((?:@[\w-]+\/)?[\w-]+)\//g)].map(([, name]) => name),
    );
    expect(loaded).toContain('handlebars');
    expect(['listr2', '@cdktf/hcl2json'].filter((name) => loaded.has(name))).toEqual([]);
  });
});

describe('programs that go wrong', () => {
  test('a program that is missing is named, with what to do', async () => {
    const empty = join(scratch, 'empty');
    mkdirSync(empty);
    const { exitCode, stderr } = await runCli(['validate', '--profile', 'server'], {
      env: { ...home, PATH: empty, MINTMARK_PACKER: 'no-such-packer' },
    });
    expect(exitCode).toBe(4);
    expect(stderr).toContain('no-such-packer is not installed');
    expect(stderr).toContain('doctor');
  });

  test.each([
    { more: ['--verbose'], shown: true, because: 'asked for every program call' },
    { more: [], shown: false, because: 'not asked' },
  ])('program calls are shown: $shown, as $because; the events file has them', async ({ more, shown }) => {
    const env = withFakeProgram('packer', 'exit 9');
    const events = join(scratch, `calls-${shown}.jsonl`);
    const args = ['validate', '--profile', 'server', '--events', events, ...more];
    const { stderr } = await runCli(args, { env });
    expect(/^\S+Z {2}\$ \S+\/packer version -machine-readable$/m.test(stderr)).toBe(shown);
    expect(readFileSync(events, 'utf8')).toMatch(/"commandLine":"[^"]+\/packer version /);
  });

  test('a program that fails shows its command and its last lines', async () => {
    const env = withFakeProgram('packer', 'echo "the disk is on fire" >&2; exit 9');
    const { exitCode, stderr } = await runCli(['validate', '--profile', 'server'], { env });
    expect(exitCode).toBe(5);
    expect(stderr).toContain('packer failed with exit code 9');
    expect(stderr).toContain('the disk is on fire');
  });

  test.each<{ signal: NodeJS.Signals; because: string }>([
    { signal: 'SIGINT', because: 'Ctrl-C' },
    { signal: 'SIGTERM', because: 'a service manager asks' },
  ])('$signal ends the program and then us, with exit code 130: $because', async ({ signal }) => {
    const mark = join(scratch, `${signal}.pid`);
    const env = withFakeProgram('packer', `echo $$ > ${mark}; exec sleep 60`);
    const result = await runCli(['validate', '--profile', 'server', '--json'], {
      env,
      onStart: (child) => void afterFile(mark, () => child.kill(signal)),
    });
    expect({ exitCode: result.exitCode, signal: result.signal }).toEqual({ exitCode: 130, signal: null });
    expect(result.stderr).toContain('stopping and cleaning up');
    expect(JSON.parse(result.stdout)).toMatchObject({ ok: false, error: { kind: 'interrupted' } });
    expect(isRunning(Number(readFileSync(mark, 'utf8')))).toBe(false);
  });

  test('a second signal, later, does not wait for a program that will not end', async () => {
    const mark = join(scratch, 'stubborn.pid');
    const env = withFakeProgram('packer', `trap '' TERM; echo $$ > ${mark}; while :; do sleep 0.1; done`);
    const startedAt = Date.now();
    const result = await runCli(['validate', '--profile', 'server'], {
      env,
      onStart: (child) =>
        void afterFile(mark, () => {
          child.kill('SIGINT');
          setTimeout(() => child.kill('SIGINT'), ECHO_MS + 200);
        }),
    });
    process.kill(Number(readFileSync(mark, 'utf8')), 'SIGKILL');
    expect(result.exitCode).toBe(130);
    // The program itself would have been given five seconds.
    expect(Date.now() - startedAt).toBeLessThan(4500);
  });
});

/** Calls back once a file has content. */
async function afterFile(path: string, then: () => void): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      if (readFileSync(path, 'utf8') !== '') return then();
    } catch {
      // not there yet
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error(`${path} never appeared`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
