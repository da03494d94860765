import { refused, requireFiled } from '../catalogue/channel-rules.ts';
import type { JournalEntry } from '../catalogue/journal.ts';
import type { WorkflowContext } from './build-request.ts';
import { changeLine } from './change-line.ts';
import { stampChange, type ChangeOutcome, type ChangeRequest } from './change-request.ts';
import { locateRelease } from './locate-release.ts';

/** A release is to be kept, or not any more. */
export interface PinRequest extends ChangeRequest {
  /** Last day of the pin, `YYYY-MM-DD`; for ever unless given. */
  readonly until?: string;
  /** Takes all its pins away instead. */
  readonly remove: boolean;
}

/**
 * Pins a release, which `prune` keeps then, or takes its pins away.
 *
 * Raises what finding the release raises, and `E_RELEASE_WITHDRAWN` (conflict) when its files are gone already.
 */
export async function pinRelease(request: PinRequest, context: WorkflowContext): Promise<ChangeOutcome> {
  const { catalogue } = request;
  const { line, long, floating } = await locateRelease(catalogue, request.release);
  const { entries } = await changeLine(catalogue, line, (state): JournalEntry[] => {
    const release = requireFiled(state.index, long);
    const { at, by } = stampChange(state, request, context);
    if (release.withdrawn !== undefined) {
      const message = `${line} ${long} is gone since ${release.withdrawn.at}: ${release.withdrawn.reason}`;
      throw refused('E_RELEASE_WITHDRAWN', message, 'a pin must come before mintmark prune');
    }
    const { reason, until } = request;
    if (request.remove) {
      if (release.pins === undefined) return [];
      return [{ at, by, action: 'unpin', long, ...(reason === undefined ? {} : { reason }) }];
    }
    const isThere = release.pins?.some(
      (pin) => pin.reason === reason && pin.until === until && pin.by === by,
    );
    if (isThere === true) return [];
    return [{ at, by, action: 'pin', long, reason: reason ?? '', ...(until === undefined ? {} : { until }) }];
  });
  return { line, long, changed: entries.length > 0, ...(floating === undefined ? {} : { floating }) };
}
