import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LineState } from '../catalogue/channel-rules.ts';
import { checkManifest, checkReleaseFiles, isTemporary } from '../catalogue/check-release-files.ts';
import { checkWithdrawnFiles } from '../catalogue/check-withdrawn-files.ts';
import type { Finding } from '../catalogue/finding.ts';
import type { IndexedRelease } from '../catalogue/line-index.ts';
import { lineReleasesDirectory, releaseDirectory } from '../catalogue/paths.ts';
import { isSystemError } from '../host/files.ts';
import { readVersion } from '../versions/parse-version.ts';
import { identityOf, renderLong } from '../versions/version.ts';
import { inBatches } from './in-batches.ts';
import { readAllocation } from './read-line.ts';
import { passOver } from './read-line-views.ts';
import { readReleaseContent } from './read-release-content.ts';
import { recordedFilesOf, type RecordedFile } from './verify-content.ts';

/** What there is to the releases of a line. */
export interface ReleasesInspection {
  readonly count: number;
  readonly findings: readonly Finding[];
  /** LONGs that stand in their place, and whose filing was killed before the journal knew. */
  readonly unfiled: readonly string[];
  /** LONGs that are withdrawn, and whose files a kill left behind. */
  readonly withdrawing: readonly string[];
  readonly notes: readonly string[];
  readonly files: readonly RecordedFile[];
}

type OneInspection = Omit<ReleasesInspection, 'count'>;

const NOTHING: OneInspection = { findings: [], unfiled: [], withdrawing: [], notes: [], files: [] };

/** A release with its place in the journal. */
interface Filed {
  readonly release: IndexedRelease;
  readonly entry: number;
}

/** Looks at every directory of a line's releases, and for every release that has none. */
export async function inspectReleases(
  catalogue: string,
  line: string,
  state: LineState | undefined,
): Promise<ReleasesInspection> {
  const filed = filedReleases(state);
  const places = await listPlaces(catalogue, line);
  const missing = [...filed.keys()]
    .filter((long) => !places.some(({ name }) => name === long))
    .map((long) => ({ path: releaseDirectory(line, long), fault: 'is gone, though the journal knows it' }));
  const inspections = await inBatches(places, async (place) =>
    place.long === undefined
      ? strangePlace(line, place.name)
      : inspectOne(catalogue, line, place.long, {
          filed: filed.get(place.long),
          isKnown: state !== undefined,
        }).catch(toldAsGone(line, place.long)),
  );
  return {
    count: Math.max(filed.size, inspections.length),
    findings: [...missing, ...inspections.flatMap(({ findings }) => findings)],
    unfiled: inspections.flatMap(({ unfiled }) => unfiled),
    withdrawing: inspections.flatMap(({ withdrawing }) => withdrawing),
    notes: inspections.flatMap(({ notes }) => notes),
    files: inspections.flatMap(({ files }) => files),
  };
}

function filedReleases(state: LineState | undefined): Map<string, Filed> {
  const filed = new Map<string, Filed>();
  const releases = new Map(state?.index.releases.map((release) => [release.long, release]));
  for (const [entry, { action, ...rest }] of (state?.journal.entries ?? []).entries()) {
    if (action !== 'file' || !('release' in rest)) continue;
    const release = releases.get(rest.release.long);
    if (release !== undefined && !filed.has(release.long)) filed.set(release.long, { release, entry });
  }
  return filed;
}

interface Place {
  readonly name: string;
  /** Of a directory that is named like a release. */
  readonly long?: string;
}

async function listPlaces(catalogue: string, line: string): Promise<Place[]> {
  try {
    const entries = await readdir(join(catalogue, lineReleasesDirectory(line)), { withFileTypes: true });
    return entries.map((entry) => {
      const { name } = entry;
      const reading = readVersion(name, 'date');
      const identity = 'version' in reading ? identityOf(reading.version) : undefined;
      const isRelease = entry.isDirectory() && identity !== undefined && renderLong(identity) === name;
      return isRelease ? { name, long: name } : { name };
    });
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}

function strangePlace(line: string, name: string): OneInspection {
  const path = `${lineReleasesDirectory(line)}/${name}`;
  if (isTemporary(name)) return { ...NOTHING, notes: [`${path} was left by a kill`] };
  return { ...NOTHING, findings: [{ path, fault: 'is not the directory of a release' }] };
}

/** A filing that fails takes its directory back: whoever looks again will see. */
function toldAsGone(line: string, long: string): (error: unknown) => OneInspection {
  return (error) => {
    if (!isSystemError(error, 'ENOENT')) throw error;
    return { ...NOTHING, findings: [{ path: releaseDirectory(line, long), fault: 'went away' }] };
  };
}

/** Two things about a release: whether the journal knows it, and whether there is a journal that could. */
interface Knowledge {
  readonly filed: Filed | undefined;
  readonly isKnown: boolean;
}

async function inspectOne(
  catalogue: string,
  line: string,
  long: string,
  { filed, isKnown }: Knowledge,
): Promise<OneInspection> {
  const unknown = filed === undefined && isKnown ? await inspectUnknown(catalogue, line, long) : NOTHING;
  const { content, findings } = readReleaseContent(catalogue, { line, long }, filed?.release.manifestSha256);
  const directory = releaseDirectory(line, long);
  const temporaries = content.entries
    .filter(({ name }) => isTemporary(name))
    .map(({ name }) => `${directory}/${name} was left by a kill`);
  const manifest = checkManifest(content, filed?.release, filed?.entry ?? 0);
  const files = recordedFilesOf(content);
  if (filed?.release.withdrawn !== undefined) {
    const check = checkWithdrawnFiles(content);
    return {
      findings: [...findings, ...manifest, ...check.findings],
      unfiled: [],
      withdrawing: check.isUnfinished ? [long] : [],
      notes: temporaries,
      // What is about to go needs no reading.
      files: check.isUnfinished ? [] : files,
    };
  }
  return {
    findings: [...unknown.findings, ...findings, ...manifest, ...checkReleaseFiles(content)],
    unfiled: unknown.unfiled,
    withdrawing: [],
    notes: [...unknown.notes, ...temporaries],
    files,
  };
}

/** The allocation tells whether a filing was killed, or has not ended yet, or somebody put the directory there. */
async function inspectUnknown(catalogue: string, line: string, long: string): Promise<OneInspection> {
  const build = Number(long.split('.').at(-1));
  const allocation = await readAllocation(catalogue, line, build).catch(passOver);
  const isOurs = allocation?.version === long;
  if (isOurs && (allocation.state === 'reserved' || allocation.state === 'building')) {
    return { ...NOTHING, unfiled: [long] };
  }
  const state = isOurs ? `its version is ${allocation.state}` : 'nobody was given its version';
  const path = releaseDirectory(line, long);
  return { ...NOTHING, findings: [{ path, fault: `is in no journal; ${state}` }] };
}
