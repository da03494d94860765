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
    script: devices.map(askOne).join('\n'),
    judge: ({ text, stdout }) => {
      const states = (stdout ?? text).split('\n').filter((line) => line !== '');
      const open = states.filter((line) => line.endsWith(' active')).map((line) => line.split(' ')[0]);
      const wrong = states.filter((line) => !/ (?:active|absent)$/.test(line));
      if (states.length < devices.length) return failed(devices.join(', '), states.join(', ') || 'no answer');
      if (wrong.length > 0) return failed('a prompt on every console', wrong.join(', '));
      return open.length === 0 ? failed('a prompt', 'no console is there') : passed(`on ${open.join(', ')}`);
    },
  };
}

function askOne(device: string): string {
  const isTerminal = /^tty\d+$/.test(device);
  const unit = isTerminal ? `getty@${device === 'tty0' ? 'tty1' : device}` : `serial-getty@${device}`;
  const name = quoteForShell(device);
  const ask = `echo ${name} "$(systemctl is-active ${quoteForShell(`${unit}.service`)})"`;
  return `if [ -c /dev/${name} ]; then ${ask}; else echo ${name} absent; fi`;
}
