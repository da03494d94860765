import { expect, test } from '@jest/globals';
import type { DebianArchitecture } from '../../../src/values/architecture.ts';
import { requireHostArchitecture } from '../../../src/workflows/host-architecture.ts';
import { probeHost } from '../../../src/workflows/probe-host.ts';
import { resolveBuiltIn } from '../profiles/resolve-built-in.ts';
import { scriptedContext } from './scripted-runner.ts';

test.each<{ host: string; architectures: readonly DebianArchitecture[]; because: string }>([
  { host: 'x86_64', architectures: ['amd64', 'amd64'], because: 'the same processor' },
  { host: 'aarch64', architectures: [], because: 'nothing is to be built' },
  { host: 'x86_64', architectures: ['arm64'], because: 'a profile for arm64 is refused as a profile' },
])('$architectures may be built on $host: $because', ({ host, architectures }) => {
  expect(() => requireHostArchitecture(host, architectures)).not.toThrow();
});

test.each(['aarch64', 'i686', 'riscv64'])('amd64 is refused on %s, by name', (host) => {
  expect(() => requireHostArchitecture(host, ['arm64', 'amd64'])).toThrow(
    expect.objectContaining({
      kind: 'host',
      code: 'E_HOST_ARCHITECTURE',
      message: `a template for amd64 cannot be built on this machine, which is ${host}`,
      hint: expect.stringContaining('x86_64'),
    }),
  );
});

test('a build on another processor runs no program', async () => {
  const { context, calls } = scriptedContext('/nowhere', {});
  const { profile } = resolveBuiltIn('server');
  const request = { accelerator: 'auto' } as const;
  await expect(probeHost([profile], request, context, 'aarch64')).rejects.toMatchObject({
    code: 'E_HOST_ARCHITECTURE',
  });
  expect(calls).toEqual([]);
});
