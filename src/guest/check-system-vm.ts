import { quoteForShell } from '../values/command-spec.ts';
import { judgeFacts, unanswered } from './compared-facts.ts';
import { failed, passed, type GuestCheck } from './guest-check.ts';
import { LISTENERS_QUESTION, parseListeners } from './listeners.ts';

/** What a system VM was told, and where it shows that it understood. */
export interface SystemVmPromise {
  readonly sshPort: number;
  /** Address of the control network card; sshd listens there and nowhere else. */
  readonly controlAddress: string;
  /** The line of words that was sent. */
  readonly commandLine: string;
  /** Where the guest keeps it: `/var/cache/cloud/cmdline`, and `/tmp/cmdline` of Cosmic. */
  readonly commandLineFile: string;
  /** Written when all is done: `/var/cache/cloud/boot_up_done`. */
  readonly readyMarker: string;
  /** Where the guest keeps the SHA-512 of the scripts it runs, and that digest. */
  readonly signature?: { readonly file: string; readonly sha512: string };
}

/** What only system VMs are asked. */
export function systemVmChecks(promise: SystemVmPromise): GuestCheck[] {
  return [
    checkReadyMarker(promise),
    checkControlAddress(promise),
    checkCommandLine(promise),
    ...(promise.signature === undefined ? [] : [checkSignature(promise.signature)]),
  ];
}

function checkReadyMarker({ readyMarker }: SystemVmPromise): GuestCheck {
  return {
    name: 'ready-marker',
    title: 'the ready marker is there',
    isIdentity: false,
    script: `cat -- ${quoteForShell(readyMarker)}`,
    judge: (answer) => {
      if (answer.exitCode !== 0) return unanswered(readyMarker, answer);
      return passed(`${readyMarker}: ${answer.text.trim()}`);
    },
  };
}

function checkControlAddress({ sshPort, controlAddress }: SystemVmPromise): GuestCheck {
  return {
    name: 'control-address',
    title: 'SSH listens on the control address only',
    isIdentity: false,
    script: LISTENERS_QUESTION.script,
    judge: (answer) => {
      if (answer.exitCode !== 0) return unanswered('the list of listeners', answer);
      const addresses = parseListeners(answer.text)
        .filter(({ protocol, port }) => protocol === 'tcp' && port === sshPort)
        .map(({ address }) => address);
      return judgeFacts([{ what: '', expected: controlAddress, found: addresses.join(', ') || 'nowhere' }]);
    },
  };
}

/** Whatever the way it came by, the guest holds every word that was sent. Its values are secrets: they are not shown. */
function checkCommandLine({ commandLine, commandLineFile }: SystemVmPromise): GuestCheck {
  return {
    name: 'command-line',
    title: 'the command line arrived as it was sent',
    isIdentity: false,
    script: `cat -- ${quoteForShell(commandLineFile)}`,
    judge: (answer) => {
      if (answer.exitCode !== 0) return unanswered(commandLineFile, answer);
      const [sent, got] = [wordsOf(commandLine), wordsOf(answer.stdout ?? answer.text)];
      const wrong = [
        ...sent.filter((word) => !got.includes(word)).map((word) => `lacks ${keyOf(word)}`),
        ...got.filter((word) => !sent.includes(word)).map((word) => `has another ${keyOf(word)}`),
      ];
      if (wrong.length === 0) return passed(`${sent.length} words`);
      return failed(`the ${sent.length} words that were sent`, wrong.slice(0, 5).join(', '), wrong);
    },
  };
}

function wordsOf(line: string): string[] {
  return line.split(/\s+/).filter((word) => word !== '');
}

function keyOf(word: string): string {
  return word.split('=')[0] ?? '';
}

function checkSignature({ file, sha512 }: NonNullable<SystemVmPromise['signature']>): GuestCheck {
  return {
    name: 'signature',
    title: 'the signature is that of the scripts',
    isIdentity: false,
    script: `cat -- ${quoteForShell(file)}`,
    judge: (answer) => {
      const found = /\b[0-9a-f]{32,128}\b/.exec(answer.text)?.[0];
      if (answer.exitCode !== 0 || found === undefined) return unanswered(`a digest in ${file}`, answer);
      return judgeFacts([{ what: 'SHA-512', expected: sha512, found }]);
    },
  };
}
