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

// One system serves all tests, in the order in which a person would use it. Every test is in a nested describe, because
// mocha would run a test outside of them first. The last hook always stops the system and asserts that nothing is left.
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

  describe('responds to the curl commands of the guide', () => {
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

  describe('responds to the database commands of the guide, without a password', () => {
    // The commands as the guide has them, except for the port, which psql takes from PGPORT.
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
    it('a worker killed under load: every payment settles once', async () => {
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

    it('a forced garbage collection in each Node part, which leaves no debugger open', async () => {
      const collections = async () => Number(/^nodejs_gc_duration_seconds_count\{.*kind="major".*\} (\d+)$/m.exec(await (await fetch(`${api}/metrics`)).text())?.[1] ?? 0)
      const before = await collections()
      for (const name of ['api', 'worker-1', 'ui'])
        await system.stack.collectGarbage(name)
      await until('the API has counted it', async () => await collections() > before)
      await assert.rejects(fetch('http://127.0.0.1:9229'))
    })

    for (const name of ['worker-1', 'api', 'ui', 'postgres', ...(process.env.MODE === 'compose' ? ['proxy'] : [])]) {
      it(`kill -9 of ${name}: it is restarted, and each payment sent meanwhile is made once`, async () => {
        const accountId = `kill-${name}-${randomUUID().slice(0, 8)}`
        const restartsBefore = await restartsOf(name)
        const paid = Array.from({ length: 20 }, () => payUntilTaken(accountId))
        const killedAt = Date.now()
        system.stack.kill(name)
        await until(`${name} runs again`, async () => await restartsOf(name) > restartsBefore, 60_000)
        await until('everything is well', async () => (await system.stack.parts()).every(part => part.state === 'running' && part.health === 'ok'), 60_000)
        console.log(`      ${name}: everything was healthy again ${((Date.now() - killedAt) / 1000).toFixed(1)} s after the kill`)
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
      // The page asks for the balance of an account that has no payment yet, which is a 404.
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

    it('that is rendered on the server and hydrates', async () => {
      const response = await page.goto(system.stack.endpoints().ui)
      assert.equal(response?.status(), 200)
      assert.match(await response.text(), /data-testid="payment-row"/)
      await page.locator('[data-testid=live-status][data-state=live]').waitFor()
      await page.locator('input[name=accountId]').fill(account)
    })

    it('where a pending payment becomes completed without a reload', async () => {
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

    it('where the account\'s balance is the sum of its completed payments', async () => {
      await newestRow().click()
      await until('the balance is 142.13', async () => (await page.locator(`[data-testid=account-balance][data-account-id="${account}"]`).innerText()).includes('142.13'))
      assert.deepEqual(await getJson(`/accounts/${account}/balance`), { accountId: account, balance: '142.13', currency: 'USD' })
    })

    it('that reported no error', () => assert.deepEqual(problems, []))
  })

  describe('at the end', () => {
    it('keeps every invariant', async () => {
      const { code, stdout, stderr } = await system.verb('audit')
      assert.equal(code, 0, stdout + stderr)
      assert.match(stdout, /All \d+ invariants hold\./)
    })

    it('reports a broken invariant and its account until the account is repaired', async () => {
      const database = await connect(superuserUrl(system.config.ports.postgres, 'payments'), DATABASE_TIMEOUT_MS)
      // Bypasses the triggers, as someone who edits the database by hand could.
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

    it('stops, and leaves nothing running', async () => {
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
