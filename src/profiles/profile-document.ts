import type {
  AptSource,
  BaseOptions,
  DiskOptions,
  FileProvisioner,
  FinishOptions,
  GuestOptions,
  MachineDescription,
  BuildMachine,
  OperatingSystem,
  Output,
  PackageSelection,
  ProfileFile,
  ShellProvisioner,
  Target,
  TargetName,
  TemplateOptions,
  VersionOptions,
} from './profile.ts';
import type { ProfileCheckDocument } from './profile-check.ts';

/**
 * A profile as a person writes it: every key optional, what is absent comes from the profiles it extends
 * and then from the defaults.
 *
 * How documents combine, the later over the earlier: mappings key by key, at every depth; a value or a list takes
 * the place of the inherited one. Six lists add to the inherited one instead ({@link ListEdit}).
 * Naming a package in `include` takes it off the inherited `exclude`, and the other way round.
 */
export interface ProfileDocument {
  /** Where an editor finds the schema; not part of the profile. */
  readonly $schema?: string;
  /** What this document builds on, in order: names of built-ins and fragments, or profile files. */
  readonly extends?: string | readonly string[];
  /** Never inherited; the file's name without its suffix when absent. */
  readonly name?: string;
  /** Never inherited. */
  readonly description?: string;
  readonly line?: string;
  readonly os?: Partial<Omit<OperatingSystem, 'aptSources'>> & { readonly aptSources?: ListEdit<AptSource> };
  readonly base?: Partial<BaseOptions>;
  readonly disk?: Partial<DiskOptions>;
  readonly packages?: Partial<Omit<PackageSelection, 'include' | 'exclude'>> & {
    readonly include?: ListEdit<string>;
    readonly exclude?: ListEdit<string>;
  };
  readonly files?: ListEdit<FileDocument>;
  readonly provisioners?: ListEdit<ProvisionerDocument>;
  readonly checks?: ListEdit<ProfileCheckDocument>;
  readonly guest?: Partial<GuestOptions>;
  readonly vm?: Partial<BuildMachine>;
  readonly targets?: Readonly<Partial<Record<TargetName, TargetDocument>>>;
  readonly finish?: Partial<Omit<FinishOptions, 'expectedFiles'>> & {
    readonly expectedFiles?: ListEdit<string>;
  };
  readonly version?: Partial<VersionOptions>;
  readonly template?: Partial<TemplateOptions>;
}

/**
 * A list that adds to the inherited one; `{ replace: […] }` drops what was inherited.
 * Where entries have an identity (a file's path, a source's name), an entry takes the place of its namesake.
 */
export type ListEdit<T> = readonly T[] | { readonly replace: readonly T[] };

/** A target as a person writes it. */
export type TargetDocument = Partial<Omit<Target, 'also' | 'machine'>> & {
  readonly also?: readonly OutputDocument[];
  readonly machine?: Partial<MachineDescription>;
};

/** An artifact as a person writes it. */
export type OutputDocument = Partial<Output> & Pick<Output, 'format'>;

/** A file as a person writes it. */
export type FileDocument = Omit<ProfileFile, 'mode'> & Partial<Pick<ProfileFile, 'mode'>>;

/** A provisioner as a person writes it. */
export type ProvisionerDocument =
  | ({ readonly type: 'shell' } & Partial<Omit<ShellProvisioner, 'type'>>)
  | (Omit<FileProvisioner, 'name'> & Partial<Pick<FileProvisioner, 'name'>>);

/** The lists that add, by path, and the key that identifies an entry; undefined where the entry itself does. */
export const ADDING_LISTS: Readonly<Record<string, string | undefined>> = {
  '.os.aptSources': 'name',
  '.packages.include': undefined,
  '.packages.exclude': undefined,
  '.files': 'path',
  '.provisioners': undefined,
  '.checks': undefined,
  '.finish.expectedFiles': undefined,
};

/** The targets that exist, in the order in which artifacts are made. */
export const TARGET_NAMES: readonly TargetName[] = ['kvm', 'xenserver', 'vmware', 'hyperv'];
