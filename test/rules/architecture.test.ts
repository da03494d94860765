import { describe, expect, test } from '@jest/globals';
import { readImports, type Import } from './imports.ts';
import { readFiles } from './source-files.ts';

/** Ranks of the areas of `src`: an area imports from lower ranks and from itself. */
const RANKS: Readonly<Record<string, number>> = {
  errors: 0,
  values: 0,
  hcl: 1,
  templates: 1,
  schemas: 1,
  versions: 1,
  packages: 1,
  profiles: 2,
  manifests: 2,
  packer: 3,
  bases: 3,
  guest: 3,
  disks: 3,
  catalogue: 3,
  inspection: 3,
  publishing: 4,
  reports: 4,
  host: 4,
  workflows: 5,
  cli: 6,
};

/** Packages that exactly one file may import, so that each can be replaced in one place. */
const SINGLE_IMPORTER = ['execa', 'listr2', 'handlebars', 'ajv', 'semver', '@cdktf/hcl2json', 'diff'];

/** What areas that only compute must not load: effects enter through `host` and `workflows`. */
const EFFECTS = [
  'node:child_process',
  'node:dgram',
  'node:fs',
  'node:fs/promises',
  'node:http',
  'node:https',
  'node:net',
  'node:os',
  'node:readline',
  'node:tls',
  'node:worker_threads',
];

const files = readFiles('src', '.ts');
const imports = files.flatMap(readImports);
const inside = imports.filter((edge) => edge.to.startsWith('src/'));

function areaOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function rankOf(path: string): number {
  return RANKS[areaOf(path)] ?? Number.NaN;
}

function render(edge: Import): string {
  return `${edge.from} → ${edge.to}`;
}

/** Why an edge breaks the order of ranks, or undefined. */
function rankFault(edge: Import): string | undefined {
  const [from, to] = [areaOf(edge.from), areaOf(edge.to)];
  if (from === to) return undefined;
  if (from === 'host' && rankOf(edge.to) > 0) return `${render(edge)}: host imports rank 0 only`;
  if (rankOf(edge.to) < rankOf(edge.from)) return undefined;
  // errors and values are the same ground: a value may raise a failure.
  if (rankOf(edge.from) === 0 && rankOf(edge.to) === 0) return undefined;
  return `${render(edge)}: ${from} (rank ${rankOf(edge.from)}) may not import ${to} (rank ${rankOf(edge.to)})`;
}

/** Every cycle of run-time imports, each as the list of its files. */
function findCycles(): string[] {
  const edges = new Map<string, string[]>();
  for (const edge of inside) {
    if (edge.typeOnly || edge.dynamic) continue;
    edges.set(edge.from, [...(edges.get(edge.from) ?? []), edge.to]);
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) cycles.push([...trail.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const { path } of files) visit(path, []);
  return cycles;
}

describe('the module map', () => {
  test('knows every area of src', () => {
    const unknown = files.filter(({ path }) => Number.isNaN(rankOf(path))).map(({ path }) => path);
    expect(unknown).toEqual([]);
  });

  test('an area imports from lower ranks and from itself', () => {
    expect(inside.flatMap((edge) => rankFault(edge) ?? [])).toEqual([]);
  });

  test('every imported file exists', () => {
    const known = new Set(files.map(({ path }) => path));
    expect(inside.filter((edge) => !known.has(edge.to)).map(render)).toEqual([]);
  });

  test('no cycles', () => {
    expect(findCycles()).toEqual([]);
  });

  test.each(SINGLE_IMPORTER)('%s is imported by at most one file', (name) => {
    const importers = imports
      .filter((edge) => edge.to === name || edge.to.startsWith(`${name}/`))
      .map((edge) => edge.from);
    expect([...new Set(importers)].slice(1)).toEqual([]);
  });

  test('areas below host compute and do not act', () => {
    const acting = imports.filter(
      (edge) => rankOf(edge.from) <= 4 && areaOf(edge.from) !== 'host' && EFFECTS.includes(edge.to),
    );
    expect(acting.map(render)).toEqual([]);
  });

  test('workflows neither print nor read the command line nor end the process', () => {
    const pattern =
      /\bconsole\.(?:log|error|warn|info|debug|trace|table|dir)\(|\bprocess\.(?:stdout|stderr|argv|exit\b|exitCode)/;
    const faults = files.filter(
      ({ path, text }) => areaOf(path) !== 'cli' && pattern.test(withoutComments(text)),
    );
    expect(faults.map(({ path }) => path)).toEqual([]);
  });

  test('only the entry point sets the exit code', () => {
    const pattern = /process\.exit(?:Code)?\b/;
    const faults = files.filter(({ text }) => pattern.test(withoutComments(text)));
    expect(faults.map(({ path }) => path)).toEqual(['src/cli/main.ts']);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
