import { gunzipSync, crc32 } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { GZIP_HEADER, renderGzipTrailer } from '../../../src/disks/gzip-stream.ts';
import { STREAM_END } from '../../../src/host/deflate-worker.ts';

test('the header has no name, no time and no system', () => {
  expect(Buffer.from(GZIP_HEADER).toString('hex')).toBe('1f8b08000000000000ff');
});

test.each([
  { sizeBytes: 5, last: '05000000', because: 'numbers are little-endian' },
  { sizeBytes: 2 ** 32 + 7, last: '07000000', because: 'the size is cut to 32 bits' },
])('the trailer of $sizeBytes bytes: $because', ({ sizeBytes, last }) => {
  const trailer = renderGzipTrailer({ crc32: 0x01020304, sizeBytes });
  expect(Buffer.from(trailer).toString('hex')).toBe(`04030201${last}`);
});

test('the smallest stream holds nothing', () => {
  const trailer = renderGzipTrailer({ crc32: crc32(''), sizeBytes: 0 });
  expect(gunzipSync(Buffer.concat([GZIP_HEADER, STREAM_END, trailer])).length).toBe(0);
});
