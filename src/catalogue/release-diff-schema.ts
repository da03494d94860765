import { COUNT, LINE_NAME, LONG, SHA256, TEXT, listOf, members } from '../manifests/schema-parts.ts';

const WORDS = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;
const SIDE = members({ line: LINE_NAME, long: LONG });
const SIZES = { from: COUNT, to: COUNT } as const;

const CHANGELOG = members({
  security: FLAG,
  cves: listOf(TEXT),
  entries: listOf(members({ version: TEXT, distribution: WORDS, urgency: WORDS, date: WORDS })),
});

const PACKAGE = members(
  {
    name: TEXT,
    version: TEXT,
    architecture: TEXT,
    source: TEXT,
    sourceVersion: TEXT,
    installedSizeKiB: COUNT,
  },
  { replaces: members({ name: TEXT, version: TEXT }), changelog: CHANGELOG },
);

const UPDATE = members(
  {
    name: TEXT,
    architecture: TEXT,
    source: TEXT,
    from: TEXT,
    to: TEXT,
    sourceFrom: TEXT,
    sourceTo: TEXT,
    installedSizeKiB: members(SIZES),
  },
  { changelog: CHANGELOG },
);

const FILE_STATE = { type: TEXT, mode: TEXT, uid: COUNT, gid: COUNT, sizeBytes: COUNT } as const;
const FILE_OPTIONS = { sha256: SHA256, linkTarget: WORDS } as const;
const FILE = members({ path: TEXT, ...FILE_STATE }, FILE_OPTIONS);
const STATE = members(FILE_STATE, FILE_OPTIONS);

const ENABLED = { enum: ['enabled', 'masked', 'static'] } as const;
const SERVICE = members({ name: TEXT, enabled: ENABLED }, { active: FLAG });
const SERVICE_STATE = members({ enabled: ENABLED }, { active: FLAG });

const LISTENER = members(
  { protocol: { enum: ['tcp', 'udp'] }, address: WORDS, port: COUNT },
  { process: WORDS },
);

const ARTIFACT = members({ file: TEXT, sizeBytes: COUNT, virtualSizeBytes: COUNT });

/** JSON Schema (draft 2020-12) of `diff.json`. */
export const RELEASE_DIFF_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Mintmark release difference',
  ...members({
    schema: { const: 1 },
    from: SIDE,
    to: SIDE,
    system: aspect({ changes: listOf(members({ what: TEXT }, { from: WORDS, to: WORDS })) }),
    packages: aspect({
      added: listOf(PACKAGE),
      removed: listOf(PACKAGE),
      upgraded: listOf(UPDATE),
      downgraded: listOf(UPDATE),
      changed: listOf(UPDATE),
      changelogs: aspect({}),
    }),
    files: aspect({
      added: listOf(FILE),
      removed: listOf(FILE),
      changed: listOf(members({ path: TEXT, aspects: listOf(TEXT), from: STATE, to: STATE })),
      unchanged: COUNT,
    }),
    sizes: aspect({ contentBytes: members(SIZES), directories: listOf(members({ path: TEXT, ...SIZES })) }),
    services: aspect({
      added: listOf(SERVICE),
      removed: listOf(SERVICE),
      changed: listOf(members({ name: TEXT, from: SERVICE_STATE, to: SERVICE_STATE })),
      running: aspect({}),
    }),
    listeners: aspect({ added: listOf(LISTENER), removed: listOf(LISTENER) }),
    configuration: aspect({
      files: listOf(
        members({ path: TEXT, change: { enum: ['added', 'removed', 'changed'] } }, { diff: WORDS }),
      ),
      untold: listOf(TEXT),
    }),
    kernelArguments: aspect({
      from: listOf(WORDS),
      to: listOf(WORDS),
      added: listOf(WORDS),
      removed: listOf(WORDS),
    }),
    artifacts: aspect({
      list: listOf(members({ target: TEXT, format: TEXT }, { from: ARTIFACT, to: ARTIFACT })),
    }),
    notes: listOf(TEXT),
  }),
} as const;

/** What is known, or why it is not. */
function aspect(known: Readonly<Record<string, object>>): object {
  return {
    anyOf: [
      members({ known: { const: true }, ...known }),
      members({ known: { const: false }, reason: TEXT }),
    ],
  };
}
