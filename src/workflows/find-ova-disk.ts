import { open } from 'node:fs/promises';
import { ImageCheck } from '../inspection/image-check.ts';
import { readTar } from '../inspection/tar-archive.ts';
import { Failure } from '../errors/failure.ts';
import { requireInside } from '../values/byte-source.ts';

export async function findOvaDisk(path: string): Promise<{ offset: number; length: number }> {
  const handle = await open(path, 'r');
  try {
    const { size: sizeBytes } = await handle.stat();
    const read = async (offset: number, length: number): Promise<Buffer> => {
      requireInside(sizeBytes, offset, length);
      const bytes = Buffer.alloc(length);
      await handle.read(bytes, 0, length, offset);
      return bytes;
    };
    const check = new ImageCheck({ sizeBytes, read }, { deep: false, now: new Date() });
    const disk = (await readTar(check)).find(({ name }) => name.endsWith('.vmdk'));
    if (!disk) throw new Failure('image-test', 'E_OVA_DISK', 'no disk');
    return { offset: disk.offset, length: disk.sizeBytes };
  } finally {
    await handle.close();
  }
}
