import type { AddressInfo } from 'node:net'
import type { Call } from '../../chaos/client.ts'
import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../../../compose/test/support/until.ts'
import { readChaosJournal } from '../../auditor/chaos/journal.ts'
import { createClient } from '../../chaos/client.ts'
import { openJournal } from '../../chaos/journal-writer.ts'
import { startGenerator } from '../../chaos/start-generator.ts'

const PAYMENT = { accountId: 'a', amount: '1.00', description: 'd' }
const REFUND = { paymentId: 'p', accountId: 'a', reason: 'r' }

describe('the journal of what callers send', () => {
  let folder: string
  /** Responds by path: 201, 503 and so on; `/never` not at all; `/cut` with half a response. */
  const server = createServer((req, res) => {
    const { pathname } = new URL(req.url!, 'http://api')
    const status = Number(pathname.slice(1))
    if (pathname === '/never')
      return
    if (pathname === '/cut')
      return void res.writeHead(201, { 'Content-Length': '10' }).write('half', () => res.destroy())
    const type = { 409: req.headers['idempotency-key'] === 'r' ? 'refund-exceeds-payment' : 'idempotency-key-in-use', 422: 'idempotency-key-reused', 503: req.headers['idempotency-key'] === 'o' ? 'overloaded' : 'unavailable' }[status] ?? 'internal'
    res.writeHead(status || 201, { 'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json', 'Retry-After': '1' }).end(JSON.stringify({ id: '1', type: `/problems/${type}` }))
  })
  let api: string
  before(done => void server.listen(0, '127.0.0.1', () => {
    api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    done()
  }))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'payments-chaos-test-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  const outcomes: [call: Partial<Call>, outcome: string, error?: RegExp][] = [
    [{ path: '/201' }, 'ok'],
    [{ path: '/503', key: 'o' }, 'refused'],
    [{ path: '/422' }, 'refused'],
    [{ path: '/400' }, 'refused'],
    [{ path: '/503' }, 'unknown'],
    [{ path: '/500' }, 'unknown'],
    [{ path: '/409' }, 'unknown'],
    [{ path: '/408' }, 'unknown'],
    [{ path: '/201', payment: undefined, refund: REFUND }, 'ok'],
    [{ path: '/409', key: 'r', payment: undefined, refund: REFUND }, 'refused'],
    [{ path: '/never', timeoutMs: 50 }, 'unknown', /^timeout$/],
    [{ path: '/cut' }, 'unknown', /^(?:ECONNRESET|aborted)$/],
    [{ path: '/201', api: 'http://127.0.0.1:1' }, 'refused', /^ECONNREFUSED$/],
  ]
  for (const [call, outcome, error] of outcomes) {
    it(`says ${outcome} after ${call.path}${error ? ` with ${error.source}` : ''}`, async () => {
      const journal = openJournal(join(folder, 'a.jsonl'))
      const client = createClient(journal)
      const exchange = await client.call({ purpose: 'pay', api, key: 'k', payment: PAYMENT, path: '/201', ...call })
      client.close()
      await journal.close()
      const [read] = readChaosJournal([join(folder, 'a.jsonl')]).exchanges
      assert.equal(exchange.outcome, outcome)
      assert.match(exchange.error ?? '', error ?? /^$/)
      assert.deepEqual({ ...read, error: read!.error }, { ...exchange, error: exchange.error })
    })
  }

  it('has the line of a request before the request is sent', async () => {
    const file = join(folder, 'a.jsonl')
    const journal = openJournal(file)
    let atRequest = ''
    server.once('request', () => atRequest = readFileSync(file, 'utf8'))
    const client = createClient(journal)
    await client.call({ purpose: 'pay', api, key: 'k', payment: PAYMENT, path: '/201' })
    client.close()
    await journal.close()
    assert.match(atRequest, /^\{"line":"sent",[^\n]*"key":"k"[^\n]*\}\n$/)
  })

  it('leaves out a line that was cut, and refuses a broken one', async () => {
    const file = join(folder, 'a.jsonl')
    const journal = openJournal(file)
    const client = createClient(journal)
    await client.call({ purpose: 'pay', api, key: 'k', payment: PAYMENT, path: '/201' })
    client.close()
    await journal.close()
    appendFileSync(file, '{"line":"sent","n":2,"at"')
    assert.deepEqual(readChaosJournal([file]).exchanges.map(({ n, outcome }) => [n, outcome]), [[1, 'ok']])
    appendFileSync(file, '\n')
    assert.throws(() => readChaosJournal([file]), /a\.jsonl:3 is not a line of a journal/)
  })

  it('survives a SIGKILL of the generator: each request that the API received is in it', async () => {
    const received: string[] = []
    const record = (req: { headers: Record<string, unknown> }): void => void (req.headers['idempotency-key'] && received.push(req.headers['idempotency-key'] as string))
    server.on('request', record)
    const generator = await startGenerator({ folder, runId: 'r', seed: 1, rate: 500, apis: [api] })
    try {
      await until('200 requests', () => received.length > 200)
    }
    finally {
      generator.kill()
    }
    await assert.rejects(generator.stop(), /ended early/)
    server.off('request', record)
    const [file] = readdirSync(folder)
    const { exchanges } = readChaosJournal([join(folder, file!)])
    const sent = new Set(exchanges.map(({ key }) => key))
    assert.deepEqual(received.filter(key => !sent.has(key)), [])
    assert.ok(exchanges.filter(({ outcome }) => outcome === 'ok').length > 100)
  })

  it('lists every caller\'s payments at about the rate, and ends with the callers', async () => {
    const generator = await startGenerator({ folder, runId: 'r', seed: 1, rate: 100, apis: [api] })
    const count = () => readChaosJournal([join(folder, readdirSync(folder)[0]!)]).exchanges.filter(({ purpose }) => purpose === 'pay')
    await until('80 payments', () => count().length > 80)
    await generator.stopCallers()
    const pays = count()
    await generator.stop()
    assert.equal(new Set(pays.map(({ key }) => key!.split('-')[1])).size, 20)
    const seconds = (pays.at(-1)!.sentAt - pays[0]!.sentAt) / 1_000
    assert.ok(pays.length / seconds < 150, `${pays.length} in ${seconds} s`)
    assert.ok(pays.every(({ endedAt }) => endedAt !== null))
  })
})
