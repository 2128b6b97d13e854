import type { IncomingMessage } from 'node:http'
import type { KillSwitch } from '../src/embedded/kill-switch.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { listenForKills } from '../src/embedded/kill-switch.ts'

const ORIGIN = 'http://localhost:3000'

describe('the kill switch', () => {
  let killSwitch: KillSwitch
  let killed: string[] = []
  before(async () => {
    killSwitch = await listenForKills([ORIGIN, 'http://127.0.0.1:3000'], (worker) => {
      killed.push(worker)
      return worker !== 'worker-9'
    })
  })
  beforeEach(() => killed = [])
  after(() => killSwitch.close())

  /** Sends what no browser would, such as another Host. */
  async function send({ path = '/kill/worker-2', method = 'POST', headers = {} }: { path?: string, method?: string, headers?: Record<string, string | undefined> } = {}): Promise<IncomingMessage> {
    const all = { origin: ORIGIN, authorization: `Bearer ${killSwitch.token}`, ...headers }
    const defined = Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined))
    const sent = request(killSwitch.url + path, { method, headers: defined, timeout: 5_000 }).end()
    const [response] = await once(sent, 'response') as [IncomingMessage]
    response.resume()
    return response
  }

  it('listens on this machine only, with a token that nobody guesses', () => {
    assert.match(killSwitch.url, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.match(killSwitch.token, /^[\w-]{43}$/)
  })

  it('kills a worker for the console\'s page', async () => {
    const response = await send()
    assert.deepEqual([response.statusCode, response.headers['access-control-allow-origin'], killed], [204, ORIGIN, ['worker-2']])
  })

  it('lets the console\'s page ask first, and no other', async () => {
    const allowed = await send({ method: 'OPTIONS', headers: { authorization: undefined } })
    assert.deepEqual([allowed.statusCode, allowed.headers['access-control-allow-methods'], allowed.headers['access-control-allow-headers']], [204, 'POST', 'authorization'])
    const other = await send({ method: 'OPTIONS', headers: { authorization: undefined, origin: 'https://example.com' } })
    assert.deepEqual([other.statusCode, other.headers['access-control-allow-origin']], [403, undefined])
    assert.deepEqual(killed, [])
  })

  for (const [what, options, status] of [
    ['another origin', { headers: { origin: 'https://example.com' } }, 403],
    ['the console\'s host on another port', { headers: { origin: 'http://localhost:3001' } }, 403],
    ['a sandboxed page', { headers: { origin: 'null' } }, 403],
    ['no origin', { headers: { origin: undefined } }, 403],
    ['a name that resolves to this machine', { headers: { host: 'example.com' } }, 403],
    ['no token', { headers: { authorization: undefined } }, 401],
    ['a wrong token', { headers: { authorization: `Bearer ${'A'.repeat(43)}` } }, 401],
    ['the start of a token', { headers: { authorization: 'Bearer ' } }, 401],
    ['GET', { method: 'GET' }, 405],
    ['DELETE', { method: 'DELETE' }, 405],
    ['the API', { path: '/kill/api' }, 404],
    ['Postgres', { path: '/kill/postgres' }, 404],
    ['the supervisor', { path: '/kill/supervisor' }, 404],
    ['more than a name', { path: '/kill/worker-1/../api' }, 404],
    ['a query', { path: '/kill/worker-1?part=api' }, 404],
  ] as const) {
    it(`refuses ${what}`, async () => {
      assert.equal((await send(options)).statusCode, status)
      assert.deepEqual(killed, [])
    })
  }

  it('says so if the worker is not running', async () => {
    assert.equal((await send({ path: '/kill/worker-9' })).statusCode, 409)
  })
})
