import { runConvert, runMmdebstrap, runPacker, runSparsify } from './floors.mjs';

/*
 * What is measured. An item has a name for --only, words for the table, and `run`, which returns a measurement.
 * Items that are not measured by default run only when they are named.
 */

const MIB = 1024 * 1024;

/** Short programs are started this often in each round. */
const OFTEN = 5;

/** Seconds that a profile's builds may take; the floors are compared where the promise is relative to them. */
export const TARGETS = {
  server: { cold: 110, warm: 60, same: 2, timesFloors: 1.15, sizeMiB: 190 },
  kvm: { cold: 240, warm: 100, sizeMiB: 420 },
  render: 0.4,
  help: 0.2,
  memoryMiB: 250,
};

/** The plain programs, in the order in which their disks follow from each other. */
export const FLOORS = [
  { name: 'mmdebstrap', label: 'plain mmdebstrap, same packages, in memory', run: runMmdebstrap },
  { name: 'packer', label: 'plain packer build of the rendered project', run: runPacker },
  { name: 'sparsify', label: 'plain virt-sparsify --in-place', run: runSparsify },
  { name: 'convert', label: 'plain qemu-img convert -c -O qcow2', run: runConvert },
];

const BUILD_LABELS = {
  cold: 'build, nothing cached but downloads',
  warm: 'build, base cached, a provisioner changed',
  same: 'build, same inputs again',
};

/** Every item that can be measured, in the order of a round. */
export const ITEMS = [...profileItems('server', true), ...profileItems('kvm', false), ...quickItems()];

function profileItems(profile, floorsByDefault) {
  const floors = FLOORS.map(({ name, label, run }) => ({
    name: `${profile}.${name}`,
    label: `${profile}: ${label}`,
    byDefault: floorsByDefault,
    run: (lab) => run(lab, profile),
  }));
  const builds = Object.entries({ cold: runCold, warm: runWarm, same: runSame }).map(([name, run]) => ({
    name: `${profile}.${name}`,
    label: `${profile}: ${BUILD_LABELS[name]}`,
    targetSeconds: TARGETS[profile][name],
    byDefault: TARGETS[profile][name] !== undefined,
    run: (lab) => run(lab, profile),
  }));
  const [cold, warm, same] = builds;
  const [mmdebstrap, packer, sparsify, convert] = floors;
  // Ours and the plain ones take turns: what slows the machine for a while then slows both.
  const interleaved = [mmdebstrap, cold, packer, sparsify, warm, convert, same];
  return interleaved.map((item) => ({ ...item, profile }));
}

function quickItems() {
  return [
    { name: 'render', label: 'render', targetSeconds: TARGETS.render, run: runRender },
    { name: 'help', label: '--help', targetSeconds: TARGETS.help, run: (lab) => lab.mintmark('--help') },
  ].map((item) => ({ ...item, byDefault: true, times: OFTEN }));
}

function runRender(lab) {
  return lab.mintmark('render', '--profile', 'server', '--out', lab.fresh('render'));
}

async function runCold(lab, profile) {
  await lab.downloads(profile);
  await lab.forgetBases();
  const catalogue = lab.fresh('catalogue');
  const measured = await build(lab, profile, catalogue, 'built');
  await lab.keep(`release of ${profile}`, catalogue);
  return measured;
}

async function runWarm(lab, profile) {
  await lab.base(profile);
  const change = `provisioners[0].env.BENCH="${Date.now()}"`;
  const catalogue = lab.fresh('catalogue');
  const measured = await build(lab, profile, catalogue, 'built', '--set', change);
  await lab.keep(`changed release of ${profile}`, catalogue);
  return measured;
}

async function runSame(lab, profile) {
  const catalogue = await lab.kept(`release of ${profile}`, () => runCold(lab, profile));
  return build(lab, profile, catalogue, 'up-to-date');
}

async function build(lab, profile, catalogue, expected, ...options) {
  const { document, ...measured } = await lab.build(profile, catalogue, '--no-test', ...options);
  if (document.status !== expected) throw new Error(`the build is ${document.status}, not ${expected}`);
  const { stageMs, sizeBytes } = document;
  return { ...measured, stageMs, sizeMiB: sizeBytes / MIB };
}
