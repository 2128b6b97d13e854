import type { Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { pay } from '../support/pay.ts'
import { until } from '../support/until.ts'
import { consoleSession, isLive, newAccount } from './console-session.ts'

const TIMEOUT_MS = 20_000

// HTTP/1.1 allows six connections per host, so a browser's tabs share one event stream.
describe('eight tabs of one browser', () => {
  const session = consoleSession()
  const account = newAccount('tabs')
  let tabs: Page[]

  const openStreams = async () => {
    const metrics = await (await fetch(`${session.api}/metrics`, { signal: AbortSignal.timeout(TIMEOUT_MS) })).text()
    return Number(/^event_stream_clients (\d+)$/m.exec(metrics)?.[1])
  }

  beforeEach(async () => {
    const id = await pay(session.api, { accountId: account, amount: '1.00' })
    const context = await session.browser.newContext()
    context.setDefaultTimeout(TIMEOUT_MS)
    const paths = ['/', `/?accountId=${account}`, '/accounts', `/accounts/${account}`, `/payments/${id}`, '/operations', '/payments/new', '/']
    tabs = []
    for (const path of paths) {
      const page = await context.newPage()
      await page.goto(session.ui + path)
      await isLive(page)
      tabs.push(page)
    }
  })

  const settledIn = (page: Page, id: string) => page.locator(`[data-testid=payment-row][data-payment-id="${id}"][data-status=completed]`).waitFor()

  it('share one stream, and the first can still pay', async () => {
    assert.equal(await openStreams(), 1)
    const [first] = tabs
    await first!.locator('input[name=accountId]').fill(account)
    await first!.locator('input[name=amount]').fill('2.00')
    const [response] = await Promise.all([
      first!.waitForResponse(response => response.request().method() === 'POST' && response.url().endsWith('/api/payments')),
      first!.getByTestId('submit-payment').click(),
    ])
    const { id } = await response.json() as { id: string }
    await Promise.all([0, 1, 3, 7].map(tab => settledIn(tabs[tab]!, id)))
  })

  it('keep it when the tab that holds it is closed', async () => {
    await tabs[0]!.close()
    await until('another tab has opened the stream', async () => await openStreams() === 1)
    const id = await pay(session.api, { accountId: account, amount: '3.00' })
    await Promise.all([1, 3, 7].map(tab => settledIn(tabs[tab]!, id)))
    assert.equal(await tabs[5]!.getByTestId('live-status').getAttribute('data-state'), 'live')
  })
})
