import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compileWhenStale } from './compiled-cli.ts';
import { copyScene, makeScene, type Scene } from './kill-checks.ts';
import { whyNoLab, type Lab } from './lab.ts';
import { findSecrets, spellingsOf } from './secret-needles.ts';

const reason = whyNoLab();
const describeLab = reason === undefined ? describe : describe.skip;
if (reason !== undefined) process.stderr.write(`skipped: secrets in the lab, because ${reason}\n`);

/** How a build ends: what a fake is told, and the exit code. */
const ENDINGS = [
  { ending: 'well', exitCode: 0, because: 'it is filed' },
  { ending: 'in packer', fails: ['packer', 'provision'], exitCode: 5, because: 'a provisioner fails' },
  { ending: 'in finish', fails: ['virt-sparsify', 'start'], exitCode: 5, because: 'virt-sparsify fails' },
  { ending: 'in convert', fails: ['qemu-img', 'compare'], exitCode: 5, because: 'qemu-img compare fails' },
  { ending: 'in stamp', fails: ['zstd', 'start'], exitCode: 5, because: 'zstd fails' },
] as const;

const MATRIX_MS = 300_000;
const SIGNS = 'abcXYZ0189\'"\\$`%+/=&<>{}()#,;:! é☕-_.~'.split('');

/** The text behind a beginning that makes it unlike anything else: fast-check is fond of words such as constructor. */
function unlikeAnything(rest: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(fc.stringMatching(/^[a-z0-9]{6}$/), rest)
    .map(([head, text]) => `${head}${text}`.normalize('NFC'));
}

/** Secrets of every kind that people have: passwords, tokens, keys of several lines. */
const secret = fc.oneof(
  unlikeAnything(fc.string({ unit: fc.constantFrom(...SIGNS), minLength: 6, maxLength: 30 })),
  unlikeAnything(
    fc.uint8Array({ minLength: 12, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  ),
  fc
    .array(unlikeAnything(fc.stringMatching(/^[\w+/'" ]{10,24}$/)), { minLength: 2, maxLength: 4 })
    .map((lines) => lines.join('\n')),
);

describeLab('a secret', () => {
  let scene: Scene;

  beforeAll(async () => {
    compileWhenStale();
    scene = await makeScene();
  }, 240_000);
  afterAll(() => scene.lab.remove());

  test.each(ENDINGS)(
    'is nowhere after a build that ends $ending: $because',
    async ({ exitCode, ...end }) => {
      const property = fc.asyncProperty(fc.array(secret, { minLength: 3, maxLength: 5 }), async (secrets) => {
        const { lab } = copyScene(scene, []);
        try {
          const result = await buildWith(lab, secrets, 'fails' in end ? end.fails : undefined);
          const why = result.exitCode === exitCode ? '' : result.stderr;
          const found = findSecrets(lab, result, secrets);
          expect({ exitCode: result.exitCode, why, found }).toEqual({ exitCode, why: '', found: [] });
        } finally {
          lab.remove();
        }
      });
      // A build takes seconds, so that a counterexample is not made smaller.
      await fc.assert(property, { numRuns: 2, endOnFailure: true });
    },
    MATRIX_MS,
  );
});

async function buildWith(
  lab: Lab,
  secrets: readonly string[],
  fails: readonly [tool: string, point: string] | undefined,
): ReturnType<Lab['build']> {
  const names = secrets.map((_, index) => `LAB_SECRET_${index}`);
  const env = Object.fromEntries(names.map((name) => [name, { fromEnv: name, secret: true }]));
  lab.writeProfile({ provisioners: [{ type: 'shell', name: 'pretend', inline: 'true', env }] });
  if (fails) lab.tell(...fails, 'fail 1');
  lab.tellToPrint('packer', [
    ...secrets.map((text, index) => printed('ui', text, index, packerRecord)),
    ...secrets.map((text, index) =>
      printed('log', text, index, (line) => `2026/11/21 06:00:00 ui: ${line}\n`),
    ),
  ]);
  lab.tellToPrint('qemu-system-x86_64', [
    ...secrets.map((text, index) => printed('serial', text, index, (line) => `[   12.3] guest: ${line}\r\n`)),
    ...secrets.map((text, index) => printed('stderr', text, index, (line) => `qemu: ${line}\n`)),
    ...secrets.map((text, index) => printed('finish', text, index, (line) => `finish: ${line}\r\n`)),
  ]);
  const values = Object.fromEntries(secrets.map((text, index) => [`LAB_SECRET_${index}`, text]));
  return lab.build(['--keep-failed'], { env: values });
}

/** A secret in every spelling, a line for each; the stream is cut in the middle of one of them. */
function printed(
  stream: string,
  text: string,
  index: number,
  render: (line: string) => string,
): { stream: string; pieces: string[] } {
  const lines = spellingsOf(text).map((spelling) => render(`${spelling.form}: ${spelling.text} .`));
  const cutLine = index % lines.length;
  const before = lines.slice(0, cutLine).join('');
  const whole = lines.join('');
  const cut = before.length + Math.floor((lines[cutLine] ?? '').length * 0.7);
  return { stream, pieces: [whole.slice(0, cut), whole.slice(cut)] };
}

/** As Packer writes what a provisioner printed. */
function packerRecord(text: string): string {
  const escaped = text.replaceAll(',', '%!(PACKER_COMMA)').replaceAll('\n', '\\n');
  return `1795240800,,ui,message,    qemu.mintmark: ${escaped}\n`;
}
