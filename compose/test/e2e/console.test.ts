import type { Browser, Locator, Page, Response } from 'playwright-core'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { giveUp } from '../support/give-up.ts'
import { pay } from '../support/pay.ts'
import { TemporaryStack } from '../support/temporary-stack.ts'
import { until } from '../support/until.ts'
import { launchBrowser } from './browser.ts'
import { isLive, recordProblems } from './console-session.ts'
import { assertAccessible } from './page-checks.ts'
import { measureTimeToScreen, recordRows } from './time-to-screen.ts'

const TIMEOUT_MS = 20_000
/** Far above what an idle machine needs, since a test may share its machine: `node test/e2e/commit-to-screen.ts` measures that. */
const MAX_TO_SCREEN_MS = 1_000

/** The page's globals that the tests read. This project compiles without the DOM types. */
interface InPage {
  /** Set by record-rows.js. */
  rowsSeen: Record<string, number>
}

// The console as a person uses it, in a real browser, with the real API, worker and Postgres. Every test is in a nested
// describe, because mocha would run a test outside of them first.
describe('the console', () => {
  let system: TemporaryStack
  let browser: Browser
  let page: Page
  let ui: string
  let api: string
  const problems: string[] = []

  before(async () => {
    system = await TemporaryStack.create()
    const { code, stderr } = await system.verb('up')
    assert.equal(code, 0, stderr)
    ;({ ui, api } = system.stack.endpoints())
    browser = await launchBrowser()
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' })
    page = await context.newPage()
    await recordRows(page)
    page.setDefaultTimeout(TIMEOUT_MS)
    recordProblems(page, problems)
  })
  after(async () => {
    await browser?.close()
    await system?.remove()
  })

  const rows = () => page.getByTestId('payment-row')
  const rowOf = (id: string, status: string) => page.locator(`[data-testid=payment-row][data-payment-id="${id}"][data-status=${status}]`)
  const shownIds = () => rows().evaluateAll(found => found.map(row => row.getAttribute('data-payment-id')))
  const submit = () => page.locator('[data-testid=submit-payment]:not([disabled]):not([aria-disabled=true])')
  const isPost = (response: Response) => response.request().method() === 'POST' && response.url().endsWith('/api/payments')
  const newAccount = (name: string) => `${name}-${randomUUID().slice(0, 8)}`

  /** Opens a page and waits until its event stream is connected, which shows that the page is hydrated. */
  async function open(path: string): Promise<void> {
    await page.goto(ui + path)
    await page.locator('[data-testid=live-status][data-state=live]').waitFor()
  }

  async function waitForRows(count: number): Promise<void> {
    await until(`${count} rows are shown`, async () => await rows().count() === count)
  }

  async function waitForQuery(query: Record<string, string>): Promise<void> {
    const wanted = new URLSearchParams(query).toString()
    await page.waitForURL(url => url.pathname === '/' && url.searchParams.toString() === wanted)
  }

  /** The account's payments from the API, newest first. */
  async function paymentsOf(accountId: string): Promise<{ id: string, status: string }[]> {
    const response = await fetch(`${api}/payments?accountId=${accountId}`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return (await response.json() as { payments: { id: string, status: string }[] }).payments
  }

  describe('shows a payment settle live', () => {
    const account = newAccount('live')
    before(async () => {
      await open('/')
      await page.locator('input[name=accountId]').fill(account)
    })

    for (const [preset, status, shows] of [
      ['preset-100', 'completed', /100\.00 USD\s+Completed/],
      ['preset-discrepancy', 'completed', /42\.13 USD\s+Completed\s+Discrepancy \$0\.13/],
      ['preset-zero', 'failed', /0\.00 USD\s+Failed/],
      ['preset-negative', 'failed', /−\$5\.00 USD\s+Failed/],
    ] as const) {
      it(`${preset}: its row becomes ${status}`, async () => {
        await page.getByTestId(preset).click()
        const [response] = await Promise.all([page.waitForResponse(isPost), submit().click()])
        const { id } = await response.json() as { id: string }
        const row = rowOf(id, status)
        await row.waitFor()
        // The event contains only the status; the page then fetches the amount of a discrepancy.
        await until(`the row shows ${shows}`, async () => shows.test(await row.innerText()))
        const { startTime, responseEnd } = response.request().timing()
        const seenAt = await page.evaluate(key => (globalThis as unknown as InPage).rowsSeen[key], `${id} ${status}`)
        console.log(`      ${Math.round(seenAt! - startTime - responseEnd)} ms from the response to the POST to the row showing ${status}`)
      })
    }

    it('within a second of the commit, most of 20 times', async () => {
      await open('/')
      const { median, longest } = await measureTimeToScreen(page, api, { accountId: newAccount('shown'), payments: 20 })
      console.log(`      median ${median.toFixed(0)} ms, longest ${longest.toFixed(0)} ms from the settling transaction to the screen`)
      assert.ok(median < MAX_TO_SCREEN_MS, `the median is ${median} ms`)
    })
  })

  describe('keeps filters in the URL', () => {
    const account = newAccount('filters')
    const chip = (name: string) => page.getByRole('button', { name: `${name}: remove this filter` })
    before(async () => {
      for (const amount of ['100.00', '42.13', '0'])
        await pay(api, { accountId: account, amount })
      await until('they are settled', async () => (await paymentsOf(account)).every(({ status }) => status !== 'pending'))
      await open('/')
    })

    it('filters by account and by outcome, and the back button removes the filters again', async () => {
      await page.locator('input[name=search]').fill(account)
      await page.keyboard.press('Enter')
      await waitForQuery({ accountId: account })
      await waitForRows(3)

      await page.getByRole('button', { name: 'Filters', exact: true }).click()
      await page.locator('select[name=outcome]').selectOption('discrepancy')
      await waitForQuery({ accountId: account, outcome: 'discrepancy' })
      await waitForRows(1)
      assert.match(await rows().innerText(), /42\.13/)

      await page.goBack()
      await waitForQuery({ accountId: account })
      await waitForRows(3)
      await page.goBack()
      await waitForQuery({})
      await until('other accounts are back', async () => await rows().count() > 3)
      await page.goForward()
      await waitForQuery({ accountId: account })
      await waitForRows(3)
    })

    it('restores filters from a link, and removes them one by one or all at once', async () => {
      await open(`/?accountId=${account}&status=completed&amount=50..`)
      await waitForRows(1)
      await chip('Amount from 50').click()
      await waitForQuery({ accountId: account, status: 'completed' })
      await waitForRows(2)
      await page.getByRole('button', { name: 'Clear filters' }).click()
      await waitForQuery({})
    })
  })

  describe('creates exactly one payment', () => {
    const fillIn = async (account: string) => {
      await open('/payments/new')
      await page.locator('input[name=accountId]').fill(account)
      await page.locator('input[name=amount]').fill('12.50')
    }

    it('with a text that was typed before the page was hydrated', async () => {
      const scripts = Promise.withResolvers<void>()
      await page.route('**/_nuxt/*.js', async (route) => {
        await scripts.promise
        await route.continue()
      })
      try {
        // Waits for the document only, since the page's load event waits for the scripts that are held back here.
        await page.goto(`${ui}/payments/new`, { waitUntil: 'domcontentloaded' })
        await page.locator('input[name=description]').fill('Typed early')
      }
      finally {
        scripts.resolve()
      }
      await isLive(page) // it has loaded its scripts: to unroute while one loads makes that fail
      await page.unroute('**/_nuxt/*.js')
      assert.equal(await page.locator('input[name=description]').inputValue(), 'Typed early')
      await page.locator('input[name=amount]').fill('3.00')
      const [response] = await Promise.all([page.waitForResponse(isPost), submit().click()])
      const { id } = await response.json() as { id: string }
      const { description } = await (await fetch(`${api}/payments/${id}`, { signal: AbortSignal.timeout(TIMEOUT_MS) })).json() as { description: string }
      assert.equal(description, 'Typed early')
    })

    it('for a double click', async () => {
      const account = newAccount('double')
      await fillIn(account)
      await submit().dblclick()
      const href = await page.getByTestId('created-payment').getAttribute('href')
      assert.deepEqual((await paymentsOf(account)).map(({ id }) => `/payments/${id}`), [href])
    })

    it('for two attempts, when the response to the first was lost', async () => {
      const account = newAccount('lost')
      await fillIn(account)
      await page.route('**/api/payments', async (route) => {
        await route.fetch()
        await route.abort('connectionreset')
      }, { times: 1 })
      const key = await page.getByTestId('idempotency-key').innerText()
      await submit().click()
      await page.getByText('The payment may or may not have been created').waitFor()
      assert.equal(await page.getByTestId('idempotency-key').innerText(), key)
      await submit().click()
      await page.getByText('An earlier attempt created this payment').waitFor()
      assert.equal((await paymentsOf(account)).length, 1)
    })
  })

  describe('serves a person', () => {
    it('who stays while the API is killed and restarted: the page recovers without a duplicate row', async () => {
      const account = newAccount('restart')
      for (const amount of ['1.00', '2.00', '3.00'])
        await pay(api, { accountId: account, amount })
      await open(`/?accountId=${account}`)
      await waitForRows(3)

      system.stack.kill('api')
      await page.getByText('Live updates are paused').waitFor()
      const key = randomUUID()
      await until('the API takes payments again', () => pay(api, { accountId: account, amount: '4.00' }, key).catch(() => null))
      await page.locator('[data-testid=live-status][data-state=live]').waitFor()
      const newest = await pay(api, { accountId: account, amount: '5.00' })
      await rowOf(newest, 'completed').waitFor()
      await waitForRows(5)
      assert.deepEqual(await shownIds(), (await paymentsOf(account)).map(({ id }) => id))
      await page.getByText('Live updates are paused').waitFor({ state: 'detached' })
    })

    it('who retries a dead job from Operations: its payment completes', async () => {
      system.stack.pause('worker-1')
      const id = await pay(api, { accountId: newAccount('dead'), amount: '75.00' })
      await giveUp(system, id, 'given up by the test')
      system.stack.resume('worker-1')

      await open('/operations')
      const job = page.locator(`[data-testid=dead-job][data-payment-id="${id}"]`)
      assert.match(await job.innerText(), /given up by the test[\s\S]*3 attempts/i)
      await job.getByRole('button', { name: 'Retry' }).click()
      await page.getByText('The job is back in the queue.').waitFor()
      await job.waitFor({ state: 'detached' })
      await open(`/payments/${id}`)
      await page.locator(`[data-testid=payment][data-payment-id="${id}"][data-status=completed]`).waitFor()
    })

    it('who pauses and resumes the queue by keyboard: a payment waits, then settles', async () => {
      const queue = (state: string) => page.locator(`[data-testid=queue][data-state=${state}]`)
      const account = newAccount('paused')
      try {
        await open('/operations')
        await page.getByTestId('pause-queue').press('Enter')
        await page.locator('[name=reason]:focus').waitFor()
        await page.keyboard.type('the bank corrects its accounts')
        await page.keyboard.press('Enter')
        await queue('paused').waitFor()
        assert.match(await queue('paused').innerText(), /the bank corrects its accounts\s+Paused by an operator/)

        const id = await pay(api, { accountId: account, amount: '5.00' })
        await until('the console shows that a job has waited for over a second', async () => /[1-9]\S* (?:s|min)/.test(await page.getByTestId('figure-oldest').innerText()))
        assert.deepEqual(await paymentsOf(account).then(all => all.map(({ status }) => status)), ['pending'])

        await page.locator('[data-testid=resume-queue]:focus').waitFor()
        await page.keyboard.press('Enter')
        await queue('running').waitFor()
        await open(`/payments/${id}`)
        await page.locator(`[data-testid=payment][data-payment-id="${id}"][data-status=completed]`).waitFor()
      }
      finally {
        await fetch(`${api}/queue/resume`, { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) })
      }
    })

    it('who exports a filtered list: the file has every row, not only those loaded', async () => {
      const account = newAccount('export')
      const ids = await Promise.all(Array.from({ length: 120 }, (_, index) => pay(api, { accountId: account, amount: `${index + 1}.00` })))
      await open(`/?accountId=${account}&amount=11..`)
      await rows().first().waitFor()
      assert.ok(await rows().count() < 110)
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-csv').click()])
      assert.match(download.suggestedFilename(), /^payments-\d{4}-\d{2}-\d{2}\.csv$/)
      const [header, ...lines] = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n')
      assert.match(header!, /^id,/)
      assert.deepEqual(lines.map(line => line.split(',')[0]!).sort(), ids.slice(10).sort())
    })

    it('who has only a keyboard: a payment is created, and opened', async () => {
      const account = newAccount('keys')
      await open('/payments/new')
      await tabTo(page.locator('input[name=accountId]'))
      await page.keyboard.press('ControlOrMeta+A')
      await page.keyboard.type(account)
      await tabTo(page.locator('input[name=amount]'))
      await page.keyboard.type('19.99')
      await tabTo(page.locator('input[name=description]'))
      await page.keyboard.type('Typed')
      await page.keyboard.press('Enter')
      await page.getByTestId('created-payment').waitFor()
      await tabTo(page.getByTestId('created-payment'))
      await page.keyboard.press('Enter')
      await page.locator('[data-testid=payment][data-status=completed]').waitFor()
      const [payment] = await paymentsOf(account)
      assert.equal(new URL(page.url()).pathname, `/payments/${payment!.id}`)
    })
  })

  describe('has no accessibility violation that axe finds, light or dark', () => {
    const account = newAccount('axe')
    let id: string
    before(async () => {
      for (const amount of ['100.00', '-5', '42.13'])
        id = await pay(api, { accountId: account, amount, description: `A payment of ${amount}` })
      await until('they are settled', async () => (await paymentsOf(account)).every(({ status }) => status !== 'pending'))
      system.stack.pause('worker-1')
      await giveUp(system, await pay(api, { accountId: account, amount: '8.00' }), 'given up by the test')
      system.stack.resume('worker-1')
    })

    const pages: [what: string, path: () => string, ready: () => Locator][] = [
      ['payments', () => `/?accountId=${account}`, () => rows().first()],
      ['payments, none of which matches', () => '/?accountId=nobody', () => page.getByText('No payment matches')],
      ['a new payment', () => '/payments/new', submit],
      ['a payment', () => `/payments/${id}`, () => page.getByTestId('payment')],
      ['accounts', () => '/accounts', () => page.getByTestId('account-row').first()],
      ['an account', () => `/accounts/${account}`, () => page.locator('canvas')],
      ['operations', () => '/operations', () => page.getByTestId('dead-job').first()],
      ['a payment that does not exist', () => `/payments/${randomUUID()}`, () => page.getByText('Payment not found')],
    ]
    for (const [what, path, ready] of pages) {
      it(what, async () => {
        await page.emulateMedia({ colorScheme: 'light' })
        await open(path())
        await ready().waitFor()
        const filters = page.getByRole('button', { name: 'Filters', exact: true })
        if (await filters.count() > 0)
          await filters.click()
        await assertAccessible(page)
      })
    }
  })

  describe('at the end', () => {
    it('has reported no error', () => assert.deepEqual(problems, []))
  })

  /** Presses Tab until the element has the focus. */
  async function tabTo(target: Locator): Promise<void> {
    for (let presses = 0; presses < 40; presses++) {
      await page.keyboard.press('Tab')
      if (await target.and(page.locator(':focus')).count() > 0)
        return
    }
    assert.fail(`Tab does not reach ${target}`)
  }
})
