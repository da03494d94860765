import { describe, expect, test } from '@jest/globals';
import {
  allocationPath,
  artifactFileName,
  buildOfAllocationFile,
  failedDirectory,
  latestLink,
  latestTarget,
  lineIndexPath,
  longOfLatestTarget,
  releaseDirectory,
  requireLineName,
} from '../../../src/catalogue/paths.ts';

test('every place has one name', () => {
  expect(lineIndexPath('server')).toBe('lines/server/index.json');
  expect(allocationPath('server', 57)).toBe('lines/server/alloc/57.json');
  expect(releaseDirectory('server', '26.11.21-2.57')).toBe('releases/server/26.11.21-2.57');
  expect(failedDirectory('server', '26.11.21-2.57')).toBe('failed/server/26.11.21-2.57');
  expect(latestLink('server')).toBe('latest/server');
  expect(latestTarget('server', '26.11.21-2.57')).toBe('../releases/server/26.11.21-2.57');
});

describe('no text leads out of the catalogue', () => {
  const rows: readonly { line: string; because: string }[] = [
    { line: '..', because: 'the parent' },
    { line: '../releases', because: 'another area' },
    { line: '/etc', because: 'an absolute path' },
    { line: 'a/../../b', because: 'a way round' },
    { line: '', because: 'the area itself' },
  ];
  test.each(rows)('$line: $because', ({ line }) => {
    const refused = expect.objectContaining({ kind: 'usage', code: 'E_LINE_NAME' });
    expect(() => requireLineName(line)).toThrow(refused);
    expect(() => releaseDirectory(line, '26.11.21-2.57')).toThrow(refused);
    expect(() => allocationPath(line, 1)).toThrow(refused);
  });

  test.each(['..', '26.11.21', '26.11.21-2', '26.11.21-2.57/..', 'latest'])('the version %s', (long) => {
    expect(() => releaseDirectory('server', long)).toThrow(
      expect.objectContaining({ code: 'E_VERSION_INVALID' }),
    );
  });
});

describe('the BUILD of an allocation file', () => {
  const rows: readonly { name: string; is: number | undefined; because: string }[] = [
    { name: '57.json', is: 57, because: 'the usual name' },
    { name: '057.json', is: undefined, because: 'one BUILD has one name' },
    { name: '0.json', is: undefined, because: 'BUILD starts at 1' },
    { name: '.57.json.1a2b3c4d.tmp', is: undefined, because: 'it is not complete' },
    { name: '57.json~', is: undefined, because: 'editors leave such things' },
    { name: '1000000000.json', is: undefined, because: 'BUILD has nine digits' },
  ];
  test.each(rows)('$name: $because', ({ name, is }) => {
    expect(buildOfAllocationFile(name)).toBe(is);
  });
});

describe('artifact names', () => {
  const disk = {
    name: 'server',
    long: '26.11.21-2.57',
    arch: 'x86_64',
    target: 'kvm',
    format: 'qcow2',
  } as const;

  test('say what they are', () => {
    expect(artifactFileName(disk)).toBe('server_26.11.21-2.57_x86_64-kvm.qcow2');
    expect(artifactFileName({ ...disk, format: 'vhd', outer: 'bz2' })).toBe(
      'server_26.11.21-2.57_x86_64-kvm.vhd.bz2',
    );
  });

  test('are plain file names', () => {
    expect(() => artifactFileName({ ...disk, name: '../x' })).toThrow(RangeError);
    expect(() => artifactFileName({ ...disk, target: 'a b' })).toThrow(RangeError);
  });
});

test('only our own links count', () => {
  expect(longOfLatestTarget('server', '../releases/server/26.11.21-2.57')).toBe('26.11.21-2.57');
  expect(longOfLatestTarget('server', '../releases/kvm/26.11.21-2.57')).toBeUndefined();
  expect(longOfLatestTarget('server', '/srv/elsewhere')).toBeUndefined();
});
