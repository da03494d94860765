import { Failure } from '../errors/failure.ts';
import { fieldOf, parseDeb822, type Deb822Paragraph } from './deb822.ts';

/** A package that dpkg holds as fully installed. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** As dpkg names it: `amd64`, `all`, … */
  readonly architecture: string;
  /** Source package; the package's own name when the status file names none. */
  readonly source: string;
  /** Version of the source package, which security trackers are keyed by. */
  readonly sourceVersion: string;
  /** dpkg's own estimate of the space it takes; 0 when the package does not say. */
  readonly installedSizeKiB: number;
}

/** What dpkg's status file says about a system. */
export interface DpkgStatus {
  readonly installed: readonly InstalledPackage[];
  /** Packages that an interrupted dpkg left half way, each as `name (state)`; empty on a sound system. */
  readonly unfinished: readonly string[];
}

/** States that mean "nothing of it runs here": removed, or never there. */
const ABSENT_STATES = new Set(['not-installed', 'config-files']);

/**
 * Reads `/var/lib/dpkg/status`. Packages that are removed but keep their configuration are left out.
 *
 * Raises `E_DEB822_INVALID` for text that is no control file and `E_DPKG_STATUS_INVALID` for a paragraph
 * that lacks one of Package, Status, Version, Architecture.
 */
export function parseDpkgStatus(text: string, subject = 'dpkg status file'): DpkgStatus {
  const installed: InstalledPackage[] = [];
  const unfinished: string[] = [];
  for (const paragraph of parseDeb822(text, subject)) {
    const name = required(paragraph, 'Package', subject);
    const state = required(paragraph, 'Status', subject, name).split(/\s+/)[2] ?? '';
    if (ABSENT_STATES.has(state)) continue;
    if (state === 'installed') installed.push(installedPackage(paragraph, name, subject));
    else unfinished.push(`${name} (${state === '' ? 'no state' : state})`);
  }
  return { installed, unfinished };
}

function installedPackage(paragraph: Deb822Paragraph, name: string, subject: string): InstalledPackage {
  const version = required(paragraph, 'Version', subject, name);
  const source = /^(\S+)(?:\s+\((\S+)\))?$/.exec(fieldOf(paragraph, 'Source') ?? name);
  const size = Number(fieldOf(paragraph, 'Installed-Size') ?? 0);
  return {
    name,
    version,
    architecture: required(paragraph, 'Architecture', subject, name),
    source: source?.[1] ?? name,
    sourceVersion: source?.[2] ?? version,
    installedSizeKiB: Number.isSafeInteger(size) && size >= 0 ? size : 0,
  };
}

function required(paragraph: Deb822Paragraph, field: string, subject: string, name?: string): string {
  const value = fieldOf(paragraph, field);
  if (value !== undefined && value !== '') return value;
  const which = name === undefined ? 'a paragraph' : `package ${name}`;
  throw new Failure('image-test', 'E_DPKG_STATUS_INVALID', `${subject}: ${which} has no ${field}`, {
    evidence: { field, package: name ?? null },
  });
}
