/** An element of an XML document. Names are as written, with their prefix. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Text directly inside, joined. */
  readonly text: string;
  /** Character where it begins. */
  readonly at: number;
}

/** Raised by {@link parseXml}; caught where the document is checked. */
export class XmlFault extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.name = 'XmlFault';
    this.at = at;
  }
}

/** Deepest nesting; an OVF has about six levels. */
const MOST_LEVELS = 32;
const NAME = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/y;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Reads the part of XML 1.0 that an OVF needs: elements, attributes, text, comments, CDATA, a declaration. A document
 * type is refused, and with it every entity but the five that XML has itself, so that a document cannot grow.
 * Raises {@link XmlFault}.
 */
export function parseXml(text: string): XmlElement {
  return new XmlReader(text).document();
}

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

class XmlReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.startsWith('\ufeff') ? text.slice(1) : text;
  }

  document(): XmlElement {
    this.#skipProlog();
    const root = this.#element();
    this.#skipProlog();
    if (this.#at < this.#text.length) this.#fail('has something behind its root element');
    return root;
  }

  #element(): XmlElement {
    const open: OpenElement[] = [];
    for (;;) {
      const element = this.#startTag();
      const closed = this.#closeTags(element, open);
      if (closed) return closed;
    }
  }

  /** Goes on after a start tag until the next one; returns the root when it is closed. */
  #closeTags(
    { element, empty }: { element: OpenElement; empty: boolean },
    open: OpenElement[],
  ): XmlElement | undefined {
    open.at(-1)?.children.push(element);
    if (!empty) open.push(element);
    if (open.length > MOST_LEVELS) this.#fail(`is nested deeper than ${MOST_LEVELS} levels`);
    let last: XmlElement = element;
    for (let current = open.at(-1); current; current = open.at(-1)) {
      this.#content(current);
      if (!this.#text.startsWith('</', this.#at)) return undefined;
      this.#at += 2;
      const name = this.#name();
      if (name !== current.name) this.#fail(`closes ${current.name} as ${name}`);
      this.#skipSpace();
      this.#expect('>');
      last = current;
      open.pop();
    }
    return last;
  }

  /** Text, comments and CDATA up to the next tag. */
  #content(element: OpenElement): void {
    for (;;) {
      const tag = this.#text.indexOf('<', this.#at);
      if (tag < 0) this.#fail(`ends inside ${element.name}`);
      element.text += this.#decode(this.#text.slice(this.#at, tag));
      this.#at = tag;
      if (this.#text.startsWith('<!--', tag)) this.#skipPast('-->');
      else if (this.#text.startsWith('<![CDATA[', tag)) {
        const start = tag + 9;
        this.#skipPast(']]>');
        element.text += this.#text.slice(start, this.#at - 3);
      } else if (this.#text.startsWith('<!', tag) || this.#text.startsWith('<?', tag))
        this.#fail('has a declaration inside');
      else return;
    }
  }

  #startTag(): { element: OpenElement; empty: boolean } {
    const at = this.#at;
    this.#expect('<');
    const name = this.#name();
    const attributes = new Map<string, string>();
    for (;;) {
      const before = this.#at;
      this.#skipSpace();
      const empty = this.#text.startsWith('/>', this.#at);
      if (empty || this.#text[this.#at] === '>') {
        this.#at += empty ? 2 : 1;
        return { element: { name, attributes, children: [], text: '', at }, empty };
      }
      if (this.#at === before) this.#fail(`has a malformed start of ${name}`);
      this.#attribute(attributes);
    }
  }

  #attribute(attributes: Map<string, string>): void {
    const name = this.#name();
    this.#skipSpace();
    this.#expect('=');
    this.#skipSpace();
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") this.#fail(`has no quoted value for ${name}`);
    const end = this.#text.indexOf(quote, this.#at + 1);
    if (end < 0) this.#fail(`has no end of the value of ${name}`);
    const value = this.#text.slice(this.#at + 1, end);
    if (value.includes('<')) this.#fail(`has "<" in the value of ${name}`);
    if (attributes.has(name)) this.#fail(`has the attribute ${name} twice`);
    attributes.set(name, this.#decode(value));
    this.#at = end + 1;
  }

  #skipProlog(): void {
    for (;;) {
      this.#skipSpace();
      if (this.#text.startsWith('<?xml', this.#at) && this.#at === 0) this.#skipPast('?>');
      else if (this.#text.startsWith('<!--', this.#at)) this.#skipPast('-->');
      else if (this.#text.startsWith('<!', this.#at)) this.#fail('has a document type, which is refused');
      else return;
    }
  }

  #decode(text: string): string {
    return text.replace(/&([^;&]{0,10};?)/g, (_whole, inner: string) => {
      const name = inner.endsWith(';') ? inner.slice(0, -1) : '';
      const [, decimal, hexadecimal] = /^#(?:([0-9]+)|x([0-9a-f]+))$/i.exec(name) ?? [];
      const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
      if (code > 0 && code <= 0x10ffff) return String.fromCodePoint(code);
      return ENTITIES[name] ?? this.#fail(`has the unknown entity &${inner}`);
    });
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const [name] = NAME.exec(this.#text) ?? [];
    if (name === undefined) return this.#fail('has no name where one belongs');
    this.#at += name.length;
    return name;
  }

  #expect(text: string): void {
    if (!this.#text.startsWith(text, this.#at)) this.#fail(`lacks ${JSON.stringify(text)}`);
    this.#at += text.length;
  }

  #skipSpace(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #skipPast(text: string): void {
    const found = this.#text.indexOf(text, this.#at);
    if (found < 0) this.#fail(`lacks ${JSON.stringify(text)}`);
    this.#at = found + text.length;
  }

  #fail(message: string): never {
    throw new XmlFault(this.#at, message);
  }
}
