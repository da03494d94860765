import { describe, expect, test } from '@jest/globals';
import { referencedFiles } from '../../../src/profiles/file-references.ts';
import type { Profile } from '../../../src/profiles/profile.ts';
import { baseRecipe, buildRecipe, lineRecipe, outputsRecipe } from '../../../src/profiles/recipe.ts';
import { digestOfValue } from '../../../src/values/digest.ts';
import { resolveBuiltIn } from './resolve-built-in.ts';

const own = {
  files: [{ path: '/etc/motd', content: 'x' }],
  provisioners: [
    { type: 'shell', script: 's.sh', env: { A: 'x', T: { fromEnv: 'TOKEN', secret: true } } },
    { type: 'file', source: 'f', destination: '/f' },
  ],
};

function digestsOf(profile: Profile, fill = 'a'): Map<string, string> {
  return new Map(referencedFiles(profile).map(({ file }) => [file, fill.repeat(64)]));
}

function recipes(options: { set?: string[]; own?: unknown }, fill?: string): [string, string, string] {
  const { profile } = resolveBuiltIn('server', { own, ...options });
  const digests = digestsOf(profile, fill);
  return [
    digestOfValue(baseRecipe(profile)),
    digestOfValue(buildRecipe(profile, digests)),
    digestOfValue(lineRecipe(profile, digests)),
  ];
}

describe('recipes', () => {
  const before = recipes({});
  test.each<[because: string, change: { set?: string[]; own?: unknown }, changed: string]>([
    ['the same again', {}, 'nothing'],
    ['packages are in the base', { set: ['packages.include+=jq'] }, 'base'],
    ['the layout is in the base', { set: ['disk.layout=hybrid'] }, 'base'],
    ['Secure Boot is in the base', { set: ['disk.layout=hybrid', 'disk.secureBoot=true'] }, 'base'],
    ['disk size is in the base', { set: ['disk.sizeMiB=8192'] }, 'base'],
    ['consoles are in the base', { set: ['guest.consoles=[ttyS0]'] }, 'base'],
    [
      'a file is in the build',
      {
        set: ['files[0].content=y', 'files[0].path=/etc/issue'],
        own: { ...own, files: { replace: own.files } },
      },
      'build',
    ],
    ['an environment is in the build', { set: ['provisioners[1].env.A=y'] }, 'build'],
    ["a secret's variable is in the build", { set: ['provisioners[1].env.T.fromEnv=OTHER'] }, 'build'],
    ['a target is in the line', { set: ['targets.kvm.compression=zstd'] }, 'line'],
    ['the line is in the line', { set: ['line=other'] }, 'line'],
    ["the guest's mirror is in the line", { set: ['os.guestMirror=http://host/debian'] }, 'line'],
    ['where packages came from is not', { set: ['os.mirror=http://host/debian'] }, 'nothing'],
    ['the machine that builds is not', { set: ['vm.cpus=8', 'vm.memoryMiB=4096'] }, 'nothing'],
    [
      'names, limits and retries are not',
      { set: ['provisioners[1].name=x', 'provisioners[1].timeoutSeconds=1', 'provisioners[1].retries=3'] },
      'nothing',
    ],
    [
      'what a machine is held to is not',
      { set: ['checks+=[{type: port, port: 80}, {type: file, path: /etc/motd, contains: x}]'] },
      'nothing',
    ],
    ['words for people are not', { set: ['description=x'] }, 'nothing'],
  ])('%s', (_because, change, changed) => {
    const levels = ['base', 'build', 'line'];
    const from = levels.indexOf(changed);
    const reference = change.own === undefined ? before : recipes({ own: change.own });
    const differs = recipes(change).map((digest, index) => digest !== reference[index]);
    expect(differs).toEqual(levels.map((_, index) => from !== -1 && index >= from));
  });

  test('the content of files counts, their place does not', () => {
    const [base, build] = recipes({}, 'b');
    expect([base === before[0], build === before[1]]).toEqual([true, false]);
    expect(
      JSON.stringify(
        buildRecipe(resolveBuiltIn('server').profile, digestsOf(resolveBuiltIn('server').profile)),
      ),
    ).not.toContain('/repository');
  });

  test('a file without a digest is a bug', () => {
    expect(() => buildRecipe(resolveBuiltIn('server').profile, new Map())).toThrow(
      /no digest was computed for/,
    );
  });
});

const digestOf = (set: string[]): string =>
  digestOfValue(outputsRecipe(resolveBuiltIn('systemvm', { set }).profile));

describe('outputsRecipe', () => {
  const reference = digestOf([]);

  test.each([
    { set: 'targets.kvm.compression=zstd', because: 'images are compressed in another way' },
    { set: 'targets.xenserver.subformat=fixed', because: 'images are laid out in another way' },
    { set: 'targets.xenserver.outer=gz', because: 'something else is around the image' },
    { set: 'targets.vmware.machine.memoryMiB=4096', because: 'the OVA describes another machine' },
    { set: 'disk.sizeMiB=8192', because: 'the disk is larger' },
    { set: 'template.name=other', because: 'files have another name' },
    { set: 'version.policy=line', because: 'the guest shows another form of the version' },
  ])('is another for $set: $because', ({ set }) => {
    expect(digestOf([set])).not.toBe(reference);
  });

  test.each([
    { set: 'targets.kvm.sizeBudgetMiB=9000', because: 'a limit changes no image' },
    { set: 'packages.include+=[mc]', because: 'that is content, which has a digest of its own' },
    { set: 'description=x', because: 'those are words' },
  ])('is the same for $set: $because', ({ set }) => {
    expect(digestOf([set])).toBe(reference);
  });
});
