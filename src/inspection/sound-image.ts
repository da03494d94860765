import { Failure } from '../errors/failure.ts';
import type { CheckedFormat, ImageFault, ImageReport } from './image-report.ts';

/** What an image is expected to be. */
export interface ExpectedImage {
  readonly format: CheckedFormat;
  /** As {@link ImageReport.subformat} has it; any when absent. */
  readonly subformat?: string;
  readonly virtualSizeBytes?: number;
}

/** A fault as one line: where, what, why. */
export function renderFault({ file, offset, field, message }: ImageFault): string {
  return `${file === undefined ? '' : `${file}: `}offset ${offset}: ${field} ${message}`;
}

/** Faults as lines, and how many more there are. */
export function renderFaults(faults: readonly ImageFault[], furtherFaults: number): string[] {
  const further = furtherFaults > 0 ? [`and ${furtherFaults} more`] : [];
  return [...faults.map(renderFault), ...further];
}

/** The failure that an image's faults are; `name` is what a person calls it. */
export function unsoundImage(name: string, faults: readonly ImageFault[], furtherFaults: number): Failure {
  const count = faults.length + furtherFaults;
  const message = `${name} is not sound: ${count === 1 ? '1 fault' : `${count} faults`}`;
  return new Failure('image-test', 'E_IMAGE_UNSOUND', message, {
    details: renderFaults(faults, furtherFaults),
    evidence: { faults, furtherFaults },
  });
}

/**
 * Proof of a written image: it is what was meant, without any fault.
 * Raises `E_IMAGE_UNSOUND` with all faults, or `E_IMAGE_UNEXPECTED`.
 */
export function requireSound(name: string, report: ImageReport, expected: ExpectedImage): void {
  if (report.faults.length > 0) throw unsoundImage(name, report.faults, report.furtherFaults);
  const { subformat = report.subformat, virtualSizeBytes = report.virtualSizeBytes } = expected;
  const same =
    report.format === expected.format &&
    report.subformat === subformat &&
    report.virtualSizeBytes === virtualSizeBytes;
  if (same) return;
  const found = describe(report.format, report.subformat, report.virtualSizeBytes);
  const wanted = describe(expected.format, subformat, virtualSizeBytes);
  throw new Failure('image-test', 'E_IMAGE_UNEXPECTED', `${name} is ${found}, not ${wanted}`);
}

function describe(format: string, kind = '', size = 0): string {
  return `${format} ${kind} of ${size} bytes`;
}
