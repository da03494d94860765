import type { Output } from '../profiles/profile.ts';
import { OVA } from './format-ova.ts';
import { QCOW2 } from './format-qcow2.ts';
import { RAW } from './format-raw.ts';
import { VHD } from './format-vhd.ts';
import { VHDX } from './format-vhdx.ts';
import { VMDK } from './format-vmdk.ts';
import type { ImageFormat } from './image-format.ts';

/** Every format that images are written in, by the name that profiles use. */
export const IMAGE_FORMATS: Readonly<Record<Output['format'], ImageFormat>> = {
  qcow2: QCOW2,
  raw: RAW,
  vhd: VHD,
  vhdx: VHDX,
  vmdk: VMDK,
  ova: OVA,
};

/** An artifact's form for people: `qcow2 (zlib, compat 1.1)`, `vhd.bz2 (dynamic)`. */
export function describeOutput(output: Output): string {
  const facts = IMAGE_FORMATS[output.format].describe(output);
  return facts.length === 0 ? suffixOf(output) : `${suffixOf(output)} (${facts.join(', ')})`;
}

/** What file names end in: `qcow2`, `vhd.bz2`. */
export function suffixOf({ format, outer }: Pick<Output, 'format' | 'outer'>): string {
  return outer === 'none' ? format : `${format}.${outer}`;
}
