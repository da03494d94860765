import { Failure } from '../errors/failure.ts';

/**
 * What Go's HTTP client writes when the network is at fault, now and perhaps not for long (net, net/http): names that
 * are not found, connections that are refused, cut or silent. A test has a real line of `packer init` for it.
 */
const NETWORK_FAULT = /dial tcp|i\/o timeout|TLS handshake timeout|connection reset by peer|unexpected EOF/;

/** How a person installs the plugin without Packer's own way. */
const HINT =
  'install the plugin once with `packer plugins install --path FILE github.com/hashicorp/qemu`; Packer then asks no network';

/**
 * Turns the failure of `packer init` into one that says what to do; other failures come back as they are. Its evidence
 * says whether the answer may be another one soon (`answer`: `not now` or `definite`).
 */
export function explainInitFailure(error: unknown): unknown {
  if (!(error instanceof Failure) || error.code !== 'E_COMMAND_FAILED') return error;
  const lines = error.details.filter((line) => !line.startsWith('command  '));
  const fault = lines.find((line) => NETWORK_FAULT.test(line))?.replace(/^\s*\*\s*/, '');
  const message =
    fault === undefined
      ? `Packer cannot install its QEMU plugin: ${lines[0] ?? error.message}`
      : `Packer cannot fetch its QEMU plugin now: ${fault}`;
  const answer = fault === undefined ? 'definite' : 'not now';
  const code = fault === undefined ? 'E_PLUGIN_REFUSED' : 'E_PLUGIN_UNREACHABLE';
  const { details, evidence } = error;
  return new Failure('host', code, message, {
    hint: HINT,
    details,
    evidence: { ...evidence, answer },
    cause: error,
  });
}
