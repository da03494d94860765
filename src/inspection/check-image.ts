import type { ByteSource } from '../values/byte-source.ts';
import { checkOva } from './check-ova.ts';
import { checkQcow2 } from './check-qcow2.ts';
import { checkRaw } from './check-raw.ts';
import { checkVhd } from './check-vhd.ts';
import { checkVhdx } from './check-vhdx.ts';
import { checkVmdk } from './check-vmdk.ts';
import { detectFormat } from './detect-format.ts';
import { ImageCheck, type CheckOptions } from './image-check.ts';
import type { CheckedFormat, Findings, ImageFormat, ImageReport } from './image-report.ts';

/** The checker of each format whose inside is looked at. */
const CHECKERS: Readonly<Record<CheckedFormat, (check: ImageCheck) => Promise<Findings>>> = {
  qcow2: checkQcow2,
  vhd: checkVhd,
  vmdk: checkVmdk,
  vhdx: checkVhdx,
  raw: checkRaw,
  ova: (check) => checkOva(check, (source, options) => checkImage(source, options)),
};

/** Formats that are recognised and refused, with the reason. */
const REFUSED: Readonly<Partial<Record<ImageFormat, string>>> = {
  empty: 'is empty: 0 bytes',
  tar: 'is a tar archive whose first file is no .ovf: no appliance',
  iso: 'is an ISO 9660 image, no disk',
  qcow1: 'is a qcow of version 1, which current QEMU reads with a warning and nobody else',
  vdi: "is VirtualBox's VDI, which is not taken",
  qed: "is QEMU's QED, which is not taken",
  luks: 'is an encrypted LUKS volume, which is not taken',
  parallels: 'is a Parallels disk, which is not taken',
  dmg: 'is an Apple disk image, which is not taken',
};

/** Whether the inside of a format is looked at. */
function isChecked(format: ImageFormat): format is CheckedFormat {
  return Object.hasOwn(CHECKERS, format);
}

/**
 * Finds out what an image is and checks it by the rules of its format. All faults are in the report; raised are only
 * the source's own failures and the signal's reason.
 * @param format to be taken for granted, instead of what the content looks like: what another image says of this one
 */
export async function checkImage(
  source: ByteSource,
  options: CheckOptions,
  format?: CheckedFormat,
): Promise<ImageReport> {
  const check = new ImageCheck(source, options);
  const found = await detectFormat(source);
  const taken = format ?? found;
  if (format !== undefined && format !== 'raw' && format !== found) {
    check.damage(0, 'format', `looks like ${found}, not ${format}`);
  }
  const refused = REFUSED[taken];
  if (refused !== undefined) check.damage(0, 'format', refused);
  const findings =
    isChecked(taken) && (taken === 'raw' || taken === found) ? await CHECKERS[taken](check) : {};
  return {
    features: [],
    identifiers: {},
    references: [],
    disks: [],
    ...findings,
    format: taken,
    fileSizeBytes: source.sizeBytes,
    checksums: check.checksums,
    faults: check.faults,
    furtherFaults: check.furtherFaults,
    deep: options.deep,
  };
}
