/*
 * A catalogue as it is after years: thousands of releases in many lines, valid to the last digest, with artifacts of a few
 * bytes. Equal files are one file with many names, which takes a few seconds to make.
 */
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const DIST = '../../dist';
const DAY_MS = 24 * 60 * 60_000;
const START = Date.UTC(2026, 0, 1);
const BY = 'jenkins@build-1';
/** Files of a release that are the same in all of them here, with their sizes as they are in real ones. */
const RECORDS = {
  'packages.txt': 12_000,
  'files.txt': 4_000,
  'facts.json': 4_000,
  'changelogs.zst': 4_000,
  'sbom.cdx.json': 4_000,
  'diff.json': 1_000,
  'diff.md': 1_000,
  'build.log.zst': 1_000,
  'junit.xml': 1_000,
  'test-result.json': 3_000,
};
const TARGETS = ['kvm', 'xenserver', 'vmware', 'hyperv'];

/** Makes a catalogue of `lines` lines with `releases` releases in each. */
export async function makeCatalogue(directory, { lines, releases }) {
  const modules = await loadModules();
  const stock = makeStock(directory);
  const digests = new Map();
  for (let place = 0; place < lines; place += 1) {
    const line = `line-${String(place + 1).padStart(2, '0')}`;
    digests.set(line, makeLine({ directory, line, releases, modules, stock }));
  }
  const at = new Date(START + releases * DAY_MS).toISOString();
  const { planCatalogueDocument, renderCatalogueDocument } = modules;
  const document = planCatalogueDocument(undefined, digests, at);
  write(join(directory, 'catalogue.json'), renderCatalogueDocument(document));
  rmSync(stock.directory, { recursive: true });
}

async function loadModules() {
  const names = [
    'catalogue/allocation',
    'catalogue/catalogue-document',
    'catalogue/channel-document',
    'catalogue/fold-journal',
    'catalogue/journal',
    'catalogue/line-index',
    'catalogue/paths',
    'manifests/checksums',
    'manifests/release',
    'versions/parse-version',
  ];
  const loaded = await Promise.all(names.map((name) => import(`${DIST}/${name}.js`)));
  return Object.assign({}, ...loaded);
}

function makeStock(directory) {
  const stock = { directory: join(directory, '.stock'), digests: new Map() };
  const files = { ...RECORDS, disk: 64 };
  for (const [name, sizeBytes] of Object.entries(files)) {
    const text = `${name}\n`.repeat(Math.ceil(sizeBytes / (name.length + 1))).slice(0, sizeBytes);
    write(join(stock.directory, name), text);
    stock.digests.set(name, { sizeBytes, ...digestsOf(text) });
  }
  return stock;
}

/** Returns the SHA-256 of its index. */
function makeLine({ directory, line, releases, modules, stock }) {
  const entries = [];
  for (let build = 1; build <= releases; build += 1) {
    const at = new Date(START + build * DAY_MS);
    const long = `${at.getUTCFullYear() - 2000}.${at.getUTCMonth() + 1}.${at.getUTCDate()}-1.${build}`;
    const made = makeRelease({ directory, line, long, at, modules, stock });
    entries.push(...entriesOf({ line, long, build, at: at.toISOString(), made, stock, entries }));
    write(
      join(directory, modules.allocationPath(line, build)),
      allocationOf({ line, long, build, at, modules }),
    );
  }
  const journal = { schema: 1, line, entries };
  write(join(directory, modules.journalPath(line)), modules.renderJournal(journal));
  const state = modules.foldJournal(journal);
  const index = modules.renderLineIndex(state);
  write(join(directory, modules.lineIndexPath(line)), index);
  for (const [channel, document] of modules.channelsOf(journal)) {
    write(join(directory, modules.channelPath(line, channel)), modules.renderChannelDocument(document));
  }
  const link = join(directory, modules.latestLink(line));
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(modules.latestTarget(line, modules.latestOf(state)), link);
  return digestsOf(index).sha256;
}

/** Every release is filed, every third one tested, every sixth one used; one in twenty is pinned. */
function entriesOf({ line, long, build, at, made, stock, entries }) {
  const stamp = { at, by: BY };
  const head = (channel) => entries.findLast((entry) => entry.channel === channel)?.to;
  const move = (channel) => {
    const from = head(channel);
    return { ...stamp, action: 'promote', channel, ...(from === undefined ? {} : { from }), to: long };
  };
  const evidence = {
    file: `releases/${line}/${long}/test-result.json`,
    sha256: stock.digests.get('test-result.json').sha256,
  };
  return [
    { ...stamp, action: 'file', release: made },
    ...(build % 3 === 1 ? [{ ...move('tested'), evidence }] : []),
    ...(build % 6 === 1 ? [move('stable')] : []),
    ...(build % 20 === 1 ? [{ ...stamp, action: 'pin', long, reason: 'a customer runs it' }] : []),
  ];
}

function makeRelease({ directory, line, long, at, modules, stock }) {
  const place = join(directory, modules.releaseDirectory(line, long));
  mkdirSync(place, { recursive: true });
  const manifest = manifestOf({ line, long, at, modules, disk: stock.digests.get('disk') });
  const sums = [];
  const add = (name, from) => {
    linkSync(join(stock.directory, from), join(place, name));
    sums.push({ file: name, sha256: stock.digests.get(from).sha256 });
  };
  for (const name of Object.keys(RECORDS)) add(name, name);
  for (const { file } of manifest.artifacts) add(file, 'disk');
  const text = modules.renderReleaseManifest(manifest);
  const { sha256 } = digestsOf(text);
  write(join(place, 'release.json'), text);
  sums.push({ file: 'release.json', sha256 });
  write(join(place, 'SHA256SUMS'), modules.renderChecksums(sums));
  return modules.filedFactsOf(manifest, sha256);
}

/** As large as those of real releases. */
function manifestOf({ line, long, at, modules, disk }) {
  const digest = digestsOf(long).sha256;
  return {
    schema: 1,
    name: line,
    line,
    scheme: 'date',
    version: modules.releaseVersionOf(modules.parseIdentity(long)),
    arch: 'x86_64',
    created: at.toISOString(),
    sourceDateEpoch: at.getTime() / 1000,
    state: 'active',
    recipe: { digest, profile: 'systemvm' },
    base: { method: 'bootstrap', digest },
    os: { id: 'debian', version: '12', kernel: '6.1.0-41-amd64', releaseLine: long.split('-')[0] },
    guest: {
      contract: 'cloudstack-systemvm',
      hostname: 'systemvm',
      sshPort: 3922,
      consoles: ['tty0', 'ttyS0,115200n8'],
      listeners: ['udp/68'],
      releaseFiles: [{ path: '/etc/cloudstack-release', brand: 'Cloudstack' }],
      disk: { layout: 'bios', secureBoot: false },
      ownFiles: {
        placed: Array.from({ length: 12 }, (_, file) => `/opt/cloud/bin/script-${file}.sh`),
        expected: ['/var/cache/cloud/*'],
      },
      checks: [],
    },
    mirrors: ['bookworm', 'bookworm-updates', 'bookworm-security'].map((suite) => ({
      suite,
      inReleaseSha256: digest,
      date: at.toISOString(),
    })),
    tools: Object.fromEntries(
      ['packer', 'qemu-system-x86_64', 'qemu-img', 'mmdebstrap', 'apt-get', 'mke2fs', 'virt-sparsify'].map(
        (tool) => [tool, '1.2.3'],
      ),
    ),
    host: { accelerator: 'tcg' },
    packagesDigest: digest,
    contentDigest: digest,
    artifacts: TARGETS.map((target) => ({
      role: 'disk',
      target,
      format: 'qcow2',
      file: `${line}_${long}_x86_64-${target}.qcow2`,
      ...disk,
      virtualSizeBytes: 5 * 1024 ** 3,
      compression: 'zlib',
    })),
    tests: {
      result: 'passed',
      contract: 'cloudstack',
      channel: 'simulated',
      formats: ['qcow2'],
      bootMs: 90_000,
      boots: TARGETS.map((target) => ({
        name: `${target} qcow2`,
        file: `${line}_${long}_x86_64-${target}.qcow2`,
        contract: 'cloudstack',
        channel: 'simulated',
        bootMs: 90_000,
      })),
    },
    timings: { plan: 1, base: 2, packer: 3, finish: 4, convert: 5, test: 6 },
  };
}

function allocationOf({ line, long, build, at, modules }) {
  const owner = { pid: 4242, startTicks: 1, bootId: 'b', host: 'build-1', pidNamespace: 'n' };
  const instant = at.toISOString();
  return modules.renderAllocation({
    schema: 1,
    line,
    build,
    version: long,
    recipeDigest: digestsOf(long).sha256,
    state: 'released',
    reservedAt: instant,
    at: instant,
    owner,
  });
}

function digestsOf(text) {
  const digest = (algorithm) => createHash(algorithm).update(text).digest('hex');
  return { sha256: digest('sha256'), sha512: digest('sha512'), md5: digest('md5') };
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
