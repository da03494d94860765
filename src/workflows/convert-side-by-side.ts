import { availableParallelism } from 'node:os';
import { Failure } from '../errors/failure.ts';
import type { Clock } from '../host/clock.ts';
import { readMemory } from '../host/memory.ts';
import type { Runner } from '../host/run.ts';
import type { Output } from '../profiles/profile.ts';
import { convertDisk, type Conversion, type ConvertedDisk } from './convert-disk.ts';
import type { SourceDisk } from './source-disk.ts';
import { WorkBudget } from './work-budget.ts';

/** How conversions are watched. */
export interface SideBySideOptions {
  readonly run: Runner;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What goes on in all of them, and how much is done in all, from 0 to 100. */
  readonly onProgress: (detail: string, percent: number) => void;
}

/** What became of a conversion. */
export type ConversionResult<Wanted extends Conversion> =
  | { readonly conversion: Wanted; readonly made: ConvertedDisk }
  | { readonly conversion: Wanted; readonly skipped: Failure };

/** Half of what is free: the disk's pages are better kept in the other half. */
const MEMORY_PART = 0.5;

/**
 * Makes several artifacts of one disk side by side, within this machine's cores and memory. Work of one core
 * (comparing, digesting, a writer that only copies) runs beside the threads that deflate. The results have the order of
 * the conversions.
 *
 * When one fails that its recipe does not allow to be missing, the others are ended and its failure is raised.
 */
export async function convertSideBySide<Wanted extends Conversion>(
  disk: SourceDisk,
  conversions: readonly Wanted[],
  { run, clock, signal, onProgress }: SideBySideOptions,
): Promise<ConversionResult<Wanted>[]> {
  const { availableBytes } = await readMemory();
  // One more than there are: whoever deflates waits for the disk now and then.
  const budget = new WorkBudget({
    cores: availableParallelism() + 1,
    memoryBytes: availableBytes * MEMORY_PART,
  });
  const failing = new AbortController();
  const ended = AbortSignal.any([signal, failing.signal]);
  const progress = new JointProgress(conversions, onProgress);
  const convertOne = async (conversion: Wanted): Promise<ConversionResult<Wanted>> => {
    const index = conversions.indexOf(conversion);
    const report = (doing: string | undefined, fraction: number): void =>
      progress.report(index, doing, fraction);
    try {
      const made = await convertDisk(disk, conversion, {
        run,
        clock,
        signal: ended,
        budget,
        onProgress: report,
      });
      return { conversion, made };
    } catch (error) {
      if (mayBeMissing(conversion, error) && !ended.aborted) return { conversion, skipped: error };
      failing.abort(error);
      throw error;
    } finally {
      progress.finish(index);
    }
  };
  // Whoever takes longest begins first, so that nobody is left to work alone at the end.
  const begun = new Map<Wanted, Promise<ConversionResult<Wanted>>>();
  for (const conversion of conversions.toSorted((a, b) => effortOf(b) - effortOf(a))) {
    begun.set(conversion, convertOne(conversion));
  }
  const settled = await Promise.allSettled(conversions.flatMap((conversion) => begun.get(conversion) ?? []));
  // The others only tell that they were ended for the first one's sake.
  if (failing.signal.aborted && !signal.aborted) throw failing.signal.reason;
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/** How much work compressing from outside is beside deflating once, as measured on a system VM. */
const OUTER_EFFORT: Readonly<Record<Output['outer'], number>> = {
  none: 0,
  gz: 1,
  zip: 1,
  zst: 1,
  bz2: 4,
  xz: 20,
};

function effortOf({ recipe: { output } }: Conversion): number {
  return OUTER_EFFORT[output.outer] + (output.compression === 'none' ? 0 : 1);
}

/** A full disk, a missing right or an interruption would hit the next one as well; too large is not missing. */
function mayBeMissing({ recipe }: Conversion, error: unknown): error is Failure {
  if (recipe.output.missing !== 'skip' || !(error instanceof Failure)) return false;
  return (
    error.code === 'E_TOOL_MISSING' ||
    (['command', 'image-test', 'profile'].includes(error.kind) && error.code !== 'E_SIZE_BUDGET')
  );
}

/** One line and one number for several conversions. */
class JointProgress {
  readonly #names: readonly string[];
  readonly #doing: (string | undefined)[];
  readonly #fractions: number[];
  readonly #onProgress: SideBySideOptions['onProgress'];
  #last = { text: '', percent: 0 };

  constructor(conversions: readonly Conversion[], onProgress: SideBySideOptions['onProgress']) {
    this.#names = conversions.map(({ label }) => label);
    this.#doing = conversions.map(() => undefined);
    this.#fractions = conversions.map(() => 0);
    this.#onProgress = onProgress;
  }

  report(index: number, doing: string | undefined, fraction: number): void {
    this.#doing[index] = doing;
    this.#fractions[index] = fraction;
    this.#tell();
  }

  finish(index: number): void {
    this.#doing[index] = undefined;
    this.#fractions[index] = 1;
    this.#tell();
  }

  #tell(): void {
    const parts = this.#doing.flatMap((doing, index) =>
      doing === undefined ? [] : [`${this.#names[index]}: ${doing}`],
    );
    const sum = this.#fractions.reduce((total, fraction) => total + fraction, 0);
    const percent = Math.floor((100 * sum) / this.#fractions.length);
    const text = parts.join(', ');
    // Several threads report much more often than anybody can read.
    if (text === this.#last.text && percent === this.#last.percent) return;
    this.#last = { text, percent };
    this.#onProgress(text, percent);
  }
}
