import { execFileSync } from 'node:child_process';
import { openSync, closeSync, writeSync, writeFileSync, rmSync } from 'node:fs';
import { TOOL_ENVIRONMENT } from './ext4-image.ts';

/** Size of a block in file systems of a GiB and more, as mke2fs makes them. */
const BLOCK_BYTES = 4096;

/** A raw disk of a finished image that is broken on purpose; nothing is mounted. */
export class BrokenDisk {
  readonly path: string;
  readonly #offset: number;
  #count = 0;

  private constructor(path: string, offset: number) {
    this.path = path;
    this.#offset = offset;
  }

  /**
   * Copies a disk, holes left out.
   *
   * @param offset where its root file system begins, in bytes
   */
  static copy(source: string, path: string, offset: number): BrokenDisk {
    execFileSync('cp', ['--sparse=always', '--reflink=auto', source, path]);
    return new BrokenDisk(path, offset);
  }

  /** Runs requests of debugfs, which goes on after one that fails: its words are the answer. */
  debugfs(...requests: readonly string[]): string {
    const options = {
      env: TOOL_ENVIRONMENT,
      input: `${requests.join('\n')}\n`,
      encoding: 'utf8',
      stdio: 'pipe',
      maxBuffer: 64 * 1024 * 1024,
    } as const;
    return execFileSync('debugfs', ['-w', '-f', '-', `${this.path}?offset=${this.#offset}`], options);
  }

  /** Content of a file. */
  read(path: string): string {
    const args = ['-R', `cat ${path}`, `${this.path}?offset=${this.#offset}`];
    const options = { env: TOOL_ENVIRONMENT, encoding: 'utf8', stdio: 'pipe' } as const;
    return execFileSync('debugfs', args, options);
  }

  /** Puts a file in the place of what is there, mode 0644. */
  write(path: string, text: string): void {
    this.#count += 1;
    const draft = `${this.path}.draft${this.#count}`;
    writeFileSync(draft, text);
    this.debugfs(
      `rm ${path}`,
      `write ${draft} ${path}`,
      `sif ${path} mode 0100644`,
      `sif ${path} uid 0`,
      `sif ${path} gid 0`,
    );
    rmSync(draft);
    if (this.read(path) !== text) throw new Error(`${path} could not be written`);
  }

  /** Changes a file; what is to be replaced must be there. */
  replace(path: string, pattern: RegExp, by: string): void {
    const text = this.read(path);
    if (!pattern.test(text)) throw new Error(`${path} has no ${String(pattern)}`);
    this.write(path, text.replace(pattern, by));
  }

  /** A unit that multi-user.target wants. */
  addUnit(name: string, text: string): void {
    const directory = '/etc/systemd/system';
    this.write(`${directory}/${name}`, text);
    this.debugfs(`symlink ${directory}/multi-user.target.wants/${name} ${directory}/${name}`);
  }

  /** Zeroes what the firmware starts: the code before the disk's signature and partition table. */
  removeBootCode(): void {
    const handle = openSync(this.path, 'r+');
    writeSync(handle, Buffer.alloc(440), 0, 440, 0);
    closeSync(handle);
  }

  /** Takes every free block of the file system, root's reserve among them; most of them without a byte written. */
  fill(): void {
    // What finds the blocks of so large a file takes some itself.
    const large = this.#freeBlocks() - 200;
    this.debugfs('write /dev/null /filler', `fallocate /filler 0 ${large - 1}`);
    const rest = `${this.path}.rest`;
    writeFileSync(rest, Buffer.alloc(BLOCK_BYTES * (this.#freeBlocks() - 1), 'full'));
    this.debugfs(`write ${rest} /filler2`);
    rmSync(rest);
    const free = this.#freeBlocks();
    if (free > 4) throw new Error(`${free} blocks are still free`);
  }

  #freeBlocks(): number {
    return Number(/^Free blocks: +(\d+)$/m.exec(this.debugfs('stats'))?.[1]);
  }

  /** Removes it. */
  remove(): void {
    rmSync(this.path, { force: true });
  }
}
