import { expect, test } from '@jest/globals';
import { groupUpdates, newerSources } from '../../../src/catalogue/source-changes.ts';
import { sampleDiff } from './sample-releases.ts';

const { packages } = sampleDiff();
if (!packages.known) throw new Error('the sample has packages');

test('packages of one source and the same versions are one update', () => {
  expect(groupUpdates(packages.upgraded)).toMatchObject([
    { source: 'openssl', packages: ['libssl3t64', 'openssl'], from: '3.5.1-1', to: '3.5.2-1' },
  ]);
});

test('packages of one source with other versions are another update', () => {
  const [first, second] = packages.upgraded;
  if (!first || !second) throw new Error('the sample has two');
  expect(groupUpdates([first, { ...second, from: '1' }])).toHaveLength(2);
});

test('what took the place of another counts as newer, too', () => {
  const [entry] = packages.added;
  if (!entry) throw new Error('the sample has one');
  const added = [{ ...entry, replaces: { name: 'curl7', version: '7' } }];
  expect(newerSources({ ...packages, added }).map(({ source }) => source)).toEqual(['openssl', 'curl']);
});
