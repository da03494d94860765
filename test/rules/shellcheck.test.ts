import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readFiles, REPOSITORY } from './source-files.ts';

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;
const CI_SCRIPT = '.ci/run';
const scripts = [
  ...readFiles('provisioners', '.sh').map(({ path }) => path),
  ...(existsSync(join(REPOSITORY, CI_SCRIPT)) ? [CI_SCRIPT] : []),
];

// A skipped test gives its reason in its name.
const check = hasShellcheck
  ? { each: test.each(scripts), title: '%s passes shellcheck' }
  : { each: test.skip.each(scripts), title: '%s passes shellcheck (skipped: shellcheck is not installed)' };

describe('shell scripts', () => {
  check.each(check.title, (script) => {
    const { stdout, stderr } = spawnSync('shellcheck', ['--external-sources', script], {
      cwd: REPOSITORY,
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
  });
});
