import type { BootTimes } from '../manifests/test-report.ts';

/** The phases of a boot, in their order; `unknown` where a mark is missing and phases cannot be told apart. */
export const PHASE_KINDS = ['firmware', 'kernel', 'userspace', 'login', 'unknown'] as const;

/** The phases as people read them. */
export const PHASE_WORDS: Readonly<Record<BootPhase['kind'], string>> = {
  firmware: 'firmware and boot loader',
  kernel: 'kernel',
  userspace: 'userspace',
  login: 'login',
  unknown: 'not told apart',
};

/** A stretch of a boot, in milliseconds since power-on. */
export interface BootPhase {
  readonly kind: (typeof PHASE_KINDS)[number];
  /** What it is; of an unknown one, everything that it may hold: `firmware and boot loader, kernel`. */
  readonly words: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Which mark ends which phase. */
const ENDS = [
  ['firmware', 'kernelMs'],
  ['kernel', 'userspaceMs'],
  ['userspace', 'readyMs'],
  ['login', 'loginMs'],
] as const;

/**
 * The phases of a boot, each from where the one before ended. Phases whose borders were not seen are one, `unknown`; what
 * follows the last mark is left out. Marks come from several clocks and may cross by a little: no phase is shorter than 0.
 */
export function bootPhases(times: BootTimes): BootPhase[] {
  const phases: BootPhase[] = [];
  let pending: (typeof ENDS)[number][0][] = [];
  for (const [kind, mark] of ENDS) {
    pending.push(kind);
    const endMs = times[mark];
    if (endMs === undefined) continue;
    const startMs = phases.at(-1)?.endMs ?? 0;
    phases.push({
      kind: pending.length === 1 ? kind : 'unknown',
      words: pending.map((each) => PHASE_WORDS[each]).join(', '),
      startMs,
      endMs: Math.max(startMs, endMs),
    });
    pending = [];
  }
  return phases;
}
