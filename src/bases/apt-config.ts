/** Where a private apt root keeps its things; nothing of the host's own apt state is read or written. */
export interface AptRoot {
  /** Absolute path of the root; `lists`, `cache` and the configuration lie below it. */
  readonly directory: string;
  readonly architecture: string;
  readonly recommends: boolean;
}

/** An apt setting as `apt-config dump` prints it. */
export interface AptSetting {
  readonly name: string;
  readonly value: string;
}

/**
 * Seconds after which apt gives a connection up that brings nothing; it asks a second time for what has not begun to
 * come. apt's own 30 would let one file of a stalled mirror take a minute.
 */
export const APT_TIMEOUT_SECONDS = 15;

/**
 * Seconds without a byte after which a transfer by apt is stalled, whatever apt does: time enough for apt to give one
 * file up by itself, which it tries twice, and to say why. A host that is more patient makes us so, too.
 *
 * @param config text of {@link renderAptConfig}
 */
export function stallSeconds(config: string): number {
  const timeouts = [...config.matchAll(/^Acquire::\w+::Timeout "(\d+)";$/gim)].map(([, seconds]) =>
    Number(seconds),
  );
  return 2 * Math.max(APT_TIMEOUT_SECONDS, ...timeouts) + 10;
}

/** Host settings that say how to reach a mirror; the others would make a build depend on its host. */
const NETWORK_SETTING = /^Acquire::(https?|ftp|Retries|Check-Valid-Until|Check-Date|Proxy)/i;

/** Reads `apt-config dump` and keeps what says how the network is reached, proxies first of all. */
export function parseNetworkSettings(dump: string): AptSetting[] {
  return [...dump.matchAll(/^(\S+) "(.*)";$/gm)]
    .map((match) => ({ name: match[1] ?? '', value: match[2] ?? '' }))
    .filter((setting) => NETWORK_SETTING.test(setting.name) && setting.value !== '');
}

/** File names inside an apt root. */
export function aptRootPaths(directory: string): {
  config: string;
  sources: string;
  status: string;
  lists: string;
  keys: string;
} {
  return {
    config: `${directory}/apt.conf`,
    sources: `${directory}/sources.list`,
    status: `${directory}/status`,
    lists: `${directory}/lists`,
    keys: `${directory}/keys`,
  };
}

/**
 * Configuration of a private apt root, given to apt by APT_CONFIG.
 * `ForceHash` makes apt print the SHA-256 of each package instead of its MD5.
 */
export function renderAptConfig(root: AptRoot, networkSettings: readonly AptSetting[]): string {
  const paths = aptRootPaths(root.directory);
  const settings: AptSetting[] = [
    { name: 'Dir::State', value: root.directory },
    { name: 'Dir::State::lists', value: paths.lists },
    { name: 'Dir::State::status', value: paths.status },
    { name: 'Dir::Cache', value: `${root.directory}/cache` },
    { name: 'Dir::Etc::sourcelist', value: paths.sources },
    ...['Parts', 'main', 'sourceparts', 'preferences', 'preferencesparts', 'trusted', 'trustedparts'].map(
      (name) => ({
        name: `Dir::Etc::${name}`,
        value: '/dev/null',
      }),
    ),
    { name: 'APT::Architecture', value: root.architecture },
    { name: 'APT::Architectures', value: root.architecture },
    { name: 'APT::Install-Recommends', value: String(root.recommends) },
    { name: 'APT::Sandbox::User', value: 'root' },
    { name: 'Acquire::Languages', value: 'none' },
    { name: 'Acquire::ForceHash', value: 'SHA256' },
    // We wait and try again ourselves, say so, and end at a known time; apt would do it silently, file by file.
    { name: 'Acquire::Retries', value: '0' },
    { name: 'Acquire::http::Timeout', value: String(APT_TIMEOUT_SECONDS) },
    { name: 'Acquire::https::Timeout', value: String(APT_TIMEOUT_SECONDS) },
    ...networkSettings,
  ];
  return settings.map((setting) => `${setting.name} "${setting.value}";\n`).join('');
}
