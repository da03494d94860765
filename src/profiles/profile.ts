import type { DebianArchitecture } from '../values/architecture.ts';
import type { ProfileCheck } from './profile-check.ts';
import type { GuestSystemName } from './vmware-hardware.ts';

/**
 * A complete, checked profile: what to build, every default filled in. Plain data, JSON-safe.
 * Files of the build host are named by absolute paths.
 */
export interface Profile {
  /** Short name, also the default line: `^[a-z0-9][a-z0-9.-]{0,62}$`. */
  readonly name: string;
  readonly description: string;
  /** What is versioned together; the profile's name unless set. */
  readonly line: string;
  readonly os: OperatingSystem;
  readonly base: BaseOptions;
  readonly disk: DiskOptions;
  readonly packages: PackageSelection;
  readonly files: readonly ProfileFile[];
  readonly provisioners: readonly Provisioner[];
  /** What a machine that runs from the image is held to, beside what every image promises. */
  readonly checks: readonly ProfileCheck[];
  readonly guest: GuestOptions;
  readonly vm: BuildMachine;
  readonly targets: Readonly<Partial<Record<TargetName, Target>>>;
  readonly finish: FinishOptions;
  readonly version: VersionOptions;
  readonly template: TemplateOptions;
}

/** Hypervisor families that artifacts are made for. */
export type TargetName = 'kvm' | 'xenserver' | 'vmware' | 'hyperv';

/** The distribution that goes into the disk. */
export interface OperatingSystem {
  readonly distribution: 'debian';
  readonly suite: 'bookworm' | 'trixie';
  readonly architecture: DebianArchitecture;
  /** Archive components of the main mirror, such as `main`. */
  readonly components: readonly string[];
  /** Base URI of the package mirror; absent means the host's own apt configuration (or `--mirror`). */
  readonly mirror?: string;
  /** Base URI that the finished guest's apt sources name; absent means the mirror it was built from. */
  readonly guestMirror?: string;
  /** Further package sources, such as a vendor's repository. */
  readonly aptSources: readonly AptSource[];
}

/** A package source beside the distribution's own. */
export interface AptSource {
  /** File name below sources.list.d, without suffix. */
  readonly name: string;
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** The signing key, pinned: its file or ASCII-armoured text, and its SHA-256. */
  readonly key: { readonly file?: string; readonly text?: string; readonly sha256: string };
}

/** How the base disk comes to be. */
export interface BaseOptions {
  readonly method: 'bootstrap' | 'installer' | 'disk';
}

/** The virtual disk. */
export interface DiskOptions {
  /** Virtual size, in MiB. */
  readonly sizeMiB: number;
  /** What machines boot from it: `hybrid` disks boot on both kinds. */
  readonly layout: 'bios' | 'uefi' | 'hybrid';
  /** Whether UEFI machines start Debian's signed shim and GRUB, so that they boot with Secure Boot on. */
  readonly secureBoot: boolean;
  readonly filesystem: 'ext4';
  /** Size of a swap partition before the root, in MiB; 0 for none. */
  readonly swapMiB: number;
}

/** Debian packages, by name (`name` or `name:arch`). */
export interface PackageSelection {
  readonly include: readonly string[];
  /** Never to be installed, even as a dependency; a conflict fails the build. */
  readonly exclude: readonly string[];
  /** Whether recommended packages come along. */
  readonly recommends: boolean;
  /** The kernel's package, such as `linux-image-cloud-amd64`. */
  readonly kernel: string;
}

/** A file placed into the guest before the provisioners run. */
export interface ProfileFile {
  /** Absolute path in the guest. */
  readonly path: string;
  /** Text content; exclusive with `source`. */
  readonly content?: string;
  /** File on the build host; exclusive with `content`. */
  readonly source?: string;
  /** Octal permissions, such as `0644`. */
  readonly mode: string;
}

/** A value of a provisioner's environment: literal text, or a declared secret taken from our own environment. */
export type EnvironmentValue = string | { readonly fromEnv: string; readonly secret: true };

/** One step that changes the guest, in order. */
export type Provisioner = ShellProvisioner | FileProvisioner;

/** Runs a shell script as root in the guest. */
export interface ShellProvisioner {
  readonly type: 'shell';
  /** What people see while it runs. */
  readonly name: string;
  /** Script file; exclusive with `inline`. */
  readonly script?: string;
  /** Script text; exclusive with `script`. */
  readonly inline?: string;
  readonly env: Readonly<Record<string, EnvironmentValue>>;
  readonly timeoutSeconds: number;
  /** How many more times a failed run is tried. */
  readonly retries: number;
}

/** Copies a file of the build host into the guest. */
export interface FileProvisioner {
  readonly type: 'file';
  readonly name: string;
  /** File on the build host. */
  readonly source: string;
  /** Absolute path in the guest. */
  readonly destination: string;
}

/** What the finished guest promises. */
export interface GuestOptions {
  /** Boot contract: how the guest learns who it is. */
  readonly contract: 'nocloud' | 'cloudstack-systemvm';
  readonly hostname: string;
  /** Kernel consoles, in order; the last one is /dev/console. */
  readonly consoles: readonly string[];
  /** Further words of the kernel command line. */
  readonly kernelArguments: readonly string[];
  readonly sshPort: number;
  /** Ports beside SSH's that may be open to others when the guest is ready, as `tcp/80`. */
  readonly listeners: readonly string[];
  /** Files that hold the release line `<Brand> Release <version> <date>`, by path. */
  readonly releaseFiles: readonly { readonly path: string; readonly brand: string }[];
}

/** The virtual machine that the build runs in. */
export interface BuildMachine {
  readonly cpus: number;
  readonly memoryMiB: number;
}

/** What is made for a hypervisor family: one artifact, and others of the same disk beside it. */
export interface Target extends Output {
  /** Further artifacts, each in a format of its own. */
  readonly also: readonly Output[];
  /** What an OVA says of the virtual machine; only where one of the formats is `ova`. */
  readonly machine?: MachineDescription;
}

/** One artifact. */
export interface Output {
  readonly format: 'qcow2' | 'raw' | 'vhd' | 'vhdx' | 'vmdk' | 'ova';
  /** Compression inside the image format. */
  readonly compression: 'none' | 'zlib' | 'zstd';
  /** A `fixed` VHD holds every byte of the disk, as Azure wants it; `dynamic` holds what is used. */
  readonly subformat?: 'dynamic' | 'fixed';
  /** qcow2 compatibility level; 0.10 for very old hosts. */
  readonly compat?: '0.10' | '1.1';
  /** Compression around the image file. */
  readonly outer: 'none' | 'gz' | 'bz2' | 'xz' | 'zst' | 'zip';
  /** The build fails when the artifact is larger than this. */
  readonly sizeBudgetMiB?: number;
  /** What happens when this artifact cannot be made. */
  readonly missing: 'fail' | 'skip';
}

/** The virtual machine that an OVA describes; whoever imports it may change all of it. */
export interface MachineDescription {
  readonly cpus: number;
  readonly memoryMiB: number;
  /** VMware's virtual hardware version: 13 is ESXi 6.5, 17 is 7.0, 20 is 8.0. */
  readonly hardwareVersion: number;
  /** VMware's name of the guest's system, such as `otherLinux64Guest`; must exist at the hardware version. */
  readonly osType: GuestSystemName;
  /** The disk's controller. */
  readonly scsi: 'lsilogic' | 'pvscsi';
  readonly nic: 'none' | 'e1000' | 'vmxnet3';
}

/** How the disk is cleaned and shrunk. */
export interface FinishOptions {
  /** `in-place` and `copy` run virt-sparsify; `trim` only discards free blocks; `none` does neither. */
  readonly sparsify: 'in-place' | 'copy' | 'trim' | 'none';
  /** Whether documentation (but not copyright files), man pages and info files are removed. */
  readonly removeDocs: boolean;
  /** Locales that stay, such as `en` and `en_US`; an empty list keeps all. */
  readonly keepLocales: readonly string[];
  /**
   * Files that differ from what packages and hygiene want, and are meant to: absolute paths with everything below them,
   * where `*` stands for part of a name.
   */
  readonly expectedFiles: readonly string[];
}

/** How versions of the line are made. */
export interface VersionOptions {
  /** `daily`: SHORT is the build's day; `line`: SHORT and REV are frozen and only BUILD grows. */
  readonly policy: 'daily' | 'line';
}

/** The name under which clouds register the template. */
export interface TemplateOptions {
  /** Stem of the name; the version is appended: `cosmic-systemvm` gives `cosmic-systemvm-26.11.21`. */
  readonly name: string;
  /** Consumers whose rules the name and the version must satisfy. */
  readonly consumers: readonly ('cosmic' | 'cloudstack' | 'cloudstack24')[];
}
