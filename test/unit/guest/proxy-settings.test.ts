import { describe, expect, test } from '@jest/globals';
import { findProxySettings } from '../../../src/guest/proxy-settings.ts';
import { factsOf } from './sample-hygiene.ts';

describe('findProxySettings', () => {
  test.each<[path: string, text: string, isFound: boolean, because: string]>([
    ['/etc/apt/apt.conf', 'Acquire::https::Proxy "http://p:1";', true, 'one line'],
    ['/etc/apt/apt.conf.d/p', 'Acquire { http { Proxy "http://p"; }; };', true, 'a block'],
    ['/etc/apt/apt.conf.d/p', 'Acquire::http::Proxy-Auto-Detect "/usr/bin/find-proxy";', true, 'a program'],
    ['/etc/apt/apt.conf.d/p', 'Acquire::http::Proxy::host DIRECT;', true, 'of one host'],
    ['/etc/apt/apt.conf.d/p', '// Acquire::http::Proxy "http://p";', false, 'a comment'],
    ['/etc/apt/apt.conf.d/p', 'Acquire::http::Proxy "";', false, 'none'],
    ['/etc/apt/apt.conf.d/p', 'APT::Install-Recommends "0";', false, 'something else'],
    ['/etc/environment', 'HTTPS_PROXY="http://p"', true, 'the session'],
    ['/etc/environment', 'no_proxy=localhost', true, 'exceptions tell of the host as well'],
    ['/etc/environment', '#http_proxy=http://p', false, 'a comment'],
    ['/etc/environment', 'http_proxy=""', false, 'none'],
    ['/etc/profile.d/p.sh', 'export ftp_proxy=http://p', true, 'a shell'],
    ['/etc/systemd/system.conf.d/p.conf', 'DefaultEnvironment="http_proxy=http://p"', true, 'services'],
    ['/etc/security/pam_env.conf', 'http_proxy DEFAULT=http://p', true, 'PAM'],
    ['/root/.bashrc', 'export all_proxy=socks5://p', true, "root's shell"],
    ['/etc/wgetrc', 'https_proxy = http://p:1/', true, 'wget'],
    ['/etc/wgetrc', '#https_proxy = http://p:1/', false, "the example in Debian's own file"],
    ['/root/.curlrc', 'proxy = http://p', true, 'curl'],
    ['/etc/gitconfig', '[http]\n\tproxy = http://p', true, 'git'],
    ['/etc/services', 'http_proxy=x', false, 'a file that nobody reads settings from'],
  ])('%s with %j: %s, %s', (path, text, isFound) => {
    expect(findProxySettings(factsOf([{ path, text }]))).toEqual(isFound ? [`${path}: sets a proxy`] : []);
  });
});
