import {
  isOneOf,
  objections,
  refusal,
  remark,
  wrongFormat,
  type Consumer,
  type Objection,
} from './consumer.ts';
import { judgeForHyperV, judgeForVSphere, judgeForXenServer } from './hypervisor-consumers.ts';
import type { ImageFormat, ImageReport } from './image-report.ts';

/** Compressions that may be around a template. */
const OUTER: readonly ImageFormat[] = ['gzip', 'bzip2', 'xz', 'zip'];
const OUTER_SOURCE = 'CloudStack UriUtils, createtmplt.sh; issues 7701, 13175, 13176';
const FORMAT_SOURCE = 'CloudStack SystemVmTemplateRegistration: format of each hypervisor';

/** What CloudStack's management server and hosts do with a template, by hypervisor. */
export const CLOUDSTACK_CONSUMERS: readonly Consumer[] = [
  { id: 'cloudstack-kvm', name: 'CloudStack, KVM', judge: throughOuter(judgeForKvm) },
  { id: 'cloudstack-xenserver', name: 'CloudStack, XenServer', judge: throughOuter(judgeForXen) },
  { id: 'cloudstack-vmware', name: 'CloudStack, VMware', judge: throughOuter(judgeForVmware) },
  { id: 'cloudstack-hyperv', name: 'CloudStack, Hyper-V', judge: throughOuter(judgeForHyperv) },
];

/** A compressed file can be downloaded, and nothing is known of what is inside. */
function throughOuter(judge: Consumer['judge']): Consumer['judge'] {
  return (report) => {
    if (report.format === 'zstd') return [refusal('is compressed with zstd', OUTER_SOURCE)];
    if (!OUTER.includes(report.format)) return judge(report);
    const text = `is unpacked (${report.format}) after a download, refused as an upload; what is inside was not looked at`;
    return [remark(text, OUTER_SOURCE)];
  };
}

function wants(report: ImageReport, formats: readonly string[], called: string): Objection[] {
  if (isOneOf(report, formats)) return [];
  return [wrongFormat(report, called, FORMAT_SOURCE)];
}

function judgeForKvm(report: ImageReport): Objection[] {
  const has = (feature: string): boolean => report.features.includes(feature);
  const unknown = report.features.some((feature) => /^unknown incompatible|^extended L2/.test(feature));
  const inspector = 'CloudStack Qcow2Inspector';
  return [
    ...wants(report, ['qcow2', 'raw'], 'qcow2 or raw'),
    ...objections(
      [report.format === 'qcow2' && unknown, refusal('has incompatible features from bit 4 on', inspector)],
      [has('zstd'), remark('passes, but KVM hosts need QEMU 5.1 or later for zstd', inspector)],
      [has('encrypted'), remark('is encrypted, and hosts have no key', 'docs/interop/qcow2, crypt_method')],
    ),
  ];
}

function judgeForXen(report: ImageReport): Objection[] {
  const fixed = isOneOf(report, ['vhd fixed']);
  return [
    ...wants(report, ['vhd'], 'VHD'),
    ...objections([
      fixed,
      remark('is fixed: its size is taken from the file, 512 bytes too many', 'CloudStack VhdProcessor'),
    ]),
    ...(report.format === 'vhd' ? judgeForXenServer(report) : []),
  ];
}

function judgeForVmware(report: ImageReport): Objection[] {
  const machine = report.features.includes('firmware efi');
  return [
    ...wants(report, ['ova'], 'OVA'),
    ...objections([
      machine,
      remark('boots by EFI; a virtual router has to boot by BIOS', 'CloudStack issue 8734'),
    ]),
    ...(report.format === 'ova' ? judgeForVSphere(report) : []),
  ];
}

function judgeForHyperv(report: ImageReport): Objection[] {
  const vhdx = report.format === 'vhdx';
  return [
    ...wants(report, ['vhd', 'vhdx'], 'VHD or VHDX'),
    ...objections([vhdx, remark('is taken for users, but a system VM template must be VHD', FORMAT_SOURCE)]),
    ...(isOneOf(report, ['vhd', 'vhdx']) ? judgeForHyperV(report, 1) : []),
  ];
}
