import type { ProfileCheckType } from './profile-check.ts';
import {
  choice,
  flag,
  guestPath,
  listOf,
  mapping,
  PACKAGE_NAME,
  textLike,
  wholeNumber,
  type SchemaNode,
} from './schema-parts.ts';

/** Text that a shell can carry, as the questions travel to the guest in a script. */
function text(description: string): SchemaNode {
  return textLike('^[^\\u0000]+$', 'text without NUL characters, and not empty', description);
}

function word(description: string): SchemaNode {
  return textLike('^[A-Za-z0-9_][\\w.@:+\\\\-]*$', 'one word that does not begin with a dash', description);
}

/** Name of an account or group (Debian policy allows what useradd does, which is less than this). */
const ACCOUNT = '[A-Za-z_][A-Za-z0-9_.-]*\\$?';

function address(description: string): SchemaNode {
  return textLike('^[0-9A-Fa-f:.]+(?:%[\\w.-]+)?$', 'an IP address', description);
}

const title = text('What people read; by default the check says itself what it is.');

/** A property that is required, beside those that are not. */
interface CheckShape {
  readonly description: string;
  readonly properties: Readonly<Record<string, SchemaNode>>;
  readonly required: readonly string[];
}

/** What can be written of each kind of check, in the order in which editors show them. */
const SHAPES: Readonly<Record<ProfileCheckType, CheckShape>> = {
  file: {
    description: 'A file, directory or device in the guest; links are followed.',
    properties: {
      name: title,
      path: guestPath('Where it is.'),
      exists: flag('Whether it must be there; true by default.'),
      contains: text('Text that must be in it.'),
      sha256: textLike('^[0-9a-f]{64}$', '64 lower-case hexadecimal digits', 'SHA-256 of its content.'),
      mode: textLike('^[0-7]{4}$', 'four octal digits in quotes, such as "0644"', 'Permissions.'),
      owner: textLike(`^${ACCOUNT}:${ACCOUNT}$`, 'user:group, such as root:root', 'Owner.'),
    },
    required: ['path'],
  },
  package: {
    description: 'A Debian package.',
    properties: {
      name: PACKAGE_NAME,
      installed: flag('Whether it must be installed; true by default.'),
      version: textLike('^[0-9][A-Za-z0-9.+:~-]*$', 'a Debian version in quotes', 'Exactly this version.'),
    },
    required: ['name'],
  },
  service: {
    description: 'A unit of systemd.',
    properties: {
      name: word('Unit; without suffix it is a service.'),
      active: flag('Whether it must be active; true by default.'),
      enabled: flag('Whether it must be enabled, or must not.'),
    },
    required: ['name'],
  },
  port: {
    description: 'A port that is listened on.',
    properties: {
      name: title,
      port: wholeNumber(1, 65_535, 'Port.'),
      protocol: choice('Protocol; tcp by default.', 'tcp', 'udp'),
      address: address('Address that it is bound to, exactly; by default any.'),
      open: flag('Whether it must be open; true by default.'),
    },
    required: ['port'],
  },
  process: {
    description: 'A process, by the name of its program.',
    properties: {
      name: textLike('^[^\\u0000-\\u001f\\u007f/]+$', 'the name of a program without its path', 'Program.'),
      running: flag('Whether it must run; true by default.'),
    },
    required: ['name'],
  },
  command: {
    description: 'A shell command that root runs in the guest; must change nothing.',
    properties: {
      name: title,
      run: text('The command, for sh.'),
      exitCode: wholeNumber(0, 255, 'Exit code that it must end with; 0 by default.'),
      stdout: text('Text that its output must hold; /…/ is a regular expression.'),
      timeoutSeconds: wholeNumber(1, 600, 'Time limit in seconds, 30 by default.'),
    },
    required: ['run'],
  },
  user: {
    description: 'An account.',
    properties: {
      name: textLike(`^${ACCOUNT}$`, 'a user name', 'User.'),
      exists: flag('Whether it must exist; true by default.'),
      uid: wholeNumber(0, 2 ** 32 - 2, 'Its number.'),
      shell: guestPath('Its shell.'),
      groups: listOf('Groups that it must be in.', textLike(`^${ACCOUNT}$`, 'a group name', 'Group.'), {
        minItems: 1,
        uniqueItems: true,
      }),
    },
    required: ['name'],
  },
  'kernel-param': {
    description: 'A parameter of the kernel.',
    properties: {
      name: textLike(
        '^(?!.*\\.\\.)[a-z0-9_][\\w/:-]*(?:\\.[\\w/:@-]+)+$',
        'a parameter such as net.ipv4.ip_forward',
        'As sysctl names it; a dot in an interface is written as slash.',
      ),
      value: text('Its value, in quotes.'),
    },
    required: ['name', 'value'],
  },
  http: {
    description: 'A page that the guest itself is given; redirections are not followed.',
    properties: {
      name: title,
      url: textLike(
        '^https?://(?![^/]*@)[^\\s"\\u0000-\\u001f]+$',
        'an http or https address without user name and spaces',
        'Address.',
      ),
      status: wholeNumber(100, 599, 'Status; 200 by default.'),
      contains: text('Text that must be in it.'),
    },
    required: ['url'],
  },
  dns: {
    description: 'A name that the guest resolves.',
    properties: {
      name: textLike('^[A-Za-z0-9_][A-Za-z0-9_.-]*$', 'a host name', 'Name.'),
      resolves: flag('Whether it must be known; true by default.'),
      address: address('Must be one of its addresses.'),
    },
    required: ['name'],
  },
  mount: {
    description: 'A mounted file system.',
    properties: {
      name: title,
      path: textLike(
        '^/[^\\u0000-\\u001f\\u007f]*$',
        'an absolute path in the guest',
        'Where it is mounted.',
      ),
      filesystem: word('Type, such as ext4.'),
      options: listOf(
        'Options that it must be mounted with.',
        textLike('^[^\\s,\\u0000-\\u001f]+$', 'one option', 'Option.'),
        { minItems: 1, uniqueItems: true },
      ),
    },
    required: ['path'],
  },
};

/** One check as a person writes it: what its type says. */
export const PROFILE_CHECK: SchemaNode = {
  oneOf: Object.entries(SHAPES).map(([type, { description, properties, required }]) =>
    mapping(description, { type: { const: type }, ...properties }, ['type', ...required]),
  ),
};
