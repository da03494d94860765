import type { Profile } from '../profiles/profile.ts';
import { planReleaseFiles, type ReleaseStamp } from './release-stamp.ts';

/** A file that the finish machine gets, by its path in the initramfs. */
export interface FinishFile {
  readonly path: string;
  readonly data: string;
  readonly mode?: number;
}

/** Who the finished disk is, and what it is told about where packages come from. */
export interface GuestIdentity extends ReleaseStamp {
  /** Package sources that the build put in place. */
  readonly builtSources: string;
  /** Package sources that the guest keeps. */
  readonly guestSources: string;
}

/** Word on the console by which the finish machine says that all went well; see `provisioners/microvm/init.sh`. */
export const FINISHED_MARKER = 'MINTMARK-FINISHED';
/** Word on the console before the reason when it did not. */
export const FAILED_MARKER = 'MINTMARK-FAILED';

/**
 * The inputs of `provisioners/finish/finish.sh`, for an initramfs archive that is appended to the microvm's own.
 *
 * @param script text of `finish.sh`
 */
export function planFinishFiles(profile: Profile, identity: GuestIdentity, script: string): FinishFile[] {
  return [
    { path: 'finish/finish.sh', data: script, mode: 0o755 },
    { path: 'finish/image-id', data: identity.imageId },
    { path: 'finish/image-version', data: identity.imageVersion },
    { path: 'finish/sources.built', data: identity.builtSources },
    { path: 'finish/sources.guest', data: identity.guestSources },
    { path: 'finish/keep-locales', data: profile.finish.keepLocales.map((locale) => `${locale}\n`).join('') },
    ...(profile.finish.sparsify === 'none' ? [{ path: 'finish/no-trim', data: '' }] : []),
    ...(profile.finish.removeDocs ? [{ path: 'finish/remove-docs', data: '' }] : []),
    ...planReleaseFiles(profile.guest.releaseFiles, identity).flatMap(({ path, text }, index) => [
      { path: `finish/release-files/${index}/path`, data: path },
      { path: `finish/release-files/${index}/text`, data: text },
    ]),
  ];
}

/** What the finish machine runs on. */
export interface FinishMachine {
  readonly accelerator: 'kvm' | 'tcg';
  readonly kernel: string;
  readonly initrd: string;
  /** Raw disk image. */
  readonly disk: string;
  readonly rootUuid: string;
}

/** QEMU's arguments for the finish machine: one disk, one serial line on standard output, no network. */
export function finishMachineArguments(machine: FinishMachine): string[] {
  const file = machine.disk.replaceAll(',', ',,');
  const append = [
    `root=UUID=${machine.rootUuid}`,
    'mintmark.mode=finish',
    'console=ttyS0',
    'panic=-1',
    'loglevel=4',
  ];
  return [
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ['-machine', 'pc', '-accel', machine.accelerator],
    ['-cpu', machine.accelerator === 'kvm' ? 'host' : 'max', '-m', '512', '-smp', '1'],
    ['-kernel', machine.kernel, '-initrd', machine.initrd, '-append', append.join(' ')],
    ['-drive', `file=${file},format=raw,if=virtio,cache=unsafe,discard=unmap,detect-zeroes=unmap`],
    ['-serial', 'stdio'],
  ].flat();
}
