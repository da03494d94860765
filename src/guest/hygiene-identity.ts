import { filesAt, isOurs, type HygieneFacts, type HygieneRule } from './hygiene-facts.ts';

/** Rules about what must differ between any two machines of the template. */
export const IDENTITY_RULES: readonly HygieneRule[] = [
  {
    name: 'ssh-host-key',
    title: 'machines make SSH host keys of their own',
    expected: 'no host key',
    find: (facts) => filesAt(facts, /^\/etc\/(?:ssh\/ssh_host_[^/]+|dropbear\/[^/]*_host_key)$/),
  },
  {
    name: 'machine-id',
    title: 'machines make a machine-id of their own',
    expected: '/etc/machine-id empty or "uninitialized"; D-Bus has no other',
    find: machineIds,
  },
  {
    name: 'random-seed',
    title: 'machines do not share their randomness',
    expected: 'no random seed and no credential secret',
    find: (facts) =>
      filesAt(
        facts,
        /^\/(?:var\/lib\/(?:systemd\/(?:random-seed|credential\.secret)|urandom\/random-seed|random-seed)|boot\/efi\/loader\/random-seed)$/,
      ),
  },
  {
    name: 'private-keys',
    title: 'machines do not share a private key',
    expected: 'no private key, save those that the profile placed',
    find: privateKeys,
  },
  {
    name: 'dhcp-leases',
    title: 'no address of the build is remembered',
    expected: 'no lease',
    find: (facts) =>
      filesAt(
        facts,
        /^\/var\/lib\/(?:(?:dhcp|dhcpcd|dhcpcd5|dhclient)\/.|NetworkManager\/.*\.lease$|misc\/dnsmasq\.leases$|systemd\/network\/.*lease)/,
      ),
  },
  {
    name: 'network-names',
    title: 'no network card of the build is remembered',
    expected: 'no persistent names',
    find: (facts) => filesAt(facts, /^\/etc\/udev\/rules\.d\/7\d-persistent-(?:net|cd)\.rules$/),
  },
  {
    name: 'cloud-init-state',
    title: 'cloud-init starts as on a new machine',
    expected: 'nothing in /var/lib/cloud but a seed, no network configuration that it wrote',
    find: (facts) => [
      // What a profile plants for the first boot stays.
      ...filesAt(
        facts,
        /^\/var\/lib\/cloud\/(?!seed(?:\/|$))/,
        ({ path }) => !facts.packages.owners.has(path),
      ),
      ...filesAt(facts, /^\/etc\/(?:netplan|network\/interfaces\.d|systemd\/network)\/(?:\d+-)?cloud-init\b/),
      ...filesAt(facts, /^\/run\/cloud-init\//),
    ],
  },
];

function machineIds({ files, texts }: HygieneFacts): string[] {
  return files.flatMap(({ path, type, size }) => {
    if (type === 'directory' || !/^\/(?:etc|var\/lib\/dbus)\/machine-id$/.test(path)) return [];
    const isDbus = path !== '/etc/machine-id';
    if (isDbus && type === 'symlink') return [];
    // D-Bus keeps the file that it finds, and systemd replaces its own only where it is empty or says so.
    const isUnset = size === 0 || texts.get(path)?.trim() === 'uninitialized';
    return isUnset && !isDbus ? [] : [`${path}: a ${type} of ${size} bytes`];
  });
}

const PRIVATE_KEY = /^-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----$/m;

function privateKeys(facts: HygieneFacts): string[] {
  const written = Array.from(facts.texts).filter(([, text]) => PRIVATE_KEY.test(text));
  const isOther = (path: string): boolean => !isOurs(facts, path) && !path.startsWith('/etc/ssh/ssh_host_');
  const found = new Set(written.map(([path]) => path).filter(isOther));
  return [
    ...Array.from(found, (path) => `${path}: holds a private key`),
    ...filesAt(
      facts,
      /^(?:\/etc\/ssl\/private\/.+|\/etc\/(?:bind\/)?rndc\.key|\/etc\/wireguard\/.+\.key|\/var\/lib\/samba\/private\/.+\.tdb)$/,
      ({ path, type, size }) =>
        type === 'file' && size > 0 && !found.has(path) && !facts.packages.owners.has(path),
    ),
  ];
}
