import { cpus, loadavg } from 'node:os';

/** A line for the person who waits. */
export function say(text) {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${text}\n`);
}

/** Says so when other work will blur the times. */
export function warnWhenBusy() {
  const [load] = loadavg();
  if (load > 0.7) say(`the machine is busy (load ${load.toFixed(1)}): the times will tell little`);
}

/** What the numbers were measured on. */
export function describeMachine() {
  const [first] = cpus();
  return { cores: cpus().length, processor: first?.model.trim() ?? '', node: process.versions.node };
}
