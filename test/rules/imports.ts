import { dirname, join } from 'node:path';
import type { SourceFile } from './source-files.ts';

/** One file naming another, or a package. */
export interface Import {
  readonly from: string;
  /** A path from the top of the repository, or a package name. */
  readonly to: string;
  /** Whether only types are taken; such an import leaves no trace at run time. */
  readonly typeOnly: boolean;
  /** Whether the module is loaded when the line runs, not when the file is loaded. */
  readonly dynamic: boolean;
}

const STATIC = /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'/g;

/** The imports and re-exports of a file. Comments are left out first, so that examples in them do not count. */
export function readImports({ path, text }: SourceFile): Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const statics = [...code.matchAll(STATIC)].map(([, type, target = '']) => ({
    from: path,
    to: resolveTarget(path, target),
    typeOnly: type !== undefined,
    dynamic: false,
  }));
  const dynamics = [...code.matchAll(DYNAMIC)].map(([, target = '']) => ({
    from: path,
    to: resolveTarget(path, target),
    typeOnly: false,
    dynamic: true,
  }));
  return [...statics, ...dynamics];
}

function resolveTarget(from: string, target: string): string {
  return target.startsWith('.') ? join(dirname(from), target) : target;
}
