import { describe, expect, test } from '@jest/globals';
import { firmwareArguments, parseFirmwareDescriptor, type Firmware } from '../../../src/guest/firmware.ts';

const descriptor = {
  'interface-types': ['uefi'],
  mapping: {
    device: 'flash',
    executable: { filename: '/fw/CODE.fd', format: 'raw' },
    'nvram-template': { filename: '/fw/VARS.fd', format: 'raw' },
  },
  targets: [{ architecture: 'x86_64', machines: ['pc-i440fx-*', 'pc-q35-*'] }],
  features: ['acpi-s3', 'verbose-dynamic'],
};
const plain: Firmware = {
  code: '/fw/CODE.fd',
  variables: '/fw/VARS.fd',
  format: 'raw',
  secureBoot: false,
  needsSmm: false,
};

describe('parseFirmwareDescriptor', () => {
  test.each([
    { features: [], expected: {}, because: 'nothing special' },
    {
      features: ['secure-boot', 'requires-smm', 'enrolled-keys'],
      expected: { secureBoot: true, needsSmm: true },
      because: 'it starts what is signed',
    },
    {
      features: ['secure-boot', 'requires-smm'],
      expected: { needsSmm: true },
      because: 'without keys it is in setup mode and starts everything',
    },
  ])('features $features: $because', ({ features, expected }) => {
    expect(parseFirmwareDescriptor(JSON.stringify({ ...descriptor, features }))).toEqual({
      ...plain,
      ...expected,
    });
  });

  test('images may be qcow2, both alike', () => {
    const text = JSON.stringify(descriptor);
    expect(parseFirmwareDescriptor(text.replaceAll('"raw"', '"qcow2"'))).toEqual({
      ...plain,
      format: 'qcow2',
    });
    expect(parseFirmwareDescriptor(text.replace('"raw"', '"qcow2"'))).toBeUndefined();
  });

  test.each([
    { text: '{', because: 'it is no JSON' },
    { text: '[]', because: 'it is no mapping' },
    { text: '{}', because: 'it says nothing' },
    { text: JSON.stringify({ ...descriptor, 'interface-types': ['bios'] }), because: 'it is a BIOS' },
    {
      text: JSON.stringify({ ...descriptor, targets: [{ architecture: 'aarch64' }] }),
      because: 'it is for arm64',
    },
    {
      text: JSON.stringify({ ...descriptor, mapping: { device: 'memory', filename: '/fw/OVMF.fd' } }),
      because: 'it keeps no variables',
    },
    {
      text: JSON.stringify({ ...descriptor, mapping: 7, features: 'x' }),
      because: 'its members are of other kinds',
    },
  ])('a descriptor does not count: $because', ({ text }) => {
    expect(parseFirmwareDescriptor(text)).toBeUndefined();
  });
});

describe('firmwareArguments', () => {
  test('code is only read, variables are the machine’s own; commas in paths are doubled', () => {
    expect(firmwareArguments(plain, '/tmp/a,b/vars.fd')).toEqual([
      '-machine',
      'pc',
      '-drive',
      'if=pflash,unit=0,format=raw,readonly=on,file=/fw/CODE.fd',
      '-drive',
      'if=pflash,unit=1,format=raw,file=/tmp/a,,b/vars.fd',
    ]);
  });

  test('system management mode needs q35, and keeps the variables from the guest', () => {
    const args = firmwareArguments({ ...plain, secureBoot: true, needsSmm: true }, '/v').join(' ');
    expect(args).toMatch(/^-machine q35,smm=on -global driver=cfi\.pflash01,property=secure,value=on /);
  });
});
