import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { newestIndexSeconds } from '../bases/closure.ts';
import { artifactFileName } from '../catalogue/paths.ts';
import { Failure, type FailureFact } from '../errors/failure.ts';
import { sha256OfFile } from '../host/digest-file.ts';
import { collectGarbage } from '../host/garbage.ts';
import type { ReleaseArtifact, SkippedArtifact } from '../manifests/release.ts';
import { DEFAULT_MACHINE } from '../profiles/defaults.ts';
import { outputsOf, type PlannedOutput } from '../profiles/outputs.ts';
import { isMapping } from '../schemas/document-path.ts';
import { machineArchitecture } from '../values/architecture.ts';
import { renderByteSize } from '../values/byte-size.ts';
import { digestOfValue } from '../values/digest.ts';
import type { BuildScene, ReservedBuild } from './build-scene.ts';
import type { Conversion, ConvertedDisk } from './convert-disk.ts';
import { convertSideBySide, type ConversionResult } from './convert-side-by-side.ts';
import type { FinishedDisk } from './finish-disk.ts';
import { describeOutput, suffixOf } from './image-formats.ts';
import { readSourceDisk } from './source-disk.ts';
import type { Stage } from './stage-runner.ts';

/** Artifacts in the run's own directory; the catalogue gets links to them, or copies. */
export interface ConvertedBuild {
  readonly directory: string;
  readonly artifacts: readonly ReleaseArtifact[];
  readonly skipped: readonly SkippedArtifact[];
}

/** A conversion, and the artifact of the profile that it makes. */
interface ArtifactConversion extends Conversion {
  readonly planned: PlannedOutput;
}

/** Stage `convert`: every artifact of every target, side by side from one disk, each checked against it. */
export function convertStage(
  scene: BuildScene,
  disk: FinishedDisk,
  reserved: ReservedBuild,
): Stage<ConvertedBuild> {
  const { plan, context, run } = scene;
  const directory = run.file('release');
  const conversions = planConversions(scene, reserved, directory);
  const recipes = conversions.map(({ recipe, fileName }) => ({ recipe, fileName }));
  return {
    name: 'convert',
    input: digestOfValue({ disk: disk.digest, recipes }),
    run: async (onProgress) => {
      // The threads of a conversion need memory of their own, beside what reading the guest has left.
      collectGarbage('all');
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory);
      const source = await readSourceDisk(disk.path, context, disk.digest);
      const { run: runProgram, clock, signal } = context;
      const results = await convertSideBySide(source, conversions, {
        run: runProgram,
        clock,
        signal,
        onProgress,
      }).catch((error: unknown) => {
        throw withBiggest(error, disk);
      });
      const sorted = sortResults(results);
      for (const { target, format, reason } of sorted.skipped) {
        context.emit({ type: 'warning', text: `${target} ${format} is left out: ${reason}` });
      }
      return { directory, ...sorted };
    },
    summarize: ({ artifacts, skipped }) => summarize(plan.profile, artifacts, skipped),
    restore: async (recorded) => restoreBuild(recorded, directory, context.signal),
    record: ({ artifacts, skipped }) => ({ artifacts, skipped }),
  };
}

function planConversions(
  { plan }: BuildScene,
  { reservation }: ReservedBuild,
  directory: string,
): ArtifactConversion[] {
  const { profile, closure } = plan;
  const { name } = profile.template;
  const { long } = reservation;
  const arch = machineArchitecture(profile.os.architecture);
  return outputsOf(profile).map((planned) => {
    const { target, output, options } = planned;
    const artifact = { name, long, arch, target, format: output.format };
    const imageName = artifactFileName(artifact);
    return {
      planned,
      label: `${target} ${suffixOf(output)}`,
      directory,
      imageName,
      fileName: output.outer === 'none' ? imageName : artifactFileName({ ...artifact, outer: output.outer }),
      recipe: {
        output,
        hypervisor: target,
        createdSeconds: newestIndexSeconds(closure),
        name: `${name}-${long}`,
        machine: options.machine ?? DEFAULT_MACHINE,
        // A disk for both is started as older machines do.
        firmware: profile.disk.layout === 'uefi' ? 'efi' : 'bios',
        secureBoot: profile.disk.layout === 'uefi' && profile.disk.secureBoot,
      },
    };
  });
}

function sortResults(
  results: readonly ConversionResult<ArtifactConversion>[],
): Pick<ConvertedBuild, 'artifacts' | 'skipped'> {
  const artifacts = results.flatMap((result) =>
    'made' in result ? [describeArtifact(result.conversion, result.made)] : [],
  );
  const skipped = results.flatMap((result) => {
    if ('made' in result) return [];
    const { target, output } = result.conversion.planned;
    return [{ target, format: output.format, reason: result.skipped.message }];
  });
  const [first] = results;
  // A release of nothing helps nobody.
  if (artifacts.length === 0 && first && 'skipped' in first) throw first.skipped;
  return { artifacts, skipped };
}

function describeArtifact({ planned, fileName }: ArtifactConversion, made: ConvertedDisk): ReleaseArtifact {
  const { sizeBytes, sha256, sha512, md5, virtualSizeBytes, uncompressed } = made;
  const { target, output } = planned;
  return {
    role: 'disk',
    target,
    format: output.format,
    file: fileName,
    sizeBytes,
    sha256,
    sha512,
    md5,
    virtualSizeBytes,
    compression: output.compression,
    ...(output.outer === 'none' ? {} : { outer: output.outer }),
    ...(uncompressed === undefined ? {} : { uncompressed }),
  };
}

/** `qcow2 (zlib, compat 1.1), vhd.bz2 (dynamic), ova; skipped vhdx.zip` */
function summarize(
  profile: BuildScene['plan']['profile'],
  artifacts: readonly ReleaseArtifact[],
  skipped: readonly SkippedArtifact[],
): string {
  const outputs = outputsOf(profile);
  const nameOf = ({ target, format }: { readonly target: string; readonly format: string }): string => {
    const planned = outputs.find((each) => each.target === target && each.output.format === format);
    return planned === undefined ? format : describeOutput(planned.output);
  };
  const made = artifacts.map(nameOf).join(', ');
  return skipped.length === 0 ? made : `${made}; skipped ${skipped.map(nameOf).join(', ')}`;
}

/** How many directories and packages a disk that is too large is explained with. */
const SHOWN = 8;

/** A failure for size says what the size is made of. */
function withBiggest(error: unknown, { content }: FinishedDisk): unknown {
  if (!(error instanceof Failure) || error.code !== 'E_SIZE_BUDGET') return error;
  const directories = content.directorySizes
    .filter(({ path }) => path !== '/')
    .map(({ path, sizeBytes }) => ({ name: path, sizeBytes }));
  const packages = content.packagesBySize.map(({ name, installedSizeKiB }) => ({
    name,
    sizeBytes: installedSizeKiB * 1024,
  }));
  const { kind, code, message, hint, details, evidence, cause } = error;
  return new Failure(kind, code, message, {
    ...(hint === undefined ? {} : { hint }),
    facts: [...error.facts, listSizes('directories', directories), listSizes('packages', packages)],
    details,
    evidence: { ...evidence, directories: directories.slice(0, SHOWN), packages: packages.slice(0, SHOWN) },
    cause,
  });
}

/** Sizes are of files as they are, before compression. */
function listSizes(
  label: string,
  sizes: readonly { readonly name: string; readonly sizeBytes: number }[],
): FailureFact {
  const lines = sizes
    .slice(0, SHOWN)
    .map(({ name, sizeBytes }) => `${renderByteSize(sizeBytes).padStart(9)}  ${name}`);
  return { label, lines };
}

/** Recorded artifacts whose files still have their digests. */
async function restoreBuild(
  recorded: unknown,
  directory: string,
  signal: AbortSignal,
): Promise<ConvertedBuild | undefined> {
  if (!isMapping(recorded)) return undefined;
  const artifacts = listIn(recorded['artifacts'], isArtifact);
  const skipped = listIn(recorded['skipped'], isSkipped);
  if (artifacts === undefined || skipped === undefined) return undefined;
  for (const { file, sha256 } of artifacts) {
    const found = await sha256OfFile(join(directory, file), signal).catch(() => undefined);
    signal.throwIfAborted();
    if (found !== sha256) return undefined;
  }
  return { directory, artifacts, skipped };
}

function listIn<T>(value: unknown, isMember: (member: unknown) => member is T): T[] | undefined {
  return Array.isArray(value) && value.every(isMember) ? value : undefined;
}

function isArtifact(value: unknown): value is ReleaseArtifact {
  return isMapping(value) && typeof value['file'] === 'string' && typeof value['sha256'] === 'string';
}

function isSkipped(value: unknown): value is SkippedArtifact {
  return isMapping(value) && typeof value['target'] === 'string' && typeof value['reason'] === 'string';
}
