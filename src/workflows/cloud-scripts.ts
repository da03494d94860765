import { gzipSync } from 'node:zlib';
import { paddedTarSize, renderTarHeader, tarSizeAfter, TAR_BLOCK_BYTES } from '../disks/ustar.ts';

/** The file that patched guests have afterwards, in `/`. */
export const PATCHED_FILE = 'mintmark-patched';

/** An archive as servers patch system VMs with; what is in it goes over `/`. The same bytes every time. */
export function makeCloudScripts(): Uint8Array {
  const data = Buffer.from('patched by a test\n');
  const member = { name: PATCHED_FILE, sizeBytes: data.length, modifiedSeconds: 0 };
  const archive = Buffer.alloc(tarSizeAfter(TAR_BLOCK_BYTES + paddedTarSize(data.length)));
  renderTarHeader(member).copy(archive);
  data.copy(archive, TAR_BLOCK_BYTES);
  return gzipSync(archive);
}
