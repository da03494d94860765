import { expect, test } from '@jest/globals';
import {
  embedValues,
  inlineScript,
  interpreterOf,
  isShell,
  unixLineEnds,
} from '../../../src/packer/guest-script.ts';

test.each([
  { script: 'echo', interpreter: '/bin/sh', because: 'no first line means a POSIX shell' },
  { script: '#!/bin/bash -eu\n', interpreter: '/bin/bash -eu', because: 'options come along' },
  {
    script: '#! /usr/bin/env python3\n',
    interpreter: '/usr/bin/env python3',
    because: 'a blank may follow the mark',
  },
  { script: '#!/bin/sh; rm -rf /\n', interpreter: undefined, because: 'a shell would read more than words' },
  { script: '#!sh\n', interpreter: undefined, because: 'the kernel wants an absolute path' },
  { script: '#!/bin/sh {{ .X }}\n', interpreter: undefined, because: 'Packer would render it' },
])('$interpreter: $because', ({ script, interpreter }) => {
  expect(interpreterOf(script)).toBe(interpreter);
});

test.each([
  ['/bin/sh', true],
  ['/bin/bash -eu', true],
  ['/usr/bin/env -S dash -e', true],
  ['/usr/bin/env python3', false],
  ['/usr/bin/perl', false],
  ['', false],
])('whether %j reads assignments: %j', (interpreter, expected) => {
  expect(isShell(interpreter)).toBe(expected);
});

test('an inline script stops at the first failure, unless it says how it runs', () => {
  expect(inlineScript('true')).toBe('#!/bin/sh -e\ntrue\n');
  expect(inlineScript('#!/bin/bash\ntrue\n')).toBe('#!/bin/bash\ntrue\n');
});

test('a script saved on Windows loses its carriage returns, another keeps its own', () => {
  expect(unixLineEnds('#!/bin/sh\r\necho\r\n')).toBe('#!/bin/sh\necho\n');
  expect(unixLineEnds("#!/bin/sh\nprintf 'a\r\n'\n")).toBe("#!/bin/sh\nprintf 'a\r\n'\n");
});

test('values stand behind the first line and before everything else', () => {
  expect(embedValues('#!/bin/sh -e\ntrue\n', [{ name: 'A', value: "it's" }])).toBe(
    "#!/bin/sh -e\n# Values that Packer cannot carry unchanged.\nexport A='it'\\''s'\n\ntrue\n",
  );
  expect(embedValues('true\n', [])).toBe('true\n');
});

test('a value that no program could receive stays a variable of the shell', () => {
  const script = embedValues('true\n', [{ name: 'LONG', value: 'x'.repeat(300 * 1024) }]);
  expect(script).toContain(
    '\n# Too long for the environment of a program, so a variable of this shell only.\nLONG=xxx',
  );
});

test('all exported values together leave room for arguments', () => {
  const values = Array.from({ length: 12 }, (_, index) => ({
    name: `V${index}`,
    value: 'x'.repeat(100 * 1024),
  }));
  expect(embedValues('true\n', values).match(/^export /gm)).toHaveLength(10);
});
