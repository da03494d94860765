import { CLOCK_TOLERANCE_MS, type ChangeStamp, type LineState } from '../catalogue/channel-rules.ts';
import { operatorName } from '../host/operator.ts';
import { renderDuration } from '../values/duration.ts';
import type { WorkflowContext } from './build-request.ts';

/** What every change of a release is asked for with. */
export interface ChangeRequest {
  /** Catalogue directory. */
  readonly catalogue: string;
  /** `LINE@VERSION`; a channel or a range is resolved and told. */
  readonly release: string;
  /** Why; kept in the history. */
  readonly reason?: string;
  /** Who; `user@host` of whoever runs us unless given. */
  readonly by?: string;
}

/** A change that was made, or was not needed. */
export interface ChangeOutcome {
  readonly line: string;
  /** LONG of the release that was meant. */
  readonly long: string;
  /** What was written instead of a full version. */
  readonly floating?: string;
  /** Whether anything changed. */
  readonly changed: boolean;
}

/**
 * When and by whom a change is made. A clock that has gone back does not hold up a revocation, but is told: the order of
 * the journal counts, not its times.
 */
export function stampChange(
  { journal }: LineState,
  request: Pick<ChangeRequest, 'by'>,
  { clock, emit }: Pick<WorkflowContext, 'clock' | 'emit'>,
): ChangeStamp {
  const now = clock.now();
  const behindMs = Date.parse(journal.entries.at(-1)?.at ?? '') - now.getTime();
  if (behindMs > CLOCK_TOLERANCE_MS) {
    const text = `this machine's clock is ${renderDuration(behindMs)} behind the last change of ${journal.line}`;
    emit({ type: 'warning', text });
  }
  return { at: now.toISOString(), by: request.by ?? operatorName() };
}
