import { join } from 'node:path';
import { checkCatalogueDocument } from '../catalogue/check-catalogue-document.ts';
import { checkDescendants } from '../catalogue/check-revocations.ts';
import { findingsOf, type Finding } from '../catalogue/finding.ts';
import type { LineIndex } from '../catalogue/line-index.ts';
import { CATALOGUE_DOCUMENT, LINES, RELEASES, requireLineName } from '../catalogue/paths.ts';
import { Failure } from '../errors/failure.ts';
import { isLineName } from '../manifests/safe-names.ts';
import { renderByteSize } from '../values/byte-size.ts';
import { renderDuration } from '../values/duration.ts';
import type { WorkflowContext } from './build-request.ts';
import { exists, listNames, withCatalogueErrors } from './catalogue-files.ts';
import { createContentReader } from './content-reader.ts';
import type { LineInspection } from './inspect-line.ts';
import { findCatalogueLeftovers } from './leftovers.ts';
import { readLineIndex } from './read-line.ts';
import { passOver, readCatalogueDocument } from './read-line-views.ts';
import { completeRevocations } from './revoke-release.ts';
import { StageRunner } from './stage-runner.ts';
import { verifyLine } from './verify-line.ts';

/** What `verify` is asked for. */
export interface VerifyRequest {
  readonly catalogue: string;
  /** Only these lines; all of them when empty. */
  readonly lines: readonly string[];
  /** Whether names, sizes and documents are enough, and the content of files is not read. */
  readonly metadata: boolean;
}

/** What a verification came to. */
export interface VerifyOutcome {
  readonly findings: readonly Finding[];
  /** What was completed, and what killed processes left; no damage. */
  readonly notes: readonly string[];
  readonly lines: number;
  readonly releases: number;
  /** Files whose content was read. */
  readonly files: number;
  readonly sizeBytes: number;
  readonly durationMs: number;
}

/**
 * Reads everything in a catalogue again and names each file that is not as it was recorded. What a killed change left is
 * completed first, where the catalogue can be written. Damage is in the outcome; raises `E_LINE_UNKNOWN` and `E_LINE_NAME`
 * (usage), `E_CATALOGUE_MISSING` (usage) when there is no such directory, and what the file system raises.
 */
export async function verifyCatalogue(
  request: VerifyRequest,
  context: WorkflowContext,
): Promise<VerifyOutcome> {
  context.emit({ type: 'stages', stages: ['catalogue'] });
  const stages = new StageRunner(context.emit, context.signal);
  return stages.run({
    name: 'catalogue',
    run: (progress) => withCatalogueErrors(request.catalogue, () => verifyAll(request, context, progress)),
    summarize: summarizeVerification,
  });
}

/** `verified 3 lines, 12 releases, 41 files, 3.1 GiB in 4.2 s` */
export function summarizeVerification(outcome: VerifyOutcome): string {
  const { lines, releases, files, sizeBytes, durationMs } = outcome;
  const content = files === 0 ? [] : [counted(files, 'file'), renderByteSize(sizeBytes)];
  const parts = [counted(lines, 'line'), counted(releases, 'release'), ...content];
  return `verified ${parts.join(', ')} in ${renderDuration(durationMs)}`;
}

async function verifyAll(
  { catalogue, lines: wanted, metadata }: VerifyRequest,
  context: WorkflowContext,
  onProgress: (detail: string, percent?: number) => void,
): Promise<VerifyOutcome> {
  const startedAt = performance.now();
  const all = await listLineNames(catalogue);
  const lines = wanted.length === 0 ? all : wanted.map((line) => requireLine(line, all));
  const reader = createContentReader(catalogue, metadata, { signal: context.signal, onProgress });
  const inspections: LineInspection[] = [];
  for (const [place, line] of lines.entries()) {
    context.signal.throwIfAborted();
    onProgress(line, (100 * place) / lines.length);
    const { readContent } = reader;
    // What was read is told; the names of a hundred thousand files need not be kept.
    inspections.push({ ...(await verifyLine({ catalogue, line, readContent }, context)), files: [] });
  }
  const marked = await markDescendants(catalogue, inspections, context);
  for (const line of new Set(marked.map((name) => name.split('@')[0] ?? ''))) {
    const place = lines.indexOf(line);
    if (place < 0) continue;
    inspections[place] = await verifyLine({ catalogue, line, readContent: reader.readContent }, context);
  }
  const across = await checkAcross(catalogue, { all, isWhole: wanted.length === 0, inspections });
  const leftovers = wanted.length === 0 ? await findCatalogueLeftovers(catalogue) : [];
  return {
    findings: [...inspections.flatMap(({ findings }) => findings), ...across],
    notes: [
      ...inspections.flatMap(({ notes }) => notes),
      ...marked.map(
        (name) => `${name} was made from a revoked release: revoked now, which a kill had prevented`,
      ),
      ...leftovers.map(({ path, owner }) => `${path} was left by ${owner}, which is dead`),
    ],
    lines: inspections.length,
    releases: inspections.reduce((sum, { releases }) => sum + releases, 0),
    ...reader.read(),
    durationMs: performance.now() - startedAt,
  };
}

/** Completes revocations that were killed between one line and the next; a catalogue that is read-only keeps its damage. */
async function markDescendants(
  catalogue: string,
  inspections: readonly LineInspection[],
  context: WorkflowContext,
): Promise<string[]> {
  const marked: string[] = [];
  for (const { journal } of inspections) {
    if (journal === undefined) continue;
    try {
      marked.push(...(await completeRevocations(catalogue, journal, context)));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }
  return marked;
}

/** What several lines say of one another, and the catalogue of all. */
async function checkAcross(
  catalogue: string,
  scope: {
    readonly all: readonly string[];
    readonly isWhole: boolean;
    readonly inspections: readonly LineInspection[];
  },
): Promise<Finding[]> {
  const { all, isWhole, inspections } = scope;
  const indexes = new Map<string, LineIndex>();
  for (const { line, index } of inspections) if (index !== undefined) indexes.set(line, index);
  const named = inspections.flatMap(({ journal }) =>
    (journal?.entries ?? []).flatMap((entry) => (entry.action === 'revoke' ? (entry.descendants ?? []) : [])),
  );
  for (const line of new Set(named.map((name) => name.split('@')[0] ?? ''))) {
    if (indexes.has(line) || !all.includes(line)) continue;
    const index = await readLineIndex(catalogue, line).catch(passOver);
    if (index !== undefined) indexes.set(line, index);
  }
  const descendants = inspections.flatMap(({ journal }) =>
    journal === undefined ? [] : checkDescendants(journal, indexes),
  );
  return isWhole ? [...descendants, ...(await checkRoot(catalogue, all))] : descendants;
}

async function checkRoot(catalogue: string, lines: readonly string[]): Promise<Finding[]> {
  const strays = (await listNames(join(catalogue, RELEASES)))
    .filter((name) => !lines.includes(name) && !name.startsWith('.'))
    .map((name) => ({ path: `${RELEASES}/${name}`, fault: `there is no line ${name} in ${LINES}/` }));
  const names = (await listNames(join(catalogue, LINES)))
    .filter((name) => !isLineName(name) && !name.startsWith('.'))
    .map((name) => ({ path: `${LINES}/${name}`, fault: 'has a name that a line cannot have' }));
  return [...(await checkDocument(catalogue, lines)), ...strays, ...names];
}

async function checkDocument(catalogue: string, lines: readonly string[]): Promise<Finding[]> {
  try {
    const document = await readCatalogueDocument(catalogue);
    return document === undefined ? [] : checkCatalogueDocument(document, lines);
  } catch (error) {
    return findingsOf(error, CATALOGUE_DOCUMENT);
  }
}

async function listLineNames(catalogue: string): Promise<string[]> {
  if (!(await exists(catalogue))) {
    throw new Failure('usage', 'E_CATALOGUE_MISSING', `there is no catalogue ${catalogue}`, {
      hint: 'pass --catalogue DIR with the directory of one',
    });
  }
  return (await listNames(join(catalogue, LINES))).filter(isLineName);
}

function requireLine(line: string, all: readonly string[]): string {
  if (all.includes(requireLineName(line))) return line;
  const hint = all.length === 0 ? 'it has no line at all' : `there is ${all.join(', ')}`;
  throw new Failure('usage', 'E_LINE_UNKNOWN', `the catalogue has no line ${line}`, { hint });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
