import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Version of Mintmark itself, from package.json; the same depth from `src` and `dist`. */
export function readOwnVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8');
  const manifest: unknown = JSON.parse(text);
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return String(manifest.version);
  }
  throw new Error('package.json has no version');
}
