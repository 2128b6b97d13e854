import type { Browser, Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { superuserUrl } from '../../src/data/logins.ts'
import { connect } from '../../src/machine/connect.ts'
import { pay } from '../support/pay.ts'
import { skipWithout } from '../support/skip-without.ts'
import { TemporaryStack } from '../support/temporary-stack.ts'
import { until } from '../support/until.ts'
import { launchBrowser } from './browser.ts'

const DATABASE_TIMEOUT_MS = 20_000
const run = promisify(execFile)

// One system for all of it, in the order in which a person would go (mocha runs a describe's own tests before the
// describes inside it, so every test is in one). Whatever happens, the last hook brings it down and asserts that nothing
// of it is left.
describe(`the whole system, MODE=${process.env.MODE ?? 'embedded'}`, () => {
  let system: TemporaryStack
  let api: string
  before(async () => {
    system = await TemporaryStack.create({ WORKERS: '2' })
    const { code, stderr } = await system.verb('up')
    assert.equal(code, 0, stderr)
    api = system.stack.endpoints().api
  })
  after(() => system?.remove())

  describe('is valid', () => {
    it('passes the seven checks, with exactly the output that the guide expects, again and again', async () => {
      const expected = [
        '✅ ALL VALIDATION CHECKS PASSED',
        '',
        'Summary:',
        ...[
          'Payment creation',
          'Database persistence',
          'Job queue',
          'Worker processing',
          'Ledger updates',
          'Balance endpoint',
          'Idempotency',
        ].map(name => `  • ${name}: ✅`),
        '',
      ].join('\n')
      for (const time of ['first', 'second']) {
        const { code, stdout, stderr } = await system.verb('validate')
        assert.equal(code, 0, `${time}: ${stderr}`)
        assert.ok(stdout.endsWith(`\n${expected}`), `${time}: ${stdout}`)
      }
    })
  })

  describe('answers the guide\'s own lines', () => {
    const curl = async (...args: string[]) => {
      const { stdout } = await run('curl', [
        '--silent',
        '--show-error',
        '--max-time',
        '10',
        '--write-out',
        '\n%{http_code}',
        ...args,
      ])
      const end = stdout.lastIndexOf('\n')
      return {
        status: Number(stdout.slice(end + 1)),
        body: JSON.parse(stdout.slice(0, end)) as Record<string, unknown>,
      }
    }
    const key = randomUUID()
    const create = () => curl('-X', 'POST', `${api}/payments`, '-H', `Idempotency-Key: ${key}`, '-H', 'Content-Type: application/json', '-d', `{
      "accountId": "ACC-001",
      "amount": 100.00,
      "description": "Payment description"
    }`)
    let id: string

    before(function () {
      skipWithout('curl', this)
    })

    it('POST /payments', async () => {
      const { status, body } = await create()
      assert.equal(status, 201)
      const { accountId, amount, description } = body
      assert.deepEqual({ accountId, amount, description }, { accountId: 'ACC-001', amount: '100.00', description: 'Payment description' })
      id = String(body.id)
      assert.deepEqual(await create(), { status, body })
    })

    it('GET /payments', async () => {
      const { status, body } = await curl(`${api}/payments`)
      assert.equal(status, 200)
      assert.equal((body.payments as { id: string }[])[0]!.id, id)
    })

    it('GET /payments/{id}', async () => {
      const settled = await until('the payment is settled', async () => {
        const { body } = await curl(`${api}/payments/${id}`)
        return body.status === 'pending' ? null : body
      })
      assert.deepEqual([settled.status, settled.outcome], ['completed', 'matched'])
    })

    it('GET /accounts/{accountId}/balance', async () => {
      assert.deepEqual(await curl(`${api}/accounts/ACC-001/balance`), {
        status: 200,
        body: { accountId: 'ACC-001', balance: '100.00', currency: 'USD' },
      })
    })

    it('GET /health', async () => {
      assert.deepEqual(await curl(`${api}/health`), {
        status: 200,
        body: { status: 'ok' },
      })
    })
  })

  describe('answers the guide\'s database lines, without a password', () => {
    // As they stand in the guide, but for the port: psql takes it from PGPORT.
    const shell = (line: string) => run('sh', ['-c', line], {
      env: { PATH: process.env.PATH, PGPORT: system.env.PGPORT },
      timeout: 20_000,
    })

    it('pg_isready', async function () {
      skipWithout('pg_isready', this)
      const { stdout } = await shell(`pg_isready -h localhost -p ${system.env.PGPORT} -U postgres`)
      assert.match(stdout, /accepting connections/)
    })

    it('psql', async function () {
      skipWithout('psql', this)
      const { stdout } = await shell(`psql -h localhost -U postgres -d payments -c "SELECT * FROM recon_jobs WHERE status = 'pending';"`)
      assert.match(stdout, /payment_id[\s\S]*\(0 rows\)/)
    })
  })

  describe('survives', () => {
    it('settles every payment, each once, when a worker is killed in the middle of a stream of them', async () => {
      const accounts = Array.from({ length: 20 }, (_, index) => `stream-${index}-${randomUUID().slice(0, 8)}`)
      const restartsBefore = await restartsOf('worker-1')
      const ids: string[] = []
      for (let round = 0; round < 20; round++) {
        ids.push(...await Promise.all(accounts.map(accountId => payUntilTaken(accountId))))
        if (round === 10)
          system.stack.kill('worker-1')
      }
      await until('the killed worker runs again', async () => await restartsOf('worker-1') > restartsBefore)
      for (const accountId of accounts)
        await until(`${accountId} has all its payments`, async () => (await getJson(`/accounts/${accountId}/balance`)).balance === '50.00', 60_000)
      assert.equal(new Set(ids).size, 400)
    })

    it('collects the garbage of a Node part when it is told to, and leaves no debugger open', async () => {
      const collections = async () => Number(/^nodejs_gc_duration_seconds_count\{.*kind="major".*\} (\d+)$/m.exec(await (await fetch(`${api}/metrics`)).text())?.[1] ?? 0)
      const before = await collections()
      for (const name of ['api', 'worker-1', 'ui'])
        await system.stack.collectGarbage(name)
      await until('the API has counted it', async () => await collections() > before)
      await assert.rejects(fetch('http://127.0.0.1:9229'))
    })

    for (const name of ['worker-1', 'api', 'ui', 'postgres', ...(process.env.MODE === 'compose' ? ['proxy'] : [])]) {
      it(`kill -9 of ${name}: it runs again, and what was paid meanwhile is paid once`, async () => {
        const accountId = `kill-${name}-${randomUUID().slice(0, 8)}`
        const restartsBefore = await restartsOf(name)
        const paid = Array.from({ length: 20 }, () => payUntilTaken(accountId))
        const killedAt = Date.now()
        system.stack.kill(name)
        await until(`${name} runs again`, async () => await restartsOf(name) > restartsBefore, 60_000)
        await until('everything is well', async () => (await system.stack.parts()).every(part => part.state === 'running' && part.health === 'ok'), 60_000)
        console.log(`      ${name}: everything was well again ${((Date.now() - killedAt) / 1000).toFixed(1)} s after the kill`)
        await Promise.all(paid)
        await until('all is settled', async () => (await getJson(`/accounts/${accountId}/balance`)).balance === '50.00', 60_000)
      })
    }
  })

  describe('has a page', () => {
    let browser: Browser
    let page: Page
    const problems: string[] = []
    const account = `page-${randomUUID().slice(0, 8)}`
    before(async () => {
      browser = await launchBrowser()
      page = await browser.newPage()
      page.setDefaultTimeout(20_000)
      page.on('pageerror', error => problems.push(String(error)))
      // An account that nobody has paid yet has no balance: that 404 is the page's own question.
      page.on('response', response => response.status() >= 400 && !response.url().endsWith('/balance') && problems.push(`${response.status()} ${response.url()}`))
      page.on('console', message => message.type() === 'error' && !message.text().startsWith('Failed to load resource') && problems.push(message.text()))
    })
    after(() => browser.close())

    const newestRow = () => page.getByTestId('payment-row').filter({ hasText: account }).first()
    const payByPreset = async (preset: string) => {
      const rows = await page.getByTestId('payment-row').filter({ hasText: account }).count()
      await page.getByTestId(preset).click()
      await page.locator('[data-testid=submit-payment]:not([disabled])').click()
      await until('the row has appeared', async () => await page.getByTestId('payment-row').filter({ hasText: account }).count() > rows)
      return newestRow()
    }

    it('that is rendered on the server and comes to life', async () => {
      const response = await page.goto(system.stack.endpoints().ui)
      assert.equal(response?.status(), 200)
      assert.match(await response.text(), /data-testid="payment-row"/)
      await page.locator('[data-testid=live-status][data-state=live]').waitFor()
      await page.locator('input[name=accountId]').fill(account)
    })

    it('where a payment is pending, and becomes completed without a reload', async () => {
      for (const worker of ['worker-1', 'worker-2'])
        system.stack.pause(worker)
      const row = await payByPreset('preset-100')
      assert.equal(await row.getAttribute('data-status'), 'pending')
      for (const worker of ['worker-1', 'worker-2'])
        system.stack.resume(worker)
      await page.locator(`[data-testid=payment-row][data-status=completed]`, { hasText: account }).waitFor()
    })

    for (const [preset, status, shows] of [
      ['preset-discrepancy', 'completed', /42\.13[\s\S]*Discrepancy/],
      ['preset-zero', 'failed', /Failed/],
      ['preset-negative', 'failed', /Failed/],
    ] as const) {
      it(`where ${preset} becomes ${status}`, async () => {
        const row = await payByPreset(preset)
        await until(`it is ${status}`, async () => await row.getAttribute('data-status') === status)
        assert.match(await row.innerText(), shows)
      })
    }

    it('where the account\'s balance is what was completed', async () => {
      await newestRow().click()
      await until('the balance is 142.13', async () => (await page.locator(`[data-testid=account-balance][data-account-id="${account}"]`).innerText()).includes('142.13'))
      assert.deepEqual(await getJson(`/accounts/${account}/balance`), { accountId: account, balance: '142.13', currency: 'USD' })
    })

    it('that reported no error', () => assert.deepEqual(problems, []))
  })

  describe('is sound in the end', () => {
    it('keeps every promise of the ledger', async () => {
      const { code, stdout, stderr } = await system.verb('audit')
      assert.equal(code, 0, stdout + stderr)
      assert.match(stdout, /All \d+ invariants hold\./)
    })

    it('and tells of one that is broken, with the account, until it is mended', async () => {
      const database = await connect(superuserUrl(system.config.ports.postgres, 'payments'), DATABASE_TIMEOUT_MS)
      // Past the triggers, as whoever edits the database by hand.
      const addCents = (cents: number) => database.query(`set session_replication_role = replica; update accounts set balance = balance + ${cents} where id = 'ACC-001'`)
      try {
        await addCents(1)
        const { code, stdout } = await system.verb('audit')
        assert.equal(code, 1, stdout)
        assert.match(stdout, /^BROKEN .*account-balance-is-the-sum-of-its-entries.*\n {2}\| .*"ACC-001"/m)
        await addCents(-1)
      }
      finally {
        await database.end()
      }
      assert.equal((await system.verb('audit')).code, 0)
    })

    it('goes down, and leaves nothing running', async () => {
      assert.equal((await system.verb('down')).code, 0)
      assert.deepEqual(system.processes(), [])
    })
  })

  /** A payment of 2.50. Sent again, with the same key, while the API is away or has too much to do. */
  function payUntilTaken(accountId: string): Promise<string> {
    const key = randomUUID()
    return until('the payment is taken', () => pay(api, { accountId, amount: '2.50' }, key).catch(() => null), 60_000)
  }

  async function getJson(path: string): Promise<Record<string, unknown>> {
    return await (await fetch(api + path, {
      signal: AbortSignal.timeout(20_000),
    })).json() as Record<string, unknown>
  }

  async function restartsOf(name: string): Promise<number> {
    return (await system.stack.parts()).find(part => part.name === name && part.health === 'ok')?.restarts ?? -1
  }
})
