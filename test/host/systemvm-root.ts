import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { REPOSITORY } from '../rules/source-files.ts';

const BOOT = join(REPOSITORY, 'provisioners/systemvm/boot');

/** What a boot script left behind. */
export interface ScriptRun {
  readonly status: number | null;
  readonly output: string;
}

/**
 * A planted root of a system VM, on which its boot scripts run with stand-ins for the programs that would change this
 * host. The directory is in the temporary directory; {@link SystemvmRoot.remove} deletes it.
 */
export class SystemvmRoot {
  readonly #directory = mkdtempSync(join(tmpdir(), 'mintmark-systemvm-'));
  readonly root = join(this.#directory, 'root');
  readonly #programs = join(this.#directory, 'bin');

  constructor() {
    for (const name of [
      'var/log',
      'var/cache/cloud',
      'etc/network',
      'etc/ssh/sshd_config.d',
      'root/.ssh',
      'tmp',
    ]) {
      mkdirSync(join(this.root, name), { recursive: true });
    }
    this.plant('run/cloud/boot-stamp', '');
    // Older than whatever a test plants next, as a boot's stamp is.
    utimesSync(join(this.root, 'run/cloud/boot-stamp'), 1e9, 1e9);
    this.program('ssh-keygen', 'echo "$@" >>"$CLOUD_ROOT/keygen"');
    for (const name of ['hostname', 'systemctl']) this.program(name, `echo "$@" >>"$CLOUD_ROOT/${name}"`);
    this.program('chpasswd', 'cat >"$CLOUD_ROOT/chpasswd"');
    this.program(
      'mount',
      'eval "from=\\${$(($# - 1))} to=\\${$#}"; [ -d "$from" ] && cp -R "$from/." "$to/"',
    );
    this.program('umount', 'rm -rf "$1"/*');
    this.program('findmnt', 'exit 1');
  }

  /** Writes a file, of an earlier boot when `old`. */
  plant(name: string, content: string | Uint8Array, old = false): void {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    if (old) utimesSync(path, 9e8, 9e8);
  }

  /** A stand-in for a program of the guest. */
  program(name: string, script: string): void {
    mkdirSync(this.#programs, { recursive: true });
    const path = join(this.#programs, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }

  /** Runs a boot script; nothing in it waits longer than a second. */
  run(script: string, variables: Readonly<Record<string, string>> = {}): ScriptRun {
    const { status, stdout, stderr } = spawnSync('sh', [join(BOOT, script)], {
      encoding: 'utf8',
      timeout: 20_000,
      env: {
        CLOUD_ROOT: this.root,
        CLOUD_LIB: join(BOOT, 'lib'),
        CLOUD_PATH: `${this.#programs}:/usr/bin:/bin`,
        CLOUD_WAIT: '1',
        CLOUD_QUIET: '0',
        CLOUD_LIMIT: '5',
        CLOUD_NIC_WAIT: '0',
        CLOUD_PATCH_WAIT: '1',
        CLOUD_PATCH_STALL: '1',
        ...variables,
      },
    });
    return { status, output: stdout + stderr };
  }

  /** Content of a file; nothing when it is absent. */
  text(name: string): string | undefined {
    return existsSync(join(this.root, name)) ? readFileSync(join(this.root, name), 'utf8') : undefined;
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true });
  }
}
