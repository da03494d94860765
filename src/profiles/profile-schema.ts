import { PROFILE_CHECK } from './profile-check-schema.ts';
import {
  addingList,
  anyText,
  archiveWord,
  choice,
  flag,
  guestPath,
  hostPath,
  listOf,
  mapping,
  nameText,
  PACKAGE_NAME,
  packageUri,
  textLike,
  variableName,
  wholeNumber,
  type SchemaNode,
} from './schema-parts.ts';
import { GUEST_SYSTEMS } from './vmware-hardware.ts';

/** Largest disk that a BIOS partition table can describe: 2^32 sectors of 512 bytes, in MiB. */
const LARGEST_DISK_MIB = 2 ** 21;

const os = mapping('The distribution that goes into the disk.', {
  distribution: choice('The distribution.', 'debian'),
  suite: choice('The release, by code name.', 'bookworm', 'trixie'),
  architecture: choice('Processor architecture as Debian names it.', 'amd64', 'arm64'),
  components: listOf('Archive components.', archiveWord('Component.'), { minItems: 1, uniqueItems: true }),
  mirror: packageUri('Package mirror for the build; by default what the host itself uses.'),
  guestMirror: packageUri("Mirror named in the guest's apt sources; by default the one it was built from."),
  aptSources: addingList(
    'Further package sources.',
    mapping(
      'A package source; its key is pinned.',
      {
        name: textLike(
          '^[A-Za-z0-9][A-Za-z0-9._-]*$',
          'a file name of letters, digits, dots, dashes and underscores',
          'Name.',
        ),
        uri: packageUri('Address.'),
        suites: listOf('Suites.', archiveWord('Suite.'), { minItems: 1 }),
        components: listOf('Components.', archiveWord('Component.')),
        key: mapping(
          'Signing key: a file or ASCII-armoured text, and its SHA-256.',
          {
            file: hostPath('Key file, relative to this document.'),
            text: anyText('ASCII-armoured key.'),
            sha256: textLike(
              '^[0-9a-f]{64}$',
              '64 lower-case hexadecimal digits',
              'SHA-256 of the key file or text.',
            ),
          },
          ['sha256'],
        ),
      },
      ['name', 'uri', 'suites', 'components', 'key'],
    ),
  ),
});

const packages = mapping('Debian packages.', {
  include: addingList('Packages to install.', PACKAGE_NAME),
  exclude: addingList('Packages never to be installed, not even as a dependency.', PACKAGE_NAME),
  recommends: flag('Whether recommended packages come along.'),
  kernel: textLike(
    '^linux-image-[a-z0-9+.-]+$',
    'a kernel package, such as linux-image-amd64',
    'Kernel package.',
  ),
});

const file = mapping(
  'A file placed into the guest before the provisioners run; exactly one of content and source.',
  {
    path: guestPath('Where it goes.'),
    content: anyText('Its text.'),
    source: hostPath('A file to copy, relative to this document.'),
    mode: textLike(
      '^[0-7]{4}$',
      'four octal digits in quotes, such as "0644"',
      'Permissions; "0644" by default.',
    ),
  },
  ['path'],
);

const environment: SchemaNode = {
  description: 'Environment of the script: text, or a declared secret {fromEnv: NAME, secret: true}.',
  type: 'object',
  propertyNames: variableName('Variable in the guest.'),
  additionalProperties: {
    anyOf: [
      anyText('Literal text.'),
      mapping(
        'A secret: its value comes from our own environment and is recorded nowhere.',
        { fromEnv: variableName('Variable of our environment.'), secret: { const: true } },
        ['fromEnv', 'secret'],
      ),
    ],
  },
};

const provisioner: SchemaNode = {
  oneOf: [
    mapping(
      'Runs a shell script as root in the guest; exactly one of script and inline.',
      {
        type: { const: 'shell' },
        name: anyText('What people see while it runs.'),
        script: hostPath('Script file, relative to this document.'),
        inline: anyText('Script text.'),
        env: environment,
        timeoutSeconds: wholeNumber(1, 86_400, 'Time limit in seconds, 900 by default.'),
        retries: wholeNumber(0, 10, 'How many more times a failed run is tried.'),
      },
      ['type'],
    ),
    mapping(
      'Copies a file into the guest.',
      {
        type: { const: 'file' },
        name: anyText('What people see while it runs.'),
        source: hostPath('File to copy, relative to this document.'),
        destination: guestPath('Where it goes.'),
      },
      ['type', 'source', 'destination'],
    ),
  ],
};

const guest = mapping('What the finished guest promises.', {
  contract: choice('How the guest learns who it is.', 'nocloud', 'cloudstack-systemvm'),
  hostname: textLike(
    '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$',
    'a host name of lower-case letters, digits and dashes',
    'Host name until the guest is told another.',
  ),
  consoles: listOf(
    'Kernel consoles; the last one is /dev/console.',
    textLike('^[A-Za-z]+[0-9]*(?:,[0-9a-z]+)?$', 'a console such as ttyS0,115200n8', 'Console.'),
    { uniqueItems: true },
  ),
  kernelArguments: listOf(
    'Further words of the kernel command line.',
    textLike(
      '^(?!console=)[\\w.,:;=/+@%!*()<>^~|-]+$',
      'one word without quotes, spaces, $ and backslashes (consoles go into consoles)',
      'Word.',
    ),
  ),
  sshPort: wholeNumber(1, 65_535, 'Port that sshd listens on.'),
  listeners: listOf(
    'Ports beside SSH that may be open to others when the guest is ready.',
    textLike('^(?:tcp|udp)/[1-9][0-9]{0,4}$', 'a port such as tcp/80', 'Port.'),
    { uniqueItems: true },
  ),
  releaseFiles: listOf(
    'Files that hold the release line "<brand> Release <version> <date>".',
    mapping(
      'A release file.',
      {
        path: guestPath('Where it goes.'),
        brand: textLike(
          '^[A-Za-z][A-Za-z0-9-]*$',
          'one word: the version is read as the third',
          'First word.',
        ),
      },
      ['path', 'brand'],
    ),
  ),
});

const output = {
  format: choice('Image format.', 'qcow2', 'raw', 'vhd', 'vhdx', 'vmdk', 'ova'),
  subformat: choice('Of a VHD: fixed is what Azure takes; dynamic by default.', 'dynamic', 'fixed'),
  compression: choice('Compression inside the image.', 'none', 'zlib', 'zstd'),
  compat: choice('qcow2 compatibility level; 0.10 for very old hosts.', '0.10', '1.1'),
  outer: choice('Compression around the image file.', 'none', 'gz', 'bz2', 'xz', 'zst', 'zip'),
  sizeBudgetMiB: wholeNumber(1, LARGEST_DISK_MIB, 'The build fails when the artifact is larger, in MiB.'),
  missing: choice('What happens when the artifact cannot be made.', 'fail', 'skip'),
};

const target = mapping('What is made for one hypervisor family.', {
  ...output,
  also: listOf(
    'Further artifacts of the same disk.',
    mapping('An artifact in another format.', output, ['format']),
  ),
  machine: mapping('What an OVA says of the virtual machine.', {
    cpus: wholeNumber(1, 128, 'Processors.'),
    memoryMiB: wholeNumber(64, 2 ** 22, 'Memory in MiB.'),
    hardwareVersion: wholeNumber(
      10,
      22,
      "VMware's virtual hardware version; 13 by default, which ESXi 6.5 reads.",
    ),
    osType: choice("VMware's name of the guest's system.", ...Object.keys(GUEST_SYSTEMS)),
    scsi: choice("The disk's controller.", 'lsilogic', 'pvscsi'),
    nic: choice('Network card.', 'none', 'e1000', 'vmxnet3'),
  }),
});

const reference = hostPath(
  'Name of a built-in or fragment, or a profile file ending in .yaml, .yml or .json.',
);

const properties: Readonly<Record<string, SchemaNode>> = {
  $schema: anyText('Where an editor finds this schema.'),
  extends: {
    description: 'What this profile builds on, in order; later ones win, this document wins over all.',
    anyOf: [reference, { type: 'array', items: reference, uniqueItems: true }],
  },
  name: nameText("The profile's name; by default the file's."),
  description: anyText('What it is, in one sentence.'),
  line: nameText("What is versioned together; by default the profile's name."),
  os,
  base: mapping('How the base disk comes to be.', {
    method: choice('bootstrap needs no virtual machine.', 'bootstrap', 'installer', 'disk'),
  }),
  disk: mapping('The virtual disk.', {
    sizeMiB: wholeNumber(512, LARGEST_DISK_MIB, 'Virtual size in MiB.'),
    layout: choice('How the machine boots from it; hybrid: by BIOS and by UEFI.', 'bios', 'uefi', 'hybrid'),
    secureBoot: flag('Whether UEFI machines boot it with Secure Boot on, by Debian’s signed shim and GRUB.'),
    filesystem: choice('Root file system.', 'ext4'),
    swapMiB: wholeNumber(0, 2 ** 18, 'Swap partition before the root, in MiB; 0 for none.'),
  }),
  packages,
  files: addingList('Files placed into the guest.', file),
  provisioners: addingList('Steps that change the guest, in order.', provisioner),
  checks: addingList('What a machine that runs from the image is held to.', PROFILE_CHECK),
  guest,
  vm: mapping('The virtual machine that the build runs in.', {
    cpus: wholeNumber(1, 64, 'Processors.'),
    memoryMiB: wholeNumber(256, 2 ** 20, 'Memory in MiB.'),
  }),
  targets: mapping('What to make, by hypervisor family.', {
    kvm: target,
    xenserver: target,
    vmware: target,
    hyperv: target,
  }),
  finish: mapping('How the disk is cleaned and shrunk.', {
    sparsify: choice('How free space is given back.', 'in-place', 'copy', 'trim', 'none'),
    removeDocs: flag('Whether documentation, except copyright files, is removed.'),
    keepLocales: listOf(
      'Locales that stay; an empty list keeps all.',
      textLike('^[A-Za-z][A-Za-z0-9_.@-]*$', 'a locale name such as en_US', 'Locale.'),
    ),
    expectedFiles: addingList(
      'Files of the guest that hygiene must not complain about; a directory stands for all below it.',
      guestPath('Absolute path; * stands for part of a name.'),
    ),
  }),
  version: mapping('How versions of the line are made.', {
    policy: choice('daily: the build day; line: only BUILD grows.', 'daily', 'line'),
  }),
  template: mapping('The name under which clouds register the template.', {
    name: textLike(
      '^[A-Za-z0-9][A-Za-z0-9._-]*$',
      'a name of letters, digits, dots, dashes and underscores',
      'Stem; the version is appended.',
    ),
    consumers: listOf(
      'Consumers whose rules name and version must satisfy.',
      choice('Consumer.', 'cosmic', 'cloudstack', 'cloudstack24'),
      { uniqueItems: true },
    ),
  }),
};

/** The JSON Schema (draft 2020-12) of a profile as a person writes it, for editors and for our own checks. */
export function profileSchema(): SchemaNode {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Mintmark profile',
    ...mapping('What to build. Every key is optional.', properties),
  };
}
