import { CLOUDSTACK_CONSUMERS } from './cloudstack-consumers.ts';
import {
  isOneOf,
  judgeImage,
  objections,
  refusal,
  remark,
  wrongFormat,
  type Consumer,
  type Objection,
  type Verdict,
} from './consumer.ts';
import { HYPERVISOR_CONSUMERS, judgeBoot } from './hypervisor-consumers.ts';
import type { ImageReport } from './image-report.ts';

const MIB = 1024 * 1024;
const TIB = 1024 * 1024 * MIB;

/** Everybody whose answer is known, in the order people read it. */
const CONSUMERS: readonly Consumer[] = [
  ...CLOUDSTACK_CONSUMERS,
  ...HYPERVISOR_CONSUMERS,
  { id: 'azure', name: 'Azure', judge: judgeForAzure },
  { id: 'glance', name: 'OpenStack Glance', judge: judgeForGlance },
];

/** What each consumer would say of an image. */
export function judgeForAll(report: ImageReport): Verdict[] {
  return CONSUMERS.map((consumer) => judgeImage(consumer, report));
}

const AZURE = 'Azure: prepare a VHD for upload';

function judgeForAzure(report: ImageReport): Objection[] {
  if (!isOneOf(report, ['vhd fixed'])) return [wrongFormat(report, 'a fixed VHD', AZURE)];
  const size = report.virtualSizeBytes ?? 0;
  const [first, second] = [judgeBoot(report, 1), judgeBoot(report, 2)];
  const hopeless = first.length > 0 && second.length > 0;
  const only = first.length > 0 ? 'V2' : 'V1';
  return objections(
    [size % MIB !== 0, refusal(`has ${size} bytes, not whole MiB`, AZURE)],
    [
      size < 20 * MIB || size > 32 * TIB,
      refusal('is not from 20 MiB to 32 TiB', 'az disk create --upload-size-bytes'),
    ],
    [hopeless, refusal('has neither boot code nor an EFI system partition', AZURE)],
    [
      !hopeless && first.length + second.length > 0,
      remark(`boots as hyper-v-generation ${only} only`, 'az disk create --hyper-v-generation'),
    ],
  );
}

const GLANCE = 'OpenStack oslo.utils format_inspector.py';
const GLANCE_FORMATS = [
  'qcow2',
  'raw',
  'vhd',
  'vhdx',
  'vmdk monolithicSparse',
  'vmdk streamOptimized',
  'iso',
  'ova',
];

function judgeForGlance(report: ImageReport): Objection[] {
  if (!isOneOf(report, GLANCE_FORMATS)) {
    return [wrongFormat(report, GLANCE_FORMATS.join(', '), GLANCE)];
  }
  const unknown = report.features.some((feature) => /^unknown incompatible|^extended L2/.test(feature));
  return objections(
    [report.format === 'qcow2' && unknown, refusal('has unknown qcow2 features', GLANCE)],
    [
      isOneOf(report, ['vhd fixed']),
      remark('is told from raw by a footer at its end, which Glance does not read', GLANCE),
    ],
    [
      report.format === 'ova',
      remark('goes in with container format ova, and is not unpacked', 'Glance formats.rst'),
    ],
    [
      report.format === 'vmdk',
      remark('needs vmware_disktype and vmware_adaptertype', 'Nova VMware driver guide'),
    ],
  );
}
