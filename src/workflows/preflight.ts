import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../errors/failure.ts';
import { readFreeSpace, type FreeSpace } from '../host/free-space.ts';
import { findLoopbackPort, type PortRange } from '../host/loopback-port.ts';
import { readMemory } from '../host/memory.ts';
import { SSH_HOST_PORTS } from '../packer/qemu-source.ts';
import { outputsOf } from '../profiles/outputs.ts';
import { MIB, renderByteSize } from '../values/byte-size.ts';
import { readBaseEntry } from './base-cache.ts';
import { installedBytes, memoryForTreeBytes } from './bootstrap-tree.ts';
import {
  bootstrapMemoryBytes,
  machineMemoryBytes,
  peakBytes,
  planSpace,
  type DiskFacts,
  type Place,
  type SpacePhase,
} from './build-needs.ts';
import type { BuildRequest, WorkflowContext } from './build-request.ts';
import type { HostShare } from './host-shares.ts';
import type { BuildPlan } from './plan-build.ts';
import { sweepWorkDirectories } from './work-directory.ts';

/** What of a plan decides its needs. */
export type PlanToCheck = Pick<BuildPlan, 'profile' | 'closure' | 'baseDigest'>;

/** What one build needs of this machine. */
export interface BuildNeeds {
  readonly space: readonly SpacePhase[];
  /** Below this the build cannot work, in bytes. */
  readonly leastMemoryBytes: number;
  /** What other builds must leave it. */
  readonly share: HostShare;
  /** What the guest is given, for the advice to give it less. */
  readonly vmMemoryMiB: number;
}

/** The machine as far as the preflight asks it; tests make one up. */
export interface PreflightMachine {
  readonly readFreeSpace: (directory: string) => Promise<FreeSpace>;
  readonly readAvailableMemory: () => Promise<number>;
  readonly findPort: (range: PortRange) => Promise<number>;
}

/** This machine. */
export const thisMachine: PreflightMachine = {
  readFreeSpace,
  readAvailableMemory: async () => (await readMemory()).availableBytes,
  findPort: findLoopbackPort,
};

/** One thing that is missing, for people and for programs. */
export interface Shortage {
  readonly code: 'E_NO_SPACE' | 'E_NO_MEMORY' | 'E_NO_PORT';
  /** What is wanted, where, and what was found. */
  readonly message: string;
  readonly remedy: string;
  readonly wanted: number | string;
  readonly found: number | string;
  readonly where: readonly string[];
}

/** Finds out what a build needs: looks at the cache, and at the memory only to tell where the tree will be made. */
export async function readNeeds(
  plan: PlanToCheck,
  { directories }: Pick<WorkflowContext, 'directories'>,
  machine: PreflightMachine = thisMachine,
): Promise<BuildNeeds> {
  const { profile, closure } = plan;
  const base = await readBaseEntry(directories.cache, plan.baseDigest);
  const leastMemoryBytes = machineMemoryBytes(profile.vm);
  const known = {
    disk: profile.disk,
    sparsify: profile.finish.sparsify,
    outputs: outputsOf(profile).map(({ output }) => output),
  };
  const needs = (facts: DiskFacts, bootstrapBytes: number): BuildNeeds => ({
    space: planSpace(facts),
    leastMemoryBytes,
    share: { memoryBytes: Math.max(leastMemoryBytes, bootstrapBytes), cores: profile.vm.cpus },
    vmMemoryMiB: profile.vm.memoryMiB,
  });
  if (base) {
    const cachedBaseBytes = Object.values(base.files).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const nothing = { missingDebBytes: 0, installedBytes: 0, scratch: 'memory' } as const;
    return needs({ ...known, ...nothing, cachedBaseBytes }, 0);
  }
  const treeBytes = installedBytes(closure.index);
  const isInMemory = (await machine.readAvailableMemory()) > memoryForTreeBytes(treeBytes);
  const facts = {
    ...known,
    missingDebBytes: await readMissingBytes(closure, directories.cache),
    installedBytes: treeBytes,
    scratch: isInMemory ? 'memory' : 'disk',
  } as const;
  return needs(facts, bootstrapMemoryBytes(facts));
}

/** Bytes of the packages that the store of the cache does not hold; its files are named for their digests. */
async function readMissingBytes(
  { packages, busybox }: Pick<BuildPlan['closure'], 'packages' | 'busybox'>,
  cache: string,
): Promise<number> {
  const stored = new Set(await readdir(join(cache, 'debs')).catch((): string[] => []));
  const missing = new Map([...packages, busybox].map(({ sha256, sizeBytes }) => [sha256, sizeBytes]));
  return [...missing].reduce((sum, [sha256, sizeBytes]) => (stored.has(sha256) ? sum : sum + sizeBytes), 0);
}

/**
 * Makes sure, before anything is begun, that this machine has the space, the memory and the port that a build needs.
 * What killed builds left in the cache is swept when there is not enough space without that.
 *
 * Raises one failure of kind `host` with everything that is missing: `E_NO_SPACE`, `E_NO_MEMORY`, `E_NO_PORT`, or
 * `E_PREFLIGHT` when that is more than one thing.
 */
export async function checkPreflight(
  needs: BuildNeeds,
  request: Pick<BuildRequest, 'catalogue'>,
  context: WorkflowContext,
  machine: PreflightMachine = thisMachine,
): Promise<void> {
  const directories = { ...context.directories, catalogue: request.catalogue };
  const look = async (): Promise<Shortage[]> =>
    (
      await Promise.all([
        findSpaceShortages(needs, directories, machine),
        findMemoryShortage(needs, machine),
        findPortShortage(machine),
      ])
    ).flat();
  let shortages = await look();
  if (shortages.some(({ code }) => code === 'E_NO_SPACE')) {
    await sweepWorkDirectories(context);
    shortages = await look();
  }
  if (shortages.length > 0) throw preflightFailure(shortages);
}

/** Directories by file system: on one disk the cache, the run and the catalogue add up. */
async function findSpaceShortages(
  { space }: BuildNeeds,
  directories: { readonly cache: string; readonly state: string; readonly catalogue: string },
  { readFreeSpace: read }: PreflightMachine,
): Promise<Shortage[]> {
  const paths: readonly (readonly [Place, string])[] = [
    ['cache', directories.cache],
    ['runs', directories.state],
    ['catalogue', directories.catalogue],
  ];
  const disks = new Map<number, { freeBytes: number; places: Place[]; paths: string[] }>();
  for (const [place, path] of paths) {
    // A directory that cannot even be asked fails where it is written to, with a better reason.
    const found = await read(path).catch(() => undefined);
    if (found === undefined) continue;
    const disk = disks.get(found.device) ?? { freeBytes: found.freeBytes, places: [], paths: [] };
    disks.set(found.device, disk);
    disk.places.push(place);
    disk.paths.push(path);
  }
  return [...disks.values()].flatMap((disk) => {
    const wanted = peakBytes(space, disk.places);
    return wanted > disk.freeBytes ? [spaceShortage(wanted, disk, space)] : [];
  });
}

const SPACE_REMEDY: Readonly<Record<Place, string>> = {
  cache: 'MINTMARK_CACHE',
  runs: 'XDG_STATE_HOME',
  catalogue: '--catalogue DIR',
};

function spaceShortage(
  wanted: number,
  disk: { readonly freeBytes: number; readonly places: readonly Place[]; readonly paths: readonly string[] },
  space: readonly SpacePhase[],
): Shortage {
  const parts = disk.places.map(
    (place, index) => `${place} ${renderByteSize(peakBytes(space, [place]))} in ${disk.paths[index]}`,
  );
  const elsewhere = disk.places.map((place) => SPACE_REMEDY[place]).join(' or ');
  return {
    code: 'E_NO_SPACE',
    message: `the build needs ${renderByteSize(wanted)} of space, ${renderByteSize(disk.freeBytes)} are free (${parts.join(', ')})`,
    remedy: `make room (mintmark doctor shows what dead builds left), or use another disk with ${elsewhere}`,
    wanted,
    found: disk.freeBytes,
    where: disk.paths,
  };
}

async function findMemoryShortage(needs: BuildNeeds, machine: PreflightMachine): Promise<Shortage[]> {
  const found = await machine.readAvailableMemory();
  const wanted = needs.leastMemoryBytes;
  if (found >= wanted) return [];
  const guest = `${needs.vmMemoryMiB} MiB of it for the build's guest`;
  const message = `the build needs ${renderByteSize(wanted)} of memory (${guest}), ${renderByteSize(found)} are available`;
  const spared = Math.floor((needs.vmMemoryMiB - (wanted - found) / MIB) / 64) * 64;
  const smaller = spared >= LEAST_VM_MIB ? `, or give the guest less with --set vm.memoryMiB=${spared}` : '';
  const remedy = `end other programs${smaller}`;
  return [{ code: 'E_NO_MEMORY', message, remedy, wanted, found, where: ['this machine'] }];
}

/** A Debian guest boots and installs packages with this much, slowly. */
const LEAST_VM_MIB = 512;

async function findPortShortage({ findPort }: PreflightMachine): Promise<Shortage[]> {
  const { first, last } = SSH_HOST_PORTS;
  try {
    await findPort(SSH_HOST_PORTS);
    return [];
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return [
      {
        code: 'E_NO_PORT',
        message: `Packer needs a free TCP port of 127.0.0.1 between ${first} and ${last}: ${found}`,
        remedy: 'bring up the lo interface, or end the programs that listen there',
        wanted: `${first}-${last}`,
        found,
        where: ['127.0.0.1'],
      },
    ];
  }
}

function preflightFailure(shortages: readonly Shortage[]): Failure {
  const evidence = { shortages };
  const [only] = shortages;
  if (only && shortages.length === 1) {
    return new Failure('host', only.code, only.message, { hint: only.remedy, evidence });
  }
  return new Failure(
    'host',
    'E_PREFLIGHT',
    `this machine lacks ${shortages.length} things that the build needs`,
    {
      details: shortages.flatMap(({ message, remedy }) => [message, `  remedy: ${remedy}`]),
      hint: 'nothing was begun; put this right and build again',
      evidence,
    },
  );
}
