import { parseOsRelease } from '../packages/os-release.ts';
import { quoteForShell } from '../values/command-spec.ts';
import { judgeFacts, unanswered } from './compared-facts.ts';
import { failed, passed, type GuestCheck } from './guest-check.ts';
import type { ImageIdentity } from './guest-promise.ts';

/** The guest says which image it is, in os-release. */
export function checkImageIdentity({ imageId, imageVersion }: ImageIdentity): GuestCheck {
  return {
    name: 'os-release',
    title: 'os-release names the image and its version',
    isIdentity: true,
    script: 'cat /etc/os-release',
    judge: ({ text }) => {
      const values = parseOsRelease(text);
      return judgeFacts([
        { what: 'IMAGE_ID', expected: imageId, found: values['IMAGE_ID'] ?? 'missing' },
        { what: 'IMAGE_VERSION', expected: imageVersion, found: values['IMAGE_VERSION'] ?? 'missing' },
      ]);
    },
  };
}

/**
 * Every release file begins with `<brand> Release <version>`, the version as recorded: servers read the third word
 * (CloudStack's get_template_version.sh, Cosmic's Version.trimRouterVersion).
 */
export function checkReleaseLines({ releaseFiles, releaseLine = '' }: ImageIdentity): GuestCheck {
  const read = releaseFiles.map(({ path }) => `line=; read -r line <${quoteForShell(path)}; echo "$line"`);
  return {
    name: 'release-line',
    title: 'the release line is the recorded one',
    isIdentity: true,
    script: read.join('\n'),
    judge: (answer) => {
      const lines = (answer.stdout ?? answer.text).split('\n');
      return judgeFacts(
        releaseFiles.map(({ path, brand }, index) => {
          const line = lines[index] ?? '';
          const expected = `${brand} Release ${releaseLine}`;
          const isKept = line === expected || line.startsWith(`${expected} `);
          return { what: `${path}:`, expected, found: line === '' ? 'no line' : line, isKept };
        }),
      );
    },
  };
}

/** The kernel that runs is the one that the manifest names. */
export function checkKernel({ kernel }: ImageIdentity): GuestCheck {
  return {
    name: 'kernel',
    title: 'the recorded kernel runs',
    isIdentity: true,
    script: 'uname -r',
    judge: (answer) => {
      if (answer.exitCode !== 0) return unanswered(kernel, answer);
      return judgeFacts([{ what: '', expected: kernel, found: answer.text.trim() }]);
    },
  };
}

/** Most packages that a difference names. */
const PACKAGES_NAMED = 10;

/** What is installed is what the manifest lists, in the same versions. */
export function checkPackages({ packages }: ImageIdentity): GuestCheck {
  return {
    name: 'packages',
    title: 'the installed packages are the recorded ones',
    isIdentity: true,
    script:
      "dpkg-query -W -f '${db:Status-Status} ${Package}:${Architecture} ${Version}\\n' | sed -n 's/^installed //p'",
    judge: (answer) => {
      const found = versionsByName((answer.stdout ?? answer.text).split('\n'));
      if (found.size === 0) return unanswered(`${packages.length} packages`, answer);
      const differences = comparePackages(versionsByName(packages), found);
      if (differences.length === 0) return passed(`${found.size} packages`);
      const summary = `${differences.length} differ: ${differences[0] ?? ''}${differences.length > 1 ? ', …' : ''}`;
      const more = differences.length - PACKAGES_NAMED;
      return failed(`the ${packages.length} recorded packages`, summary, [
        ...differences.slice(0, PACKAGES_NAMED),
        ...(more > 0 ? [`… and ${more} more`] : []),
      ]);
    },
  };
}

function versionsByName(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines
      .filter((line) => line.includes(' '))
      .map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']),
  );
}

function comparePackages(
  recorded: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): string[] {
  const names = [...new Set([...recorded.keys(), ...found.keys()])].toSorted();
  return names.flatMap((name) => {
    const [expected, version] = [recorded.get(name), found.get(name)];
    if (expected === version) return [];
    if (version === undefined) return [`missing: ${name} ${expected ?? ''}`];
    return [expected === undefined ? `added: ${name} ${version}` : `${name} is ${version}, not ${expected}`];
  });
}
