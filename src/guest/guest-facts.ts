import type { ConfigurationFact, GuestFacts, ListenerFact, ServiceFact } from '../manifests/guest-facts.ts';
import type { GuestFile } from './guest-file.ts';

/** A finished disk that was read. */
export interface ReadDisk {
  readonly files: readonly GuestFile[];
  /** Content by path of small files; see `isKeptText`. */
  readonly texts: ReadonlyMap<string, string>;
}

/** What only a running guest can tell. */
export interface RunningFacts {
  /** Names of the units that were active. */
  readonly activeUnits: readonly string[];
  readonly listeners: readonly ListenerFact[];
}

/**
 * What a disk says of how its guests are set up, without booting it. Secrets that files are known to hold are left out;
 * those that a profile declares are the caller's to filter from the rendered text.
 */
export function guestFactsOf({ files, texts }: ReadDisk): GuestFacts {
  const kernelArguments = kernelArgumentsOf(texts.get('/boot/grub/grub.cfg') ?? '');
  const known = files.filter(({ path, type }) => type === 'file' && path.startsWith('/etc/'));
  const withheld = known.filter((file) => mayHoldSecrets(file, texts.get(file.path)));
  const hidden = new Set(withheld);
  return {
    schema: 1,
    ...(kernelArguments === undefined ? {} : { kernelArguments }),
    services: servicesOf(files),
    configuration: known.filter((file) => !hidden.has(file)).flatMap((file) => configurationOf(file, texts)),
    withheld: withheld.map(({ path }) => path),
  };
}

/** The same with what the running guest told. */
export function withRunningFacts(facts: GuestFacts, { activeUnits, listeners }: RunningFacts): GuestFacts {
  const active = new Set(activeUnits);
  const known = new Set(facts.services.map(({ name }) => name));
  const others = activeUnits.filter((name) => !known.has(name));
  const services: ServiceFact[] = [
    ...facts.services.map((service) => ({ ...service, active: active.has(service.name) })),
    ...others.map((name) => ({ name, enabled: 'static', active: true }) as const),
  ];
  return {
    ...facts,
    services: services.toSorted((a, b) => compareText(a.name, b.name)),
    listeners: listeners.toSorted(
      (a, b) => compareText(a.protocol, b.protocol) || a.port - b.port || compareText(a.address, b.address),
    ),
  };
}

/** Links that `systemctl enable` and `systemctl mask` make; see systemd.unit(5). */
function servicesOf(files: readonly GuestFile[]): ServiceFact[] {
  const services = new Map<string, ServiceFact>();
  for (const { path, linkTarget } of files) {
    if (linkTarget === undefined) continue;
    const [, dependency, name] =
      /^\/etc\/systemd\/system\/([^/]+\.(?:wants|requires)\/)?([^/]+)$/.exec(path) ?? [];
    if (name === undefined) continue;
    if (linkTarget === '/dev/null') services.set(name, { name, enabled: 'masked' });
    else if (dependency !== undefined && services.get(name)?.enabled !== 'masked')
      services.set(name, { name, enabled: 'enabled' });
  }
  return Array.from(services.values()).toSorted((a, b) => compareText(a.name, b.name));
}

/** Words after the kernel in the first entry of `grub.cfg`. */
function kernelArgumentsOf(grubConfig: string): string[] | undefined {
  const words = /^\s*linux(?:16|efi)?\s+\S+(.*)$/m.exec(grubConfig)?.[1];
  return words?.split(/\s+/).filter((word) => word !== '');
}

function configurationOf(
  { path, sha256 }: GuestFile,
  texts: ReadonlyMap<string, string>,
): ConfigurationFact[] {
  const text = texts.get(path);
  if (text === undefined || sha256 === undefined) return [];
  return [{ path, sha256, text: withoutSecrets(path, text) }];
}

const READABLE_BY_ALL = 0o004;

/** Not readable by all, but without secrets. */
const HARMLESS = /^\/etc\/sudoers(?:$|\.d\/)/;

/** Files that hold secrets however readable they are. */
const SECRET_PLACES =
  /^\/etc\/(?:g?shadow-?|(?:passwd|group|subuid|subgid)-|security\/opasswd|ssh\/ssh_host_.*key|ssl\/private\/.*|apt\/auth\.conf(?:\.d\/.*)?|.*(?:secrets?|\.key|\.keys|keytab|htpasswd|smbpasswd|passwd\.client|credentials?))$/;

const PRIVATE_KEY = /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY/m;

/** A setting that by its name is a secret, where its value is more than a switch. */
const SECRET_SETTING =
  /^([^\S\n]*[#;]?[^\S\n]*["']?(?:[\w.-]*(?:password|passphrase|secret|api_?key|auth_?token)|passwd|psk)["']?[^\S\n]*[=:][^\S\n]*)(?!["']?(?:yes|no|on|off|true|false|none|\d)?["']?\s*$)[^\s#].*$/gim;

/** Where `passwd` names a database, not a password; see nsswitch.conf(5). */
const NAME_SERVICES = '/etc/nsswitch.conf';

function withoutSecrets(path: string, text: string): string {
  // A proxy, mirror or repository may be named with a password.
  const withoutUserInfo = text.replace(/(:\/\/[^/\s:@]*):[^/\s@]+@/g, '$1:***@');
  return path === NAME_SERVICES ? withoutUserInfo : withoutUserInfo.replace(SECRET_SETTING, '$1***');
}

function mayHoldSecrets({ path, mode }: GuestFile, text = ''): boolean {
  if (HARMLESS.test(path)) return false;
  return (mode & READABLE_BY_ALL) === 0 || SECRET_PLACES.test(path) || PRIVATE_KEY.test(text);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
