import { hostname, userInfo } from 'node:os';

/** Who works here, as `user@host`; what a journal names as the one who changed something. */
export function operatorName(): string {
  return `${userName()}@${hostname()}`;
}

/** A container may run us under a number that no account has. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}
