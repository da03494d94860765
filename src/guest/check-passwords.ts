import { judgeFacts, unanswered } from './compared-facts.ts';
import { failed, passed, type GuestCheck } from './guest-check.ts';

/** Nobody has a password, known or empty: `P` and `NP` of passwd(1). The hashes themselves stay in the guest. */
export function checkPasswords(): GuestCheck {
  return {
    name: 'passwords',
    title: 'nobody can log in with a password',
    isIdentity: false,
    script: 'passwd -S -a',
    judge: (answer) => {
      const accounts = (answer.stdout ?? answer.text).split('\n').flatMap((line) => {
        const match = /^(\S+) (P|NP|L|LK|PS) /.exec(line);
        return match === null ? [] : [{ user: match[1] ?? '', state: match[2] ?? '' }];
      });
      if (answer.exitCode !== 0 || accounts.length === 0)
        return unanswered('the state of all accounts', answer);
      const open = accounts.filter(({ state }) => !/^LK?$/.test(state));
      if (open.length === 0) return passed(`all ${accounts.length} accounts are locked`);
      const found = open.map(
        ({ user, state }) => `${user} has ${state === 'NP' ? 'an empty' : 'a'} password`,
      );
      return failed('every account is locked', found.join(', '));
    },
  };
}

/** What sshd must not allow, whatever its files say: its own word on the settings that hold for root from outside. */
export function checkSshSettings(options: { readonly rootMayLogIn: boolean }): GuestCheck {
  return {
    name: 'ssh-settings',
    title: 'SSH takes no passwords',
    isIdentity: false,
    // 192.0.2.1 is nobody's address (RFC 5737), so rules for certain networks do not match.
    script:
      "sshd -T -C user=root,host=stranger,addr=192.0.2.1 | grep -E '^(passwordauthentication|kbdinteractiveauthentication|permitemptypasswords|permitrootlogin) '",
    judge: (answer) => {
      const lines = (answer.stdout ?? answer.text).split('\n');
      const settings = new Map(lines.map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']));
      if (!settings.has('passwordauthentication')) return unanswered("sshd's settings", answer);
      const refused = ['passwordauthentication', 'kbdinteractiveauthentication', 'permitemptypasswords'];
      const root = settings.get('permitrootlogin') ?? 'unknown';
      return judgeFacts([
        ...refused.map((what) => ({ what, expected: 'no', found: settings.get(what) ?? 'unknown' })),
        {
          what: 'permitrootlogin',
          expected: options.rootMayLogIn ? 'by key' : 'prohibit-password or no',
          found: root,
          isKept: options.rootMayLogIn ? root !== 'no' : root !== 'yes' && root !== 'unknown',
        },
      ]);
    },
  };
}
