import { describe, expect, test } from '@jest/globals';
import { childEnvironment } from '../../../src/host/child-environment.ts';

describe('childEnvironment', () => {
  test.each([
    { ours: { https_proxy: 'p' }, has: { https_proxy: 'p' }, because: 'proxies do' },
    { ours: { LC_ALL: 'de_DE' }, has: { LC_ALL: 'C.UTF-8' }, because: 'messages are read by programs' },
    {
      ours: { PATH: '/x:/usr/sbin' },
      has: { PATH: '/x:/usr/sbin:/usr/local/sbin:/sbin' },
      because: 'system directories are added once, at the end',
    },
  ])('$because', ({ ours, has }) => {
    expect(childEnvironment({ PATH: '/usr/sbin:/bin', ...ours })).toMatchObject(has);
  });

  test('nothing comes along by chance', () => {
    const environment = childEnvironment({ AWS_SECRET: 'x', NODE_OPTIONS: 'y' });
    expect(Object.keys(environment).toSorted()).toEqual(['LC_ALL', 'PATH']);
  });

  test('the call’s own additions win', () => {
    expect(childEnvironment({ HOME: '/a' }, { HOME: '/b', LC_ALL: 'C' })).toMatchObject({
      HOME: '/b',
      LC_ALL: 'C',
    });
  });
});
