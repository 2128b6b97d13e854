import type { CDPSession, Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { pay } from '../support/pay.ts'
import { slowIt } from '../support/slow.ts'
import { until } from '../support/until.ts'
import { consoleSession, isLive } from './console-session.ts'

const PAYMENTS = 10_000
/** Requests in flight at once: the API groups them into few commits. */
const CALLERS = 50
const SETTLE_TIMEOUT_MS = 120_000
/** The heap may grow by a tenth: what a page keeps does not depend on how long it is open. */
const MAX_GROWTH = 1.1
const SECTIONS = ['Overview', 'Payments', 'Accounts', 'Operations', 'Map', 'Proofs', 'Race']

interface Memory { heapMb: number, nodes: number, listeners: number }

// What a console keeps that is open for days. FULL=1 runs these: together they take some minutes.
describe('the memory of the console', () => {
  const session = consoleSession()

  /** The page's memory after its garbage was collected, twice: what the first collection frees may hold more. */
  async function memory(cdp: CDPSession): Promise<Memory> {
    for (let round = 0; round < 2; round++)
      await cdp.send('HeapProfiler.collectGarbage')
    const [{ usedSize }, { nodes, jsEventListeners }] = [await cdp.send('Runtime.getHeapUsage'), await cdp.send('Memory.getDOMCounters')]
    return { heapMb: usedSize / 1e6, nodes, listeners: jsEventListeners }
  }
  async function watch(page: Page): Promise<CDPSession> {
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('HeapProfiler.enable')
    return cdp
  }
  function isFlat(what: string, before: Memory, after: Memory): void {
    const text = ({ heapMb, nodes, listeners }: Memory) => `${heapMb.toFixed(1)} MB, ${nodes} nodes, ${listeners} listeners`
    console.log(`      ${what.padEnd(10)} ${text(before)}; then ${text(after)}`)
    for (const name of ['heapMb', 'nodes', 'listeners'] as const)
      assert.ok(after[name] <= before[name] * MAX_GROWTH, `${what}: ${name} went from ${before[name]} to ${after[name]}`)
  }

  async function payMany(count: number): Promise<void> {
    let left = count
    await Promise.all(Array.from({ length: CALLERS }, async () => {
      while (left-- > 0)
        await pay(session.api, { accountId: `memory-${left % 20}`, amount: ['8.00', '42.13', '0'][left % 3]! })
    }))
    await until('all are settled', async () => (await (await fetch(`${session.api}/payments?status=pending&limit=1`)).text()).includes('"payments":[]'), SETTLE_TIMEOUT_MS)
  }

  slowIt('is flat while 10,000 payments arrive and settle: the list and the overview', async function () {
    this.timeout(10 * 60_000)
    await payMany(200) // fills the first page of the list and the charts
    const pages = await Promise.all(['/', '/overview'].map(path => session.open(path)))
    const sessions = await Promise.all(pages.map(watch))
    await payMany(2_000) // until then the browser still compiles and measures what runs
    await Promise.all(pages.map(page => page.waitForLoadState('networkidle').catch(() => {})))
    const before = await Promise.all(sessions.map(memory))
    await payMany(PAYMENTS)
    await Promise.all(pages.map(isLive))
    const after = await Promise.all(sessions.map(memory))
    isFlat('the list', before[0]!, after[0]!)
    isFlat('overview', before[1]!, after[1]!)
  })

  slowIt('is flat when the drawer is opened and closed 100 times', async function () {
    this.timeout(5 * 60_000)
    await payMany(20)
    const page = await session.open('/')
    const cdp = await watch(page)
    const row = page.locator('[data-testid=payment-row] a[href^="/payments/"]').first()
    const drawer = page.getByTestId('payment-drawer')
    async function openAndClose(times: number): Promise<void> {
      for (let time = 0; time < times; time++) {
        await row.click()
        await drawer.getByTestId('payment').waitFor()
        await page.keyboard.press('Escape')
        await drawer.waitFor({ state: 'detached' })
      }
    }
    await openAndClose(50) // until then the browser still compiles and measures what runs
    const before = await memory(cdp)
    await openAndClose(100)
    isFlat('the drawer', before, await memory(cdp))
  })

  slowIt('is flat after 20 rounds through all sections', async function () {
    this.timeout(5 * 60_000)
    const page = await session.open('/')
    const cdp = await watch(page)
    async function visitAll(rounds: number): Promise<void> {
      for (let round = 0; round < rounds; round++) {
        for (const name of SECTIONS) {
          await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name, exact: true }).click()
          await page.locator('main h1').filter({ hasText: name === 'Map' ? 'Live map' : name === 'Race' ? 'The race' : name }).waitFor()
        }
      }
    }
    await visitAll(10)
    const before = await memory(cdp)
    await visitAll(20)
    isFlat('sections', before, await memory(cdp))
  })

  it('reports no error in the browser', () => assert.deepEqual(session.problems, []))
})
