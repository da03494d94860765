import { InvalidDocument, type Fault } from '../errors/fault.ts';
import { hclComment } from '../hcl/literal.ts';
import type { DiskOptions, Profile } from '../profiles/profile.ts';
import { renderTemplate } from '../templates/render.ts';

/** What a preseed is made from, beside the profile. */
export interface PreseedInput {
  /** Text of `http-preseed/debian.preseed.hbs`. */
  readonly template: string;
  /** Base URI of the package mirror, such as `http://mirror.example/debian`. */
  readonly mirror: string;
  /** Proxy for the installer's downloads. */
  readonly proxy?: string;
}

/** Word on the serial line after a complete installation: Packer cannot tell one from a machine that died. */
export const INSTALLED_MARKER = 'MINTMARK-INSTALLED';

/**
 * The Debian installer's answers for a profile.
 * Raises `E_PROFILE_INVALID` with every value that a preseed file cannot carry, or that the installer cannot do.
 */
export function planPreseed(profile: Profile, input: PreseedInput): string {
  const mirror = parseMirror(input);
  const faults = [...carriageFaults(profile), ...unsupported(profile), ...mirror.faults];
  if (faults.length > 0) throw new InvalidDocument(`profile ${JSON.stringify(profile.name)}`, faults);
  return renderTemplate(input.template, contextOf(profile, mirror.answers), HELPERS);
}

const HELPERS = {
  answer: (value: unknown): string => {
    const text = String(value);
    const fault = faultOfAnswer(text);
    if (fault !== undefined) throw new Error(`an answer for the installer ${fault}`);
    return text;
  },
  comment: (value: unknown): string => hclComment(String(value)),
};

function contextOf(profile: Profile, mirror: Readonly<Record<string, string>>): object {
  const { os, guest, packages, disk } = profile;
  const has = (component: string): boolean => os.components.includes(component);
  return {
    name: profile.name,
    suite: os.suite,
    hostname: guest.hostname,
    mirror,
    components: {
      contrib: has('contrib'),
      'non-free': has('non-free'),
      'non-free-firmware': has('non-free-firmware'),
    },
    disk: '/dev/vda',
    recipe: partitionRecipe(disk),
    recommends: packages.recommends,
    kernel: packages.kernel,
    packages: packages.include.join(' '),
    kernelArguments: [
      ...guest.consoles.map((console) => `console=${console}`),
      ...guest.kernelArguments,
    ].join(' '),
    marker: INSTALLED_MARKER,
  };
}

/** One root filesystem that takes the rest of the disk, last so that it can grow; swap before it when asked for. */
function partitionRecipe({ swapMiB, filesystem }: DiskOptions): string {
  const swap = `${swapMiB} ${swapMiB} ${swapMiB} linux-swap $primary{ } method{ swap } format{ } . `;
  const root =
    `500 1000 -1 ${filesystem} $primary{ } $bootable{ } method{ format } format{ } ` +
    `use_filesystem{ } filesystem{ ${filesystem} } mountpoint{ / } .`;
  return swapMiB === 0 ? root : swap + root;
}

/** Why an answer cannot stand in a preseed file: it has lines, comments and continuations, but no quotes. */
function faultOfAnswer(text: string): string | undefined {
  if (/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)) return 'holds a line end or another control character';
  if (text.endsWith('\\')) return 'ends with a backslash, which would join the next line';
  return text.trim() === text ? undefined : 'begins or ends with a blank';
}

/** A member of a list that is separated by blanks. */
function faultOfWord(text: string): string | undefined {
  if (/^\S+$/.test(text)) return faultOfAnswer(text);
  return faultOfAnswer(text) ?? 'is empty or holds a blank, which separates entries here';
}

function carriageFaults(profile: Profile): Fault[] {
  const { guest, packages } = profile;
  const words = (path: string, list: readonly string[]): [string, string | undefined][] =>
    list.map((word, index) => [`${path}[${index}]`, faultOfWord(word)]);
  const checked: [string, string | undefined][] = [
    ['.guest.hostname', faultOfWord(guest.hostname)],
    ['.packages.kernel', faultOfWord(packages.kernel)],
    ...words('.packages.include', packages.include),
    ...words('.guest.consoles', guest.consoles),
    ...words('.guest.kernelArguments', guest.kernelArguments),
  ];
  return checked.flatMap(([path, message]) => (message === undefined ? [] : [{ path, message }]));
}

function unsupported({ packages, os }: Profile): Fault[] {
  const faults: Fault[] = [];
  if (packages.exclude.length > 0) {
    faults.push({ path: '.packages.exclude', message: 'the Debian installer cannot keep packages out' });
  }
  if (os.aptSources.length > 0) {
    faults.push({ path: '.os.aptSources', message: 'further package sources cannot be installed from yet' });
  }
  return faults;
}

function parseMirror({ mirror, proxy }: PreseedInput): { answers: Record<string, string>; faults: Fault[] } {
  const path = '.os.mirror';
  const refused = (message: string) => ({ answers: {}, faults: [{ path, message }] });
  if (!URL.canParse(mirror)) return refused(`is no address; found ${JSON.stringify(mirror)}`);
  const { protocol, host, pathname, username } = new URL(mirror);
  if (!/^https?:$/.test(protocol) || username !== '') {
    return refused('the Debian installer reads http and https without a password');
  }
  const directory = pathname.replace(/\/+$/, '') || '/';
  const answers = { protocol: protocol.slice(0, -1), hostname: host, directory, proxy: proxy ?? '' };
  const fault = faultOfAnswer(answers.proxy);
  return fault === undefined ? { answers, faults: [] } : refused(`has a proxy that ${fault}`);
}
