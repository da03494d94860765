import { cleanConsoleLine } from './console-line.ts';

/** What agetty writes when it may ask (`login-pause` and autologin aside): the host's name and the word, without a line feed. */
const LOGIN_PROMPT = /^\S{1,64} login:/;

/**
 * Whether a console shows that its machine is up as far as people are concerned: systemd lets gettys begin when user
 * sessions are allowed, about when it starts an SSH server.
 */
export function isLoginPrompt(text: string): boolean {
  return LOGIN_PROMPT.test(cleanConsoleLine(text));
}
