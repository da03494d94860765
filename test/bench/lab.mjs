import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { asMappedRoot, measure } from './measure.mjs';

const CLI = join(import.meta.dirname, '../../dist/cli/main.js');

/** Private directories for cache, state and catalogues, and what one measurement keeps there for the next. */
export class Lab {
  #directory;
  #say;
  #kept = new Map();
  #count = 0;

  constructor(directory, say) {
    this.#directory = directory;
    this.#say = say;
  }

  static async open(say) {
    return new Lab(await mkdtemp(join(tmpdir(), 'mintmark-bench-')), say);
  }

  /** Removes everything. */
  async close() {
    try {
      await rm(this.#directory, { recursive: true, force: true });
    } catch {
      // What an ordinary user's namespace left belongs to mapped users.
      spawnSync('unshare', [...asMappedRoot(), 'rm', '-rf', this.#directory], { stdio: 'inherit' });
    }
  }

  /** A path that nothing uses yet. */
  fresh(name) {
    this.#count += 1;
    return join(this.#directory, `${this.#count}-${name}`);
  }

  /** Our own program, started without npm. */
  mintmark(...args) {
    const env = {
      ...process.env,
      MINTMARK_CACHE: join(this.#directory, 'cache'),
      XDG_STATE_HOME: join(this.#directory, 'state'),
      NO_COLOR: '1',
    };
    return measure(process.execPath, [CLI, ...args], { env });
  }

  /** Our `build` into a catalogue, new when it does not exist; the measurement has its JSON document too. */
  async build(profile, catalogue, ...options) {
    const place = ['--catalogue', catalogue, '--new-catalogue', '--json'];
    const measured = await this.mintmark('build', '--profile', profile, ...place, ...options);
    await rm(join(this.#directory, 'state'), { recursive: true, force: true });
    return { ...measured, document: JSON.parse(measured.stdout) };
  }

  /** Forgets base disks; packages that were downloaded stay. */
  async forgetBases() {
    for (const name of ['bases', 'work']) {
      await rm(join(this.#directory, 'cache', name), { recursive: true, force: true });
    }
  }

  /** Directory with the base disk of a profile, made when the cache lacks it. Not measured. */
  async base(profile) {
    const { stdout } = await this.mintmark('base', '--profile', profile, '--json');
    return dirname(JSON.parse(stdout).path);
  }

  /** Sees to it that no measurement of a profile waits for a download. */
  downloads(profile) {
    return this.kept(`downloads of ${profile}`, () => this.base(profile));
  }

  /** What a build of a profile would do; with the sources that its packages come from. */
  plan(profile) {
    return this.kept(`plan of ${profile}`, async () => {
      const { document } = await this.build(profile, this.fresh('catalogue'), '--dry-run');
      return { ...document.plan, sources: await this.#findSources(document.plan.profile.os.suite) };
    });
  }

  /** What was kept under a name, or is made for it now. */
  async kept(name, make) {
    if (!this.#kept.has(name)) {
      this.#say(`preparing: ${name}`);
      const made = await make();
      // A measurement that makes it keeps it by itself.
      if (!this.#kept.has(name)) this.#kept.set(name, made);
    }
    return this.#kept.get(name);
  }

  /** Keeps a path for later measurements, and removes what was kept under that name before. */
  async keep(name, path) {
    const before = this.#kept.get(name);
    this.#kept.set(name, path);
    if (before !== undefined) await rm(before, { recursive: true, force: true });
  }

  async #findSources(suite) {
    const roots = join(this.#directory, 'cache/apt');
    for (const name of await readdir(roots)) {
      const path = join(roots, name, 'sources.list');
      const text = await readFile(path, 'utf8').catch(() => '');
      if (text.includes(` ${suite} `)) return path;
    }
    throw new Error(`the plan left no package sources of ${suite} below ${roots}`);
  }
}
