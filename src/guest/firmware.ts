import { isMapping } from '../schemas/document-path.ts';

/** UEFI firmware for QEMU: code that is only read, and the variables that a machine begins with. */
export interface Firmware {
  /** Path of the code. */
  readonly code: string;
  /** Path of the template of the variables; a machine needs a copy of its own. */
  readonly variables: string;
  readonly format: 'raw' | 'qcow2';
  /** Whether it starts only what is signed, by keys that are enrolled in the variables. */
  readonly secureBoot: boolean;
  /** Whether it keeps its variables from the guest by system management mode. */
  readonly needsSmm: boolean;
}

const OVMF = '/usr/share/OVMF';

const pair = (code: string, variables: string, secureBoot: boolean): Firmware => ({
  code: `${OVMF}/OVMF_CODE${code}.fd`,
  variables: `${OVMF}/OVMF_VARS${variables}.fd`,
  format: 'raw',
  secureBoot,
  needsSmm: secureBoot,
});

/**
 * Where packages of Debian and Ubuntu have put OVMF through the years, the newest first; the images of 2 MiB are gone
 * since Debian 13. In `.ms` variables Microsoft's keys are enrolled, by which Debian's shim is signed.
 */
export const KNOWN_FIRMWARE: readonly Firmware[] = [
  pair('_4M', '_4M', false),
  pair('', '', false),
  pair('_4M.ms', '_4M.ms', true),
  pair('_4M.secboot', '_4M.ms', true),
  pair('.ms', '.ms', true),
  pair('.secboot', '.ms', true),
];

/**
 * What a firmware descriptor of QEMU (`docs/interop/firmware.json`) tells of UEFI firmware for amd64 machines.
 * Undefined for other firmware, such as BIOS, for other machines, or not split in code and variables, and for a text
 * that is no descriptor: a file of another package must not end a build.
 */
export function parseFirmwareDescriptor(text: string): Firmware | undefined {
  const document = parseJson(text);
  const mapping = memberOf(document, 'mapping');
  const [executable, template] = [memberOf(mapping, 'executable'), memberOf(mapping, 'nvram-template')];
  const [code, variables] = [memberOf(executable, 'filename'), memberOf(template, 'filename')];
  const format = memberOf(template, 'format');
  const architectures = listOf(document, 'targets').map((target) => memberOf(target, 'architecture'));
  if (!listOf(document, 'interface-types').includes('uefi') || !architectures.includes('x86_64'))
    return undefined;
  if (typeof code !== 'string' || typeof variables !== 'string') return undefined;
  if ((format !== 'raw' && format !== 'qcow2') || memberOf(executable, 'format') !== format) return undefined;
  const features = listOf(document, 'features');
  return {
    code,
    variables,
    format,
    secureBoot: features.includes('secure-boot') && features.includes('enrolled-keys'),
    needsSmm: features.includes('requires-smm'),
  };
}

/**
 * QEMU's arguments for a machine with this firmware. It brings the machine type along: system management mode exists
 * on q35 only, and without it the variables would not be safe from the guest.
 *
 * @param variables the machine's own copy of the variables
 */
export function firmwareArguments(firmware: Firmware, variables: string): string[] {
  const flash = (unit: number, file: string, access: string): string[] => {
    const escaped = file.replaceAll(',', ',,');
    return ['-drive', `if=pflash,unit=${unit},format=${firmware.format}${access},file=${escaped}`];
  };
  const smm = ['-machine', 'q35,smm=on', '-global', 'driver=cfi.pflash01,property=secure,value=on'];
  return [
    ...(firmware.needsSmm ? [...smm, '-global', 'ICH9-LPC.disable_s3=1'] : ['-machine', 'pc']),
    ...flash(0, firmware.code, ',readonly=on'),
    ...flash(1, variables, ''),
  ];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return isMapping(value) ? value[name] : undefined;
}

function listOf(value: unknown, name: string): readonly unknown[] {
  const member = memberOf(value, name);
  return Array.isArray(member) ? member : [];
}
