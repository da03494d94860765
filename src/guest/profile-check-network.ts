import { quoteForShell } from '../values/command-spec.ts';
import { judgeFacts, unanswered, type ComparedFact } from './compared-facts.ts';
import { failed, passed } from './guest-check.ts';
import { LISTENERS_QUESTION, parseListeners } from './listeners.ts';
import type { ProfileCheckPlanner } from './profile-check-plan.ts';

/** A port, and who listens on it. */
export const planPortCheck: ProfileCheckPlanner<'port'> = ({ port, protocol, address, open }) => {
  const place = `${protocol}/${port}${address === undefined ? '' : ` on ${address}`}`;
  return {
    subject: place,
    title: `${place} is ${open ? 'open' : 'closed'}`,
    script: LISTENERS_QUESTION.script,
    judge: (answer) => {
      if (answer.exitCode !== 0) return unanswered('the list of listeners', answer);
      const there = parseListeners(answer.text).filter(
        (listener) => listener.port === port && listener.protocol === protocol,
      );
      const isOpen = there.some((listener) => address === undefined || listener.address === address);
      const found = there.map((listener) => `open on ${listener.address} by ${listener.process}`);
      const shown = found.length === 0 ? 'closed' : found.join(', ');
      if (isOpen === open) return passed(shown);
      return failed(`${open ? 'open' : 'closed'}${address === undefined ? '' : ` on ${address}`}`, shown);
    },
  };
};

/**
 * Asks by curl, else by Python, which cloud-init brings. Both are given the address as an argument and write the body,
 * then `status NNN` on a line of its own. The guest's own proxies are not asked: this is about what it serves.
 */
const HTTP_SCRIPT = `if command -v curl >/dev/null; then
    exec curl -sS -m 25 --noproxy '*' -w '\\nstatus %{http_code}\\n' -- "$url"
elif command -v python3 >/dev/null; then
    exec python3 -c '
import sys, urllib.error, urllib.request
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_): return None
opener = urllib.request.build_opener(Stay, urllib.request.ProxyHandler({}))
try: answer = opener.open(sys.argv[1], timeout=25)
except urllib.error.HTTPError as error: answer = error
except Exception as error: sys.exit(str(error))
sys.stdout.buffer.write(answer.read(262144) + b"\\nstatus %d\\n" % answer.getcode())' "$url"
fi
echo 'the guest has neither curl nor python3' >&2
exit 127`;

/** A page, as the guest itself gets it. */
export const planHttpCheck: ProfileCheckPlanner<'http'> = ({ url, status, contains }) => ({
  subject: url,
  title: `${url} answers ${status}`,
  script: `url=${quoteForShell(url)}\n${HTTP_SCRIPT}`,
  judge: (answer) => {
    const text = answer.stdout ?? answer.text;
    const match = /^([\s\S]*)\nstatus (\d{3})\n$/.exec(text);
    if (answer.exitCode !== 0 || match === null) return unanswered(`status ${status}`, answer);
    const facts: ComparedFact[] = [{ what: 'status', expected: String(status), found: match[2] ?? '' }];
    if (contains !== undefined) {
      const isThere = match[1]?.includes(contains) ?? false;
      const found = isThere ? 'there' : 'not there';
      facts.push({ what: `text ${JSON.stringify(contains)}`, expected: 'there', found });
    }
    return judgeFacts(facts, (match[1] ?? '').split('\n').slice(0, 5));
  },
});

/** A name, as programs of the guest resolve it: by its files and its resolver. */
export const planDnsCheck: ProfileCheckPlanner<'dns'> = ({ name, resolves, address }) => ({
  subject: name,
  title: `${name} ${resolves ? `resolves${address === undefined ? '' : ` to ${address}`}` : 'does not resolve'}`,
  script: `getent ahosts -- ${quoteForShell(name)}`,
  judge: ({ text, exitCode, stdout }) => {
    // 2 is getent's "not found"; anything else is no answer to the question.
    if (exitCode !== 0 && exitCode !== 2) return unanswered('an answer of the resolver', { text, exitCode });
    const lines = (stdout ?? text).split('\n');
    const addresses = [...new Set(lines.flatMap((line) => /^(\S+)\s/.exec(line)?.[1] ?? []))];
    const shown = addresses.length === 0 ? 'unknown' : addresses.join(', ');
    if (!resolves) return addresses.length === 0 ? passed(shown) : failed('unknown', shown);
    const isKept = address === undefined ? addresses.length > 0 : addresses.includes(address);
    return isKept ? passed(shown) : failed(address ?? 'an address', shown);
  },
});
