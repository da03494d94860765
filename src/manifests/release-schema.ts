import {
  BUILD,
  COUNT,
  DAY,
  FILE_NAME,
  INSTANT,
  LINE_NAME,
  LONG,
  RELEASE_STATE,
  RELEASE_TESTS,
  REV,
  SHA256,
  TEXT,
  hexDigits,
  listOf,
  mapOf,
  members,
} from './schema-parts.ts';

const VERSION = members({
  short: TEXT,
  inter: TEXT,
  long: LONG,
  wire: TEXT,
  serial: TEXT,
  date: DAY,
  rev: REV,
  build: BUILD,
});

const RECIPE = members(
  { digest: SHA256, profile: TEXT },
  { outputsDigest: SHA256, repo: TEXT, commit: TEXT, dirty: { type: 'boolean' } },
);

const ARTIFACT = members(
  {
    role: TEXT,
    target: TEXT,
    format: TEXT,
    file: FILE_NAME,
    sizeBytes: COUNT,
    sha256: SHA256,
    sha512: hexDigits(128, 'a SHA-512 in lower-case hexadecimal digits'),
    md5: hexDigits(32, 'an MD5 in lower-case hexadecimal digits'),
    virtualSizeBytes: COUNT,
    compression: { enum: ['none', 'zlib', 'zstd'] },
  },
  {
    outer: { enum: ['gz', 'bz2', 'xz', 'zst', 'zip'] },
    uncompressed: members({ sizeBytes: COUNT, sha256: SHA256 }),
  },
);

const BOOT = members(
  { name: TEXT, file: FILE_NAME, contract: TEXT, channel: { enum: ['real', 'simulated'] } },
  { bootMs: COUNT },
);

const TESTS = members(
  { result: RELEASE_TESTS },
  {
    contract: TEXT,
    channel: { enum: ['real', 'simulated'] },
    formats: listOf(TEXT),
    bootMs: COUNT,
    boots: listOf(BOOT),
  },
);

const GUEST = members({
  contract: { enum: ['nocloud', 'cloudstack-systemvm'] },
  hostname: TEXT,
  sshPort: COUNT,
  consoles: listOf(TEXT),
  listeners: listOf(TEXT),
  releaseFiles: listOf(members({ path: TEXT, brand: TEXT })),
  disk: members({ layout: { enum: ['bios', 'uefi', 'hybrid'] }, secureBoot: { type: 'boolean' } }),
  ownFiles: members({ placed: listOf(TEXT), expected: listOf(TEXT) }),
  checks: listOf({ type: 'object', properties: { type: TEXT }, required: ['type'] }),
});

const HOST = {
  type: 'object',
  properties: { accelerator: { enum: ['kvm', 'tcg'] } },
  required: ['accelerator'],
  additionalProperties: { type: ['string', 'number', 'boolean'] },
};

/** JSON Schema of `release.json`. */
export const RELEASE_SCHEMA: object = members(
  {
    schema: { const: 1 },
    name: FILE_NAME,
    line: LINE_NAME,
    scheme: { const: 'date' },
    version: VERSION,
    arch: { enum: ['x86_64', 'aarch64'] },
    created: INSTANT,
    sourceDateEpoch: COUNT,
    state: RELEASE_STATE,
    recipe: RECIPE,
    base: members({ method: { enum: ['bootstrap', 'installer', 'disk'] }, digest: SHA256 }, { parent: TEXT }),
    os: members({ id: TEXT, version: TEXT, kernel: TEXT }, { releaseLine: TEXT }),
    tools: mapOf(TEXT),
    artifacts: { ...listOf(ARTIFACT), minItems: 1 },
  },
  {
    guest: GUEST,
    mirrors: listOf(members({ suite: TEXT, inReleaseSha256: SHA256, date: INSTANT })),
    host: HOST,
    packagesDigest: SHA256,
    contentDigest: SHA256,
    skipped: listOf(members({ target: TEXT, format: TEXT, reason: TEXT })),
    tests: TESTS,
    reissueOf: LONG,
    timings: mapOf({ type: 'number', minimum: 0 }),
    compat: mapOf({ type: 'boolean' }),
  },
);
