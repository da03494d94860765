import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkOvfMachine, type OvfMachine } from '../../../src/disks/ovf-machine.ts';
import { renderOvfManifest } from '../../../src/disks/ovf-manifest.ts';
import { renderOvf } from '../../../src/disks/ovf.ts';
import { GUEST_SYSTEMS, HARDWARE_VERSIONS } from '../../../src/profiles/vmware-hardware.ts';

const machine: OvfMachine = {
  name: 'systemvm-26.11.21-2.57',
  osType: 'otherLinux64Guest',
  cpus: 1,
  memoryMiB: 256,
  firmware: 'bios',
  scsi: 'lsilogic',
  nic: 'none',
};
const disk = {
  fileName: 'systemvm-26.11.21-2.57-disk1.vmdk',
  fileSizeBytes: 390_730_240,
  capacityBytes: 5_242_880_000,
  populatedBytes: 1_170_604_032,
};

const server: OvfMachine = {
  name: 'server-26.11.21-1.1',
  osType: 'debian12_64Guest',
  cpus: 4,
  memoryMiB: 8192,
  hardwareVersion: 21,
  firmware: 'efi',
  secureBoot: true,
  scsi: 'pvscsi',
  nic: 'vmxnet3',
  product: { name: 'Server <small> & "quick"', version: '26.11.21-1.1', vendor: 'Example' },
};

/** Elements of a document in order: `/path/to/element`. */
function pathsOf(xml: string): string[] {
  const open: string[] = [];
  const paths: string[] = [];
  for (const [, closes, name = '', empty] of xml.matchAll(/<(\/?)([\w:]+)[^>]*?(\/?)>/g)) {
    if (closes) open.pop();
    else {
      paths.push([...open, name].join('/'));
      if (!empty) open.push(name);
    }
  }
  expect(open).toEqual([]);
  return paths;
}

describe('renderOvf', () => {
  test.each([
    { file: 'systemvm.ovf', machine },
    { file: 'server.ovf', machine: server },
  ])('$file is what it was', ({ file, machine: described }) => {
    const path = join(import.meta.dirname, 'ovf', file);
    const text = renderOvf(described, disk);
    if (process.env.MINTMARK_GOLDEN === 'write') writeFileSync(path, text);
    expect(text).toBe(readFileSync(path, 'utf8'));
  });

  test.each([
    { nic: 'none', cards: [] },
    { nic: 'e1000', cards: ['E1000'] },
    { nic: 'vmxnet3', cards: ['VmxNet3'] },
  ] as const)('network cards with $nic, each on a network that is declared', ({ nic, cards }) => {
    const text = renderOvf({ ...machine, nic }, disk);
    const found = Array.from(text.matchAll(/<rasd:ResourceSubType>(E1000|VmxNet3)</g), ([, card]) => card);
    expect(found).toEqual(cards);
    expect(text.includes('<Network ovf:name="VM Network">')).toBe(cards.length > 0);
    expect(text.includes('<rasd:Connection>VM Network<')).toBe(cards.length > 0);
  });

  test.each([machine, server])(
    'devices are numbered once, refer to one another, and are sorted inside',
    (any) => {
      const text = renderOvf(any, disk);
      const items = Array.from(text.matchAll(/<Item\b.*?<\/Item>/gs), ([item]) => item);
      const values = (name: string): (string | undefined)[] =>
        items.map((item) => new RegExp(`<rasd:${name}>(.*)</rasd:${name}>`).exec(item)?.[1]);
      const ids = values('InstanceID');
      expect(new Set(ids).size).toBe(items.length);
      expect(values('Parent').filter((id) => id !== undefined && !ids.includes(id))).toEqual([]);
      for (const item of items) {
        const names = Array.from(item.matchAll(/<rasd:(\w+)>/g), ([, name = '']) => name);
        expect(names).toEqual(names.toSorted((a, b) => (a < b ? -1 : 1)));
      }
    },
  );

  test('sections come in the order of the schema, and the tags close', () => {
    const depth2 = pathsOf(renderOvf(server, disk)).filter((path) => path.split('/').length === 2);
    expect(depth2).toEqual(
      ['References', 'DiskSection', 'NetworkSection', 'VirtualSystem'].map((name) => `Envelope/${name}`),
    );
  });

  test('attributes of OVF carry their prefix: CloudStack looks for the text', () => {
    const bare = renderOvf(server, disk).match(/ (?!xmlns|version=|encoding=)[A-Za-z]+="/g);
    expect(bare).toBeNull();
  });
});

describe('checkOvfMachine', () => {
  test.each([
    { change: {}, because: 'it is the system VM' },
    { change: server, because: 'debian12 came with vSphere 8' },
    { change: { name: 'x'.repeat(89) }, because: 'with its suffix it just fits into an archive' },
    { change: { hardwareVersion: 22, osType: 'debian13_64Guest' }, because: 'vSphere 9 knows it' },
  ] as const)('takes a machine: $because', ({ change }) => {
    expect(() => checkOvfMachine({ ...machine, ...change })).not.toThrow();
  });

  test.each([
    { change: { name: '' }, fault: '.name', because: 'files need a name' },
    { change: { name: '../x' }, fault: '.name', because: 'it must not lead out of a directory' },
    { change: { name: 'a b' }, fault: '.name', because: 'a manifest ends a name nowhere' },
    { change: { name: 'x'.repeat(90) }, fault: '.name', because: 'a name in an archive has 100 bytes' },
    { change: { cpus: 0 }, fault: '.cpus', because: 'something must run it' },
    { change: { cpus: 1.5 }, fault: '.cpus', because: 'processors are whole' },
    { change: { memoryMiB: 255 }, fault: '.memoryMiB', because: 'VMware takes steps of 4 MiB' },
    { change: { hardwareVersion: 9 }, fault: '.hardwareVersion', because: 'nothing in use is that old' },
    { change: { hardwareVersion: 13.5 }, fault: '.hardwareVersion', because: 'there is none' },
    { change: { osType: 'debian12_64Guest' }, fault: '.osType', because: 'version 13 does not know it' },
    { change: { secureBoot: true }, fault: '.secureBoot', because: 'a BIOS has none' },
    {
      change: { secureBoot: true, firmware: 'efi', hardwareVersion: 12 },
      fault: '.secureBoot',
      because: 'it came with version 13',
    },
  ] as const)('refuses $change: $because', ({ change, fault }) => {
    expect(() => checkOvfMachine({ ...machine, ...change })).toThrow(
      expect.objectContaining({ code: 'E_OVF_MACHINE', details: [expect.stringMatching(`^\\${fault}: `)] }),
    );
  });

  test('tells all that is wrong', () => {
    const wrong = { ...machine, name: '/', cpus: -1, memoryMiB: 0, hardwareVersion: 1 };
    expect(() => checkOvfMachine(wrong)).toThrow(
      expect.objectContaining({
        details: ['.name', '.cpus', '.memoryMiB', '.hardwareVersion'].map((path) =>
          expect.stringMatching(`^\\${path}: `),
        ),
      }),
    );
  });
});

test('every guest system needs a hardware version that there is', () => {
  for (const { hardwareVersion } of Object.values(GUEST_SYSTEMS)) {
    expect(HARDWARE_VERSIONS).toHaveProperty(String(hardwareVersion));
  }
});

test('lines of a manifest have no blank before the bracket', () => {
  const entries = [
    { name: 'a.ovf', sha256: '0'.repeat(64) },
    { name: 'a-disk1.vmdk', sha256: 'f'.repeat(64) },
  ];
  expect(renderOvfManifest(entries)).toBe(
    `SHA256(a.ovf)= ${'0'.repeat(64)}\nSHA256(a-disk1.vmdk)= ${'f'.repeat(64)}\n`,
  );
});
