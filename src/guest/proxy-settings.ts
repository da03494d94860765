import { isOurs, linesOf, type HygieneFacts } from './hygiene-facts.ts';

/** How a kind of file sets a proxy. */
interface ProxyGrammar {
  readonly files: RegExp;
  /** A line that sets one; comments are gone. */
  readonly setting: RegExp;
}

/** Files through which programs and sessions learn of a proxy, and how each writes it. */
const GRAMMARS: readonly ProxyGrammar[] = [
  // apt.conf(5): `Acquire::http::Proxy "…";`, also within blocks; `Proxy-Auto-Detect` names a program.
  {
    files: /^\/etc\/apt\/apt\.conf(?:$|\.d\/)/,
    setting: /(?:^|[\s:{])proxy(?:-auto-detect|::[\w.-]+)?\s*(?:\{|"(?!")|[^\s";{][^;]*;)/i,
  },
  { files: /^(?:\/etc\/wgetrc|\/.+\/\.wgetrc)$/, setting: /^\s*(?:https?|ftp)_?proxy\s*=\s*\S/i },
  {
    files: /^(?:\/etc\/curlrc|\/.+\/\.curlrc)$/,
    setting: /^\s*(?:-x|(?:--)?(?:pre|socks5?)?proxy)\b[\s=:]*\S/i,
  },
  { files: /^\/.*(?:gitconfig|\/git\/config|pip\.conf|npmrc)$/, setting: /^\s*(?:https?-?)?proxy\s*=\s*\S/i },
  {
    files:
      /^(?:\/etc\/(?:environment|environment\.d\/.+|profile|profile\.d\/.+|bash\.bashrc|zsh\/.+|default\/.+|security\/pam_env\.conf|sudoers|sudoers\.d\/.+|systemd\/.+|docker\/.+)|\/(?:root|home\/[^/]+)\/\.[^/]+)$/,
    setting:
      /(?:^|[\s"'{:])(?:https?|ftp|all|no|rsync|socks)_proxy["']?\s*[\s=:]\s*(?:(?:DEFAULT|OVERRIDE)=)?(?!["']{2}\s*$)\S/i,
  },
];

/** Lines that set a proxy in files that the profile did not place. Addresses are not told: they may hold a password. */
export function findProxySettings(facts: HygieneFacts): string[] {
  return Array.from(facts.texts).flatMap(([path, text]) => {
    const grammars = GRAMMARS.filter(({ files }) => files.test(path));
    if (grammars.length === 0 || isOurs(facts, path)) return [];
    const isSet = withoutComments(text).some((line) => grammars.some(({ setting }) => setting.test(line)));
    return isSet ? [`${path}: sets a proxy`] : [];
  });
}

function withoutComments(text: string): string[] {
  return linesOf(text)
    .filter((line) => !/^\s*(?:#|;|\/\/)/.test(line))
    .map((line) => line.replace(/\s(?:#|\/\/).*$/, ''));
}
