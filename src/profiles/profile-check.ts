/**
 * Something that a profile promises of a guest that runs. `name` is what people read; by default the check says itself
 * what it is. What is optional and absent is not looked at.
 */
export type ProfileCheck =
  | FileCheck
  | PackageCheck
  | ServiceCheck
  | PortCheck
  | ProcessCheck
  | CommandCheck
  | UserCheck
  | KernelParamCheck
  | HttpCheck
  | DnsCheck
  | MountCheck;

/** Kinds of checks. */
export type ProfileCheckType = ProfileCheck['type'];

/** The check of one kind. */
export type ProfileCheckOf<Type extends ProfileCheckType> = Extract<ProfileCheck, { readonly type: Type }>;

/** A file, directory or device; links are followed. */
export interface FileCheck {
  readonly type: 'file';
  readonly name?: string;
  /** Absolute path in the guest. */
  readonly path: string;
  readonly exists: boolean;
  /** Text that is somewhere in its first 4 MiB. */
  readonly contains?: string;
  readonly sha256?: string;
  /** Octal permissions, such as `0644`. */
  readonly mode?: string;
  /** `user:group`. */
  readonly owner?: string;
}

/** A Debian package. */
export interface PackageCheck {
  readonly type: 'package';
  /** `name`, or `name:architecture`. */
  readonly name: string;
  readonly installed: boolean;
  /** The exact version. */
  readonly version?: string;
}

/** A unit of systemd. */
export interface ServiceCheck {
  readonly type: 'service';
  /** Unit; without suffix it is a service. */
  readonly name: string;
  readonly active: boolean;
  readonly enabled?: boolean;
}

/** A port that is listened on. */
export interface PortCheck {
  readonly type: 'port';
  readonly name?: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** Address that it is bound to, exactly; absent for any. */
  readonly address?: string;
  readonly open: boolean;
}

/** A process, by the name of its program. */
export interface ProcessCheck {
  readonly type: 'process';
  /** The kernel keeps 15 bytes of it; more are not compared. */
  readonly name: string;
  readonly running: boolean;
}

/** A shell command that is run as root, with standard input closed; must change nothing. */
export interface CommandCheck {
  readonly type: 'command';
  readonly name?: string;
  readonly run: string;
  readonly exitCode: number;
  /** Text that is somewhere in its output; `/…/` is a regular expression, in which `^` and `$` stand for lines. */
  readonly stdout?: string;
  readonly timeoutSeconds: number;
}

/** An account. */
export interface UserCheck {
  readonly type: 'user';
  readonly name: string;
  readonly exists: boolean;
  readonly uid?: number;
  readonly shell?: string;
  /** Groups that it is in, among others. */
  readonly groups?: readonly string[];
}

/** A parameter of the kernel, as sysctl names it. */
export interface KernelParamCheck {
  readonly type: 'kernel-param';
  /** Such as `net.ipv4.ip_forward`. */
  readonly name: string;
  /** Runs of blanks count as one. */
  readonly value: string;
}

/** A page that a server gives to the guest itself. */
export interface HttpCheck {
  readonly type: 'http';
  readonly name?: string;
  readonly url: string;
  readonly status: number;
  readonly contains?: string;
}

/** A name that the guest resolves. */
export interface DnsCheck {
  readonly type: 'dns';
  readonly name: string;
  readonly resolves: boolean;
  /** One of the addresses. */
  readonly address?: string;
}

/** A mounted file system. */
export interface MountCheck {
  readonly type: 'mount';
  readonly name?: string;
  /** Where it is mounted. */
  readonly path: string;
  readonly filesystem?: string;
  /** Options that it is mounted with, among others. */
  readonly options?: readonly string[];
}

/** What a check asks where it does not say. */
export const CHECK_DEFAULTS = {
  file: { exists: true },
  package: { installed: true },
  service: { active: true },
  port: { protocol: 'tcp', open: true },
  process: { running: true },
  command: { exitCode: 0, timeoutSeconds: 30 },
  user: { exists: true },
  'kernel-param': {},
  http: { status: 200 },
  dns: { resolves: true },
  mount: {},
} as const satisfies { readonly [Type in ProfileCheckType]: Partial<ProfileCheckOf<Type>> };

/** A check as a person writes it. */
export type ProfileCheckDocument = {
  readonly [Type in ProfileCheckType]: Omit<ProfileCheckOf<Type>, keyof (typeof CHECK_DEFAULTS)[Type]> &
    Partial<Pick<ProfileCheckOf<Type>, keyof (typeof CHECK_DEFAULTS)[Type] & keyof ProfileCheckOf<Type>>>;
}[ProfileCheckType];

/** A check with everything that its document leaves out. */
export function completeCheck(check: ProfileCheckDocument): ProfileCheck {
  // The union of eleven kinds cannot be followed through a spread; the table above is checked for each kind.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ...CHECK_DEFAULTS[check.type], ...check } as ProfileCheck;
}
