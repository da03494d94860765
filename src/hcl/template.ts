const REFERENCE = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;

/** Text that HCL computes: literal parts and interpolations. */
export class HclTemplate {
  /** As between the quotes in HCL, but with only `${` and `%{` of the literal parts escaped. */
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  /** The reference, when the template is one reference and nothing else. */
  get reference(): string | undefined {
    const inner = /^\$\{([^{}]*)\}$/.exec(this.source)?.[1];
    return inner !== undefined && REFERENCE.test(inner) ? inner : undefined;
  }
}

/**
 * A reference to something else in the project, such as `var.base_disk` or `path.root`.
 * Throws for anything that HCL would read as more than a dotted name (a bug of the caller).
 */
export function hclReference(name: string): HclTemplate {
  if (!REFERENCE.test(name)) throw new Error(`not an HCL reference: ${name}`);
  return new HclTemplate(`\${${name}}`);
}

/** Tag that joins text, taken literally, and references: hclTemplate`sha256:${hclReference('var.sum')}`. */
export function hclTemplate(
  literals: TemplateStringsArray,
  ...parts: readonly (string | HclTemplate)[]
): HclTemplate {
  const texts = literals.map((literal, index) => {
    const part = parts[index] ?? '';
    return escapeTemplate(literal) + (typeof part === 'string' ? escapeTemplate(part) : part.source);
  });
  return new HclTemplate(texts.join(''));
}

/** Protects what begins an interpolation in a quoted HCL string. */
export function escapeTemplate(text: string): string {
  return text.replaceAll('${', () => '$${').replaceAll('%{', '%%{');
}
