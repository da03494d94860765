import { quoteForShell } from '../values/command-spec.ts';
import { LITERAL_LIMIT_BYTES } from '../hcl/literal.ts';

/** A value that a script gets from its own text, because Packer would change or refuse it. */
export interface EmbeddedValue {
  readonly name: string;
  readonly value: string;
}

/** Together they must leave room for arguments in the 2 MiB that Linux grants a new program (execve(2)). */
const EXPORT_LIMIT_BYTES = 1024 * 1024;

/** The text of an inline script as a file: Packer's own default for such scripts, `/bin/sh -e`. */
export function inlineScript(text: string): string {
  const body = text.endsWith('\n') ? text : `${text}\n`;
  return body.startsWith('#!') ? body : `#!/bin/sh -e\n${body}`;
}

/** Text saved on Windows, as a Unix shell needs it. */
export function unixLineEnds(script: string): string {
  return /^[^\n]*\r\n/.test(script) ? script.replaceAll('\r\n', '\n') : script;
}

/**
 * The command that runs a script, from its first line, so that the file need not be executable where it lies.
 * Undefined when that line holds what a shell would not read as plain words.
 */
export function interpreterOf(script: string): string | undefined {
  const shebang = /^#![ \t]*([^\n]*)/.exec(script)?.[1]?.trim() ?? '/bin/sh';
  return /^\/[\w./ +=-]*$/.test(shebang) ? shebang : undefined;
}

/** Whether an interpreter reads POSIX shell, so that assignments may stand at the top of the script. */
export function isShell(interpreter: string): boolean {
  const [program = '', ...args] = interpreter.split(/ +/);
  const name = program.endsWith('/env') ? args.find((word) => !word.startsWith('-')) : program;
  return /(^|\/)(sh|bash|dash|ash|ksh|busybox)$/.test(name ?? '');
}

/** The script with the values set before its first command, exported as far as programs can take them. */
export function embedValues(script: string, values: readonly EmbeddedValue[]): string {
  if (values.length === 0) return script;
  let room = EXPORT_LIMIT_BYTES;
  const lines = values.map(({ name, value }) => {
    const sizeBytes = Buffer.byteLength(value);
    const exported = sizeBytes <= LITERAL_LIMIT_BYTES && sizeBytes <= room;
    if (exported) room -= sizeBytes;
    const assignment = `${name}=${quoteForShell(value)}\n`;
    return exported ? `export ${assignment}` : `${TOO_LONG}${assignment}`;
  });
  const firstLine = /^#![^\n]*\n/.exec(script)?.[0] ?? '';
  return `${firstLine}${EXPLANATION}${lines.join('')}\n${script.slice(firstLine.length)}`;
}

const EXPLANATION = '# Values that Packer cannot carry unchanged.\n';
const TOO_LONG = '# Too long for the environment of a program, so a variable of this shell only.\n';
