import { quoteForShell } from '../values/command-spec.ts';
import type { BootPlan, PushedFile } from './boot-contract.ts';

/** Lines by which a session's script tells how far it is; nobody else can know them. */
export interface SessionMarks {
  readonly login: string;
  readonly ready: string;
  readonly done: string;
}

/**
 * What one login does: says that it is there, puts the pushed files in place, waits for the marker of the contract, then
 * has the questions answered. Waiting has no limit of its own; whoever sent it has one.
 *
 * @param questions shell whose output is wanted
 * @param nonce letters and digits that nobody can guess
 */
export function renderSessionScript(
  plan: Pick<BootPlan, 'sshFiles' | 'marker'>,
  questions: string,
  nonce: string,
): { readonly script: string; readonly marks: SessionMarks } {
  const marks = { login: `${nonce} login`, ready: `${nonce} ready`, done: `${nonce} done` };
  const script = [
    `echo ${quoteForShell(marks.login)}`,
    ...plan.sshFiles.flatMap(pushFile),
    `while [ ! -e ${quoteForShell(plan.marker)} ]; do sleep 0.3; done`,
    `echo ${quoteForShell(marks.ready)}`,
    questions,
    `echo ${quoteForShell(marks.done)}`,
    '',
  ].join('\n');
  return { script, marks };
}

/** Whole under its name at once: whoever waits for it in the guest never sees a half. */
function pushFile({ path, data }: PushedFile): string[] {
  const [final, draft] = [quoteForShell(path), quoteForShell(`${path}.part`)];
  const lines =
    Buffer.from(data)
      .toString('base64')
      .match(/.{1,76}/g) ?? [];
  return [`base64 -d >${draft} <<'END'`, ...lines, 'END', `mv ${draft} ${final}`];
}
