import { expect, test } from '@jest/globals';
import { parsePackerLogLine } from '../../../src/packer/log.ts';

test.each([
  {
    line: '2026/11/21 11:00:01 packer-builder-qemu plugin: Started Qemu. Pid: 4711',
    fact: { type: 'qemu-started', pid: 4711 },
    because: 'the watchdog needs the process',
  },
  {
    line: '2026/11/21 11:00:01 packer-plugin-qemu_v1.1.4_x5.0_linux_amd64 plugin: 2026/11/21 11:00:01 Qemu stderr: qemu-system-x86_64: -netdev user: Could not set up host forwarding rule',
    fact: {
      type: 'qemu-said',
      stream: 'stderr',
      text: 'qemu-system-x86_64: -netdev user: Could not set up host forwarding rule',
    },
    because: 'plugins write the time twice',
  },
  {
    line: '2026/11/21 11:00:01 Qemu stderr: ',
    fact: { type: 'qemu-said', stream: 'stderr', text: '' },
    because: 'QEMU may write an empty line',
  },
  {
    line: '2026/11/21 11:00:01 packer-builder-qemu plugin: Executing /usr/bin/qemu-system-x86_64: []string{"-m", "512M"}',
    fact: { type: 'qemu-command', text: '/usr/bin/qemu-system-x86_64: []string{"-m", "512M"}' },
    because: 'evidence shows how QEMU was called',
  },
  {
    line: '2026/11/21 11:00:01 ui: ==> qemu.mintmark: Waiting',
    fact: undefined,
    because: 'the rest is not ours to read',
  },
  {
    line: '2026/11/21 12:19:27 packer-builder-qemu plugin: Executing shutdown command: sync; systemctl poweroff',
    fact: { type: 'shutting-down' },
    because: 'Packer powers the guest off',
  },
  {
    line: '2026/11/21 12:19:29 packer-plugin-qemu_v1.1.4_x5.0_linux_amd64 plugin: 2026/11/21 12:19:29 Waiting max 10m0s for shutdown to complete',
    fact: { type: 'shutting-down' },
    because: 'Packer waits for the end',
  },
  {
    line: '2026/11/21 12:19:29 1795263551,,ui,say,==> qemu.mintmark: packer-builder-qemu plugin: Executing shutdown command: x',
    fact: undefined,
    because: 'a provisioner may write the same',
  },
  {
    line: '2026/11/21 12:19:29 1795263551,,ui,message,    qemu.mintmark: Qemu stderr: x',
    fact: undefined,
    because: 'a provisioner is not QEMU',
  },
  {
    line: '2026/11/21 12:19:29 ui: qemu.mintmark: Qemu stderr: x',
    fact: undefined,
    because: 'nor without records',
  },
  { line: '', fact: undefined, because: 'an empty line says nothing' },
])('$because', ({ line, fact }) => {
  expect(parsePackerLogLine(line)).toEqual(fact);
});
