import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { CliResult } from './compiled-cli.ts';
import type { Lab } from './lab.ts';

/** One way to write a secret, made without the help of what is tested. */
export interface Spelling {
  readonly form: string;
  readonly text: string;
}

/** Lines of a secret that are shorter say too little to be looked for. */
const LEAST_LINE = 8;

/** What the programs of a build may make of a secret before they print it. */
export function spellingsOf(secret: string): Spelling[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const url = encodeURIComponent(secret);
  const hex = Buffer.from(secret).toString('hex');
  const plain = secret.includes('\n')
    ? linesOf(secret).map((text) => ({ form: 'line', text }))
    : [{ form: 'plain', text: secret }];
  return [
    ...plain,
    { form: 'JSON', text: json },
    { form: 'JSON of Go', text: json.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`) },
    { form: 'HCL', text: json.replaceAll('${', '$${').replaceAll('%{', '%%{') },
    { form: 'single quotes', text: secret.replaceAll("'", `'\\''`) },
    { form: 'single quotes of Packer', text: secret.replaceAll("'", `'"'"'`) },
    { form: 'double quotes', text: secret.replace(/["$`\\]/g, '\\$&') },
    { form: 'URL', text: url },
    { form: 'URL in small letters', text: url.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase()) },
    { form: 'hexadecimal', text: hex },
    { form: 'capital hexadecimal', text: hex.toUpperCase() },
    ...[0, 1, 2].flatMap((shift) => base64Of(secret, shift)),
  ];
}

/** The secret within a longer text in base64, that text's other bytes before and after. */
function base64Of(secret: string, shift: number): Spelling[] {
  const bytes = Buffer.concat([Buffer.from('u:'.slice(0, shift)), Buffer.from(secret), Buffer.from('\n')]);
  const text = bytes.toString('base64');
  const forUrl = bytes.toString('base64url');
  return [
    { form: `base64 after ${shift} bytes`, text },
    { form: `base64url after ${shift} bytes`, text: forUrl },
  ];
}

/** What must be nowhere: of base64 the middle, as its ends depend on what stands beside. */
function needlesOf(secret: string): Spelling[] {
  return spellingsOf(secret).map(({ form, text }) => ({
    form,
    text: form.startsWith('base64') ? text.replace(/=+$/, '').slice(4, -4) : text,
  }));
}

function linesOf(secret: string): string[] {
  return secret.split('\n').filter((line) => line.length >= LEAST_LINE);
}

/** Every place below a lab, and every stream of a build, where a secret stands in some spelling. */
export function findSecrets(lab: Lab, result: CliResult, secrets: readonly string[]): string[] {
  const places: [place: string, text: string][] = [
    ['stdout', result.stdout],
    ['stderr', result.stderr],
    ...writtenFiles(lab).map((path): [string, string] => [relative(lab.directory, path), readAnyText(path)]),
  ];
  const found = places.flatMap(([place, text]) =>
    secrets.flatMap((secret) =>
      needlesOf(secret).flatMap((needle) =>
        needle.text !== '' && text.includes(needle.text)
          ? [`${anonymous(place)} holds it as ${needle.form}`]
          : [],
      ),
    ),
  );
  return [...new Set(found)].toSorted();
}

/** Runs and versions have other names each time. */
function anonymous(place: string): string {
  return place.replace(/runs\/[^/]+/, 'runs/RUN').replace(/\d+\.\d+\.\d+-\d+\.\d+/g, 'LONG');
}

/** What a build may have written: not what the test itself put into the lab. */
function writtenFiles({ directory }: Lab): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/^(?:control|points|archive|bin|tools)\//.test(relative(directory, path)));
}

function readAnyText(path: string): string {
  if (path.endsWith('.zst')) return outputOf('zstd -dcq', path);
  // A raw disk is mostly holes, and longer than a string may be.
  return statSync(path).size > 16 * 1024 * 1024
    ? outputOf(String.raw`tr -d '\000'`, path)
    : readFileSync(path, 'utf8');
}

function outputOf(command: string, path: string): string {
  const options = { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 } as const;
  return spawnSync('sh', ['-c', `${command} <"$1"`, 'sh', path], options).stdout;
}
