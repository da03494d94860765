import { describe, expect, test } from '@jest/globals';
import { withoutDeathWatch } from '../../../src/host/die-with-parent.ts';
import { guestfsCommand, type GuestfsCall } from '../../../src/workflows/guestfs-command.ts';

const CALL: GuestfsCall = { directory: '/runs/r', disk: 'disk.raw', method: 'in-place', accelerator: 'tcg' };

describe('virt-sparsify', () => {
  test('sees the run instead of /tmp when it is run by root', () => {
    const { command, args, env, name } = withoutDeathWatch(guestfsCommand(CALL, 1000, 0));
    expect([command, name]).toEqual(['unshare', 'virt-sparsify']);
    expect(args).toContain('--mount');
    expect(args.slice(-6)).toEqual([
      'virt-sparsify',
      '--quiet',
      '--format',
      'raw',
      '--in-place',
      '/mnt/disk.raw',
    ]);
    expect(env).toMatchObject({ TMPDIR: '/tmp', LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' });
  });

  test('is told of the run by its environment when it is run by a user', () => {
    const { command, args, env } = withoutDeathWatch(guestfsCommand(CALL, 1000, 1000));
    expect(command).toBe('virt-sparsify');
    expect(args.at(-1)).toBe('/runs/r/disk.raw');
    expect(env).toMatchObject({ XDG_RUNTIME_DIR: '/runs/r/tmp', LIBGUESTFS_CACHEDIR: '/var/tmp' });
  });

  test('is left to its own places where sockets would have too long a name', () => {
    const directory = `/${'r'.repeat(90)}`;
    expect(guestfsCommand({ ...CALL, directory }, 1000, 1000).env).not.toHaveProperty('XDG_RUNTIME_DIR');
  });

  test('copies when it is asked to, and uses KVM where there is one', () => {
    const { args, env } = guestfsCommand({ ...CALL, method: 'copy', accelerator: 'kvm' }, 1000, 1000);
    expect(args.slice(-2)).toEqual(['/runs/r/disk.raw', '/runs/r/disk.raw.sparse']);
    expect(args).toContain('--check-tmpdir');
    expect(env).not.toHaveProperty('LIBGUESTFS_BACKEND_SETTINGS');
  });
});
