import { Failure } from '../errors/failure.ts';

/**
 * The failure for a value in an ext4 file system that cannot be right.
 *
 * @param field what the value is called, such as `inode 12 extent depth`
 * @param offset byte in the volume at which the structure begins
 * @param found the value, and `rule` what it should have been
 */
export function damaged(field: string, offset: number, found: number | string, rule: string): Failure {
  return new Failure(
    'image-test',
    'E_EXT4_DAMAGED',
    `ext4 file system is damaged: ${field} at byte ${offset} is ${found}, ${rule}`,
    { evidence: { field, offset, found }, hint: 'check the file system with `e2fsck -fn`' },
  );
}

/** The failure for a file system that is sound but uses what this reader does not read. */
export function unsupported(what: string, hint = 'an image with ordinary ext4 features is needed'): Failure {
  return new Failure('image-test', 'E_EXT4_UNSUPPORTED', `ext4 file system cannot be read: ${what}`, {
    hint,
  });
}

/** The failure for a path that does not lead to what was asked for. */
export function noSuchPath(path: string, wanted: string): Failure {
  return new Failure('image-test', 'E_EXT4_NO_SUCH_PATH', `the file system has no ${wanted} ${path}`, {
    evidence: { path },
  });
}
