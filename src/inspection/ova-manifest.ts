import { createHash } from 'node:crypto';
import type { ImageCheck } from './image-check.ts';
import type { TarEntry } from './tar-archive.ts';

/** Longest manifest: a line for each of the few files. */
const MOST_BYTES = 64 * 1024;

/** Algorithms that readers know, with the length of their digests (DSP0243 1.1, section 5.1, and what vSphere takes). */
const DIGEST_CHARACTERS: Readonly<Record<string, number>> = { SHA1: 40, SHA256: 64, SHA512: 128 };

/** Files up to this size are digested always, larger ones when that is asked for. */
const SMALL_BYTES = 4 * 1024 * 1024;

/**
 * Checks a manifest: each line is `SHA256(name)= hex` to the letter, because readers refuse what they do not know, and
 * every file of the archive has one. Digests of large files are compared when that is asked for.
 */
export async function checkManifest(
  manifest: TarEntry,
  files: readonly TarEntry[],
  check: ImageCheck,
): Promise<void> {
  if (manifest.sizeBytes > MOST_BYTES) {
    check.damage(manifest.offset, 'manifest', `has ${manifest.sizeBytes} bytes, above ${MOST_BYTES}`);
    return;
  }
  const bytes = await check.read(manifest.offset, manifest.sizeBytes, 'manifest');
  if (!bytes) return;
  const seen = new Set<string>();
  let at = manifest.offset;
  for (const line of bytes.toString('latin1').split('\n')) {
    const place = at;
    at += line.length + 1;
    if (line === '') continue;
    const parsed = parseLine(line);
    if (typeof parsed === 'string') {
      check.damage(place, 'manifest', `${parsed}: ${JSON.stringify(line.slice(0, 60))}`);
      continue;
    }
    if (seen.has(parsed.name)) check.damage(place, 'manifest', `names ${JSON.stringify(parsed.name)} twice`);
    seen.add(parsed.name);
    const file = files.find(({ name }) => name === parsed.name);
    if (file) await compareDigest(file, { ...parsed, place }, check);
    else check.damage(place, 'manifest', `names ${JSON.stringify(parsed.name)}, which is not in the archive`);
  }
  for (const { name } of files) {
    if (!seen.has(name)) check.damage(manifest.offset, 'manifest', `lacks ${JSON.stringify(name)}`);
  }
}

/** One line's meaning, or what is wrong with it. */
function parseLine(line: string): { algorithm: string; name: string; digest: string } | string {
  const match = /^([A-Z0-9-]+)( ?)\(([^)]*)\)= ([0-9a-f]+)$/.exec(line);
  if (!match) return 'has a line that is not "SHA256(name)= digest"';
  const [, algorithm = '', space, name = '', digest = ''] = match;
  if (space !== '') return 'has a space before the bracket, which readers refuse';
  const characters = DIGEST_CHARACTERS[algorithm];
  if (characters === undefined) return `has the unknown algorithm ${algorithm}`;
  if (digest.length !== characters) return `has a digest of ${digest.length} digits for ${algorithm}`;
  return { algorithm, name, digest };
}

async function compareDigest(
  file: TarEntry,
  stated: { algorithm: string; digest: string; place: number },
  check: ImageCheck,
): Promise<void> {
  const { deep, digests = deep } = check.options;
  if (file.sizeBytes > SMALL_BYTES && !digests) return;
  const hash = createHash(stated.algorithm.toLowerCase());
  for await (const { data } of check.pieces(file.offset, file.sizeBytes, file.name)) hash.update(data);
  check.digest(`${stated.algorithm} of ${file.name}`, stated.place, {
    stated: stated.digest,
    computed: hash.digest('hex'),
  });
}
