import { describe, expect, test } from '@jest/globals';
import { judgeForAll } from '../../../src/inspection/consumers.ts';
import type { ImageReport } from '../../../src/inspection/image-report.ts';

const MIB = 1024 * 1024;

function report(more: Partial<ImageReport>): ImageReport {
  return {
    format: 'raw',
    fileSizeBytes: 100 * MIB,
    virtualSizeBytes: 100 * MIB,
    features: [],
    identifiers: {},
    checksums: [],
    references: [],
    disks: [],
    faults: [],
    furtherFaults: 0,
    deep: false,
    ...more,
  };
}

const bios = { partitionTable: 'mbr', efiSystemPartition: false, bootCode: true } as const;
const hybrid = { partitionTable: 'gpt', efiSystemPartition: true, bootCode: true } as const;
const efi = { ...hybrid, bootCode: false } as const;
const stream = report({
  format: 'vmdk',
  subformat: 'streamOptimized',
  features: ['version 3'],
  identifiers: { toolsVersion: '2147483647' },
});
const ova = report({ format: 'ova', disks: [stream], features: ['firmware bios', 'manifest'] });
const xen = report({ format: 'vhd', subformat: 'dynamic', creator: 'tap', boot: bios });
const rule = { offset: 1, field: 'disk geometry', message: 'is too large', kind: 'rule' } as const;
const damage = { offset: 2, field: 'block 1', message: 'overlaps', kind: 'damage' } as const;
const padding = { offset: 3, field: 'end-of-stream marker', message: 'is followed', kind: 'rule' } as const;
const backing = { kind: 'backing file', name: 'base.qcow2', format: 'qcow2' } as const;

type Expected = Readonly<Record<string, 'takes' | 'takes with remarks' | 'refuses'>>;

describe('judgeForAll', () => {
  test.each<{ because: string; image: ImageReport; verdicts: Expected; reason?: RegExp }>([
    {
      because: 'KVM runs qcow2',
      image: report({ format: 'qcow2' }),
      verdicts: { 'cloudstack-kvm': 'takes', glance: 'takes', vsphere: 'refuses', azure: 'refuses' },
    },
    {
      because: 'zstd needs a newer QEMU',
      image: report({ format: 'qcow2', features: ['compression type', 'zstd'] }),
      verdicts: { 'cloudstack-kvm': 'takes with remarks' },
      reason: /QEMU 5.1/,
    },
    {
      because: 'bit 4 is unknown to the inspector',
      image: report({ format: 'qcow2', features: ['extended L2 entries'] }),
      verdicts: { 'cloudstack-kvm': 'refuses', glance: 'refuses' },
      reason: /bit 4/,
    },
    {
      because: 'one file is uploaded',
      image: report({ format: 'qcow2', references: [backing] }),
      verdicts: { 'cloudstack-kvm': 'refuses', glance: 'refuses' },
      reason: /needs the backing file "base.qcow2"/,
    },
    {
      because: 'nobody takes what is damaged',
      image: report({ format: 'qcow2', faults: [damage] }),
      verdicts: { 'cloudstack-kvm': 'refuses', glance: 'refuses' },
      reason: /damaged: offset 2: block 1 overlaps/,
    },
    {
      because: 'XenServer wants its own VHD',
      image: xen,
      verdicts: {
        xenserver: 'takes',
        'cloudstack-xenserver': 'takes',
        'cloudstack-hyperv': 'takes',
        'hyperv-gen1': 'takes',
        'hyperv-gen2': 'refuses',
        azure: 'refuses',
      },
    },
    {
      because: 'qemu-img makes another one',
      image: { ...xen, creator: 'qemu' },
      verdicts: { xenserver: 'refuses', 'hyperv-gen1': 'takes' },
      reason: /does not suit XenServer/,
    },
    {
      because: 'others cannot grow',
      image: { ...xen, creator: 'win' },
      verdicts: { xenserver: 'takes with remarks' },
      reason: /cannot grow/,
    },
    {
      because: 'blocks have 2 MiB',
      image: { ...xen, virtualSizeBytes: 101 * MIB },
      verdicts: { xenserver: 'takes with remarks' },
      reason: /no multiple of 2 MiB/,
    },
    {
      because: 'vhd-util check is strict, Hyper-V is not',
      image: { ...xen, faults: [rule] },
      verdicts: { xenserver: 'refuses', 'hyperv-gen1': 'takes' },
      reason: /disk geometry/,
    },
    {
      because: 'Azure wants fixed VHDs',
      image: { ...xen, subformat: 'fixed', faults: [rule], boot: hybrid },
      verdicts: { azure: 'takes', xenserver: 'refuses', 'cloudstack-xenserver': 'refuses' },
    },
    {
      because: 'in whole MiB',
      image: { ...xen, subformat: 'fixed', virtualSizeBytes: 100 * MIB + 512 },
      verdicts: { azure: 'refuses' },
      reason: /not whole MiB/,
    },
    {
      because: 'of one generation',
      image: { ...xen, subformat: 'fixed' },
      verdicts: { azure: 'takes with remarks' },
      reason: /generation V1 only/,
    },
    {
      because: 'generation 2 has UEFI and VHDX',
      image: report({ format: 'vhdx', subformat: 'dynamic', boot: efi }),
      verdicts: { 'hyperv-gen2': 'takes', 'hyperv-gen1': 'refuses' },
      reason: /no boot code/,
    },
    {
      because: 'generation 1 has a BIOS',
      image: report({ format: 'vhdx', subformat: 'dynamic', boot: bios }),
      verdicts: { 'hyperv-gen1': 'takes', 'hyperv-gen2': 'refuses' },
      reason: /no GPT/,
    },
    {
      because: 'hybrid starts everywhere',
      image: report({ format: 'vhdx', subformat: 'dynamic', boot: hybrid }),
      verdicts: { 'hyperv-gen1': 'takes', 'hyperv-gen2': 'takes', 'cloudstack-hyperv': 'takes with remarks' },
    },
    {
      because: 'VMware takes OVAs',
      image: ova,
      verdicts: { vsphere: 'takes', 'cloudstack-vmware': 'takes', 'cloudstack-kvm': 'refuses' },
    },
    {
      because: 'a padded stream has another digest',
      image: { ...ova, faults: [padding] },
      verdicts: { vsphere: 'refuses', 'cloudstack-vmware': 'refuses' },
      reason: /digest that does not match/,
    },
    {
      because: 'a router boots by BIOS',
      image: { ...ova, features: ['firmware efi', 'manifest'] },
      verdicts: { 'cloudstack-vmware': 'takes with remarks', vsphere: 'takes' },
      reason: /boot by BIOS/,
    },
    {
      because: 'a bare disk is imported otherwise',
      image: stream,
      verdicts: {
        vsphere: 'takes with remarks',
        glance: 'takes with remarks',
        'cloudstack-vmware': 'refuses',
      },
    },
    {
      because: 'old streams are too old',
      image: { ...stream, features: ['version 1'] },
      verdicts: { vsphere: 'refuses' },
      reason: /too old/,
    },
    {
      because: 'customisation needs the tools',
      image: { ...stream, identifiers: {} },
      verdicts: { vsphere: 'takes with remarks' },
      reason: /toolsVersion/,
    },
    {
      because: 'CloudStack unpacks downloads',
      image: report({ format: 'bzip2' }),
      verdicts: { 'cloudstack-kvm': 'takes with remarks', glance: 'refuses', azure: 'refuses' },
      reason: /was not looked at/,
    },
    {
      because: 'but not zstd',
      image: report({ format: 'zstd' }),
      verdicts: { 'cloudstack-kvm': 'refuses', 'cloudstack-vmware': 'refuses' },
    },
    {
      because: 'XenServer imports raw',
      image: report({ format: 'raw' }),
      verdicts: { xenserver: 'takes with remarks', glance: 'takes', 'cloudstack-kvm': 'takes' },
    },
  ])('$because', ({ image, verdicts, reason }) => {
    const all = judgeForAll(image);
    const found = Object.fromEntries(all.map(({ consumer, verdict }) => [consumer, verdict]));
    expect(found).toMatchObject(verdicts);
    const reasons = all.flatMap((verdict) => verdict.reasons);
    if (reason) expect(reasons.map(({ text }) => text)).toContainEqual(expect.stringMatching(reason));
    expect(reasons.filter(({ source }) => source === '')).toEqual([]);
  });

  test('whoever takes no such format says nothing else', () => {
    const damaged = report({ format: 'qcow2', faults: [damage], references: [backing] });
    const azure = judgeForAll(damaged).find(({ consumer }) => consumer === 'azure');
    expect(azure?.reasons.map(({ text }) => text)).toEqual(['is qcow2, not a fixed VHD']);
  });
});
