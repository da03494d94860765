import type { GuestQuestion } from './check-script.ts';

/** Which ports are listened on, by which process; must run as root to name processes. */
export const LISTENERS_QUESTION: GuestQuestion = { name: 'fact-listeners', script: 'ss -Htulnp' };

/** Which services are active. */
export const SERVICES_QUESTION: GuestQuestion = {
  name: 'fact-services',
  script: 'systemctl list-units --type=service --state=active --plain --no-legend --no-pager --full',
};

/** What is asked for `facts.json`. */
export const FACT_QUESTIONS: readonly GuestQuestion[] = [LISTENERS_QUESTION, SERVICES_QUESTION];

/** A socket that waits for others. */
export interface Listener {
  readonly protocol: 'tcp' | 'udp';
  /** As `ss` shows it, without brackets and interface: `0.0.0.0`, `::`, `*` for both. */
  readonly address: string;
  readonly port: number;
  /** Name of the first process that holds it; empty where `ss` was not told. */
  readonly process: string;
}

/** Reads `ss -Htulnp` (iproute2 5 to 6): netid, state, queues, local and peer address, users. */
export function parseListeners(text: string): Listener[] {
  return text.split('\n').flatMap((line) => {
    const [protocol, , , , local = ''] = line.trim().split(/\s+/);
    const match = /^\[?([^\]%]*?)\]?(?:%[^:\]]+\]?)?:(\d+)$/.exec(local);
    if ((protocol !== 'tcp' && protocol !== 'udp') || match === null) return [];
    const process = /\(\("([^"]*)"/.exec(line)?.[1] ?? '';
    return [{ protocol, address: match[1] ?? '', port: Number(match[2]), process }];
  });
}

/** Whether only the guest itself reaches a listener: 127.0.0.0/8 and ::1. */
export function isLoopback({ address }: Pick<Listener, 'address'>): boolean {
  return /^(?:::ffff:)?127\./.test(address) || address === '::1';
}

/** A listener as people and profiles name it: `tcp/22`. */
export function listenerName({ protocol, port }: Pick<Listener, 'protocol' | 'port'>): string {
  return `${protocol}/${port}`;
}

/** Reads systemd's plain list of units: their names, sorted. */
export function parseActiveServices(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => /^\s*(\S+\.service)\s/.exec(line)?.[1] ?? [])
    .toSorted();
}
