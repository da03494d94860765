import { describe, expect, test } from '@jest/globals';
import { parseGuestFacts, renderGuestFacts, type GuestFacts } from '../../../src/manifests/guest-facts.ts';

const FACTS: GuestFacts = {
  schema: 1,
  kernelArguments: ['ro'],
  services: [{ name: 'ssh.service', enabled: 'enabled', active: true }],
  listeners: [{ protocol: 'tcp', address: '*', port: 22, process: 'sshd' }],
  configuration: [{ path: '/etc/hosts', sha256: 'a'.repeat(64), text: '127.0.0.1 localhost\n' }],
  withheld: ['/etc/shadow'],
};

describe('facts.json', () => {
  test('is read back as it was written', () => {
    expect(parseGuestFacts(renderGuestFacts(FACTS), 'facts.json')).toEqual(FACTS);
  });

  test('every fault is told', () => {
    const text = JSON.stringify({
      ...FACTS,
      withheld: ['shadow'],
      services: [{ name: 'a', enabled: 'yes' }],
    });
    expect(() => parseGuestFacts(text, 'facts.json')).toThrow('facts.json has 2 faults');
  });
});
