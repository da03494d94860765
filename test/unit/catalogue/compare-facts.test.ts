import { describe, expect, test } from '@jest/globals';
import {
  compareKernelArguments,
  compareListeners,
  compareServices,
} from '../../../src/catalogue/compare-facts.ts';
import type { GuestFacts, ListenerFact, ServiceFact } from '../../../src/manifests/guest-facts.ts';
import { sampleFacts } from './sample-releases.ts';

const older = (changes: Partial<GuestFacts>) => ({ name: 'server 1', facts: sampleFacts(changes) });
const newer = (changes: Partial<GuestFacts>) => ({ name: 'server 2', facts: sampleFacts(changes) });
const { listeners: _none, ...NEVER_BOOTED } = sampleFacts();

describe('compareServices', () => {
  const ssh: ServiceFact = { name: 'ssh.service', enabled: 'enabled', active: true };
  const dbus: ServiceFact = { name: 'dbus.service', enabled: 'static', active: true };

  test.each([
    { from: [ssh], to: [ssh], expected: {}, because: 'it is the same' },
    { from: [], to: [ssh], expected: { added: [ssh] }, because: 'there is one more' },
    { from: [dbus], to: [], expected: { removed: [dbus] }, because: 'it does not run any more' },
    {
      from: [ssh],
      to: [{ ...ssh, active: false }],
      expected: {
        changed: [
          {
            name: 'ssh.service',
            from: { enabled: 'enabled', active: true },
            to: { enabled: 'enabled', active: false },
          },
        ],
      },
      because: 'it fails now',
    },
    {
      from: [ssh],
      to: [{ ...ssh, enabled: 'masked' as const }],
      expected: {
        changed: [
          {
            name: 'ssh.service',
            from: { enabled: 'enabled', active: true },
            to: { enabled: 'masked', active: true },
          },
        ],
      },
      because: 'it cannot be started any more',
    },
  ])('$because', ({ from, to, expected }) => {
    expect(compareServices(older({ services: from }), newer({ services: to }))).toEqual({
      added: [],
      removed: [],
      changed: [],
      running: { known: true },
      ...expected,
    });
  });

  test('what ran is not compared with a guest that was never booted', () => {
    const atRest: ServiceFact = { name: 'ssh.service', enabled: 'enabled' };
    const facts = { ...NEVER_BOOTED, services: [atRest] };
    expect(compareServices(older({ services: [ssh, dbus] }), { name: 'server 2', facts })).toEqual({
      added: [],
      removed: [],
      changed: [],
      running: { known: false, reason: 'server 2 was not booted when its facts were taken' },
    });
  });
});

describe('compareListeners', () => {
  const ssh: ListenerFact = { protocol: 'tcp', address: '0.0.0.0', port: 22, process: 'sshd' };

  test.each([
    { from: [ssh], to: [ssh], added: [], removed: [], because: 'it is the same' },
    { from: [], to: [ssh], added: [ssh], removed: [], because: 'there is one more' },
    {
      from: [ssh],
      to: [{ ...ssh, address: '127.0.0.1' }],
      added: [{ ...ssh, address: '127.0.0.1' }],
      removed: [ssh],
      because: 'only the machine itself gets there',
    },
    {
      from: [ssh],
      to: [{ ...ssh, process: 'dropbear' }],
      added: [{ ...ssh, process: 'dropbear' }],
      removed: [ssh],
      because: 'another program has it',
    },
  ])('$because', ({ from, to, added, removed }) => {
    const changes = compareListeners(older({ listeners: from }), newer({ listeners: to }));
    expect(changes).toEqual({ known: true, added, removed });
  });

  test('nothing is known of a guest that was never booted', () => {
    const unknown = { known: false, reason: 'server 1 was not booted when its facts were taken' };
    expect(compareListeners({ name: 'server 1', facts: NEVER_BOOTED }, newer({}))).toEqual(unknown);
    expect(compareListeners(newer({}), { name: 'server 1', facts: NEVER_BOOTED })).toEqual(unknown);
  });
});

describe('compareKernelArguments', () => {
  test.each([
    { from: ['ro', 'a'], to: ['ro', 'b'], added: ['b'], removed: ['a'], because: 'a word is another' },
    { from: ['c=1', 'c=1'], to: ['c=1'], added: [], removed: ['c=1'], because: 'one of two went' },
    { from: ['a', 'b'], to: ['b', 'a'], added: [], removed: [], because: 'only the order is another' },
  ])('$because', ({ from, to, added, removed }) => {
    const changes = compareKernelArguments(older({ kernelArguments: from }), newer({ kernelArguments: to }));
    expect(changes).toEqual({ known: true, from, to, added, removed });
  });

  test('nothing is known where a boot loader does not tell', () => {
    const { kernelArguments: _silent, ...facts } = sampleFacts();
    expect(compareKernelArguments(older({}), { name: 'server 2', facts })).toEqual({
      known: false,
      reason: 'facts.json of server 2 tells no kernel arguments',
    });
  });
});
