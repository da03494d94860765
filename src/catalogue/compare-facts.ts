import type { GuestFacts, ListenerFact, ServiceFact } from '../manifests/guest-facts.ts';
import type { Aspect, KernelArgumentChanges, ListenerChanges, ServiceChanges } from './release-diff.ts';

/** The facts of a release, and how people call it. */
export interface NamedFacts {
  /** `server 26.11.21-1.1`. */
  readonly name: string;
  readonly facts: GuestFacts;
}

/**
 * What became of the services. Of a guest that was never booted nobody knows what ran; `static` units are told only when
 * they run, so that they are left out, too, unless both were booted.
 */
export function compareServices(from: NamedFacts, to: NamedFacts): ServiceChanges {
  const silent = [from, to].find(({ facts }) => !wasBooted(facts));
  const told = ({ facts }: NamedFacts): readonly ServiceFact[] =>
    silent === undefined
      ? facts.services
      : facts.services.filter(({ enabled }) => enabled !== 'static').map(atRest);
  const [older, newer] = [told(from), told(to)];
  const before = new Map(older.map((service) => [service.name, service]));
  const after = new Map(newer.map((service) => [service.name, service]));
  return {
    added: newer.filter(({ name }) => !before.has(name)),
    removed: older.filter(({ name }) => !after.has(name)),
    changed: older.flatMap((service) => {
      const other = after.get(service.name);
      return other && serviceKey(service) !== serviceKey(other) ? [changeOf(service, other)] : [];
    }),
    running: silent === undefined ? { known: true } : neverBooted(silent),
  };
}

/** What became of the listening sockets; unknown unless both guests were booted. */
export function compareListeners(from: NamedFacts, to: NamedFacts): Aspect<ListenerChanges> {
  const [older, newer] = [from.facts.listeners, to.facts.listeners];
  if (older === undefined) return neverBooted(from);
  if (newer === undefined) return neverBooted(to);
  const before = new Set(older.map(listenerKey));
  const after = new Set(newer.map(listenerKey));
  return {
    known: true,
    added: newer.filter((listener) => !before.has(listenerKey(listener))),
    removed: older.filter((listener) => !after.has(listenerKey(listener))),
  };
}

/** What became of the kernel's arguments; unknown where a boot loader does not tell them. */
export function compareKernelArguments(from: NamedFacts, to: NamedFacts): Aspect<KernelArgumentChanges> {
  const silent = [from, to].find(({ facts }) => facts.kernelArguments === undefined);
  if (silent !== undefined)
    return { known: false, reason: `facts.json of ${silent.name} tells no kernel arguments` };
  const [older, newer] = [from.facts.kernelArguments ?? [], to.facts.kernelArguments ?? []];
  return {
    known: true,
    from: older,
    to: newer,
    added: without(newer, older),
    removed: without(older, newer),
  };
}

/** The words of a list that another one does not have, each as often as it has more of them. */
function without(words: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return words.filter((word) => {
    const place = left.indexOf(word);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
}

function wasBooted({ services, listeners }: GuestFacts): boolean {
  return listeners !== undefined || services.some(({ active }) => active !== undefined);
}

function neverBooted({ name }: NamedFacts): { readonly known: false; readonly reason: string } {
  return { known: false, reason: `${name} was not booted when its facts were taken` };
}

function atRest({ name, enabled }: ServiceFact): ServiceFact {
  return { name, enabled };
}

function changeOf(from: ServiceFact, to: ServiceFact): ServiceChanges['changed'][number] {
  const { name, ...before } = from;
  const { name: _same, ...after } = to;
  return { name, from: before, to: after };
}

function serviceKey({ enabled, active }: ServiceFact): string {
  return `${enabled} ${String(active)}`;
}

function listenerKey({ protocol, address, port, process }: ListenerFact): string {
  return JSON.stringify([protocol, address, port, process]);
}
