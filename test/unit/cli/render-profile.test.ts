import { expect, test } from '@jest/globals';
import { renderProfile } from '../../../src/cli/render-profile.ts';
import { PLAIN_STYLE } from '../../../src/cli/text-style.ts';

test('a profile is shown value by value, with where each came from', () => {
  const profile = { name: 'edge', disk: { sizeMiB: 8192 }, packages: { include: ['vim'], exclude: [] } };
  const origins = new Map([
    ['.name', 'edge.yaml'],
    ['.disk.sizeMiB', '--set'],
    ['.packages.include[0]', 'edge.yaml'],
  ]);
  expect(renderProfile(profile, origins, { width: 80, style: PLAIN_STYLE }).split('\n')).toEqual([
    '.name                 "edge"  edge.yaml',
    '.disk.sizeMiB         8192    --set',
    '.packages.include[0]  "vim"   edge.yaml',
    '.packages.exclude     []      default',
  ]);
});
