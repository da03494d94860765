/** A reference to something else in the project: `var.base_disk`, `path.root`. */
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
 * Tag for templates whose interpolations are references: hclTemplate`sha256:${'var.base_sha256'}`.
 * Throws when an interpolation is anything but a reference (a bug of the caller).
 */
export function hclTemplate(literals: TemplateStringsArray, ...references: readonly string[]): HclTemplate {
  const parts = literals.map((literal, index) => {
    const reference = references[index];
    if (reference !== undefined && !REFERENCE.test(reference)) {
      throw new Error(`not an HCL reference: ${reference}`);
    }
    return escapeTemplate(literal) + (reference === undefined ? '' : `\${${reference}}`);
  });
  return new HclTemplate(parts.join(''));
}

/** Protects what begins an interpolation in a quoted HCL string. */
export function escapeTemplate(text: string): string {
  return text.replaceAll('${', () => '$${').replaceAll('%{', '%%{');
}
