import {
  brokenRule,
  isOneOf,
  objections,
  refusal,
  remark,
  wrongFormat,
  type Consumer,
  type Objection,
} from './consumer.ts';
import type { ImageReport } from './image-report.ts';
import { renderFault } from './sound-image.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** The hypervisors themselves. */
export const HYPERVISOR_CONSUMERS: readonly Consumer[] = [
  { id: 'xenserver', name: 'XenServer', judge: (report) => judgeForXenServer(report) },
  { id: 'vsphere', name: 'vSphere', judge: (report) => judgeForVSphere(report) },
  { id: 'hyperv-gen1', name: 'Hyper-V, generation 1', judge: (report) => judgeForHyperV(report, 1) },
  { id: 'hyperv-gen2', name: 'Hyper-V, generation 2', judge: (report) => judgeForHyperV(report, 2) },
];

const VHD_CHECK = 'blktap vhd-util-check.c';

/** XenServer and XCP-ng: what `vhd-util check` and the storage manager ask of a VHD; raw is imported as it is. */
export function judgeForXenServer(report: ImageReport): Objection[] {
  if (report.format === 'raw')
    return [remark('is imported with xe vdi-import format=raw', 'XenServer xe reference, vdi-import')];
  if (!isOneOf(report, ['vhd dynamic'])) {
    return [wrongFormat(report, 'a dynamic VHD or raw', 'diskimage-builder vhd_creation.rst')];
  }
  const rule = brokenRule(report, /./);
  const creator = report.creator ?? '';
  const text = `was made by ${JSON.stringify(creator)}, not by tap: the disk cannot grow`;
  return objections(
    [rule !== undefined, refusal(rule === undefined ? '' : renderFault(rule), VHD_CHECK)],
    [
      creator.startsWith('qem'),
      refusal('was made by qemu-img, whose VHD does not suit XenServer', 'CloudStack issues 2477 and 2488'),
    ],
    [
      !creator.startsWith('tap') && !creator.startsWith('qem'),
      remark(text, 'blktap libvhd vhd_creator_tapdisk'),
    ],
    [
      (report.virtualSizeBytes ?? 0) % (2 * MIB) !== 0,
      remark(
        'has a size that is no multiple of 2 MiB, the block size',
        'blktap vhd-util query, in whole MiB',
      ),
    ],
  );
}

/** vSphere: an OVA, or the streamOptimized disk of one. */
export function judgeForVSphere(report: ImageReport): Objection[] {
  if (!isOneOf(report, ['ova', 'vmdk streamOptimized'])) {
    const exchange = 'VMware Virtual Disk Format 5.0: streamOptimized is for exchange';
    return [wrongFormat(report, 'an OVA or a streamOptimized VMDK', exchange)];
  }
  const disks = report.format === 'ova' ? report.disks : [report];
  const padded = brokenRule(report, /^end-of-stream marker$/);
  const order = brokenRule(report, /^tar order$/);
  return objections(
    [
      padded !== undefined,
      refusal(
        'does not end with the marker of its end: an upload fails as a digest that does not match',
        'home-assistant/operating-system 2121, flatcar/scripts 540',
      ),
    ],
    [order !== undefined, refusal('has its files in the wrong order', 'DSP0243 1.1, section 5.3')],
    [
      disks.some(({ features }) => !features.includes('version 3')),
      refusal('has a stream of a version below 3: "sparse VMDK version too old"', 'QEMU 2.5.1 release notes'),
    ],
    [
      disks.some(({ identifiers }) => identifiers['toolsVersion'] === undefined),
      remark('has no ddb.toolsVersion: guests cannot be customised', 'VMware KB 83068'),
    ],
    [
      report.format === 'ova' && report.features.includes('no manifest'),
      remark('has no manifest: nothing tells a damaged upload', 'DSP0243 1.1, section 5.1'),
    ],
    [
      report.format === 'vmdk',
      remark('is a bare disk: import it with govc import.vmdk', 'govc USAGE, import.vmdk'),
    ],
  );
}

const HYPERV = 'Microsoft: should I create a generation 1 or 2 virtual machine';

/** Hyper-V: generation 1 boots by BIOS from IDE, generation 2 by UEFI from SCSI. */
export function judgeForHyperV(report: ImageReport, generation: 1 | 2): Objection[] {
  const formats = generation === 1 ? ['vhd', 'vhdx'] : ['vhdx'];
  if (!isOneOf(report, formats)) {
    const wanted = formats.map((format) => format.toUpperCase()).join(' or ');
    return [wrongFormat(report, wanted, HYPERV)];
  }
  const saved = report.features.includes('saved state');
  return [
    ...judgeBoot(report, generation),
    ...objections(
      [
        report.format === 'vhd' && (report.virtualSizeBytes ?? 0) > 2040 * GIB,
        refusal('is above 2040 GiB', 'Virtual Hard Disk Image Format Specification 1.0'),
      ],
      [
        saved,
        remark('says that it belongs to a saved state', 'Virtual Hard Disk Image Format Specification 1.0'),
      ],
    ),
  ];
}

/** Whether the firmware of a generation finds something to start. */
export function judgeBoot({ boot }: ImageReport, generation: 1 | 2): Objection[] {
  if (!boot) return [];
  const gpt = boot.partitionTable === 'gpt' && boot.efiSystemPartition;
  return objections(
    [
      generation === 1 && !boot.bootCode,
      refusal('has no boot code in its first sector: a BIOS finds nothing', HYPERV),
    ],
    [
      generation === 2 && !gpt,
      refusal('has no GPT with an EFI system partition: UEFI finds nothing', HYPERV),
    ],
  );
}
