/** A file of a project, by its path relative to the project; `mode` as in chmod. */
export type PlannedFile =
  | { readonly path: string; readonly mode: number; readonly content: string }
  /** A copy of a file or directory of the build host, named as the profile names it. */
  | { readonly path: string; readonly mode?: number; readonly copyOf: string };

/** A number with leading zeros, so that names sort in order: `07` of 12, `007` of 120. */
export function ordinal(number: number, total: number): string {
  return String(number).padStart(Math.max(2, String(total).length), '0');
}

/** The readable part of a file name for any text: lower case, ASCII, at most 40 characters. */
export function slugOf(text: string): string {
  const slug = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .slice(0, 40)
    .replace(/^[-.]+|[-.]+$/g, '');
  return slug === '' ? 'step' : slug;
}
