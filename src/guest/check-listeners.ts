import { unanswered } from './compared-facts.ts';
import { failed, passed, type GuestCheck } from './guest-check.ts';
import type { GuestPromise } from './guest-promise.ts';
import { isLoopback, listenerName, LISTENERS_QUESTION, parseListeners, type Listener } from './listeners.ts';

/** Only promised ports are open to others, and SSH's is. What listens on loopback is the guest's own affair. */
export function checkListeners(promise: Pick<GuestPromise, 'sshPort' | 'listeners'>): GuestCheck {
  const ssh = `tcp/${promise.sshPort}`;
  const allowed = new Set([ssh, ...promise.listeners]);
  return {
    name: 'listeners',
    title: 'only promised ports are open',
    isIdentity: false,
    script: LISTENERS_QUESTION.script,
    judge: (answer) => {
      if (answer.exitCode !== 0) return unanswered('the list of listeners', answer);
      const open = parseListeners(answer.text).filter((listener) => !isLoopback(listener));
      const strangers = open.filter((listener) => !allowed.has(listenerName(listener)));
      const names = namesOf(open);
      if (!names.includes(ssh)) return failed(`${ssh} is open`, names.join(', ') || 'nothing is open');
      if (strangers.length === 0) return passed(names.join(', '));
      return failed(
        `only ${[...allowed].join(', ')}`,
        `also ${namesOf(strangers).join(', ')}`,
        strangers.map(tell),
      );
    },
  };
}

function namesOf(listeners: readonly Listener[]): string[] {
  return [...new Set(listeners.map(listenerName))];
}

function tell({ address, process, ...listener }: Listener): string {
  return `${listenerName(listener)} on ${address}${process === '' ? '' : ` by ${process}`}`;
}
