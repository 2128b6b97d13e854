import assert from 'node:assert/strict'
import { superuserUrl } from '../../src/data/logins.ts'
import { connect } from '../../src/machine/connect.ts'
import { pay } from '../support/pay.ts'
import { until } from '../support/until.ts'
import { consoleSession } from './console-session.ts'
import { assertAccessible, assertNoOverflow } from './page-checks.ts'

const QUERY_TIMEOUT_MS = 20_000
/** A worker reports every 5 s, and the API reads the reports every 5 s; the chart shows whole steps of 15 s. */
const REPORTED_MS = 60_000

// A worker's page: who it is, what it does and did, and what its state means.
describe('the page of a worker', () => {
  const session = consoleSession()

  async function query(sql: string): Promise<void> {
    const database = await connect(superuserUrl(session.system.config.ports.postgres, 'payments'), QUERY_TIMEOUT_MS)
    try {
      await database.query(sql)
    }
    finally {
      await database.end()
    }
  }

  it('is a click away from the list, and shows its share of what settles, as it settles', async () => {
    const page = await session.open('/operations')
    await page.getByTestId('worker-row').getByRole('link', { name: 'worker-1' }).click()
    await page.waitForURL('**/operations/workers/worker-1')
    await page.locator('[data-testid=worker-state][data-state=running]').waitFor()
    assert.match(await page.getByTestId('worker-explanation').innerText(), /^It sends heartbeats, the last one \d+ s ago, and settles payments\./)
    assert.match(await page.getByTestId('worker-host').innerText(), /process \d+/)
    assert.match(await page.getByTestId('worker-restarts').innerText(), /\s0\s/)
    await page.locator('section[aria-label="Settled by this worker"] canvas').waitFor()
    await until('the chart has its payments', async () => {
      await pay(session.api, { accountId: 'WORKED', amount: '10.00' })
      return await page.getByTestId('worker-share').innerText() === '100 %' && /[1-9]/.test(await page.getByTestId('worker-rate').innerText())
    }, REPORTED_MS)
    assert.match(await page.getByTestId('worker-settled').innerText(), /[1-9]/)
    await assertAccessible(page)
    await assertNoOverflow(page)
    await page.getByTestId('span-6h').click()
    await page.locator('[data-testid=span-6h][aria-pressed=true]').waitFor()
    await page.locator('section[aria-label="Settled by this worker"] canvas').waitFor()
  })

  it('says clearly that a worker is lost, or who took over from it', async () => {
    await query(`insert into recon_workers (id, host, pid, started_at, last_seen_at, settled) values
      ('host/ü:7', 'a-host-with-a-rather-long-name.eu-central-1.compute.internal', 7, now() - interval '1 hour', (select started_at + interval '1 millisecond' from recon_workers where id = 'worker-1'), 5),
      ('replaced', 'h', 8, now() - interval '1 day', now() - interval '2 hours', 0)`)
    const page = await session.open('/operations')
    await page.getByTestId('worker-row').getByRole('link', { name: 'host/ü:7' }).click()
    await page.locator('[data-testid=worker-state][data-state=lost]').waitFor()
    assert.match(await page.getByTestId('worker-explanation').innerText(), /did not report a stop.* no payment is lost, but no other worker has started to take its place/)
    await assertAccessible(page)
    await assertNoOverflow(page)
    await page.goto(`${session.ui}/operations/workers/replaced`)
    await page.locator('[data-testid=worker-state][data-state=replaced]').waitFor()
    await page.getByRole('link', { name: 'See worker-1' }).click()
    await page.getByRole('heading', { name: 'worker-1', exact: true }).waitFor()
    await page.locator('[data-testid=worker-state][data-state=running]').waitFor()
  })

  it('helps if no worker has the name', async () => {
    const page = await session.open('/operations')
    const response = await page.goto(`${session.ui}/operations/workers/nobody`)
    assert.equal(response?.status(), 404)
    await page.getByRole('heading', { name: 'Worker not found' }).waitFor()
    await assertAccessible(page)
    await assertNoOverflow(page)
    await page.getByRole('link', { name: 'worker-1' }).click()
    await page.locator('[data-testid=worker-state]').waitFor()
  })

  it('no error in the browser', () => assert.deepEqual(session.problems, []))
})
