import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { transformSync } from '@swc/core';

const REPOSITORY = resolve(import.meta.dirname, '..');

/** Source files as plain Node can run them: what child processes of a test import. */
export interface CompiledSource {
  /** Directory with the same layout as `src/`, in JavaScript. */
  readonly directory: string;
  readonly remove: () => void;
}

/** Transpiles some source files and all that they import; below node_modules, so that packages are found. */
export function compileSource(...entries: string[]): CompiledSource {
  const cache = join(REPOSITORY, 'node_modules/.cache/mintmark');
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'compiled-'));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  const queue = entries.map((entry) => join(REPOSITORY, 'src', entry));
  const seen = new Set<string>(queue);
  for (const path of queue) {
    const code = transpile(path);
    for (const [, specifier = ''] of code.matchAll(/from ['"](\.[^'"]+)\.ts['"]/g)) {
      const imported = resolve(dirname(path), `${specifier}.ts`);
      if (!seen.has(imported)) queue.push(imported);
      seen.add(imported);
    }
    const target = join(directory, path.slice(join(REPOSITORY, 'src').length).replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code.replaceAll(/(from ['"]\.[^'"]+)\.ts(['"])/g, '$1.js$2'));
  }
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

function transpile(path: string): string {
  const options = {
    jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  } as const;
  return transformSync(readFileSync(path, 'utf8'), { ...options, filename: path, swcrc: false }).code;
}
