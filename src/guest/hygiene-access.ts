import { accountsOf, isOurs, linesOf, type HygieneFacts, type HygieneRule } from './hygiene-facts.ts';

/** Rules about who gets in: keys, accounts and passwords that every machine of the template would share. */
export const ACCESS_RULES: readonly HygieneRule[] = [
  {
    name: 'build-key',
    title: 'nobody holds a key to every machine',
    expected: 'authorized_keys without a key, save where the profile placed it',
    find: authorizedKeys,
  },
  {
    name: 'build-user',
    title: 'the build left no account',
    expected: 'root and accounts of services only, and those whose home the profile expects',
    find: strangeAccounts,
  },
  {
    name: 'passwords',
    title: 'nobody can log in with a password anyone could know',
    expected: 'every password locked, save where the profile expects /etc/shadow to hold one',
    find: usablePasswords,
  },
];

/** Range of accounts that people get; `UID_MIN` and `UID_MAX` of login.defs(5) in Debian. */
const PEOPLE = { from: 1000, to: 59_999 } as const;

function authorizedKeys(facts: HygieneFacts): string[] {
  const homes = new Set(['/root', ...accountsOf(facts).map(({ home }) => home.replace(/\/+$/, ''))]);
  const isKeyFile = (path: string): boolean => {
    const [, home, name] = /^(.*)\/\.ssh\/([^/]+)$/.exec(path) ?? [];
    const inHome = home !== undefined && (homes.has(home) || home.startsWith('/home/'));
    return (
      (inHome && name?.startsWith('authorized_keys') === true) || path.startsWith('/etc/ssh/authorized_keys')
    );
  };
  return facts.files.flatMap(({ path, type, size }) => {
    if (type === 'directory' || size === 0 || !isKeyFile(path) || isOurs(facts, path)) return [];
    const text = facts.texts.get(path);
    if (text === undefined) return [`${path}: ${size} bytes`];
    const keys = linesOf(text).filter((line) => !line.startsWith('#'));
    return keys.map((key) => `${path}: key of ${JSON.stringify(key.split(/\s+/).slice(2).join(' '))}`);
  });
}

/** Accounts that builders of images are known to make, whatever their number. */
const BUILDERS = /^(?:mintmark|packer|vagrant|builder|build|installer)$/;

function strangeAccounts(facts: HygieneFacts): string[] {
  return accountsOf(facts).flatMap(({ name, uid, home }) => {
    if (uid === 0) return name === 'root' ? [] : [`/etc/passwd: ${name} is a second root`];
    if (facts.expected.length > 0 && isOurs(facts, home)) return [];
    if (BUILDERS.test(name)) return [`/etc/passwd: ${name} has a name that only builds use`];
    return uid >= PEOPLE.from && uid <= PEOPLE.to
      ? [`/etc/passwd: ${name} has the number ${uid} of a person`]
      : [];
  });
}

/** See shadow(5) and crypt(5): a field that begins with `!` or `*` fits no password. */
function usablePasswords(facts: HygieneFacts): string[] {
  const inShadow = linesOf(facts.texts.get('/etc/shadow')).map((line) => {
    const [name = '', password = ''] = line.split(':');
    return { file: '/etc/shadow', name, password };
  });
  const inPasswd = accountsOf(facts)
    .filter(({ password }) => password !== 'x')
    .map(({ name, password }) => ({ file: '/etc/passwd', name, password }));
  const found = [...inShadow, ...inPasswd].flatMap(({ file, name, password }) => {
    if (password === '') return [`${file}: ${name} logs in without a password`];
    // A locked password opens again with one command, and its hash can be guessed at leisure.
    const hash = password.replace(/^!+/, '');
    if (hash === '' || hash.startsWith('*') || isOurs(facts, file)) return [];
    return [
      `${file}: ${name} has ${hash === password ? 'a password' : 'a locked password'} (${schemeOf(hash)})`,
    ];
  });
  return [...found, ...unreadAccounts(facts)];
}

/** Files of accounts that nobody looked into, because they are too large, no text, or links. */
function unreadAccounts({ files, texts }: HygieneFacts): string[] {
  return files
    .filter(({ path, size }) => /^\/etc\/(?:passwd|shadow)$/.test(path) && size > 0 && !texts.has(path))
    .map(({ path, type, size }) => `${path}: a ${type} of ${size} bytes that cannot be judged`);
}

function schemeOf(hash: string): string {
  return /^\$([0-9a-z]+)\$/.exec(hash)?.[1] ?? 'DES or plain text';
}
