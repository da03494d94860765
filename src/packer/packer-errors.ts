/** An error of Packer and what it means to people. */
export interface PackerComplaint {
  readonly pattern: RegExp;
  readonly code: string;
  /** What went wrong; `$1` stands for the first group, `$step` for the step that was under way. */
  readonly message: string;
}

/**
 * The only place where Packer's errors are read; first match wins. Wordings of Packer 1.6.6 and of 1.16 with the QEMU
 * plugin 1.1.4; a test has each of them.
 */
export const PACKER_COMPLAINTS: readonly PackerComplaint[] = [
  {
    pattern: /Script exited with non-zero exit status: (\d+)/,
    code: 'E_PROVISIONER_FAILED',
    message: '$step ended with exit code $1',
  },
  {
    pattern: /Script disconnected unexpectedly/,
    code: 'E_PROVISIONER_LOST',
    message: '$step lost its connection to the guest',
  },
  {
    // Nobody else cancels a provisioner: we end Packer as a whole.
    pattern: /^(?:Cancelling provisioner after a timeout\.\.\.|context canceled)$/,
    code: 'E_PROVISIONER_TIMEOUT',
    message: '$step did not end in its time',
  },
  {
    pattern: /Timeout waiting for SSH/,
    code: 'E_GUEST_NO_SSH',
    message: 'the guest never brought up SSH',
  },
  {
    pattern: /Timeout while waiting for machine to shut down/,
    code: 'E_GUEST_NO_SHUTDOWN',
    message: 'the guest did not power off when it was asked to',
  },
];

/**
 * By this Packer says that a step has failed and that it leaves everything as it is (`-on-error=abort`); what it prints
 * afterwards says nothing of the cause (`packer-plugin-sdk` multistep, commonsteps `abortStep`).
 */
const ABORTING = /^Step "\w+" failed, aborting\.\.\.$/;

/** Whether a line of Packer's says that it gives up. */
export function isAborting(text: string): boolean {
  return ABORTING.test(text);
}

/**
 * What an error of Packer means; undefined for one that is not known.
 *
 * @param step what people call the step that was under way
 */
export function readPackerError(text: string, step: string): { code: string; message: string } | undefined {
  for (const { pattern, code, message } of PACKER_COMPLAINTS) {
    const match = pattern.exec(text);
    if (match) return { code, message: message.replace('$1', match[1] ?? '').replace('$step', () => step) };
  }
  return undefined;
}
