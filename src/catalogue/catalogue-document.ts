import { defineDocument } from '../manifests/define-document.ts';
import { COUNT, INSTANT, SHA256, TEXT, mapOf, members } from '../manifests/schema-parts.ts';
import { lineIndexPath } from './paths.ts';

/** Content of `catalogue.json`: what a client reads first, and by which it knows that nothing was left out. */
export interface CatalogueDocument {
  readonly schema: 1;
  /** Grows by one with every change; a client that has seen a higher one is being shown the past. */
  readonly version: number;
  /** When it was written. */
  readonly updated: string;
  /** Line → where its index is and what it must be. */
  readonly lines: Readonly<Record<string, { readonly index: string; readonly sha256: string }>>;
}

const CATALOGUE_DOCUMENT_TYPE = defineDocument<CatalogueDocument>({
  schema: members({
    schema: { const: 1 },
    version: COUNT,
    updated: INSTANT,
    lines: mapOf(members({ index: TEXT, sha256: SHA256 })),
  }),
  code: 'E_CATALOGUE_INVALID',
  hint: 'restore this file from a copy: clients refuse a catalogue whose version goes back',
});

/** Reads `catalogue.json`. @throws Failure `E_CATALOGUE_INVALID` with every fault */
export function parseCatalogueDocument(text: string, subject: string): CatalogueDocument {
  return CATALOGUE_DOCUMENT_TYPE.parse(text, subject);
}

/** Text of `catalogue.json`. */
export function renderCatalogueDocument(document: CatalogueDocument): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

/**
 * The document for the digests of all lines' indexes; the one given when they are what it says already.
 * @param digests line → SHA-256 of its index
 * @param at instant of the change
 */
export function planCatalogueDocument(
  document: CatalogueDocument | undefined,
  digests: ReadonlyMap<string, string>,
  at: string,
): CatalogueDocument {
  const names = [...digests.keys()].toSorted();
  const lines = Object.fromEntries(
    names.map((line) => [line, { index: lineIndexPath(line), sha256: digests.get(line) ?? '' }]),
  );
  if (document && JSON.stringify(document.lines) === JSON.stringify(lines)) return document;
  return { schema: 1, version: (document?.version ?? 0) + 1, updated: at, lines };
}
