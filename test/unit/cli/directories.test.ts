import { describe, expect, test } from '@jest/globals';
import { defaultCatalogue, defaultDirectories } from '../../../src/cli/directories.ts';

describe('default directories', () => {
  test.each([
    {
      environment: {},
      cache: '/home/u/.cache/mintmark',
      state: '/home/u/.local/state/mintmark',
      because: 'the XDG defaults apply',
    },
    {
      environment: { XDG_CACHE_HOME: '/c', XDG_STATE_HOME: '/s' },
      cache: '/c/mintmark',
      state: '/s/mintmark',
      because: 'XDG variables are set',
    },
    {
      environment: { XDG_CACHE_HOME: 'c', XDG_STATE_HOME: '' },
      cache: '/home/u/.cache/mintmark',
      state: '/home/u/.local/state/mintmark',
      because: 'relative and empty XDG variables do not count',
    },
    {
      environment: { MINTMARK_CACHE: 'here', XDG_CACHE_HOME: '/c' },
      cache: '/srv/w/here',
      state: '/home/u/.local/state/mintmark',
      because: 'our own variable wins and is relative to where we are',
    },
  ])('$because', ({ environment, cache, state }) => {
    expect(defaultDirectories(environment, '/home/u', '/srv/w')).toEqual({ cache, state });
  });

  test.each([
    { environment: {}, catalogue: '/srv/w/catalogue', because: 'it is beside the project' },
    { environment: { MINTMARK_CATALOGUE: '/srv/c' }, catalogue: '/srv/c', because: 'the variable names it' },
    { environment: { MINTMARK_CATALOGUE: '' }, catalogue: '/srv/w/catalogue', because: 'empty is not set' },
  ])('the catalogue: $because', ({ environment, catalogue }) => {
    expect(defaultCatalogue(environment, '/srv/w')).toBe(catalogue);
  });
});
