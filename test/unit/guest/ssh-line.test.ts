import { describe, expect, test } from '@jest/globals';
import { renderSshLine } from '../../../src/guest/ssh-line.ts';

describe('renderSshLine', () => {
  test('is one line to copy', () => {
    expect(renderSshLine({ user: 'debian', port: 40_123, key: '/tmp/keys/key' })).toBe(
      'ssh -i /tmp/keys/key -p 40123 -o IdentitiesOnly=yes -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no -o LogLevel=ERROR debian@127.0.0.1',
    );
  });

  test('a shell takes a path with blanks and quotes as one word', () => {
    const line = renderSshLine({ user: 'root', port: 1, key: "/home/o'neill/my cache/key" });
    expect(line).toContain(`-i '/home/o'\\''neill/my cache/key' -p 1 `);
  });
});
