import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How often the memory of a measured process is looked at. */
const SAMPLE_MS = 25;

/** What runs now, so that an interrupted benchmark can end it. */
let running;
let isOver = false;

/**
 * Ends what runs now, our own program by the signal it cleans up on, anything else at once with all it started,
 * and lets nothing start any more.
 */
export function endRunning() {
  isOver = true;
  running?.child.kill(running.endSignal);
}

/**
 * Runs a program to its end and measures it. Returns its seconds, its standard output and the peak resident memory
 * of that one process in MiB, without its children: the kernel's high-water mark, which starts anew with each
 * program (what `time -v` prints would be that of the largest descendant).
 *
 * @throws Error with the last lines it wrote when it fails
 */
export async function measure(command, args, options = {}) {
  const { env = process.env, cwd, endSignal = 'SIGTERM' } = options;
  if (isOver) throw new Error('interrupted');
  const startedAt = performance.now();
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  running = { child, endSignal };
  const memory = watchMemory(child.pid);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr = (stderr + text).slice(-20_000)));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...ending) => resolve(ending));
  });
  running = undefined;
  const seconds = (performance.now() - startedAt) / 1000;
  const rssMiB = memory.stop();
  if (code !== 0) throw failed([command, ...args], signal ?? code, `${stdout.slice(-3000)}\n${stderr}`);
  return { seconds, rssMiB, stdout };
}

/**
 * The same for programs that are not ours, in a process namespace of their own: Packer, for one, leaves its QEMU
 * behind when it is killed. Their mounts are their own too, so a tmpfs goes with them.
 */
export function measureApart(command, args, options = {}) {
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const apart = ['unshare', ...asMappedRoot(), ...namespaces, command, ...args];
  return measure('setpriv', ['--pdeathsig', 'KILL', ...apart], { ...options, endSignal: 'SIGKILL' });
}

/** Options of `unshare` that let an ordinary user be root over ids of its own. */
export function asMappedRoot() {
  return process.getuid() === 0 ? [] : ['--map-auto', '--map-root-user'];
}

function watchMemory(pid) {
  let peakKiB = 0;
  const look = () => {
    try {
      const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
      if (found !== null) peakKiB = Math.max(peakKiB, Number(found[1]));
    } catch {
      // It has ended.
    }
  };
  const timer = setInterval(look, SAMPLE_MS);
  const stop = () => {
    clearInterval(timer);
    return peakKiB / 1024;
  };
  return { stop };
}

function failed(words, ending, output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return new Error(`${words.join(' ')}\nended with ${ending}:\n${lines.slice(-25).join('\n')}`);
}
