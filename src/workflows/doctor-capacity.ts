import { findLoopbackPort } from '../host/loopback-port.ts';
import { readUsedBytes, type FreeSpace } from '../host/free-space.ts';
import { readMemory } from '../host/memory.ts';
import { SSH_HOST_PORTS } from '../packer/qemu-source.ts';
import { MIB, renderByteSize } from '../values/byte-size.ts';
import { memoryForTreeBytes } from './bootstrap-tree.ts';
import { machineMemoryBytes, peakBytes, planSpace, type DiskFacts, type Place } from './build-needs.ts';
import type { DoctorFinding } from './doctor-finding.ts';
import type { DoctorMachine } from './doctor-machine.ts';

/** The guest of the built-ins. */
const LEAST_MEMORY_BYTES = machineMemoryBytes({ memoryMiB: 1024 });
/** Where there is this much, the tree of the largest built-in is made in memory. */
const PLENTY_MEMORY_BYTES = memoryForTreeBytes(1096 * MIB);

/** The artifacts of a system VM for every hypervisor. */
const ALL_TARGETS: DiskFacts['outputs'] = [
  { compression: 'zlib', outer: 'none' },
  { compression: 'none', outer: 'bz2' },
  { compression: 'zlib', outer: 'none' },
  { compression: 'none', outer: 'zip' },
  { compression: 'none', outer: 'zip' },
];

/** What the doctor asks of a machine: that the smallest built-in fits, and that the largest does, its tree on disk. */
const SMALLEST = referenceFacts({ missingDebBytes: 107 * MIB, installedBytes: 316 * MIB, scratch: 'memory' });
const LARGEST = referenceFacts(
  { missingDebBytes: 249 * MIB, installedBytes: 1096 * MIB, scratch: 'disk' },
  ALL_TARGETS,
);

/** What built-ins have in common; the rest was measured, see `build-needs.ts`. */
function referenceFacts(
  measured: Pick<DiskFacts, 'missingDebBytes' | 'installedBytes' | 'scratch'>,
  outputs: DiskFacts['outputs'] = [{ compression: 'zlib', outer: 'none' }],
): DiskFacts {
  return {
    ...measured,
    disk: { layout: 'bios', sizeMiB: 4096 },
    sparsify: 'in-place',
    outputs,
  };
}

/**
 * Free space where builds write; directories on one file system are looked at together. Less than the smallest
 * built-in needs fails, less than the largest needs is a warning.
 */
export async function checkSpace(
  directories: { readonly cache: string; readonly state: string; readonly catalogue: string },
  machine: DoctorMachine,
): Promise<DoctorFinding[]> {
  const { cache, state: runs, catalogue } = directories;
  const spots = await Promise.all(
    Object.entries({ cache, runs, catalogue }).map(async ([place, directory]) => ({
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys that stand there
      place: place as Place,
      directory,
      ...(await machine.readFreeSpace(directory)),
    })),
  );
  return Promise.all(
    spots.map(async (spot) => {
      const together = spots.filter(({ device }) => device === spot.device).map(({ place }) => place);
      return checkSpot(spot, together);
    }),
  );
}

async function checkSpot(
  { place, directory, freeBytes }: FreeSpace & { readonly place: Place; readonly directory: string },
  together: readonly Place[],
): Promise<DoctorFinding> {
  const name = `${place} space`;
  const used = renderByteSize(await readUsedBytes(directory));
  const text = `${renderByteSize(freeBytes)} free, ${used} used in ${directory}`;
  const plentyBytes = peakBytes(planSpace(LARGEST), together);
  if (freeBytes >= plentyBytes) return { name, status: 'ok', text };
  const status = freeBytes < peakBytes(planSpace(SMALLEST), together) ? 'fail' : 'warn';
  const what = together.length === 1 ? '' : ` for ${together.join(', ')} together`;
  return { name, status, text, remedy: `make room: ${renderByteSize(plentyBytes)} are comfortable${what}` };
}

/** Memory that is free now. @param root stands for `/` */
export async function checkMemory(root: string): Promise<DoctorFinding> {
  const { availableBytes, totalBytes } = await readMemory(root);
  const name = 'memory';
  const text = `${renderByteSize(availableBytes)} free of ${renderByteSize(totalBytes)}`;
  if (availableBytes >= PLENTY_MEMORY_BYTES) return { name, status: 'ok', text };
  const status = availableBytes < LEAST_MEMORY_BYTES ? 'fail' : 'warn';
  const remedy = `end other programs: ${renderByteSize(PLENTY_MEMORY_BYTES)} are comfortable`;
  return { name, status, text, remedy };
}

/** Whether a server can listen on 127.0.0.1 in the range where Packer meets the guest. */
export async function checkPorts(): Promise<DoctorFinding> {
  try {
    const port = await findLoopbackPort(SSH_HOST_PORTS);
    return { name: 'loopback ports', status: 'ok', text: `can be bound (${port} was free)` };
  } catch (error) {
    const text = `none can be bound on 127.0.0.1: ${String(error)}`;
    return { name: 'loopback ports', status: 'fail', text, remedy: 'bring up the lo interface' };
  }
}
