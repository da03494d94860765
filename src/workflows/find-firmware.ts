import { access, constants, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KNOWN_FIRMWARE, parseFirmwareDescriptor, type Firmware } from '../guest/firmware.ts';

/** Where QEMU's firmware descriptors lie; a file of the first hides one of that name in the second. */
const DESCRIPTOR_DIRECTORIES = ['/etc/qemu/firmware', '/usr/share/qemu/firmware'];

/**
 * UEFI firmware that this host has for amd64 guests, with or without Secure Boot and enrolled keys: the first that
 * the descriptors name, in the order of their file names, else one where Debian keeps it. Undefined when there is none.
 *
 * @param root stands for `/` in descriptors' directories and in all paths; for tests
 */
export async function findFirmware(
  wanted: Pick<Firmware, 'secureBoot'>,
  root = '',
): Promise<Firmware | undefined> {
  const candidates = [...(await readDescriptors(root)), ...KNOWN_FIRMWARE];
  for (const firmware of candidates) {
    // Without enrolled keys, system management mode only costs time.
    if (firmware.secureBoot !== wanted.secureBoot || (firmware.needsSmm && !wanted.secureBoot)) continue;
    const here = { ...firmware, code: root + firmware.code, variables: root + firmware.variables };
    if ((await isReadable(here.code)) && (await isReadable(here.variables))) return here;
  }
  return undefined;
}

async function readDescriptors(root: string): Promise<Firmware[]> {
  const files = new Map<string, string>();
  for (const directory of DESCRIPTOR_DIRECTORIES) {
    const names = await readdir(root + directory).catch((): string[] => []);
    for (const name of names.filter((each) => each.endsWith('.json'))) {
      if (!files.has(name)) files.set(name, join(root + directory, name));
    }
  }
  const ordered = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const texts = await Promise.all(ordered.map(([, path]) => readFile(path, 'utf8').catch(() => '')));
  return texts.map(parseFirmwareDescriptor).filter((firmware) => firmware !== undefined);
}

function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}
