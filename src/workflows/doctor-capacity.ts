import { findLoopbackPort } from '../host/loopback-port.ts';
import { readUsedBytes } from '../host/free-space.ts';
import { readMemory } from '../host/memory.ts';
import { GIB, renderByteSize } from '../values/byte-size.ts';
import type { DoctorFinding } from './doctor-finding.ts';
import type { DoctorMachine } from './doctor-machine.ts';

/** A directory that builds write to, with what it needs. */
interface Place {
  readonly name: string;
  readonly directory: string;
  /** Below this no build fits, in bytes. */
  readonly leastBytes: number;
  /** Below this the next builds may not fit, in bytes. */
  readonly plentyBytes: number;
}

/** A build VM of 1 GiB beside a base filesystem of about 1 GiB in memory. */
const LEAST_MEMORY_BYTES = 1.5 * GIB;
const PLENTY_MEMORY_BYTES = 3 * GIB;

/**
 * Free space where builds write. One build of the largest built-in keeps about 3 GiB in its run directory (overlay,
 * raw working disk, result), 1 GiB in the cache and 0.5 GiB in the catalogue.
 */
export async function checkSpace(
  directories: { readonly cache: string; readonly state: string; readonly catalogue: string },
  machine: DoctorMachine,
): Promise<DoctorFinding[]> {
  const places: readonly Place[] = [
    { name: 'cache', directory: directories.cache, leastBytes: 2 * GIB, plentyBytes: 6 * GIB },
    { name: 'runs', directory: directories.state, leastBytes: 4 * GIB, plentyBytes: 8 * GIB },
    { name: 'catalogue', directory: directories.catalogue, leastBytes: 1 * GIB, plentyBytes: 4 * GIB },
  ];
  return Promise.all(places.map(async (place) => checkPlace(place, machine)));
}

async function checkPlace(place: Place, machine: DoctorMachine): Promise<DoctorFinding> {
  const name = `${place.name} space`;
  const freeBytes = await machine.readFreeBytes(place.directory);
  const used = renderByteSize(await readUsedBytes(place.directory));
  const text = `${renderByteSize(freeBytes)} free, ${used} used in ${place.directory}`;
  if (freeBytes >= place.plentyBytes) return { name, status: 'ok', text };
  const status = freeBytes < place.leastBytes ? 'fail' : 'warn';
  return { name, status, text, remedy: `make room: ${renderByteSize(place.plentyBytes)} are comfortable` };
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

/** Whether a server can listen on 127.0.0.1, where Packer meets the guest. */
export async function checkPorts(): Promise<DoctorFinding> {
  try {
    const port = await findLoopbackPort();
    return { name: 'loopback ports', status: 'ok', text: `can be bound (${port} was free)` };
  } catch (error) {
    const text = `none can be bound on 127.0.0.1: ${String(error)}`;
    return { name: 'loopback ports', status: 'fail', text, remedy: 'bring up the lo interface' };
  }
}
