import { summarizeDiff } from '../catalogue/summarize-diff.ts';
import type { ReleaseDiff } from '../catalogue/release-diff.ts';
import type { DiffRow, DiffSection, DiffText } from './diff-section.ts';
import { planDiffSections } from './diff-sections.ts';

/** Rows of a section; a page with more of them is not read. */
const MAX_ROWS = 100;

/** Lines of a text difference. */
const MAX_LINES = 200;

/** Content of `diff.md`: what changed between two releases, as a page. Names come from images and are made harmless. */
export function renderDiffMarkdown(diff: ReleaseDiff): string {
  const { from, to } = diff;
  const older = from.line === to.line ? from.long : `${from.line} ${from.long}`;
  const notes = diff.notes.map((note) => `> ${plain(note)}`);
  return (
    [
      `# ${plain(to.line)} ${to.long}: what changed since ${plain(older)}`,
      `${plain(summarizeDiff(diff))}.`,
      ...(notes.length === 0 ? [] : [notes.join('\n')]),
      ...planDiffSections(diff).map(renderSection),
    ].join('\n\n') + '\n'
  );
}

function renderSection({ title, headline, remarks, rows, overview, texts }: DiffSection): string {
  const shown = rows.length > MAX_ROWS ? (overview ?? rows) : rows;
  return [
    `## ${title[0]?.toUpperCase() ?? ''}${title.slice(1)}`,
    `${plain(headline)}.`,
    ...remarks.map((remark) => `> ${plain(remark)}`),
    ...(shown.length === 0 ? [] : [renderRows(shown)]),
    ...texts.map(renderText),
  ].join('\n\n');
}

function renderRows(rows: readonly DiffRow[]): string {
  const lines = rows.slice(0, MAX_ROWS).map(({ sign, cells }) => {
    const [name = '', ...rest] = cells;
    const words = rest.filter((cell) => cell !== '').map((cell) => plain(cell.replaceAll('  ', ', ')));
    return `- ${SIGN_WORDS[sign]} ${code(name)}${words.length === 0 ? '' : `: ${words.join(', ')}`}`;
  });
  const more = rows.length - lines.length;
  return [...lines, ...(more > 0 ? [`- and ${more} more, which diff.json tells`] : [])].join('\n');
}

const SIGN_WORDS: Readonly<Record<DiffRow['sign'], string>> = {
  '+': 'added',
  '-': 'removed',
  '~': 'changed',
  '↑': 'upgraded',
  '↓': 'downgraded',
};

function renderText({ path, lines }: DiffText): string {
  const shown = lines.slice(0, MAX_LINES).map(withoutControls);
  const more = lines.length - shown.length;
  // A fence longer than any run of backticks inside cannot be closed by the text.
  const longest = Math.max(
    2,
    ...shown.flatMap((line) => Array.from(line.matchAll(/`+/g), ([run]) => run.length)),
  );
  const fence = '`'.repeat(longest + 1);
  const rest = more > 0 ? [`and ${more} more lines, which diff.json tells`] : [];
  return [`${code(path)}:`, `${fence}diff\n${shown.join('\n')}\n${fence}`, ...rest].join('\n\n');
}

/** Text in which nothing is Markdown or HTML. */
function plain(text: string): string {
  return withoutControls(text).replaceAll(/[\\`*_[\]<>|#&]/g, (sign) => `\\${sign}`);
}

/** A name in letters of one width; two backticks around it, unless it holds such a run itself. */
function code(text: string): string {
  const name = withoutControls(text).replaceAll('``', "''");
  return name.includes('`') ? `\`\` ${name} \`\`` : `\`${name}\``;
}

function withoutControls(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, '');
}
