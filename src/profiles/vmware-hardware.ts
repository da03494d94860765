/**
 * VMware's hardware versions and the first ESXi that runs them. 12 and 16 came with Workstation and Fusion; a later ESXi
 * runs them too. Source: VMware KB 1003746, and govmomi's table of ESXi versions.
 */
export const HARDWARE_VERSIONS: Readonly<Record<number, string>> = {
  10: 'ESXi 5.5',
  11: 'ESXi 6.0',
  12: 'ESXi 6.5',
  13: 'ESXi 6.5',
  14: 'ESXi 6.7',
  15: 'ESXi 6.7 U2',
  16: 'ESXi 7.0',
  17: 'ESXi 7.0',
  18: 'ESXi 7.0 U1',
  19: 'ESXi 7.0 U2',
  20: 'ESXi 8.0',
  21: 'ESXi 8.0 U2',
  22: 'ESXi 9.0',
};

/** The version that runs on everything still in use: ESXi 6.5 and later; CloudStack's own since 4.20. */
export const DEFAULT_HARDWARE_VERSION = 13;

/** How VMware and the DMTF call a guest's operating system. */
interface GuestSystem {
  /** Number in CIM's list of operating systems, which readers other than VMware's go by. */
  readonly cimId: number;
  /** The oldest hardware version of an ESXi that knows the name. */
  readonly hardwareVersion: number;
}

/**
 * Guest systems by VMware's name (`vmw:osType`). The hardware version is that of the release in which vSphere's API got
 * the name; an older one answers "unsupported guest operating system". Numbers are CIM's: 36 Linux, 80 Red Hat
 * Enterprise, 94 Ubuntu, 96 Debian, 101 Linux, 107 CentOS, all but 36 of 64 bits.
 * Source: vSphere Web Services API, VirtualMachineGuestOsIdentifier, and the DMTF's CIM_OperatingSystem.OSType.
 */
export const GUEST_SYSTEMS = {
  otherLinux64Guest: { cimId: 101, hardwareVersion: 10 },
  otherLinuxGuest: { cimId: 36, hardwareVersion: 10 },
  other3xLinux64Guest: { cimId: 101, hardwareVersion: 10 },
  other4xLinux64Guest: { cimId: 101, hardwareVersion: 14 },
  other5xLinux64Guest: { cimId: 101, hardwareVersion: 18 },
  other6xLinux64Guest: { cimId: 101, hardwareVersion: 20 },
  debian8_64Guest: { cimId: 96, hardwareVersion: 11 },
  debian9_64Guest: { cimId: 96, hardwareVersion: 13 },
  debian10_64Guest: { cimId: 96, hardwareVersion: 13 },
  debian11_64Guest: { cimId: 96, hardwareVersion: 17 },
  debian12_64Guest: { cimId: 96, hardwareVersion: 20 },
  debian13_64Guest: { cimId: 96, hardwareVersion: 22 },
  ubuntu64Guest: { cimId: 94, hardwareVersion: 10 },
  centos7_64Guest: { cimId: 107, hardwareVersion: 13 },
  centos8_64Guest: { cimId: 107, hardwareVersion: 14 },
  rhel7_64Guest: { cimId: 80, hardwareVersion: 10 },
  rhel8_64Guest: { cimId: 80, hardwareVersion: 14 },
  rhel9_64Guest: { cimId: 80, hardwareVersion: 18 },
  almalinux_64Guest: { cimId: 101, hardwareVersion: 20 },
  rockylinux_64Guest: { cimId: 101, hardwareVersion: 20 },
} as const satisfies Readonly<Record<string, GuestSystem>>;

/** A name of {@link GUEST_SYSTEMS}. */
export type GuestSystemName = keyof typeof GUEST_SYSTEMS;
