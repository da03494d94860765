import { SHA256, TEXT, listOf, mapOf, members } from './schema-parts.ts';

/** Type of the statement (in-toto Attestation Framework, Statement layer v1). */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';

/** Type of the predicate (in-toto attestation predicates, test result v0.1). */
export const TEST_RESULT_TYPE = 'https://in-toto.io/attestation/test-result/v0.1';

/** Any file can be tested, not only those of a release, so its name may be one that we would not give. */
const ANY_FILE_NAME = { type: 'string', pattern: '^[^/]+$', 'x-expects': 'a file name without directories' };

const DIGEST = members({ sha256: SHA256 });
const TEST_NAMES = { ...listOf(TEXT), uniqueItems: true };

const CONFIGURATION = members({ name: TEXT, digest: DIGEST, annotations: mapOf(TEXT) });

const PREDICATE = members(
  {
    result: { enum: ['PASSED', 'WARNED', 'FAILED'] },
    configuration: listOf(CONFIGURATION),
    passedTests: TEST_NAMES,
    warnedTests: TEST_NAMES,
    failedTests: TEST_NAMES,
  },
  { url: TEXT },
);

/** JSON Schema of `test-result.json`. Stricter than in-toto's own: it is of what we write. */
export const TEST_RESULT_SCHEMA: object = members({
  _type: { const: STATEMENT_TYPE },
  subject: { ...listOf(members({ name: ANY_FILE_NAME, digest: DIGEST })), minItems: 1 },
  predicateType: { const: TEST_RESULT_TYPE },
  predicate: PREDICATE,
});
