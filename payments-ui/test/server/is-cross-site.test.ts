import { expect, it } from 'vitest'
import { isCrossSite } from '../../server/utils/is-cross-site'

it.each([
  [
    'our own page',
    { secFetchSite: 'same-origin', origin: 'https://elsewhere.test', host: 'ui.test' },
    false,
  ],
  [
    'a typed URL or a bookmark',
    { secFetchSite: 'none' },
    false,
  ],
  [
    'another site',
    { secFetchSite: 'cross-site', host: 'ui.test' },
    true,
  ],
  [
    'another subdomain or port',
    { secFetchSite: 'same-site', host: 'ui.test' },
    true,
  ],
  [
    'our own page on plain http',
    { origin: 'http://ui.test:3000', host: 'ui.test:3000' },
    false,
  ],
  [
    'our own page behind a proxy that adds the default port',
    { origin: 'https://ui.test', host: 'ui.test:443' },
    false,
  ],
  [
    'the port of another scheme',
    { origin: 'https://ui.test', host: 'ui.test:80' },
    true,
  ],
  [
    'a host that is none',
    { origin: 'https://ui.test', host: 'evil.test@ui.test' },
    true,
  ],
  [
    'another port on plain http',
    { origin: 'http://ui.test:4000', host: 'ui.test:3000' },
    true,
  ],
  [
    'another host on plain http',
    { origin: 'http://evil.test', host: 'ui.test' },
    true,
  ],
  [
    'a sandboxed page',
    { origin: 'null', host: 'ui.test' },
    true,
  ],
  [
    'a client that is not a browser',
    { host: 'ui.test' },
    false,
  ],
])('%s', (_name, request, expected) => {
  expect(isCrossSite(request)).toBe(expected)
})
