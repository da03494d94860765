/**
 * Variables of ours that reach the programs we run. Everything else stays out, so that a build
 * does not depend on who starts it.
 */
export const PASSED_VARIABLES: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/** Places where Debian keeps system tools that an ordinary user's PATH may lack. */
const SYSTEM_DIRECTORIES = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The environment of a child process: the allow-list, a fixed locale, then the call's own additions. */
export function childEnvironment(
  ours: Readonly<NodeJS.ProcessEnv>,
  additions: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const environment: Record<string, string> = { LC_ALL: 'C.UTF-8' };
  for (const name of PASSED_VARIABLES) {
    const value = ours[name];
    if (value !== undefined) environment[name] = value;
  }
  const path = (environment['PATH'] ?? '/usr/local/bin:/usr/bin:/bin').split(':');
  environment['PATH'] = [...path, ...SYSTEM_DIRECTORIES.filter((entry) => !path.includes(entry))].join(':');
  return { ...environment, ...additions };
}
