import type { PackerDialect } from '../../src/packer/dialect.ts';
import { run } from '../../src/host/run.ts';
import { findPackerIfAny, type InstalledPacker } from '../../src/workflows/find-packer.ts';

// A cache that cannot be made: nothing is remembered between runs of the tests.
const nowhere = '/dev/null/cache';
const context = {
  environment: {},
  run,
  signal: new AbortController().signal,
  directories: { cache: nowhere, state: nowhere },
};
const named = process.env['MINTMARK_PACKER'];

const found = [
  await findPackerIfAny('packer', context),
  named === undefined ? undefined : await findPackerIfAny(named, context),
];

/** The real Packer of each dialect: the one on PATH, and the one that `MINTMARK_PACKER` names. */
export const PACKERS: Readonly<Record<PackerDialect['name'], InstalledPacker | undefined>> = {
  classic: found.find((packer) => packer?.dialect.name === 'classic'),
  modern: found.find((packer) => packer?.dialect.name === 'modern'),
};

for (const [dialect, packer] of Object.entries(PACKERS)) {
  if (packer !== undefined) continue;
  process.stderr.write(
    `skipped: ${dialect} projects on their Packer: neither PATH nor MINTMARK_PACKER has one\n`,
  );
}
