import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { planOva, type OvaRequest } from '../../../src/disks/ova-layout.ts';
import type { OvfMachine } from '../../../src/disks/ovf-machine.ts';

const machine: OvfMachine = {
  name: 'small-26.11.21-1.1',
  osType: 'otherLinux64Guest',
  cpus: 1,
  memoryMiB: 512,
  firmware: 'bios',
  scsi: 'pvscsi',
  nic: 'none',
};
const request: OvaRequest = { machine, capacityBytes: 2 ** 40, modifiedSeconds: 0 };
const sha256 = 'ab'.repeat(32);

/** The members of an archive without its disk: name, size, and where the data begins. */
function membersOf(archive: Buffer): { name: string; size: number; at: number }[] {
  const members = [];
  for (let at = 0; archive[at] !== 0;) {
    const name = archive.toString('latin1', at, archive.indexOf(0, at));
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 135), 8);
    members.push({ name, size, at: at + 512 });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return members;
}

function archiveOf({ fileSizeBytes, name = machine.name }: { fileSizeBytes: number; name?: string }): Buffer {
  const { around, diskOffset } = planOva({ ...request, machine: { ...machine, name } });
  const pieces = around({ fileSizeBytes, populatedBytes: fileSizeBytes, sha256 });
  expect(pieces.filter(({ offset }) => offset >= diskOffset)).toHaveLength(1);
  const archive = Buffer.alloc(Math.max(...pieces.map(({ offset, data }) => offset + data.length)), 0xdd);
  for (const { offset, data } of pieces) archive.set(data, offset);
  return archive;
}

describe('planOva', () => {
  test.each([1, 511, 512, 513, 65_536, 10_240, 123_456])(
    'an archive around a disk of %d bytes',
    (fileSizeBytes) => {
      const archive = archiveOf({ fileSizeBytes });
      const { diskOffset, diskName } = planOva(request);
      const [ovf, manifest, disk, ...more] = membersOf(archive);
      expect([ovf?.name, manifest?.name, disk?.name, more]).toEqual([
        'small-26.11.21-1.1.ovf',
        'small-26.11.21-1.1.mf',
        diskName,
        [],
      ]);
      expect(disk).toEqual({ name: 'small-26.11.21-1.1-disk1.vmdk', size: fileSizeBytes, at: diskOffset });
      expect(archive.length % 10_240).toBe(0);
      expect(archive.subarray(diskOffset + fileSizeBytes).every((byte) => byte === 0)).toBe(true);
      const text = archive.subarray(ovf?.at, (ovf?.at ?? 0) + (ovf?.size ?? 0));
      expect(text.toString()).toContain(`ovf:size="${fileSizeBytes}"`);
      expect(archive.toString('latin1', manifest?.at, (manifest?.at ?? 0) + (manifest?.size ?? 0))).toBe(
        `SHA256(small-26.11.21-1.1.ovf)= ${createHash('sha256').update(text).digest('hex')}\nSHA256(${diskName})= ${sha256}\n`,
      );
    },
  );

  test('the place of the disk does not depend on how large it gets, whatever the length of the text', () => {
    const padded = new Set<boolean>();
    for (let length = 1; length <= 89; length += 1) {
      const name = 'n'.repeat(length);
      const { diskOffset } = planOva({ ...request, machine: { ...machine, name } });
      const archive = archiveOf({ fileSizeBytes: 1, name });
      const members = membersOf(archive);
      expect(members[2]?.at).toBe(diskOffset);
      const [ovf] = members;
      const text = archive.toString('utf8', ovf?.at, (ovf?.at ?? 0) + (ovf?.size ?? 0));
      expect(text).toMatch(/<\/Envelope>\n+$/);
      padded.add(text.endsWith('\n\n'));
    }
    expect(padded).toEqual(new Set([true, false]));
  });

  test('a machine that cannot be described stops before anything is written', () => {
    expect(() => planOva({ ...request, machine: { ...machine, name: '../x' } })).toThrow(
      expect.objectContaining({ code: 'E_OVF_MACHINE' }),
    );
  });
});
