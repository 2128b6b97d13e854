import type { Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { pay } from '../support/pay.ts'
import { until } from '../support/until.ts'
import { consoleSession, newAccount } from './console-session.ts'

/** An API that hangs is shown as such within this time. */
const FROZEN_SHOWN_MS = 12_000

describe('the console', () => {
  const session = consoleSession()
  const rows = (page: Page) => page.getByTestId('payment-row')
  /** The focused element: its test id, else its tag and text. */
  const focused = (page: Page) => page.evaluate(`(() => {
    const { activeElement } = document
    return activeElement.dataset.testid ?? activeElement.id + ' ' + activeElement.tagName + ' ' + activeElement.textContent.trim().slice(0, 40)
  })()`) as Promise<string>

  async function settled(account: string, amounts: string[], description = ''): Promise<string[]> {
    const ids: string[] = []
    for (const amount of amounts)
      ids.push(await pay(session.api, { accountId: account, amount, description }))
    await until('they are settled', async () => {
      const { payments } = await (await fetch(`${session.api}/payments?accountId=${account}`)).json() as { payments: { status: string }[] }
      return payments.every(({ status }) => status !== 'pending')
    })
    return ids
  }

  describe('keeps the focus', () => {
    it('on the button after a payment was created by keyboard', async () => {
      const page = await session.open('/payments/new')
      await page.locator('input[name=amount]').fill('1.00')
      await page.getByTestId('submit-payment').focus()
      await page.keyboard.press('Enter')
      await page.getByTestId('created-payment').waitFor()
      assert.equal(await focused(page), 'submit-payment')
    })

    it('in the content after a row was opened, and on the row after Back', async () => {
      const account = newAccount('focus')
      const [first] = await settled(account, ['1.00', '2.00', '3.00'])
      const page = await session.open(`/?accountId=${account}`, { width: 900 }) // wide screens open a drawer
      const link = page.locator(`a[href="/payments/${first}"]`)
      await link.focus()
      await page.keyboard.press('Enter')
      await page.getByTestId('payment').waitFor()
      await until('the focus is in the content', async () => (await focused(page)).startsWith('main '))
      await page.goBack()
      await until('the row has the focus', async () => await link.and(page.locator(':focus')).count() === 1)
    })

    it('near a Retry that worked', async () => {
      const account = newAccount('retry')
      await settled(account, ['1.00'])
      const page = await session.open(`/accounts/${account}`)
      await page.route(`**/api/accounts/${account}`, route => route.abort())
      await pay(session.api, { accountId: account, amount: '2.00' })
      const retry = page.getByRole('button', { name: 'Retry' })
      await retry.focus()
      await page.unroute(`**/api/accounts/${account}`)
      await page.keyboard.press('Enter')
      await retry.waitFor({ state: 'detached' })
      await until('something has the focus', async () => !/ BODY /.test(await focused(page)))
    })

    it('within a few tab stops of the form, and with one stop for each row', async () => {
      const account = newAccount('stops')
      await settled(account, ['1.00', '2.00'])
      const page = await session.open(`/?accountId=${account}`)
      await until('the rows are shown', async () => await rows(page).count() === 2)
      let stops = 0
      do {
        await page.keyboard.press('Tab')
        assert.ok(++stops < 25, `not within ${stops} tab stops`)
      } while (await page.locator('input[name=accountId]:focus').count() === 0)
      assert.deepEqual(await rows(page).locator('a:not([tabindex="-1"])').count(), 2)
    })
  })

  describe('keeps its layout', () => {
    it('while a burst of payments arrives: no column moves', async () => {
      await settled(newAccount('before'), ['1.00'])
      const page = await session.open('/')
      const columns = () => page.getByRole('columnheader').evaluateAll(headers => headers.map((header) => {
        const { left, width } = (header as unknown as { getBoundingClientRect: () => { left: number, width: number } }).getBoundingClientRect()
        return { left, width }
      }))
      const before = await columns()
      await Promise.all(Array.from({ length: 60 }, (_, n) => pay(session.api, { accountId: newAccount('a-long-name-in-a-burst'), amount: ['1.00', '42.13', '0', '123456789012.13'][n % 4]! })))
      await until('the burst is shown', async () => await page.getByText('Discrepancy $0.13').count() > 3)
      assert.deepEqual(await columns(), before)
    })

    it('with its headers in view, however far down', async () => {
      const account = newAccount('headers')
      await settled(account, Array.from<string>({ length: 40 }).fill('1.00'))
      const page = await session.open(`/?accountId=${account}`)
      await until('the rows are shown', async () => await rows(page).count() === 40)
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)')
      const top = (await page.getByRole('columnheader', { name: 'Amount' }).boundingBox())!.y
      assert.ok(top >= 0 && top < 100, `at ${top} px`)
    })

    it('within 375 px, whatever the data', async () => {
      const account = 'W'.repeat(64)
      const [id] = await settled(account, ['999999999999999.99', '42.13'], 'W'.repeat(300))
      for (const path of [`/?accountId=${account}&amount=1..`, `/accounts/${account}`, '/accounts', `/payments/${id}`, '/operations', `/payments/new?accountId=${account}`, '/accounts/settlement:USD:0']) {
        const page = await session.open(path, { width: 375 })
        await page.waitForFunction('document.fonts.status === "loaded"')
        const wide = await page.evaluate('document.documentElement.scrollWidth') as number
        assert.ok(wide <= 375, `${path}: ${wide} px`)
      }
    })
  })

  it('isolates a description that changes the direction of the text, and escapes it in the command', async () => {
    const [id] = await settled(newAccount('bidi'), ['1.00'], 'abc \u202Edef')
    const page = await session.open(`/payments/${id}`)
    const command = await page.getByLabel('curl command that creates').first().innerText()
    assert.match(command, /abc \\u202edef/)
    assert.equal(await page.evaluate(`getComputedStyle(document.querySelector('[data-testid=payment] + p')).unicodeBidi`), 'isolate')
  })

  it('links the debit of a payment to its settlement account, which says what it is', async () => {
    const [id] = await settled(newAccount('legs'), ['1.00'])
    const page = await session.open(`/payments/${id}`)
    await page.getByRole('link', { name: /^settlement:USD:/ }).click()
    await page.getByText('the other side of the payments in its currency').waitFor()
    assert.equal(await page.getByText('New payment').count(), 0)
    assert.equal(await page.getByText('No payment').count(), 0)
  })

  it('reloads once when a new release has removed a part, and then says so', async () => {
    const page = await session.open('/')
    const loads: string[] = []
    page.on('load', () => loads.push(page.url()))
    await page.route(/\/_nuxt\/.*\.js/, (route, request) => loads.length < 1 || /Fields/.test(request.url()) ? route.fulfill({ status: 404, body: 'gone' }) : route.continue())
    const filters = page.getByRole('button', { name: 'Filters', exact: true })
    await filters.click()
    await until('the page was reloaded', () => loads.length === 1)
    await page.unroute(/\/_nuxt\/.*\.js/)
    await page.reload()
    await page.locator('[data-testid=live-status][data-state=live]').waitFor()
    await page.route(/\/_nuxt\/.*\.js/, route => route.fulfill({ status: 404, body: 'gone' }))
    await filters.click()
    await page.getByText('A part of this page could not be loaded').waitFor()
  })

  it('renders the same text on the server and in a browser elsewhere', async () => {
    await settled(newAccount('zone'), ['1.00'])
    const context = await session.browser.newContext({ timezoneId: 'Asia/Kathmandu', locale: 'de-DE' })
    const page = await context.newPage()
    const problems: string[] = []
    page.on('console', message => /hydrat/i.test(message.text()) && problems.push(message.text()))
    for (const path of ['/', '/', '/accounts', '/operations']) {
      await page.goto(session.ui + path)
      await page.locator('[data-testid=live-status][data-state=live]').waitFor()
    }
    assert.deepEqual(problems, [])
    const zone = (await context.cookies()).find(({ name }) => name === 'time-zone')
    assert.match(decodeURIComponent(zone!.value), /^Asia\/Kath?mandu$/)
  })

  it('shows within seconds that the API hangs', async () => {
    const page = await session.open('/operations')
    session.system.stack.pause('api')
    try {
      await page.locator('[data-testid=live-status][data-state=reconnecting]').waitFor({ timeout: FROZEN_SHOWN_MS })
    }
    finally {
      session.system.stack.resume('api')
    }
    await page.locator('[data-testid=live-status][data-state=live]').waitFor()
  })
})
