import { defineDocument } from './define-document.ts';
import { SHA256 } from './schema-parts.ts';

/** Content of `facts.json`: what a guest is set up to do, for comparison with the next one; without secrets. */
export interface GuestFacts {
  readonly schema: 1;
  /** Words that the boot loader gives the kernel of its first entry; absent where there is no GRUB. */
  readonly kernelArguments?: readonly string[];
  /** By name. */
  readonly services: readonly ServiceFact[];
  /** What listened in the running guest, by protocol and port; absent where none was booted. */
  readonly listeners?: readonly ListenerFact[];
  /** Text files of `/etc`, by path. */
  readonly configuration: readonly ConfigurationFact[];
  /** Files of `/etc` of which only the name is told, because they hold secrets or may. */
  readonly withheld: readonly string[];
}

/** A unit of systemd. */
export interface ServiceFact {
  /** With its suffix: `ssh.service`. */
  readonly name: string;
  /** Whether it starts at boot, a `masked` one cannot be started; `static` units are told only when they run. */
  readonly enabled: 'enabled' | 'masked' | 'static';
  /** Whether it ran once the guest was ready; absent where none was booted. */
  readonly active?: boolean;
}

/** A socket that waits for others. */
export interface ListenerFact {
  readonly protocol: 'tcp' | 'udp';
  /** As ss(8) prints it, `*` for every address. */
  readonly address: string;
  readonly port: number;
  /** Program that holds it. */
  readonly process?: string;
}

/** A file that tells how the guest is set up. */
export interface ConfigurationFact {
  readonly path: string;
  /** Of the file as it is; the text may have passwords replaced. */
  readonly sha256: string;
  readonly text: string;
}

const TEXT = { type: 'string' } as const;
const PATH = { type: 'string', pattern: '^/', 'x-expects': 'an absolute path' } as const;

/** JSON Schema (draft 2020-12) of `facts.json`. */
const GUEST_FACTS_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Mintmark guest facts',
  ...record(
    {
      schema: { const: 1 },
      kernelArguments: { type: 'array', items: TEXT },
      services: {
        type: 'array',
        items: record(
          { name: TEXT, enabled: { enum: ['enabled', 'masked', 'static'] }, active: { type: 'boolean' } },
          ['name', 'enabled'],
        ),
      },
      listeners: {
        type: 'array',
        items: record(
          {
            protocol: { enum: ['tcp', 'udp'] },
            address: TEXT,
            port: { type: 'integer', minimum: 1, maximum: 65_535 },
            process: TEXT,
          },
          ['protocol', 'address', 'port'],
        ),
      },
      configuration: {
        type: 'array',
        items: record({ path: PATH, sha256: SHA256, text: TEXT }, ['path', 'sha256', 'text']),
      },
      withheld: { type: 'array', items: PATH },
    },
    ['schema', 'services', 'configuration', 'withheld'],
  ),
} as const;

const DOCUMENT = defineDocument<GuestFacts>({ schema: GUEST_FACTS_SCHEMA, code: 'E_GUEST_FACTS_INVALID' });

/**
 * Reads `facts.json`. Raises `E_GUEST_FACTS_INVALID` with every fault.
 *
 * @param subject what a person calls the text, such as its path
 */
export const parseGuestFacts = DOCUMENT.parse;

/** The text of `facts.json`. */
export function renderGuestFacts(facts: GuestFacts): string {
  return `${JSON.stringify(facts, null, 2)}\n`;
}

function record(properties: object, required: readonly string[]): object {
  return { type: 'object', properties, required, additionalProperties: false };
}
