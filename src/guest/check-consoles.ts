import { quoteForShell } from '../values/command-spec.ts';
import { failed, passed, type GuestCheck } from './guest-check.ts';

/**
 * A login prompt waits on every promised console that the machine has: systemd's getty generator makes them for serial
 * ones (systemd-getty-generator(8)), and tty0 stands for the first virtual terminal.
 */
export function checkConsoles(consoles: readonly string[]): GuestCheck {
  const devices = [...new Set(consoles.map((console) => console.split(',')[0] ?? ''))];
  return {
    name: 'consoles',
    title: 'every console has a login prompt',
    isIdentity: false,
    script: `set --\n${devices.map(askOne).join('')}echo\nsystemctl is-active -- "$@"`,
    judge: ({ text, stdout }) => {
      const [there = '', states = ''] = (stdout ?? text).split('\n\n');
      const present = there.split('\n').filter((line) => devices.includes(line));
      const answers = states.split('\n');
      const silent = present.flatMap((device, index) =>
        answers[index] === 'active' ? [] : [`${device} ${answers[index] ?? 'unknown'}`],
      );
      if (present.length === 0)
        return failed(`a prompt on ${devices.join(', ')}`, 'no such console is there');
      if (silent.length > 0) return failed(`a prompt on ${present.join(', ')}`, silent.join(', '));
      return passed(`on ${present.join(', ')}`);
    },
  };
}

/** Says that a device is there, and puts its unit on the list of those that are asked for together. */
function askOne(device: string): string {
  const isTerminal = /^tty\d+$/.test(device);
  const unit = isTerminal ? `getty@${device === 'tty0' ? 'tty1' : device}` : `serial-getty@${device}`;
  const add = `set -- "$@" ${quoteForShell(`${unit}.service`)}`;
  return `if [ -c /dev/${quoteForShell(device)} ]; then echo ${quoteForShell(device)}; ${add}; fi\n`;
}
