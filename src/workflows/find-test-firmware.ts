import { Failure } from '../errors/failure.ts';
import type { Firmware } from '../guest/firmware.ts';
import type { ReleaseGuest } from '../manifests/release.ts';
import { findFirmware } from './find-firmware.ts';

/**
 * The firmware for a machine that boots this disk; undefined for SeaBIOS, which QEMU brings along. With Secure Boot where
 * the disk promises that. Raises `E_NO_FIRMWARE` (host) where there is none.
 */
export async function findTestFirmware(
  kind: 'bios' | 'efi',
  { secureBoot }: ReleaseGuest['disk'],
): Promise<Firmware | undefined> {
  if (kind === 'bios') return undefined;
  const firmware = await findFirmware({ secureBoot });
  if (firmware !== undefined) return firmware;
  const what = secureBoot ? 'UEFI firmware with Secure Boot and Microsoft’s keys' : 'UEFI firmware';
  throw new Failure('host', 'E_NO_FIRMWARE', `this machine has no ${what} for QEMU`, {
    hint: 'apt-get install ovmf, or leave the tests out with --no-test',
  });
}
