import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { giveUp } from '../support/give-up.ts'
import { pay } from '../support/pay.ts'
import { until } from '../support/until.ts'
import { consoleSession } from './console-session.ts'
import { assertAccessible, assertNoOverflow } from './page-checks.ts'

const TIMEOUT_MS = 20_000

// The pages that show that the system is correct and well: overview, race, proofs, dead jobs.
describe('the console shows', () => {
  const session = consoleSession()

  async function getJson<Body>(path: string): Promise<Body> {
    return await (await fetch(session.api + path, { signal: AbortSignal.timeout(TIMEOUT_MS) })).json() as Body
  }

  it('a race of 20 requests: one payment, the same bytes for all, one balance moved once', async () => {
    const page = await session.open('/race')
    await page.getByTestId('start-race').click()
    for (const finding of ['payments', 'replays', 'balance'])
      await page.locator(`[data-finding=${finding}][data-holds=true]`).waitFor()
    assert.equal(await page.locator('[data-testid=race-lane][data-kind=created]').count(), 1)
    assert.equal(await page.locator('[data-testid=race-lane][data-kind=replayed]').count(), 19)
    assert.match(await page.locator('[data-finding=payments]').innerText(), /^1 payment\s+from 20 requests/)
    assert.match(await page.locator('[data-finding=balance]').innerText(), /One balance, moved once\s+\$0\.00 → \$10\.00 USD/)
    assert.equal((await getJson<{ payments: unknown[] }>('/payments?accountId=RACE')).payments.length, 1)
    assert.equal((await getJson<{ balance: string }>('/accounts/RACE/balance')).balance, '10.00')
  })

  it('a payment\'s key, and that sending it again replays it byte for byte', async () => {
    const key = randomUUID()
    const body = JSON.stringify({ accountId: 'keyed', amount: '12.50', description: 'ü "quoted"' })
    const send = () => fetch(`${session.api}/payments`, { method: 'POST', headers: { 'idempotency-key': key, 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(TIMEOUT_MS) })
    const first = await (await send()).text()
    const { id } = JSON.parse(first) as { id: string }
    const page = await session.open(`/payments/${id}`)
    assert.equal((await page.getByTestId('payment-key').innerText()).trim(), key)
    const [response] = await Promise.all([
      page.waitForResponse(response => response.url().endsWith('/api/payments') && response.request().method() === 'POST'),
      page.getByTestId('send-again').click(),
    ])
    await page.getByText('Replayed, byte for byte').waitFor()
    assert.equal(await response.text(), first, 'the console forwards the API\'s bytes')
    assert.equal((await getJson<{ payments: unknown[] }>('/payments?accountId=keyed')).payments.length, 1)

    await page.getByRole('link', { name: 'All payments with this key' }).click()
    await page.locator(`[data-testid=payment-row][data-payment-id="${id}"]`).waitFor()
    await until('only this payment is listed', async () => await page.getByTestId('payment-row').count() === 1)
  })

  it('what settles, as it settles, and a health that says what is wrong', async () => {
    const page = await session.open('/overview')
    const settled = () => page.locator('figcaption li', { hasText: 'Discrepancy' }).innerText()
    assert.match(await settled(), /Discrepancy\s*0/)
    await pay(session.api, { accountId: 'overview', amount: '42.13' })
    await page.getByTestId('latest-discrepancy').filter({ hasText: 'overview' }).waitFor()
    await until('the chart has counted it', async () => /Discrepancy\s*1/.test(await settled()))
    assert.equal(await page.getByTestId('health').getAttribute('data-notes'), '0')
    await fetch(`${session.api}/queue/pause`, { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) })
    try {
      await page.getByTestId('health').filter({ hasText: 'Queue paused' }).waitFor()
    }
    finally {
      await fetch(`${session.api}/queue/resume`, { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) })
    }
    await page.locator('[data-testid=health][data-notes="0"]').waitFor({ state: 'attached' })
  })

  it('the invariants as sentences, and proves them on the live database', async () => {
    const page = await session.open('/proofs')
    await page.getByTestId('run-proofs').click()
    await page.locator('[data-testid=proof-verdict][data-tone=success]').waitFor()
    assert.match(await page.getByTestId('proof-verdict').innerText(), /All \d+ invariants hold\s+Checked just now in/)
    assert.equal(await page.locator('[data-testid=proof]:not([data-state=holds])').count(), 0)
  })

  it('dead jobs by error, and retries those of one error once that is confirmed', async () => {
    session.system.stack.pause('worker-1')
    for (const [amount, error] of [['75.00', 'the account is locked'], ['25.00', 'the account is locked'], ['1.00', '']] as const)
      await giveUp(session.system, await pay(session.api, { accountId: 'dead', amount }), error)
    const page = await session.open('/dead-jobs')
    const group = page.getByTestId('dead-group').filter({ hasText: 'the account is locked' })
    assert.match(await group.innerText(), /2 jobs[\s\S]+\$100\.00\s+USD/)
    await group.getByTestId('retry-group').press('Enter')
    await page.locator('[data-testid=confirm-group]:focus').press('Enter')
    await page.getByText('2 jobs are back in the queue.').waitFor()
    await group.waitFor({ state: 'detached' })
    const unnamed = page.getByTestId('dead-group').filter({ hasText: 'No error was recorded.' })
    await unnamed.getByTestId('retry-group').click()
    await page.getByTestId('confirm-group').click()
    await page.getByText('1 job is back in the queue.').waitFor()
    await unnamed.waitFor({ state: 'detached' })
    await page.getByText('No job is dead').waitFor()
    await giveUp(session.system, await pay(session.api, { accountId: 'dead', amount: '1.00' }), 'another error')
    session.system.stack.resume('worker-1')
  })

  it('a page that helps at an address that does not exist', async () => {
    const page = await session.open('/')
    const response = await page.goto(`${session.ui}/payment/NORTHWIND-7`)
    assert.equal(response?.status(), 404)
    assert.equal(await page.getByRole('link', { name: 'Look for an account named NORTHWIND-7' }).getAttribute('href'), '/accounts/NORTHWIND-7')
  })

  for (const [path, ready] of [['/overview', 'canvas'], ['/race', '[data-testid=race-lane]'], ['/proofs', '[data-testid=proof]'], ['/dead-jobs', '[data-testid=dead-group]'], ['/nowhere', 'h1']] as const) {
    it(`${path} without an accessibility violation that axe finds, light or dark, and without overflow from 375 px on`, async () => {
      const page = await session.open(path)
      await page.locator(ready).first().waitFor()
      await assertAccessible(page)
      await assertNoOverflow(page)
    })
  }

  it('no error in the browser', () => assert.deepEqual(session.problems, []))
})
