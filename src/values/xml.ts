import { Failure } from '../errors/failure.ts';

/** An element: attributes in order, and either text or children. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly content: string | readonly XmlElement[];
}

/** An element of text, or of children. */
export function element(
  name: string,
  content: string | number | readonly (XmlElement | undefined)[],
  attributes: XmlElement['attributes'] = {},
): XmlElement {
  if (typeof content === 'number') return { name, attributes, content: String(content) };
  if (typeof content === 'string') return { name, attributes, content };
  return { name, attributes, content: content.filter((child) => child !== undefined) };
}

/**
 * A document in UTF-8, indented by two spaces, with a newline at the end. Every value is escaped.
 * Raises `E_XML_CHARACTER` for a character that XML 1.0 has no way to write.
 */
export function renderXml(root: XmlElement): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${renderElement(root, '')}`;
}

function renderElement({ name, attributes, content }: XmlElement, indent: string): string {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`);
  const start = `${indent}<${name}${words.join('')}`;
  if (content.length === 0) return `${start}/>\n`;
  if (typeof content === 'string') return `${start}>${escapeText(content)}</${name}>\n`;
  const children = content.map((child) => renderElement(child, `${indent}  `));
  return `${start}>\n${children.join('')}${indent}</${name}>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** What XML 1.0 (fifth edition, production 2) leaves out, and halves of surrogate pairs. */
// oxlint-disable-next-line no-control-regex
const IMPOSSIBLE = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u;
const EVERY_IMPOSSIBLE = new RegExp(IMPOSSIBLE, 'gu');

/**
 * A text that XML can write: a control character becomes the picture that Unicode has of it (U+2400 and on), anything
 * else without a way becomes U+FFFD.
 */
export function withXmlCharacters(text: string): string {
  return text.replaceAll(EVERY_IMPOSSIBLE, (character) =>
    character < ' ' ? String.fromCharCode(0x2400 + character.charCodeAt(0)) : '\ufffd',
  );
}

/** A value between tags. Lines stay lines, so that people can read the document, too; a reader gives them back as they were. */
function escapeText(value: string): string {
  return escapeXml(value).replaceAll(/&#(?:9|10);/g, (reference) => (reference === '&#9;' ? '\t' : '\n'));
}

/** A value between quotes; white space other than blanks would not come back as it was. */
function escapeXml(value: string): string {
  if (IMPOSSIBLE.test(value)) {
    throw new Failure(
      'profile',
      'E_XML_CHARACTER',
      `a value holds a character that XML cannot write: ${JSON.stringify(value)}`,
    );
  }
  return value
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
    .replaceAll(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
