import type { ImageFault, ImageReport } from './image-report.ts';
import { renderFault } from './sound-image.ts';

/** Something that a consumer does not like about an image. */
export interface Objection {
  /** `refusal`: it does not take the image; `remark`: it does, but somebody should know. */
  readonly weight: 'refusal' | 'remark';
  readonly text: string;
  /** Where that is known from: a program's source file, a specification, an issue. */
  readonly source: string;
  /** Makes all other objections pointless. */
  readonly final?: true;
}

/** Who reads images, and what they ask of them. */
export interface Consumer {
  /** Stable, for programs. */
  readonly id: string;
  readonly name: string;
  /** Everything that it objects to. Whether the image is damaged or whole is asked elsewhere. */
  readonly judge: (report: ImageReport) => readonly Objection[];
}

/** What a consumer would say. */
export interface Verdict {
  readonly consumer: string;
  readonly name: string;
  readonly verdict: 'takes' | 'takes with remarks' | 'refuses';
  readonly reasons: readonly Objection[];
}

/** A reason not to take an image. */
export function refusal(text: string, source: string): Objection {
  return { weight: 'refusal', text, source };
}

/** The refusal of whoever takes no image of this format at all; nothing else matters then. */
export function wrongFormat(report: ImageReport, wanted: string, source: string): Objection {
  return { ...refusal(`is ${callImage(report)}, not ${wanted}`, source), final: true };
}

/** Something to know. */
export function remark(text: string, source: string): Objection {
  return { weight: 'remark', text, source };
}

/** The objections whose condition holds. */
export function objections(...candidates: readonly (readonly [boolean, Objection])[]): Objection[] {
  return candidates.filter(([holds]) => holds).map(([, objection]) => objection);
}

/** What a consumer says of an image; one that is damaged or leads to other files nobody takes. */
export function judgeImage(consumer: Consumer, report: ImageReport): Verdict {
  const judged = consumer.judge(report);
  const final = judged.find((objection) => objection.final);
  const reasons = final ? [final] : [...judgeWholeness(report), ...judged];
  const refused = reasons.some(({ weight }) => weight === 'refusal');
  const verdict = refused ? 'refuses' : reasons.length > 0 ? 'takes with remarks' : 'takes';
  return { consumer: consumer.id, name: consumer.name, verdict, reasons };
}

/** What nobody takes: damage, and an image that is not whole without another file. */
function judgeWholeness({ faults, references }: ImageReport): Objection[] {
  const damage = faults.find(({ kind }) => kind === 'damage');
  const [reference] = references;
  const needed =
    reference === undefined ? '' : `needs the ${reference.kind} ${JSON.stringify(reference.name)}`;
  return objections(
    [
      damage !== undefined,
      refusal(damage ? `damaged: ${renderFault(damage)}` : '', "the format's specification"),
    ],
    [reference !== undefined, refusal(needed, 'CloudStack Qcow2Inspector, OpenStack format_inspector.py')],
  );
}

/** A broken rule that a consumer keeps, as its objection. */
export function brokenRule({ faults }: ImageReport, field: RegExp): ImageFault | undefined {
  return faults.find((fault) => fault.kind === 'rule' && field.test(fault.field));
}

/** Whether an image is one of some formats; `vhd dynamic` means that subformat. */
export function isOneOf({ format, subformat }: ImageReport, formats: readonly string[]): boolean {
  return formats.includes(format) || formats.includes(`${format} ${subformat ?? ''}`);
}

/** What to call an image. */
function callImage({ format, subformat }: ImageReport): string {
  return subformat === undefined ? format : `${format} (${subformat})`;
}
