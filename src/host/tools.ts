import { Failure } from '../errors/failure.ts';
import { findProgramIfAny } from './find-program.ts';
import type { Runner } from './run.ts';
import { TOOLS, toolNamed, type Tool } from './tool-table.ts';

/** A program as found on this machine. */
export interface ProbedTool {
  readonly tool: Tool;
  /** What was looked for: the program's name, or the Packer that the user named. */
  readonly name: string;
  /** Absolute path, or what the user gave; undefined when it is missing. */
  readonly path: string | undefined;
  /** `1.6.6`; undefined when it is missing or does not tell. */
  readonly version: string | undefined;
  /** What it wrote first, such as `QEMU emulator version 7.2.22 (Debian …)`. */
  readonly banner?: string | undefined;
  readonly status: 'ok' | 'old' | 'missing';
}

/** What {@link probeTools} looks for, and where. */
export interface ToolRequest {
  /** Programs to look at; by default all that a build by this user needs. */
  readonly programs?: readonly string[] | undefined;
  /** `--packer`. */
  readonly packer?: string | undefined;
  /** Our environment: `MINTMARK_PACKER`, `PATH`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Numeric id of the user; 0 needs no `newuidmap`. */
  readonly uid?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A program that cannot say its version in this time is taken for broken. */
const VERSION_DEADLINE_MS = 15_000;

/** Finds every needed program and asks its version. Raises only `E_INTERRUPTED`. */
export async function probeTools(run: Runner, request: ToolRequest): Promise<ProbedTool[]> {
  const wanted = request.programs?.map(toolNamed) ?? neededTools(request.uid ?? process.getuid?.() ?? 0);
  return Promise.all(wanted.map((tool) => probeTool(run, tool, request)));
}

/** The Packer to use: `--packer`, else `MINTMARK_PACKER`, else the one on PATH. */
export function packerCommand(request: Pick<ToolRequest, 'packer' | 'environment'>): string {
  const named = request.packer ?? request.environment['MINTMARK_PACKER'] ?? '';
  return named === '' ? 'packer' : named;
}

/**
 * The same tools when all of them can be used. Raises `E_TOOLS_MISSING` with every missing or old one at once,
 * and the command that installs them.
 */
export function requireTools(probed: readonly ProbedTool[]): readonly ProbedTool[] {
  const bad = probed.filter((found) => found.status !== 'ok');
  if (bad.length === 0) return probed;
  const names = bad.map((found) => found.name).join(', ');
  throw new Failure('host', 'E_TOOLS_MISSING', `this machine lacks a usable ${names}`, {
    hint: toolRemedy(bad),
    details: bad.map(describeBadTool),
    evidence: { tools: bad.map(({ tool, version, status }) => ({ program: tool.program, version, status })) },
  });
}

/** What is wrong with a tool, in one line. */
export function describeBadTool(found: ProbedTool): string {
  const { minimum, purpose } = found.tool;
  if (found.status === 'missing') {
    const isPath = found.name.includes('/');
    return `${found.name} ${isPath ? 'is no program that can be run' : `is not installed (${purpose})`}`;
  }
  return `${found.name} ${found.version ?? 'of unknown version'} is too old: ${minimum} or later is needed`;
}

/** How to get these tools. */
export function toolRemedy(bad: readonly ProbedTool[]): string {
  const packages = [...new Set(bad.map((found) => found.tool.package))];
  const install = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  const packer = packages.includes('packer')
    ? '; where Debian has no packer: --packer PATH or MINTMARK_PACKER'
    : '';
  return `${install}${packer}`;
}

/** Licence of a Packer: the Mozilla Public License up to 1.9, the Business Source License from 1.10 on. */
export function packerLicence(version: string): 'MPL' | 'BUSL' {
  return compareDotted(version, '1.10') < 0 ? 'MPL' : 'BUSL';
}

/** Negative, zero or positive as dotted number `a` is lower than, equal to or higher than `b`; missing parts are 0. */
export function compareDotted(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index += 1) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function neededTools(uid: number): Tool[] {
  return TOOLS.filter((tool) => tool.for === undefined && (tool.user === undefined || uid !== 0));
}

async function probeTool(run: Runner, tool: Tool, request: ToolRequest): Promise<ProbedTool> {
  const name = tool.program === 'packer' ? packerCommand(request) : tool.program;
  const path = await findProgramIfAny(name, request.environment['PATH']);
  if (path === undefined) return { tool, name, path, version: undefined, status: 'missing' };
  if (tool.version === undefined) return { tool, name, path, version: undefined, status: 'ok' };
  const output = await readVersionOutput(run, tool, path, request);
  const version = /\d+(\.\d+)+/.exec(output)?.[0];
  const tooOld =
    tool.minimum !== undefined && (version === undefined || compareDotted(version, tool.minimum) < 0);
  const banner = output.trimStart().split('\n')[0];
  return { tool, name, path, version, banner, status: tooOld ? 'old' : 'ok' };
}

/** Some print their version on standard error, and a broken one may exit with any code. */
async function readVersionOutput(
  run: Runner,
  tool: Tool,
  path: string,
  request: ToolRequest,
): Promise<string> {
  const command = tool.versionProgram ?? path;
  const env = tool.program === 'packer' ? { env: { CHECKPOINT_DISABLE: '1' } } : {};
  try {
    const result = await run(
      { command, args: tool.version ?? [], deadlineMs: VERSION_DEADLINE_MS, ...env },
      { signal: request.signal },
    );
    return `${result.stdout}\n${result.stderr}`;
  } catch (error) {
    if (error instanceof Failure && error.kind !== 'interrupted') return '';
    throw error;
  }
}
