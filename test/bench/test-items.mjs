import { dirname } from 'node:path';

/*
 * What `npm run bench -- test` measures. An item measures itself into `seconds`; `value` picks another number where the
 * promise is not about the whole command.
 */

/** What is promised, in seconds; of `formats` a ratio. On two cores without KVM. */
const TARGETS = { serverReady: 25, kvmReady: 45, formats: 3, serverTests: 35 };

/** Line of a profile's release in the catalogue; built without tests where there is none. */
async function releaseOf(lab, profile) {
  return lab.kept(`release of ${profile}`, async () => {
    const catalogue = lab.catalogue ?? lab.fresh('catalogue');
    const { document } = await lab.build(profile, catalogue, '--no-test');
    // Of several artifacts the path is their directory.
    return document.artifacts.length === 1 ? dirname(document.path) : document.path;
  });
}

async function test(lab, profile, ...options) {
  const release = await releaseOf(lab, profile);
  const measured = await lab.mintmark('test', release, '--json', ...options);
  const { report } = JSON.parse(measured.stdout);
  return { ...measured, boots: report.suites.flatMap(({ boot }) => boot ?? []) };
}

/** Seconds until the machine of a release was ready, with nothing beside it. */
async function ready(lab, profile) {
  const measured = await test(lab, profile, '--target', 'kvm', '--alone');
  return { ...measured, seconds: measured.boots[0].readyMs / 1000 };
}

async function serverBuild(lab, ...options) {
  await lab.base('server');
  const measured = await lab.build('server', lab.fresh('catalogue'), '--rebuild', ...options);
  return { ...measured, stageMs: measured.document.stageMs };
}

/** Items in the order of a round. */
export const TEST_ITEMS = [
  {
    name: 'server.ready',
    label: 'server: from power-on until it is ready, alone',
    targetSeconds: TARGETS.serverReady,
    run: (lab) => ready(lab, 'server'),
  },
  {
    name: 'kvm.ready',
    label: 'kvm: from power-on until it is ready, alone',
    targetSeconds: TARGETS.kvmReady,
    run: (lab) => ready(lab, 'kvm'),
  },
  {
    name: 'formats.one',
    label: 'systemvm: test of one artifact, alone',
    run: (lab) => test(lab, 'systemvm', '--target', 'kvm', '--alone'),
  },
  {
    name: 'formats.four',
    label: 'systemvm: test of all artifacts',
    run: (lab) => test(lab, 'systemvm'),
  },
  {
    name: 'build.plain',
    label: 'server: whole build without tests, base cached',
    run: (lab) => serverBuild(lab, '--no-test'),
  },
  {
    name: 'build.tested',
    label: 'server: whole build with tests, base cached',
    run: (lab) => serverBuild(lab),
  },
];

/** Promises about two items: how their medians compare. */
export const COMPARISONS = [
  {
    label: 'all artifacts ÷ one',
    unit: '×',
    target: TARGETS.formats,
    of: ['formats.four', 'formats.one'],
    compare: (four, one) => four / one,
  },
  {
    label: 'what tests add to a server build',
    unit: 's',
    target: TARGETS.serverTests,
    of: ['build.tested', 'build.plain'],
    compare: (tested, plain) => tested - plain,
  },
];
