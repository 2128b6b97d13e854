import type { Browser, BrowserContext, Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { superuserUrl } from '../../src/data/logins.ts'
import { connect } from '../../src/machine/connect.ts'
import { pay } from '../support/pay.ts'
import { TemporaryStack } from '../support/temporary-stack.ts'
import { until } from '../support/until.ts'
import { launchBrowser } from './browser.ts'
import { recordShifts } from './layout-shifts.ts'

const TIMEOUT_MS = 30_000
/** A night, which is longer than any timer of the page. */
const NIGHT = '08:00:00'

/** Runs in the page: scrolls to its end, 200 px per frame, and returns the number of frames. Fails if the browser draws none for 10 s. */
const scrollToEnd = `new Promise((resolve, reject) => {
  let frames = 0
  let framesBefore = 0
  const timer = setInterval(() => {
    if (frames === framesBefore)
      end(() => reject(new Error('no frame within 10 s after ' + frames + ', at ' + scrollY + ' of ' + document.documentElement.scrollHeight + ' px, ' + document.visibilityState)))
    framesBefore = frames
  }, 10_000)
  function end(how) {
    clearInterval(timer)
    how()
  }
  requestAnimationFrame(function step() {
    frames++
    scrollBy(0, 200)
    if (scrollY + innerHeight >= document.documentElement.scrollHeight - 1)
      end(() => resolve(frames))
    else
      requestAnimationFrame(step)
  })
})`
/** Time for one frame at 60 frames per second. */
const FRAME_MS = 1_000 / 60

// Unusual conditions for the console, in a real browser and on the real system.
describe('the console under strain', () => {
  let system: TemporaryStack
  let browser: Browser
  let context: BrowserContext
  let ui: string
  let api: string

  before(async () => {
    system = await TemporaryStack.create()
    const { code, stderr } = await system.verb('up')
    assert.equal(code, 0, stderr)
    ;({ ui, api } = system.stack.endpoints())
    browser = await launchBrowser()
  })
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    context.setDefaultTimeout(TIMEOUT_MS)
  })
  afterEach(() => context.close())
  after(async () => {
    await browser?.close()
    await system?.remove()
  })

  const newAccount = (name: string) => `${name}-${randomUUID().slice(0, 8)}`
  const rows = (page: Page) => page.getByTestId('payment-row')

  const live = (page: Page) => page.locator('[data-testid=live-status][data-state=live]').waitFor()

  async function open(path: string): Promise<Page> {
    const page = await context.newPage()
    await page.goto(ui + path)
    await live(page)
    return page
  }

  async function shows(page: Page, ids: string[]): Promise<void> {
    await until(`the rows are ${ids.length}, newest first`, async () => {
      const shown = await rows(page).evaluateAll(found => found.map(row => `${row.getAttribute('data-payment-id')} ${row.getAttribute('data-status')}`))
      return JSON.stringify(shown) === JSON.stringify(ids.map(id => `${id} completed`))
    })
  }

  it('shows the same in every tab, each payment once', async () => {
    const account = newAccount('tabs')
    const tabs = [await open(`/?accountId=${account}`), await open(`/?accountId=${account}`)]
    const ids: string[] = []
    for (const amount of ['1.00', '2.00', '3.00']) {
      ids.unshift(await pay(api, { accountId: account, amount }))
      for (const tab of tabs)
        await shows(tab, ids)
    }
  })

  it('reconnects by itself on a laptop that has slept', async () => {
    const account = newAccount('slept')
    const page = await context.newPage()
    await page.clock.install()
    await page.goto(`${ui}/?accountId=${account}`)
    await live(page)
    const reopened = page.waitForRequest(request => request.url().includes('/api/events?after='))
    await page.clock.fastForward(NIGHT)
    await reopened
    const id = await pay(api, { accountId: account, amount: '4.00' })
    await shows(page, [id])
  })

  it('creates one payment when the page is reloaded while the request is in flight', async () => {
    const account = newAccount('reload')
    const page = await open('/payments/new')
    await page.locator('input[name=accountId]').fill(account)
    await page.locator('input[name=amount]').fill('7.25')
    const key = await page.getByTestId('idempotency-key').innerText()
    system.stack.pause('api')
    await page.getByTestId('submit-payment').click()
    await page.getByTestId('submit-payment').and(page.locator('[aria-disabled=true]')).waitFor()
    await page.reload()
    system.stack.resume('api')
    await page.getByText('The page was closed or reloaded before a response arrived').waitFor()
    assert.equal(await page.getByTestId('idempotency-key').innerText(), key)
    await page.getByTestId('submit-payment').click()
    await page.getByTestId('created-payment').waitFor()
    const { payments } = await (await fetch(`${api}/payments?accountId=${account}`)).json() as { payments: unknown[] }
    assert.equal(payments.length, 1)
  })

  it('leaks no event stream: of 200 that were opened and aborted, none stays open', async () => {
    const streamsBecome = (count: number) => until(`the API has ${count} streams open`, async () => await openStreams() === count)
    await streamsBecome(0) // the streams of the closed pages have ended
    for (let round = 0; round < 20; round++) {
      const browsers = Array.from({ length: 10 }, () => new AbortController())
      await Promise.all(browsers.map(async ({ signal }) => {
        const response = await fetch(`${ui}/api/events`, { signal })
        const { value } = await response.body!.getReader().read()
        assert.ok(value) // the API's first event: both hops of the stream are open
      }))
      await streamsBecome(browsers.length)
      browsers.forEach(browser => browser.abort())
      await streamsBecome(0)
    }
  })

  describe('with 10,000 payments', () => {
    before(fillTenThousand)

    for (const reducedMotion of ['no-preference', 'reduce'] as const) {
      it(`moves no row by a jump while 60 payments arrive at the top: CLS below 0.05 (prefers-reduced-motion: ${reducedMotion})`, () => staysCalm(reducedMotion))
    }

    async function staysCalm(reducedMotion: 'no-preference' | 'reduce'): Promise<void> {
      const page = await open('/')
      await page.emulateMedia({ reducedMotion })
      await rows(page).first().waitFor()
      await page.evaluate(recordShifts)
      const accounts = Array.from({ length: 60 }, () => newAccount('burst'))
      for (const accountId of accounts)
        await pay(api, { accountId, amount: '8.00' })
      const settled = rows(page).filter({ hasText: accounts.at(-1) }).and(page.locator('[data-status=completed]'))
      await settled.waitFor()
      const { score, moved } = await page.evaluate('shifts') as { score: number, moved: string[] }
      console.log(`      CLS ${score.toFixed(3)}`)
      assert.ok(score < 0.05, `${score}: ${moved.join(', ')}`)
    }

    it('scrolls smoothly through 1,000 loaded rows', async function () {
      this.timeout(120_000) // loads nineteen pages
      this.retries(1) // a headless Chromium has once stopped drawing frames for minutes
      const page = await open('/')
      while (await rows(page).count() < 1_000) {
        const count = await rows(page).count()
        await page.getByRole('button', { name: 'Load more' }).dispatchEvent('click') // a real click would scroll to the button first
        await until('more rows are loaded', async () => await rows(page).count() > count)
      }
      await page.evaluate('scrollTo(0, 0)')
      const busyMs = await watchThread(page)
      const before = await busyMs()
      const frames = await page.evaluate(scrollToEnd) as number
      const perFrameMs = (await busyMs() - before) / frames
      console.log(`      ${perFrameMs.toFixed(1)} ms of the page's thread for each of ${frames} frames; 60 a second have ${FRAME_MS.toFixed(1)} ms`)
      assert.ok(perFrameMs > 0 && perFrameMs < FRAME_MS)
    })
  })

  /** Returns a function that returns the CPU time of the page's main thread in milliseconds, which other load on the machine does not change. */
  async function watchThread(page: Page): Promise<() => Promise<number>> {
    const session = await context.newCDPSession(page)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    return async () => {
      const { metrics } = await session.send('Performance.getMetrics')
      return metrics.find(({ name }) => name === 'TaskDuration')!.value * 1_000
    }
  }

  /** The number of clients on the API's event stream, from its metrics. */
  async function openStreams(): Promise<number> {
    const metrics = await (await fetch(`${api}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) })).text()
    return Number(/^event_stream_clients (\d+)$/m.exec(metrics)?.[1])
  }

  /** Inserts ten thousand payments that failed long ago. Failed ones have no ledger entries, which makes this fast. */
  async function fillTenThousand(): Promise<void> {
    const database = await connect(superuserUrl(system.config.ports.postgres, 'payments'), TIMEOUT_MS)
    try {
      await database.query(`select open_account('many', 'USD')`)
      await database.query(`set session_replication_role = replica`) // turns off the trigger that makes every payment begin as pending
      await database.query(`
        insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, status, created_at, updated_at)
        select uuidv7(-i * interval '1 minute'), 'anonymous', gen_random_uuid()::text, sha256(''), 'many', 'USD', -5.00, 'Payment ' || i, 'failed', now() - i * interval '1 minute', now()
          from generate_series(1, 10000) i`)
    }
    finally {
      await database.end()
    }
  }
})
