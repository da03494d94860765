import { spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createSecretFilter, SECRET_MASK } from '../../../src/host/secrets.ts';

const AWKWARD = `pa"ss'w\\ord $(x) \${y} %{z}<&>,é+/=`;

describe('a secret is masked', () => {
  test.each<{ form: string; spell: (secret: string) => string; because: string }>([
    { form: 'as it is', spell: (s) => s, because: 'echo' },
    { form: 'in JSON', spell: (s) => JSON.stringify(s), because: 'manifests, QMP, debug logs' },
    {
      form: 'in JSON by Go',
      spell: (s) => JSON.stringify(s).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
      because: 'Packer is written in Go',
    },
    {
      form: 'in ASCII JSON',
      spell: (s) => JSON.stringify(s).replaceAll('é', '\\u00e9'),
      because: 'Python writes it so',
    },
    {
      form: 'in HCL',
      spell: (s) => JSON.stringify(s).replaceAll('${', '$${').replaceAll('%{', '%%{'),
      because: 'a rendered project',
    },
    {
      form: 'in single quotes',
      spell: (s) => `'${s.replaceAll("'", `'\\''`)}'`,
      because: 'shell command lines',
    },
    { form: 'by Packer', spell: (s) => `'${s.replaceAll("'", `'"'"'`)}'`, because: 'its environment_vars' },
    { form: 'in double quotes', spell: (s) => `"${s.replace(/["$`\\]/g, '\\$&')}"`, because: 'set -x' },
    { form: 'in a URL', spell: (s) => encodeURIComponent(s), because: 'a proxy with a password' },
    { form: 'in a form', spell: (s) => new URLSearchParams({ a: s }).toString(), because: 'curl --data' },
    { form: 'in base64', spell: (s) => Buffer.from(s).toString('base64'), because: 'Authorization headers' },
    { form: 'in base64url', spell: (s) => Buffer.from(s).toString('base64url'), because: 'tokens' },
    { form: 'in hexadecimal', spell: (s) => Buffer.from(s).toString('hex'), because: 'dumps' },
    {
      form: 'machine-readable',
      spell: (s) => s.replaceAll(',', '%!(PACKER_COMMA)'),
      because: 'packer -machine-readable',
    },
  ])('$form ($because)', ({ spell }) => {
    const filter = createSecretFilter([AWKWARD]);
    const shown = filter.text(`before ${spell(AWKWARD)} after`);
    expect(shown).toContain(SECRET_MASK);
    expect(shown).toMatch(/^before .* after$/);
    expect(shown).not.toMatch(/ss|ord|LUfPiY/);
  });

  test.each([0, 1, 2, 3, 4])('in the base64 of user:password with a user of %i letters', (length) => {
    const encoded = Buffer.from(`${'u'.repeat(length)}:topsecretword!`).toString('base64');
    const shown = createSecretFilter(['topsecretword']).text(encoded);
    expect(shown).toContain(SECRET_MASK);
    const left = Buffer.from(shown.replace(SECRET_MASK, ''), 'base64').toString('latin1');
    expect(left).not.toMatch(/secret|word/);
  });

  test('as bash itself quotes it', () => {
    const { stdout } = spawnSync('bash', ['-c', `printf '%q' "$S"`], {
      env: { S: 'two words; $x "q"', LC_ALL: 'C.UTF-8' },
      encoding: 'utf8',
    });
    expect(createSecretFilter(['two words; $x "q"']).text(stdout)).toBe(SECRET_MASK);
  });

  test('line by line, when a program indents each line', () => {
    const key = '-----BEGIN KEY-----\nabcdefghijkl\nmnopqrstuvwx\n-----END KEY-----\n';
    const shown = createSecretFilter([key]).text('    qemu: abcdefghijkl\n    qemu: mnopqrstuvwx\n');
    expect(shown).toBe(`    qemu: ${SECRET_MASK}\n    qemu: ${SECRET_MASK}\n`);
  });

  test.each([
    { secrets: ['abcdef', 'abc'], text: 'abcdef abc', shown: '# #', because: 'the longer one wins' },
    { secrets: ['abcxyz', 'xyzdef'], text: 'abcxyzdef', shown: '#', because: 'overlapping ones are one' },
    { secrets: ['aa'], text: 'aaaaa', shown: '#', because: 'it overlaps itself' },
    { secrets: ['x'], text: 'axb', shown: 'a#b', because: 'short ones too' },
    { secrets: [''], text: 'abc', shown: 'abc', because: 'an empty one hides nothing' },
    { secrets: [], text: 'abc', shown: 'abc', because: 'there is none' },
    { secrets: ['.*'], text: 'abc .*', shown: 'abc #', because: 'it is no pattern' },
    { secrets: ['\ud800x'], text: 'a \ud800x', shown: 'a #', because: 'half a surrogate pair' },
  ])('$because', ({ secrets, text, shown }) => {
    expect(createSecretFilter(secrets).text(text)).toBe(shown.replaceAll('#', SECRET_MASK));
  });
});

describe('in pieces', () => {
  test('a secret may be cut anywhere', () => {
    const filter = createSecretFilter([AWKWARD]);
    const whole = `a ${AWKWARD} b ${JSON.stringify(AWKWARD)} c`;
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const pieces = filter.pieces();
      const shown = pieces.push(whole.slice(0, cut)) + pieces.push(whole.slice(cut)) + pieces.flush();
      expect(shown).toBe(filter.text(whole));
    }
  });

  test('what cannot belong to a secret is not held back', () => {
    const pieces = createSecretFilter(['secret']).pieces();
    expect(pieces.push('hello se')).toBe('hello ');
    expect(pieces.push('a ')).toBe('sea ');
    expect(pieces.push('sec')).toBe('');
    expect(pieces.flush()).toBe('sec');
  });

  test('cut in any way, the result is the same as in one piece', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 3 }), fc.array(letters), (secrets, chunks) => {
        const filter = createSecretFilter(secrets);
        const pieces = filter.pieces();
        const shown = chunks.map((chunk) => pieces.push(chunk)).join('') + pieces.flush();
        expect(shown).toBe(filter.text(chunks.join('')));
        for (const secret of secrets) {
          expect(shown.replaceAll(SECRET_MASK, '|')).not.toContain(secret);
        }
      }),
      { seed: 20261121 },
    );
  });

  test('a byte stream may be cut inside a letter', async () => {
    const bytes = Buffer.from('x geheimé y');
    const chunks = [...bytes].map((byte) => Buffer.from([byte]));
    const shown = await readText(Readable.from(chunks).pipe(createSecretFilter(['geheimé']).transform()));
    expect(shown).toBe(`x ${SECRET_MASK} y`);
  });
});

test('values keep their shape', () => {
  const filter = createSecretFilter(['hush']);
  const value = { list: ['a hush', 1, null, true], hush: { deep: 'hush' }, none: undefined };
  expect(filter.value(value)).toEqual({
    list: [`a ${SECRET_MASK}`, 1, null, true],
    [SECRET_MASK]: { deep: SECRET_MASK },
    none: undefined,
  });
});
