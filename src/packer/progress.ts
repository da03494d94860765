import type { PackerEvent } from './machine-readable.ts';
import type { ProvisioningStep } from './provisioning.ts';

/** Where a build stands, for people. */
export interface PackerProgress {
  /** The step under way, counted from 1; absent before the first and after the last. */
  readonly step?: { readonly number: number; readonly total: number; readonly name: string };
  /** What happens right now: `waiting for SSH`, `setting up curl`. */
  readonly detail: string;
}

/** A sentence of Packer or of a tool in the guest, and what people are told instead; null for nothing. */
export interface Phrase {
  readonly pattern: RegExp;
  readonly detail: string | null;
}

/**
 * The one place that knows English sentences of Packer, its QEMU builder, apt and dpkg; a test holds a real line
 * for each row. They decide only what people see, as a guest may write the same sentences; what the end of a build
 * hangs on comes from `isLogin` and from Packer's log. `$1` stands for the first group.
 */
export const PHRASES: readonly Phrase[] = [
  { pattern: /^(?:Retrieving ISO|Trying )/, detail: 'checking the base disk' },
  { pattern: /^Creating required virtual machine disks/, detail: 'making the disk' },
  { pattern: /^(?:Starting VM|Overriding default Qemu arguments)/, detail: 'starting QEMU' },
  { pattern: /^Waiting for SSH to become available/, detail: 'waiting for SSH' },
  { pattern: /^Connected to SSH!/, detail: 'logged in' },
  { pattern: /^(?:Gracefully halting virtual machine|Waiting for shutdown)/, detail: 'shutting down' },
  { pattern: /^Deleting output directory/, detail: 'cleaning up' },
  { pattern: /^(?:Provisioning with shell script: |Uploading .* => )/, detail: null },
  { pattern: /^Setting a \S+ timeout for the next provisioner/, detail: null },
  {
    pattern:
      /^(?:Found port for|Using SSH communicator|Looking for|Using existing SSH|Not using a NetBridge|The VM will be run|view the screen of|vnc:)/i,
    detail: null,
  },
  { pattern: /^Get:\d+ \S+ \S+ \S+ (\S+) \S+ \S+ \[/, detail: 'downloading $1' },
  { pattern: /^(?:Get|Hit|Ign):\d+ |^Reading package lists/, detail: 'reading package lists' },
  { pattern: /^(?:Selecting previously unselected|Preparing to unpack|\(Reading database)/, detail: null },
  { pattern: /^Unpacking ([^\s:]+)\S* /, detail: 'unpacking $1' },
  { pattern: /^Setting up ([^\s:]+)\S* /, detail: 'setting up $1' },
  { pattern: /^Processing triggers for ([^\s:]+)/, detail: 'running triggers of $1' },
];

/**
 * Whether Packer says that the guest has let it in. A guest cannot say so first: before that moment nobody hears it.
 * What provisioners write is a `message`, except that Packer from 1.13 on passes it as `say`.
 */
export function isLogin(event: PackerEvent): boolean {
  return (
    event.type === 'ui' &&
    event.level === 'say' &&
    event.build !== undefined &&
    event.text === 'Connected to SSH!'
  );
}

/** What Packer says of a provisioner before it runs it. */
const INTRODUCTION =
  /^(?:Provisioning with shell script: |Uploading .* => |Setting a \S+ timeout for the next provisioner)/;

/** Whether a line is Packer's own word on a step, and not the step's output. */
export function isIntroduction(text: string): boolean {
  return INTRODUCTION.test(text);
}

/** Longest detail shown, in characters. */
const DETAIL_LENGTH = 100;

/** Turns the events of one build into what people want to see. */
export class PackerProgressReader {
  readonly #steps: readonly ProvisioningStep[];
  #current: PackerProgress['step'];

  constructor(steps: readonly ProvisioningStep[]) {
    this.#steps = steps;
  }

  /** The step under way; undefined before the first and after the last. */
  get step(): PackerProgress['step'] {
    return this.#current;
  }

  /** What an event means to people; undefined when it says nothing new. */
  read(event: PackerEvent): PackerProgress | undefined {
    if (event.type !== 'ui') return undefined;
    const started = this.#stepStartedBy(event.text);
    if (started !== undefined) {
      this.#current = started;
      return { step: started, detail: '' };
    }
    const detail = describe(event.text, this.#current !== undefined && event.build !== undefined);
    if (detail === undefined) return undefined;
    if (detail === 'shutting down') this.#current = undefined;
    return this.#current === undefined ? { detail } : { step: this.#current, detail };
  }

  #stepStartedBy(text: string): PackerProgress['step'] {
    const path = /^(?:Provisioning with shell script: (.*)|Uploading (.*) => .*)$/.exec(text);
    const file = path?.[1] ?? path?.[2];
    if (file === undefined) return undefined;
    const index = this.#steps.findIndex(({ markers }) =>
      markers.some((marker) => file.endsWith(`/${marker}`)),
    );
    const step = this.#steps[index];
    if (step === undefined || this.#current?.number === index + 1) return undefined;
    return { number: index + 1, total: this.#steps.length, name: step.name };
  }
}

/** A known sentence in our words; within a step, any other line as it is. */
function describe(text: string, withinStep: boolean): string | undefined {
  const line = text.trim();
  for (const { pattern, detail } of PHRASES) {
    const match = pattern.exec(line);
    if (match) return detail?.replace('$1', match[1] ?? '');
  }
  // oxlint-disable-next-line no-control-regex
  const visible = line.replace(/\u001b\[[0-9;?]*[A-Za-z]|\p{Cc}/gu, '').slice(0, DETAIL_LENGTH);
  return withinStep && visible !== '' ? visible : undefined;
}
