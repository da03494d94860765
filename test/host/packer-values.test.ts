import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hclLiteral } from '../../src/hcl/literal.ts';
import { findProgramIfAny } from '../../src/host/find-program.ts';
import { findLoopbackPort } from '../../src/host/loopback-port.ts';
import { run } from '../../src/host/run.ts';
import type { PackerProject } from '../../src/packer/project.ts';
import type { EnvironmentValue, Profile } from '../../src/profiles/profile.ts';
import { readAndPlanProject, writeProject } from '../../src/workflows/render-project.ts';
import { GOLDEN_DIALECTS, goldenProfile } from '../golden/golden-projects.ts';
import { PACKERS } from './installed-packers.ts';

/** Values that mean something to HCL, Go templates, shells, SSH or Packer's own output. */
const VALUES: Readonly<Record<string, string>> = {
  EMPTY: '',
  DOLLARS: '${x} $${y} $$${z} %{if} %%{ $',
  QUOTES: `it's "quoted" \`id\` $(id) \\ \\n \\`,
  LINES: 'one\ntwo\r\nthree\r\t\n',
  INVISIBLE: '\u0001\u0007\u001b[1m\u007f\u0085\u00ad\u202e\u2028\ufeff',
  UNICODE: 'é ☕ 😀 \u{e0001} \u{10fffd}',
  COMMAS: 'a,b%!(PACKER_COMMA)c',
  LONG: 'x'.repeat(64 * 1024),
  DECOMPOSED: 'e\u0301',
  JOINING: '\u0338',
  HUGE: "it's ".repeat(60 * 1024),
};
const TEMPLATES = { ACTION: '{{ .X }}', OPEN: '{{', MANY: '{{{{{ `{{`', COMMENT: '{{/* x */}} {{- -}}' };
const SECRET = "s'e${c}r{{e}}t\nwith a second line, 100 %";

const sshd = await findProgramIfAny('sshd');
const keygen = await findProgramIfAny('ssh-keygen');
if (sshd === undefined || keygen === undefined) {
  process.stderr.write('skipped: values through Packer and SSH: no sshd and ssh-keygen\n');
}

let directory = '';
let server: ChildProcess | undefined;
let port = 0;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mintmark-values-'));
  if (sshd !== undefined && keygen !== undefined) await startServer(sshd, keygen);
});
afterAll(async () => {
  server?.kill();
  await rm(directory, { recursive: true, force: true });
});

describe.each(GOLDEN_DIALECTS)('the real Packer of the $name dialect', (dialect) => {
  const packer = PACKERS[dialect.name];
  const withServer = packer === undefined || sshd === undefined || keygen === undefined ? test.skip : test;

  withServer(
    'hands every value unchanged to a script at the other end of SSH',
    async () => {
      const home = join(directory, dialect.name);
      const received = join(home, 'received');
      await mkdir(received, { recursive: true });
      const profile = await profileThatWrites(received);
      const project = await readAndPlanProject(profile, dialect);
      await writeProject(overNull(project, home), join(home, 'project'));
      await build(packer?.path ?? '', join(home, 'project'));
      const found: Record<string, string> = {};
      const expected = { ...VALUES, ...TEMPLATES, SECRET };
      for (const name of Object.keys(expected)) found[name] = await readFile(join(received, name), 'utf8');
      expect(found).toEqual(expected);
    },
    90_000,
  );
});

/** A profile whose scripts write their environment to files, one a variable, without anything added. */
async function profileThatWrites(received: string): Promise<Profile> {
  const profile = await goldenProfile('server');
  const step = (name: string, env: Record<string, EnvironmentValue>) => ({
    type: 'shell' as const,
    name,
    inline: Object.keys(env)
      .map((variable) => `printf %s "$${variable}" >'${received}/${variable}'\n`)
      .join(''),
    env,
    timeoutSeconds: 60,
    retries: 0,
  });
  const secret = { SECRET: { fromEnv: 'SECRET', secret: true as const } };
  return {
    ...profile,
    files: [],
    provisioners: [step('values', VALUES), step('templates', TEMPLATES), step('secret', secret)],
  };
}

/** The same project, logging in at our server instead of a machine of its own. */
function overNull(project: PackerProject, home: string): PackerProject {
  const source = `source "null" "mintmark" {
  ssh_host             = "127.0.0.1"
  ssh_port             = ${port}
  ssh_username         = ${hclLiteral(userInfo().username)}
  ssh_private_key_file = ${hclLiteral(join(directory, 'key'))}
  ssh_timeout          = "30s"
}

`;
  const files = project.files.flatMap((file) => {
    if (!('content' in file) || file.path === 'plugins.pkr.hcl') return [];
    const content = file.content
      .replace(/^source "qemu"[^]*?(?=^build )/m, () => source)
      .replace('source.qemu.', 'source.null.')
      .replaceAll('"/run/mintmark"', () => hclLiteral(home));
    return [{ ...file, content }];
  });
  return { ...project, files };
}

async function build(packer: string, projectDirectory: string): Promise<void> {
  const names =
    'base_disk base_sha256 root_uuid kernel initrd ssh_private_key_file ssh_public_key_base64'.split(' ');
  const variables = [...names, 'output_directory', 'run_directory'].flatMap((name) => ['-var', `${name}=x`]);
  await run({
    command: packer,
    args: ['build', '-color=false', ...variables, projectDirectory],
    env: {
      CHECKPOINT_DISABLE: '1',
      PACKER_CACHE_DIR: join(directory, 'cache'),
      PKR_VAR_secret_SECRET: SECRET,
    },
    deadlineMs: 60_000,
  });
}

const file = (name: string): string => join(directory, name);

/** An SSH server of our own on a free port of the loopback interface, for the present user only. */
async function startServer(program: string, keyProgram: string): Promise<void> {
  for (const name of ['key', 'host-key']) {
    await run({
      command: keyProgram,
      args: ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)],
      deadlineMs: 20_000,
    });
  }
  port = await findLoopbackPort();
  const lines = [
    `HostKey ${file('host-key')}`,
    `AuthorizedKeysFile ${file('key.pub')}`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'Subsystem sftp internal-sftp',
  ];
  await writeFile(file('sshd_config'), `${lines.join('\n')}\n`);
  const args = ['-D', '-e', '-f', file('sshd_config'), '-o', `ListenAddress=127.0.0.1:${port}`];
  server = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  await listening(server);
}

/** Waits until the server says that it listens; one that ends instead fails with its own words. */
async function listening(process: ChildProcess): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    process.stderr?.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes('listening on')) resolve();
    });
    process.once('close', () => reject(new Error(`sshd did not start: ${said}`)));
  });
}
