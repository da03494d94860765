/** A part of the cache. */
export type ColdPart = 'apt' | 'bases' | 'debs';

/** A moment of a build, and the process that is killed there. */
export interface KillPoint {
  readonly stage: 'plan' | 'base' | 'packer' | 'finish' | 'convert' | 'test' | 'stamp' | 'catalogue';
  /** A program of the lab, or our own process. */
  readonly program: string;
  readonly signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT';
  /** The fake that holds the build up, and where; `mintmark` for our own process. */
  readonly hold: readonly [tool: string, point: string];
  /** What the cache must not have, so that the stage gets there. */
  readonly cold?: readonly ColdPart[];
  /** Whether the build may go on after the kill, because it tries again or does without. */
  readonly goesOn?: boolean;
  /** Exit code, when it is not 5 for a program and 130 for us. */
  readonly exitCode?: number;
  /** What the report must say. */
  readonly says?: readonly string[];
  /** How long the moment lasts before the signal, in milliseconds. */
  readonly lastsMs?: number;
  readonly because: string;
}

type Moment = Pick<KillPoint, 'stage' | 'hold' | 'cold' | 'because'>;

/** One moment of each stage. */
const MOMENTS: readonly Moment[] = [
  { stage: 'plan', hold: ['apt-get', 'install'], cold: ['apt'], because: 'the mirror is slow' },
  { stage: 'base', hold: ['mmdebstrap', 'start'], cold: ['bases'], because: 'packages are being installed' },
  { stage: 'packer', hold: ['packer', 'provision'], because: 'provisioners run' },
  { stage: 'finish', hold: ['appliance', 'start'], because: 'the disk is being shrunk' },
  { stage: 'convert', hold: ['qemu-img', 'compare'], because: 'the artifact is being compared' },
  { stage: 'test', hold: ['ssh', 'login'], because: 'machines are being asked' },
  { stage: 'stamp', hold: ['zstd', 'start'], because: 'the log is being packed' },
  { stage: 'catalogue', hold: ['mintmark', 'change'], because: 'the release is about to appear' },
];

const OURS: readonly KillPoint[] = MOMENTS.flatMap((moment) =>
  (['SIGKILL', 'SIGTERM', 'SIGINT'] as const).map((signal) => ({
    ...moment,
    program: 'ours',
    signal,
    // A filing is not left half done: it is completed, and the build has succeeded then.
    ...(moment.stage === 'catalogue' && signal !== 'SIGKILL' ? { exitCode: 0 } : {}),
  })),
);

type ToolRow = Omit<KillPoint, 'signal' | 'program'> & { readonly program?: string };

const TOOL_ROWS: readonly ToolRow[] = [
  {
    stage: 'plan',
    hold: ['apt-config', 'dump'],
    goesOn: true,
    exitCode: 0,
    because: 'a host may have no apt in order',
  },
  { stage: 'plan', hold: ['apt-get', 'update'], says: ['apt-get'], because: 'the indices are being fetched' },
  {
    stage: 'plan',
    hold: ['apt-get', 'install'],
    cold: ['apt'],
    says: ['apt-get'],
    because: 'packages are being resolved',
  },
  {
    stage: 'plan',
    hold: ['apt-cache', 'show'],
    cold: ['apt'],
    says: ['apt-cache'],
    because: 'records are being read',
  },
  {
    stage: 'base',
    hold: ['apt-helper', 'fetched'],
    cold: ['bases', 'debs'],
    says: ['apt-helper'],
    because: 'a package has come',
  },
  {
    stage: 'base',
    hold: ['mmdebstrap', 'start'],
    cold: ['bases'],
    says: ['installing packages'],
    because: 'it begins',
  },
  {
    stage: 'base',
    hold: ['mmdebstrap', 'end'],
    cold: ['bases'],
    says: ['installing packages'],
    because: 'it is done',
  },
  {
    stage: 'base',
    hold: ['chroot', 'update-initramfs'],
    cold: ['bases'],
    says: ['initramfs'],
    because: 'the guest works',
  },
  {
    stage: 'base',
    hold: ['mke2fs', 'start'],
    cold: ['bases'],
    says: ['filesystem'],
    because: 'the disk is written',
  },
  {
    stage: 'base',
    hold: ['qemu-img', 'convert'],
    cold: ['bases'],
    says: ['qemu-img'],
    because: 'the base is packed',
  },
  { stage: 'packer', hold: ['ssh-keygen', 'start'], says: ['ssh-keygen'], because: 'the key is being made' },
  { stage: 'packer', hold: ['packer', 'start'], says: ['acker'], because: 'it has done nothing yet' },
  { stage: 'packer', hold: ['packer', 'provision'], says: ['acker'], because: 'QEMU runs below it' },
  { stage: 'packer', hold: ['packer', 'end'], says: ['acker'], because: 'the guest is off already' },
  { stage: 'packer', hold: ['qemu-img', 'create'], says: ['acker'], because: 'the overlay is being made' },
  {
    stage: 'packer',
    hold: ['qemu-system-x86_64', 'boot'],
    lastsMs: 800,
    goesOn: true,
    exitCode: 0,
    says: ['trying once more'],
    because: 'nobody could log in yet',
  },
  {
    stage: 'packer',
    program: 'qemu-system-x86_64',
    hold: ['packer', 'provision'],
    lastsMs: 800,
    says: ['QEMU was killed or crashed'],
    because: 'Packer does not notice',
  },
  { stage: 'finish', hold: ['qemu-img', 'convert'], says: ['qemu-img'], because: 'the disk is being copied' },
  {
    stage: 'finish',
    hold: ['qemu-system-x86_64', 'finish'],
    says: ['qemu-system-x86_64'],
    because: 'traces are being removed',
  },
  { stage: 'finish', hold: ['virt-sparsify', 'start'], says: ['virt-sparsify'], because: 'it begins' },
  {
    stage: 'finish',
    program: 'virt-sparsify',
    hold: ['appliance', 'start'],
    says: ['virt-sparsify'],
    because: 'its appliance runs',
  },
  {
    stage: 'finish',
    hold: ['appliance', 'start'],
    says: ['virt-sparsify'],
    because: 'virt-sparsify is left without',
  },
  { stage: 'finish', hold: ['qemu-img', 'map'], says: ['qemu-img'], because: 'the disk is being digested' },
  {
    stage: 'convert',
    hold: ['qemu-img', 'check'],
    says: ['qemu-img'],
    because: 'the artifact is being checked',
  },
  {
    stage: 'convert',
    hold: ['qemu-img', 'compare'],
    says: ['qemu-img'],
    because: 'the artifact is being compared',
  },
  { stage: 'test', hold: ['ssh', 'login'], says: ['ssh'], because: 'it is being logged in' },
  {
    stage: 'test',
    program: 'qemu-system-x86_64',
    hold: ['ssh', 'login'],
    says: ['QEMU was killed or crashed'],
    because: 'that says nothing about the image',
  },
  {
    stage: 'test',
    hold: ['qemu-system-x86_64', 'test'],
    says: ['QEMU was killed or crashed'],
    because: 'nobody could log in yet',
  },
  { stage: 'stamp', hold: ['zstd', 'start'], says: ['zstd'], because: 'the log is being packed' },
];

/** Every stage with our process and each signal, and every program of every stage with SIGKILL. */
export const KILL_POINTS: readonly KillPoint[] = [
  ...OURS,
  ...TOOL_ROWS.map((row): KillPoint => ({ program: row.hold[0], ...row, signal: 'SIGKILL' })),
];
