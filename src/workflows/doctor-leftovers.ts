import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderByteSize } from '../values/byte-size.ts';
import { quoteForShell } from '../values/command-spec.ts';
import type { WorkflowContext } from './build-request.ts';
import type { DoctorFinding } from './doctor-finding.ts';
import type { DoctorMachine } from './doctor-machine.ts';
import { findLeftovers, type Leftover } from './leftovers.ts';

/** Commands to copy name this many paths; more do not help anybody. */
const MOST_PATHS = 10;

/** What dead builds left: what the next build sweeps in one finding, what people must remove in another. */
export async function checkLeftovers(
  { catalogue }: { readonly catalogue: string },
  context: WorkflowContext,
  { root, uid }: Pick<DoctorMachine, 'root' | 'uid'>,
): Promise<DoctorFinding[]> {
  const temporary = root === '' ? tmpdir() : join(root, 'tmp');
  const leftovers = await findLeftovers(context, { catalogue, temporary, uid });
  const swept = leftovers.filter(({ isSwept }) => isSwept);
  const kept = leftovers.filter(({ isSwept }) => !isSwept);
  if (leftovers.length === 0) return [{ name: 'leftovers', status: 'ok', text: 'none of dead builds' }];
  return [
    ...describe(swept, 'nothing: the next build sweeps it or takes it over'),
    ...describe(
      kept,
      `rm -r ${kept
        .slice(0, MOST_PATHS)
        .map(({ path }) => quoteForShell(path))
        .join(' ')}`,
    ),
  ];
}

function describe(leftovers: readonly Leftover[], remedy: string): DoctorFinding[] {
  const [first] = leftovers;
  if (!first) return [];
  const kinds = [...new Set(leftovers.map(({ kind }) => kind))].map((kind) => {
    const count = leftovers.filter((each) => each.kind === kind).length;
    return `${count} ${count === 1 ? WORDS[kind][0] : WORDS[kind][1]}`;
  });
  const usedBytes = leftovers.reduce((sum, each) => sum + each.usedBytes, 0);
  const example = `${first.path} (${first.owner})`;
  const text = `dead builds left ${kinds.join(', ')}, ${renderByteSize(usedBytes)}: ${example}${leftovers.length > 1 ? ', …' : ''}`;
  return [{ name: 'leftovers', status: 'warn', text, remedy }];
}

/** One of a kind, and several. */
const WORDS: Readonly<Record<Leftover['kind'], readonly [string, string]>> = {
  run: ['run', 'runs'],
  work: ['work directory', 'work directories'],
  share: ['claim', 'claims'],
  lock: ['lock', 'locks'],
  staging: ['unfinished release', 'unfinished releases'],
  temporary: ['temporary directory', 'temporary directories'],
};
