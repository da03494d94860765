import type { Fault } from '../errors/fault.ts';
import type { MachineArchitecture } from '../values/architecture.ts';
import { parseIsoDate, renderIsoDate } from '../values/calendar-date.ts';
import { renderForms, type VersionForms, type VersionRecord } from '../versions/version.ts';
import { defineDocument } from './define-document.ts';
import { RELEASE_SCHEMA } from './release-schema.ts';

/** Content of `release.json`: what was built, from what, with what, and every file of it. */
export interface ReleaseManifest {
  readonly schema: 1;
  /** Stem of the file names and of the template's name. */
  readonly name: string;
  readonly line: string;
  readonly scheme: 'date';
  readonly version: ReleaseVersion;
  readonly arch: MachineArchitecture;
  /** Instant at which the manifest was stamped, UTC. */
  readonly created: string;
  /** The time stamp that files of the build were clamped to, seconds since the epoch. */
  readonly sourceDateEpoch: number;
  readonly state: ReleaseState;
  readonly recipe: ReleaseRecipe;
  readonly base: ReleaseBase;
  readonly os: ReleaseOperatingSystem;
  /** What machines that start from it promise; absent for images that came from elsewhere. */
  readonly guest?: ReleaseGuest;
  readonly mirrors?: readonly ReleaseMirror[];
  /** Versions of the programs that took part, by name. */
  readonly tools: Readonly<Record<string, string>>;
  /** The machine that built it; absent for images that came from elsewhere. */
  readonly host?: { readonly accelerator: 'kvm' | 'tcg'; readonly [fact: string]: string | number | boolean };
  /** SHA-256 over the list of installed packages; absent where nobody could read it. */
  readonly packagesDigest?: string;
  /** SHA-256 over what the disk holds, but for the version in it: equal for builds of the same content. */
  readonly contentDigest?: string;
  readonly artifacts: readonly ReleaseArtifact[];
  /** Targets that were wanted and left out. */
  readonly skipped?: readonly SkippedArtifact[];
  readonly tests?: ReleaseTests;
  /** Milliseconds that each stage took. */
  readonly timings?: Readonly<Record<string, number>>;
  /** LONG of the release of this line whose bytes it has, under a new version for those who only go forward. */
  readonly reissueOf?: string;
  /** Whether each known consumer takes this version. */
  readonly compat?: Readonly<Record<string, boolean>>;
}

/** Every spelling of the version, and the numbers they are made of. */
export interface ReleaseVersion extends VersionForms {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  readonly rev: number;
  readonly build: number;
}

/** Whether a release may be used; which channel it is on is no property of the release. */
export type ReleaseState = 'active' | 'deprecated' | 'revoked' | 'withdrawn';

/** The recipe a release was made from. */
export interface ReleaseRecipe {
  /** SHA-256 over everything in the recipe that can change the result. */
  readonly digest: string;
  /** SHA-256 over what decides the artifacts of a disk: formats, sizes, machines, names. */
  readonly outputsDigest?: string;
  /** Name of the profile. */
  readonly profile: string;
  readonly repo?: string;
  readonly commit?: string;
  /** Whether the repository had changes that were not committed. */
  readonly dirty?: boolean;
}

/** The base disk a release was built on. */
export interface ReleaseBase {
  readonly method: 'bootstrap' | 'installer' | 'disk';
  /** Key of the base: its recipe and the resolved packages. */
  readonly digest: string;
  /** The release that served as the base, as `LINE@LONG`. */
  readonly parent?: string;
}

/** The operating system inside. */
export interface ReleaseOperatingSystem {
  /** As in os-release, such as `debian`; {@link UNKNOWN}, as are the others, where nobody could look inside. */
  readonly id: string;
  readonly version: string;
  /** Release of the kernel that boots, such as `6.1.0-41-cloud-amd64`. */
  readonly kernel: string;
  /** The line that the guest's release file shows to management servers. */
  readonly releaseLine?: string;
}

/** Stands for what is not known of an image that came from elsewhere. */
export const UNKNOWN = 'unknown';

/** What an image promises of the machines that start from it; `mintmark test` holds it to that. */
export interface ReleaseGuest {
  /** How machines are told who they are. */
  readonly contract: 'nocloud' | 'cloudstack-systemvm';
  readonly hostname: string;
  readonly sshPort: number;
  /** Kernel consoles, in order. */
  readonly consoles: readonly string[];
  /** Ports beside SSH's that may be open, as `tcp/80`. */
  readonly listeners: readonly string[];
  /** Files that hold the release line. */
  readonly releaseFiles: readonly { readonly path: string; readonly brand: string }[];
  readonly disk: { readonly layout: 'bios' | 'uefi' | 'hybrid'; readonly secureBoot: boolean };
  /** Files that are no package's, and yet are meant to be there: absolute paths, and patterns with `*`. */
  readonly ownFiles: { readonly placed: readonly string[]; readonly expected: readonly string[] };
  /** Checks of the profile, in its words. */
  readonly checks: readonly Readonly<Record<string, unknown>>[];
}

/** State of one package archive at build time. */
export interface ReleaseMirror {
  readonly suite: string;
  readonly inReleaseSha256: string;
  /** Its own `Date`, UTC. */
  readonly date: string;
}

/** One file that users download. */
export interface ReleaseArtifact {
  /** What it is for, such as `disk`. */
  readonly role: string;
  readonly target: string;
  readonly format: string;
  /** Name in the release directory. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly sha512: string;
  /** CloudStack compares MD5. */
  readonly md5: string;
  /** Size of the disk that a guest sees. */
  readonly virtualSizeBytes: number;
  /** Compression inside the format. */
  readonly compression: 'none' | 'zlib' | 'zstd';
  /** Compression around the file, with what it unpacks to. */
  readonly outer?: 'gz' | 'bz2' | 'xz' | 'zst' | 'zip';
  readonly uncompressed?: { readonly sizeBytes: number; readonly sha256: string };
}

/** An artifact that could not be made, and was allowed to be missing. */
export interface SkippedArtifact {
  readonly target: string;
  readonly format: string;
  readonly reason: string;
}

/** How the release was tested. */
export interface ReleaseTests {
  readonly result: 'passed' | 'failed' | 'skipped';
  readonly contract?: string;
  /** Whether the hypervisor's own channel was used or an imitation. */
  readonly channel?: 'real' | 'simulated';
  readonly formats?: readonly string[];
  /** Time from power-on until the first of the machines was ready. */
  readonly bootMs?: number;
  /** Every machine that was booted. */
  readonly boots?: readonly ReleaseBoot[];
}

/** A machine that an artifact was booted in. */
export interface ReleaseBoot {
  /** Name of its suite in the reports. */
  readonly name: string;
  readonly file: string;
  readonly contract: string;
  readonly channel: 'real' | 'simulated';
  /** Time from power-on until it was ready. */
  readonly bootMs?: number;
}

const RELEASE_DOCUMENT = defineDocument<ReleaseManifest>({
  schema: RELEASE_SCHEMA,
  code: 'E_RELEASE_INVALID',
  check: (manifest) => [...checkVersion(manifest.version), ...checkArtifacts(manifest.artifacts)],
});

/** Reads `release.json`. @throws Failure `E_RELEASE_INVALID` with every fault */
export function parseReleaseManifest(text: string, subject = 'release.json'): ReleaseManifest {
  return RELEASE_DOCUMENT.parse(text, subject);
}

/** Reads `release.json` after its digest was found to be the one that was filed; it was checked then. */
export function parseFiledManifest(text: string, subject: string): ReleaseManifest {
  return RELEASE_DOCUMENT.parseRecorded(text, subject);
}

/** Everything that is wrong with a manifest. */
export function checkReleaseManifest(manifest: unknown): readonly Fault[] {
  return RELEASE_DOCUMENT.check(manifest);
}

/** Text of `release.json`. */
export function renderReleaseManifest(manifest: ReleaseManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The manifest's `version` for a record. */
export function releaseVersionOf(record: VersionRecord): ReleaseVersion {
  return { ...renderForms(record), date: renderIsoDate(record.date), rev: record.rev, build: record.build };
}

/** The record behind a manifest's `version`. */
export function versionRecordOf(version: Pick<ReleaseVersion, 'date' | 'rev' | 'build'>): VersionRecord {
  const date = parseIsoDate(version.date);
  if (!date) throw new RangeError(`${version.date} is not a day; check the manifest before`);
  return { scheme: 'date', date, rev: version.rev, build: version.build };
}

const VERSION_FORMS = ['short', 'inter', 'long', 'wire', 'serial'] as const;

function checkVersion(version: ReleaseVersion): Fault[] {
  if (!parseIsoDate(version.date)) {
    return [{ path: '.version.date', message: `must be a day of the calendar; found "${version.date}"` }];
  }
  const expected = renderForms(versionRecordOf(version));
  return VERSION_FORMS.filter((form) => version[form] !== expected[form]).map((form) => ({
    path: `.version.${form}`,
    message: `must be "${expected[form]}", from date, rev and build; found "${version[form]}"`,
  }));
}

function checkArtifacts(artifacts: readonly ReleaseArtifact[]): Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [index, { file }] of artifacts.entries()) {
    if (seen.has(file))
      faults.push({ path: `.artifacts[${index}].file`, message: `is used twice: "${file}"` });
    seen.add(file);
  }
  return faults;
}
