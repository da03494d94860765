/** A line of a secret with several lines is looked for by itself from this length on: programs print line by line. */
const LEAST_LINE_LENGTH = 8;

/** Base64 of a secret is looked for from this length on; of less, what is left beside the edges says nothing. */
const LEAST_BASE64_BYTES = 6;

/**
 * Every way in which the programs of a build are known to print a secret: as it is, line by line, and quoted or
 * encoded once. Without duplicates and empty texts.
 */
export function spellSecret(secret: string): string[] {
  if (secret === '') return [];
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= LEAST_LINE_LENGTH);
  const plain = [secret, ...lines];
  if (lines.length === 1 && lines[0] === secret) plain.pop();
  const spelled = plain.flatMap((text) => [text, ...quoted(text), ...encoded(text)]);
  return [...new Set(spelled)].filter((text) => text !== '');
}

/** Quoting by JSON, Go, HCL, POSIX shells and Packer's machine-readable output. */
function quoted(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1);
  return [
    json,
    // Go's encoding/json writes these as escapes too, so that the text is safe inside HTML.
    json.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026'),
    escapeNonAscii(json),
    json.replaceAll('${', '$${').replaceAll('%{', '%%{'),
    text.replaceAll('${', '$${').replaceAll('%{', '%%{'),
    text.replaceAll("'", String.raw`'\''`),
    text.replaceAll("'", `'"'"'`),
    // Packer puts single quotes into double ones, in single quotes: `'"'"'`; double quotes want a backslash.
    text.replace(/["$`\\]/g, '\\$&'),
    text.replace(/[^A-Za-z0-9_@%+=:,./-]/g, '\\$&'),
    escapeForPacker(text),
    escapeForPacker(json),
    escapeForPacker(text.replaceAll("'", `'"'"'`)),
  ];
}

/** Encodings: URL in its variants, hexadecimal, and base64 wherever the secret stands in the encoded text. */
function encoded(text: string): string[] {
  // By way of bytes, because encodeURIComponent refuses half of a surrogate pair.
  const url = encodeURIComponent(Buffer.from(text).toString());
  const form = new URLSearchParams({ '': text }).toString().slice(1);
  const hex = Buffer.from(text).toString('hex');
  return [url, lowerCaseEscapes(url), form, lowerCaseEscapes(form), hex, hex.toUpperCase(), ...base64(text)];
}

/** The characters that do not depend on what stands before and after, for each of the three alignments. */
function base64(text: string): string[] {
  const bytes = Buffer.from(text);
  const whole = bytes.toString('base64');
  const found = [whole, whole.replace(/=+$/, '')];
  if (bytes.length >= LEAST_BASE64_BYTES) {
    for (const before of [0, 1, 2]) {
      const all = Buffer.concat([Buffer.alloc(before), bytes])
        .toString('base64')
        .replace(/=+$/, '');
      const skipped = [0, 2, 3][before] ?? 0;
      const cut = (before + bytes.length) % 3 === 0 ? 0 : 1;
      found.push(all.slice(skipped, all.length - cut));
    }
  }
  return found.flatMap((spelling) => [spelling, spelling.replaceAll('+', '-').replaceAll('/', '_')]);
}

function escapeForPacker(text: string): string {
  return text.replaceAll(',', '%!(PACKER_COMMA)').replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

function escapeNonAscii(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function lowerCaseEscapes(url: string): string {
  return url.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase());
}
