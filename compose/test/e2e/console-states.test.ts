import type { Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { pay } from '../support/pay.ts'
import { until } from '../support/until.ts'
import { consoleSession } from './console-session.ts'
import { recordShifts } from './layout-shifts.ts'

/** An API that hangs is said on every page within this time. */
const FROZEN_SAID_MS = 8_000
/** Long enough to see the skeletons painted. */
const SLOW_MS = 700
/** The most that a page may shift while its content arrives. */
const MAX_SHIFT = 0.05
const API_CALLS = /\/api\/(?!events)/

// What every page shows while it has nothing to show yet, when it cannot have it, and when nobody answers.
describe('every page of the console', () => {
  const session = consoleSession()
  let paymentId: string
  /** Three kinds of page; FULL=1 tries every page. */
  const paths = () => process.env.FULL === '1'
    ? ['/', '/overview', '/accounts', '/accounts/ACC-001', '/accounts/ACC-001/statement', '/operations', '/dead-jobs', '/map', '/proofs', `/payments/${paymentId}`]
    : ['/overview', '/accounts/ACC-001', `/payments/${paymentId}`]

  before(async () => {
    for (const amount of ['100.00', '42.13', '0', '64.50'])
      paymentId = await pay(session.api, { accountId: 'ACC-001', amount, description: 'Invoice 4100' })
    await until('all are settled', async () => (await (await fetch(`${session.api}/payments?status=pending`)).text()).includes('"payments":[]'))
  })

  /** Goes to a page as a link does, so that the browser and not the server fetches its content. */
  async function go(page: Page, path: string): Promise<void> {
    await page.evaluate(path => (globalThis as unknown as { document: { querySelector: (name: string) => { __vue_app__: { config: { globalProperties: { $router: { push: (path: string) => Promise<void> } } } } } } })
      .document
      .querySelector('#__nuxt')
      .__vue_app__
      .config
      .globalProperties
      .$router
      .push(path), path)
  }
  const skeletons = (page: Page) => page.locator('main [role=status]')
  const alerts = (page: Page) => page.locator('main [role=alert]')

  it('keeps its layout while its content arrives, and shows no skeleton after that', async () => {
    for (const path of paths()) {
      const page = await session.open('/payments/new')
      await page.route(API_CALLS, async (route) => {
        await new Promise(resolve => setTimeout(resolve, SLOW_MS))
        await route.continue().catch(() => {}) // the page was closed meanwhile
      })
      await go(page, path)
      await until(`${path} is open`, () => new URL(page.url()).pathname === path)
      await page.evaluate(recordShifts)
      await Promise.race([skeletons(page).first().waitFor(), page.getByTestId('map').waitFor()])
      await until(`${path} has its content`, async () => await skeletons(page).count() === 0)
      await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => {}) // some pages look every second
      const { score, moved } = await page.evaluate('shifts') as { score: number, moved: string[] }
      console.log(`      ${path.slice(0, 40).padEnd(40)} CLS ${score.toFixed(3)}`)
      assert.ok(score < MAX_SHIFT, `${path}: ${score}: ${moved.join(', ')}`)
      await page.close()
    }
  })

  it('says what is wrong when it gets nothing, without a skeleton, and recovers with Retry', async () => {
    for (const path of paths()) {
      const page = await session.open('/payments/new')
      await page.route(API_CALLS, route => route.fulfill({ status: 502, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/api-failed', title: 'The payments API failed', status: 502, detail: 'Try again in a moment.' }) }))
      await go(page, path)
      const retry = alerts(page).getByRole('button', { name: 'Retry' })
      await retry.first().waitFor()
      await until(`${path} shows no skeleton`, async () => await skeletons(page).count() === 0)
      await page.unroute(API_CALLS)
      for (const button of await retry.elementHandles())
        await button.click({ timeout: 2_000 }).catch(() => {}) // a page that looks by itself may have recovered already
      await until(`${path} has recovered`, async () => await alerts(page).count() === 0 && await skeletons(page).count() === 0)
      await page.close()
    }
  })

  it('says when one part of it cannot be loaded, with a Retry for that part', async () => {
    for (const [path, call, what] of [
      ['/overview', '**/api/payments?outcome=**', 'the discrepancies'],
      ['/overview', '**/api/recon-jobs?**', 'the dead jobs'],
      ['/operations', '**/api/recon-jobs?**', 'the dead jobs'],
      ['/accounts/ACC-001', '**/api/accounts/ACC-001/history', 'the history'],
      ['/accounts/ACC-001', '**/api/accounts/ACC-001/entries?**', 'the entries'],
    ] as const) {
      const page = await session.open('/payments/new')
      await page.route(call, route => route.abort())
      await go(page, path)
      const alert = alerts(page).filter({ hasText: `So ${what} cannot be shown` })
      await alert.waitFor()
      await page.unroute(call)
      await alert.getByRole('button', { name: 'Retry' }).click({ timeout: 2_000 }).catch(() => {})
      await alert.waitFor({ state: 'detached' })
      await page.close()
    }
  })

  it('a race that the API does not answer can be run again with Retry', async () => {
    const page = await session.open('/race')
    await page.route('**/api/race', route => route.abort())
    await page.getByTestId('start-race').click()
    const retry = alerts(page).getByRole('button', { name: 'Retry' })
    await retry.waitFor()
    await page.unroute('**/api/race')
    await retry.click()
    await page.locator('[data-finding=balance][data-holds=true]').waitFor()
  })

  it('says within 8 s that the API hangs, whether it was open before or is opened now', async () => {
    const open = await Promise.all(paths().map(path => session.open(path)))
    session.system.stack.pause('api')
    try {
      await Promise.all(open.map(page => page.getByText('Live updates are paused').waitFor({ timeout: FROZEN_SAID_MS })))
      await Promise.all(open.map(page => page.close()))
      const context = await session.browser.newContext()
      for (const path of paths().slice(0, 4)) { // the same on each page, and some seconds for each
        const page = await context.newPage()
        const began = Date.now()
        await page.goto(session.ui + path)
        await page.getByText('Live updates are paused').waitFor({ timeout: FROZEN_SAID_MS })
        console.log(`      ${path.slice(0, 40).padEnd(40)} ${Date.now() - began} ms`)
        assert.ok(Date.now() - began < FROZEN_SAID_MS, `${path}: ${Date.now() - began} ms`)
        await page.close()
      }
    }
    finally {
      session.system.stack.resume('api')
    }
  })

  for (const reducedMotion of ['no-preference', 'reduce'] as const) {
    it(`lets a status that changes fade in, and none that was there before (prefers-reduced-motion: ${reducedMotion})`, async () => {
      const queue = (change: 'pause' | 'resume') => fetch(`${session.api}/queue/${change}`, { method: 'POST' })
      await queue('pause')
      const id = await pay(session.api, { accountId: 'SETTLES', amount: '1.00' })
      const page = await session.open('/?accountId=SETTLES')
      await page.emulateMedia({ reducedMotion })
      const badge = page.locator(`[data-payment-id="${id}"] .just-settled`)
      await page.locator(`[data-payment-id="${id}"][data-status=pending]`).waitFor()
      assert.equal(await page.locator('.just-settled').count(), 0)
      await queue('resume')
      await badge.waitFor()
      const animation = await badge.evaluate(element => (globalThis as unknown as { getComputedStyle: (element: unknown) => { animationName: string } }).getComputedStyle(element).animationName)
      assert.equal(animation, reducedMotion === 'reduce' ? 'none' : 'settle')
    })
  }

  it('has a header that says what is wrong next to the live status, on two rows at most, at every width', async () => {
    await fetch(`${session.api}/queue/pause`, { method: 'POST' })
    const page = await session.open('/race')
    const box = async (name: string) => (await page.getByTestId(name).boundingBox())!
    await page.locator('[data-testid=health][data-notes="1"]').waitFor()
    for (const width of [375, 640, 768, 1024, 1280, 1600]) {
      await page.setViewportSize({ width, height: 800 })
      const [health, live] = [await box('health'), await box('live-status')]
      assert.ok(health.width > 0 && health.x + health.width <= live.x, `${width} px: ${JSON.stringify({ health, live })}`)
      const { height } = (await page.locator('header').boundingBox())!
      assert.ok(height < 90, `${width} px: ${height} px high`)
    }
    await fetch(`${session.api}/queue/resume`, { method: 'POST' })
  })

  it('reports no error in the browser', () => assert.deepEqual(session.problems, []))
})
