import { describe, expect, test } from '@jest/globals';
import { parseXml } from '../../../src/inspection/xml-document.ts';
import { checkBuffer, faultsOf } from './check-buffer.ts';
import { sampleMembers, sampleOva, sampleTar, withManifest, type SampleFile } from './sample-ova.ts';

/** An OVA whose description was changed; the manifest fits. */
function withOvf(from: string | RegExp, to: string): Buffer {
  return sampleTar(withManifest(sampleMembers((ovf) => ovf.replace(from, to))));
}

function withLines(change: (text: string) => string): Buffer {
  return sampleTar(withManifest(sampleMembers(), change));
}

/** An OVA with one more file. */
function withFile(file: SampleFile): Buffer {
  return sampleTar([...withManifest(sampleMembers()), file]);
}

const reordered = (order: readonly number[]): Buffer => {
  const members = withManifest(sampleMembers());
  return sampleTar(order.flatMap((index) => members[index] ?? []));
};

const extra = Buffer.from('x');

describe('checkOva', () => {
  test.each<{ because: string; image: () => Buffer; fault: RegExp }>([
    {
      because: 'a name may not lead out',
      image: () => withFile({ name: '../evil', data: extra }),
      fault: /name "..\/evil" leads out of the archive/,
    },
    {
      because: 'nor begin at the root',
      image: () => withFile({ name: '/etc/passwd', data: extra }),
      fault: /name "\/etc\/passwd" is absolute/,
    },
    {
      because: 'nor have a directory',
      image: () => withFile({ name: 'a/b', data: extra }),
      fault: /name "a\/b" has a directory/,
    },
    {
      because: 'Windows has its own way out',
      image: () => withFile({ name: '..\\evil', data: extra }),
      fault: /leads out of the archive/,
    },
    {
      because: 'a link is no file',
      image: () => withFile({ name: 'link', data: Buffer.alloc(0), type: '2' }),
      fault: /type flag of "link" is "2": no plain file/,
    },
    {
      because: 'a device is no file',
      image: () => withFile({ name: 'device', data: Buffer.alloc(0), type: '3' }),
      fault: /no plain file/,
    },
    {
      because: 'two files of one name are one too many',
      image: () => withFile({ name: 'VM.ovf', data: extra }),
      fault: /name "VM.ovf" comes twice/,
    },
    {
      because: 'each file is named',
      image: () => withFile({ name: 'more.txt', data: extra }),
      fault: /tar order has "more.txt", which the OVF does not name/,
    },
    {
      because: 'the manifest comes second',
      image: () => reordered([0, 2, 1]),
      fault: /tar order has "vm.mf" in the wrong place/,
    },
    {
      because: 'what is named is there',
      image: () => reordered([0, 1]),
      fault: /References name "vm-disk1.vmdk", which is not in the archive/,
    },
    {
      because: 'vSphere checks digests',
      image: () => sampleTar(sampleMembers()),
      fault: /manifest vm.mf is missing/,
    },
    {
      because: 'an archive has an end',
      image: () => sampleOva().subarray(0, -1024),
      fault: /end of archive is missing/,
    },
    {
      because: 'headers have a sum',
      image: () => {
        const bytes = sampleOva();
        bytes.write('w');
        return bytes;
      },
      fault: /^offset 148: tar header checksum at 0/,
    },
    {
      because: 'nothing is behind the end',
      image: () => Buffer.concat([sampleOva(), extra]),
      fault: /end of archive is followed by something/,
    },
    {
      because: 'sha256sum --tag writes a space',
      image: () => withLines((text) => text.replace('256(', '256 (')),
      fault: /manifest has a space before the bracket/,
    },
    {
      because: 'OpenSSL 3 has its own word',
      image: () => withLines((text) => text.replace('SHA256', 'SHA2-256')),
      fault: /unknown algorithm SHA2-256/,
    },
    {
      because: 'a digest has its length',
      image: () => withLines((text) => text.replace(/[0-9a-f]\n/, '\n')),
      fault: /has a digest of 63 digits/,
    },
    {
      because: 'a digest is that of the file',
      image: () => withLines((text) => text.replace(/= [0-9a-f]{4}/, '= 0000')),
      fault: /SHA256 of vm.ovf is 0000/,
    },
    {
      because: 'every file has a line',
      image: () => withLines((text) => text.split('\n').slice(0, 1).join('\n')),
      fault: /manifest lacks "vm-disk1.vmdk"/,
    },
    {
      because: 'entities can explode',
      image: () => withOvf('<Envelope', '<!DOCTYPE x [<!ENTITY a "b">]><Envelope'),
      fault: /OVF has a document type, which is refused/,
    },
    {
      because: 'unknown entities stay unknown',
      image: () => withOvf('Disks', '&a;'),
      fault: /OVF has the unknown entity &a;/,
    },
    {
      because: 'CloudStack looks for "ovf:capacity"',
      image: () => withOvf('ovf:capacity=', 'capacity='),
      fault: /Disk has no ovf:capacity/,
    },
    {
      because: 'units are few',
      image: () => withOvf('"byte"', '"furlong"'),
      fault: /Disk has no ovf:capacity above 0 in units/,
    },
    {
      because: 'CloudStack takes unknown units for bytes',
      image: () => withOvf('"byte"', '"byte * 1000"'),
      fault: /Disk has no ovf:capacity above 0 in units/,
    },
    {
      because: 'capacity is that of the disk',
      image: () => withOvf('6553600', '6553601'),
      fault: /Disk has a capacity of 6553601 bytes, but the disk has 6553600/,
    },
    {
      because: 'sizes are those of the files',
      image: () => withOvf(/ovf:size="\d+"/, 'ovf:size="7"'),
      fault: /File says 7 bytes, but vm-disk1.vmdk has/,
    },
    {
      because: 'a file has a size',
      image: () => withOvf(/ovf:size="\d+"/, ''),
      fault: /File lacks ovf:size/,
    },
    {
      because: 'a disk is a file',
      image: () => withOvf('fileRef="file1"', 'fileRef="file2"'),
      fault: /refers to the file file2/,
    },
    {
      because: 'a drive has a disk',
      image: () => withOvf('/disk/disk1<', '/disk/disk9<'),
      fault: /is a disk drive without a disk/,
    },
    {
      because: 'a card has a network',
      image: () => withOvf('>VM Network<', '>Elsewhere<'),
      fault: /is connected to "Elsewhere", which is no network/,
    },
    {
      because: 'a drive has a controller',
      image: () => withOvf('Parent>2<', 'Parent>9<'),
      fault: /has no item as parent: 9/,
    },
    {
      because: 'each item is its own',
      image: () => withOvf('InstanceID>2<', 'InstanceID>1<'),
      fault: /has the InstanceID of another: 1/,
    },
    {
      because: 'the schema has an order',
      image: () =>
        withOvf(
          '<rasd:ElementName>cpu</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID>',
          '<rasd:InstanceID>1</rasd:InstanceID><rasd:ElementName>cpu</rasd:ElementName>',
        ),
      fault: /has ElementName behind InstanceID: out of alphabetical order/,
    },
    {
      because: 'sections have an order',
      image: () => withOvf(/(<References>.*<\/References>)\s*(<DiskSection>[\s\S]*<\/DiskSection>)/, '$2$1'),
      fault: /References comes too late in Envelope/,
    },
    {
      because: 'the namespace is that of OVF 1',
      image: () => withOvf(/envelope\/1/g, 'envelope/2'),
      fault: /xmlns is "http:\/\/schemas.dmtf.org\/ovf\/envelope\/2"/,
    },
    {
      because: 'the disk is a stream',
      image: () => {
        const [ovf, disk] = sampleMembers();
        return sampleTar(
          [ovf, { name: disk?.name ?? '', data: Buffer.alloc(disk?.data.length ?? 0) }].filter(
            (file) => file !== undefined,
          ),
        );
      },
      fault: /vm-disk1.vmdk is raw , not a streamOptimized VMDK/,
    },
  ])('$because', async ({ image, fault }) => {
    expect(await faultsOf(image())).toContainEqual(expect.stringMatching(fault));
  });

  test('faults of a disk inside name the file they are counted in', async () => {
    const members = sampleMembers();
    members[1]?.data.writeUInt8(1, 500);
    expect(await faultsOf(sampleTar(withManifest(members)))).toEqual([
      'vm-disk1.vmdk: offset 500: padding is not zero',
    ]);
  });

  test('tells the machine', async () => {
    expect(await checkBuffer(sampleOva())).toMatchObject({
      features: ['hardware vmx-13', 'firmware bios', 'guest otherLinux64Guest', 'manifest'],
      disks: [{ name: 'vm-disk1.vmdk', format: 'vmdk', subformat: 'streamOptimized' }],
    });
  });
});

describe('parseXml', () => {
  test('reads elements, attributes, text, CDATA, comments and the five entities', () => {
    const root = parseXml(
      `<?xml version='1.0'?><!-- c --><a x:b='1 &lt; 2'>one<b/><![CDATA[<two>]]>&#65;&#x42;<!-- d --></a>\n`,
    );
    expect(root).toMatchObject({ name: 'a', text: 'one<two>AB', children: [{ name: 'b' }] });
    expect(root.attributes.get('x:b')).toBe('1 < 2');
  });

  test.each([
    ['', 'lacks "<"'],
    ['<a>', 'ends inside a'],
    ['<a></b>', 'closes a as b'],
    ['<a/><b/>', 'behind its root'],
    ['<a b="1" b="2"/>', 'twice'],
    ['<a b=1/>', 'no quoted value'],
    ['<a b="1"c="2"/>', 'malformed'],
    ['<a>&x;</a>', 'unknown entity'],
    ['<a>&#0;</a>', 'unknown entity'],
    ['<a><?php ?></a>', 'declaration inside'],
    ['<!DOCTYPE a><a/>', 'document type'],
    ['<a>'.repeat(40), 'nested deeper'],
    ['<a b="<"/>', 'has "<"'],
  ])('refuses %j', (text, message) => {
    expect(() => parseXml(text)).toThrow(message);
  });
});
