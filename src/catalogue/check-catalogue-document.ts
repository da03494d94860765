import { CATALOGUE_DOCUMENT, lineIndexPath } from './paths.ts';
import type { CatalogueDocument } from './catalogue-document.ts';
import { checkEqual, type Finding } from './finding.ts';

/** What is wrong with `catalogue.json` itself; the digests of its lines are compared line by line. */
export function checkCatalogueDocument(
  { version, lines }: CatalogueDocument,
  present: readonly string[],
): Finding[] {
  const path = CATALOGUE_DOCUMENT;
  return [
    ...(version > 0
      ? []
      : [{ path, member: '.version', fault: 'must be at least 1', found: String(version) }]),
    ...Object.entries(lines).flatMap(([line, { index }]): Finding[] => {
      const member = `.lines[${JSON.stringify(line)}]`;
      if (!present.includes(line)) return [{ path, member, fault: `there is no line ${line}` }];
      const values = { expected: lineIndexPath(line), found: index };
      return checkEqual({ path, member: `${member}.index` }, 'leads elsewhere', values);
    }),
  ];
}
