import { Failure, type FailureFact } from '../errors/failure.ts';
import type { CommandOutcome } from './command.ts';

/** What `--json` prints; one of these per call, whatever happens. */
export type JsonDocument = { readonly ok: boolean } & Readonly<Record<string, unknown>>;

/** The document of a command that came to its end; `ok` is false when its outcome carries a failure. */
export function outcomeDocument(outcome: CommandOutcome): JsonDocument {
  return outcome.failure === undefined
    ? { ok: true, ...outcome.document }
    : { ...failureDocument(outcome.failure), ...outcome.document };
}

/** The document of a thrown value. A burnt BUILD number in the evidence is also at the top, as `burnt`. */
export function failureDocument(error: unknown): JsonDocument {
  if (!(error instanceof Failure)) return { ok: false, error: bugMembers(error) };
  const { kind, code, message, hint, facts, details, evidence } = error;
  const burnt = evidence['burnt'];
  return {
    ok: false,
    error: {
      kind,
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      details,
      facts: factMembers(facts),
      evidence,
    },
    ...(burnt === undefined ? {} : { burnt }),
  };
}

/** Facts by their label. */
function factMembers(facts: readonly FailureFact[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(facts.map(({ label, lines }) => [label, lines]));
}

function bugMembers(error: unknown): Readonly<Record<string, unknown>> {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  const hint = 'this is a bug in Mintmark: please report it with this document';
  return { kind: 'bug', code: 'E_BUG', message, hint, details: [], evidence: { stack } };
}
