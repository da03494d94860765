import { describe, expect, test } from '@jest/globals';
import { planReleaseFiles, renderReleaseLine, stampedTexts } from '../../../src/guest/release-stamp.ts';

const stamp = {
  imageId: 'cosmic-systemvm',
  imageVersion: '26.11.21-2.57',
  releaseLine: '26.11.21',
  releaseDate: '2026-11-21',
};
const releaseFiles = [{ path: '/etc/cosmic-release', brand: 'Cosmic' }];

test('the third word of a release line is the version', () => {
  expect(renderReleaseLine('Cosmic', stamp).split(' ')[2]).toBe('26.11.21');
});

describe('stampedTexts', () => {
  test('is what follows os-release, and every release file', () => {
    expect(stampedTexts(releaseFiles, stamp)).toEqual([
      {
        path: '/usr/lib/os-release',
        text: 'IMAGE_ID=cosmic-systemvm\nIMAGE_VERSION=26.11.21-2.57\n',
        place: 'end',
      },
      ...planReleaseFiles(releaseFiles, stamp),
    ]);
  });

  test('a release file holds its line and nothing else', () => {
    expect(planReleaseFiles(releaseFiles, stamp)).toEqual([
      { path: '/etc/cosmic-release', text: 'Cosmic Release 26.11.21 2026-11-21\n', place: 'whole' },
    ]);
  });
});
