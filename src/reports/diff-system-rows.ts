import type { ListenerChanges, ServiceChanges, SystemChange } from '../catalogue/release-diff.ts';
import type { ListenerFact, ServiceFact } from '../manifests/guest-facts.ts';
import { shortDigest } from '../values/digest.ts';
import type { DiffRow } from './diff-section.ts';

/** What the manifests say of the system. */
export function systemRows(changes: readonly SystemChange[]): DiffRow[] {
  return changes.map(({ what, from, to }) => ({
    sign: '~',
    cells: [what, `${shorten(from)} → ${shorten(to)}`],
  }));
}

/** Units of systemd. */
export function serviceRows({ added, removed, changed }: ServiceChanges): DiffRow[] {
  return [
    ...added.map((service): DiffRow => ({ sign: '+', cells: [service.name, describeService(service)] })),
    ...removed.map((service): DiffRow => ({ sign: '-', cells: [service.name, describeService(service)] })),
    ...changed.map(({ name, from, to }): DiffRow => ({
      sign: '~',
      cells: [name, `${describeService(from)} → ${describeService(to)}`],
    })),
  ];
}

/** Sockets that wait for others. */
export function listenerRows({ added, removed }: ListenerChanges): DiffRow[] {
  return [
    ...added.map((listener): DiffRow => ({ sign: '+', cells: listenerCells(listener) })),
    ...removed.map((listener): DiffRow => ({ sign: '-', cells: listenerCells(listener) })),
  ];
}

function shorten(text: string | undefined): string {
  if (text === undefined) return 'not said';
  return /^[0-9a-f]{64}$/.test(text) ? shortDigest(text) : text;
}

function describeService({ enabled, active }: Omit<ServiceFact, 'name'>): string {
  if (active === undefined) return enabled;
  return `${enabled}, ${active ? 'running' : 'not running'}`;
}

function listenerCells({ protocol, address, port, process }: ListenerFact): string[] {
  return [`${protocol}/${port}`, address, ...(process === undefined ? [] : [process])];
}
