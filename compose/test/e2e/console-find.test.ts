import type { Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { giveUp } from '../support/give-up.ts'
import { pay } from '../support/pay.ts'
import { until } from '../support/until.ts'
import { consoleSession, isLive, newAccount } from './console-session.ts'
import { assertAccessible, assertNoOverflow } from './page-checks.ts'

const TIMEOUT_MS = 20_000

// How a person finds things: the palette, the search, an amount without its sign; and how they want times and rows.
describe('the console finds', () => {
  const session = consoleSession()
  const account = newAccount('Find')
  const key = randomUUID()
  let id: string

  before(async () => {
    id = await pay(session.api, { accountId: account, amount: '250.00' }, key)
    for (const amount of ['-250.00', '251.00', '99.00'])
      await pay(session.api, { accountId: account, amount })
  })

  const palette = (page: Page) => page.getByTestId('palette')
  const option = (page: Page, name: string | RegExp) => palette(page).getByRole('option', { name })
  async function find(page: Page, text: string): Promise<void> {
    await page.keyboard.press('Control+k')
    await palette(page).locator('input:focus').fill(text)
  }

  it('a payment by its id and by its key, with the keyboard alone', async () => {
    const page = await session.open('/accounts')
    for (const text of [id.toUpperCase(), key]) {
      await find(page, text)
      await option(page, `Payment of $250.00 USD to ${account}`).waitFor()
      await until('it is highlighted', async () => await palette(page).locator('[data-highlighted]', { hasText: '$250.00' }).count() === 1)
      await page.keyboard.press('Enter')
      await page.waitForURL(`**/payments/${id}`)
      await page.goBack()
    }
  })

  it('an account by the start of its name in any case, its payments, a settlement account and a page', async () => {
    const page = await session.open('/overview')
    await find(page, account.toLowerCase().slice(0, -2))
    await option(page, new RegExp(`^${account}`)).click()
    await page.waitForURL(`**/accounts/${account}`)
    await find(page, account)
    await option(page, `Payments to ${account}`).click()
    await page.waitForURL(url => url.searchParams.get('accountId') === account)
    const { entries } = await (await fetch(`${session.api}/payments/${id}`)).json() as { entries: { accountId: string }[] }
    const settlement = entries.map(({ accountId }) => accountId).find(name => name.includes(':'))!
    await find(page, settlement)
    await option(page, /^USD settlement account/).click()
    await page.waitForURL(`**/accounts/${settlement}`)
    await find(page, 'dead jobs')
    await option(page, 'Dead jobs').click()
    await page.waitForURL('**/dead-jobs')
  })

  it('an action: the palette asks before it pauses the queue, and resumes it; Escape returns the focus', async () => {
    const page = await session.open('/accounts')
    await page.locator('input[name=prefix]').focus()
    await find(page, 'pause')
    await option(page, 'Pause the queue').waitFor()
    await page.keyboard.press('Enter')
    await option(page, /^Pause it now/).waitFor()
    assert.equal(await paused(), false)
    await page.keyboard.press('Enter')
    await page.getByTestId('palette-message').filter({ hasText: 'The queue is paused' }).waitFor()
    assert.equal(await paused(), true)
    await palette(page).locator('input:focus').fill('resume')
    await option(page, 'Resume the queue').waitFor()
    await page.keyboard.press('Enter')
    await page.getByTestId('palette-message').filter({ hasText: 'The queue is running' }).waitFor()
    assert.equal(await paused(), false)
    await page.keyboard.press('Escape')
    await palette(page).waitFor({ state: 'detached' })
    await page.locator('input[name=prefix]:focus').waitFor()
  })

  it('an action: retries the dead jobs once that is confirmed, and switches the colours', async () => {
    await fetch(`${session.api}/queue/pause`, { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) })
    await giveUp(session.system, await pay(session.api, { accountId: newAccount('dead'), amount: '1.00' }), 'the account is locked')
    await fetch(`${session.api}/queue/resume`, { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) })
    const page = await session.open('/accounts')
    await page.getByTestId('health').filter({ hasText: '1 dead' }).waitFor()
    await find(page, 'retry all')
    await option(page, 'Retry all dead jobs (1)').click()
    await option(page, /^Retry 1 now/).click()
    await page.getByTestId('palette-message').filter({ hasText: 'One job is back in the queue.' }).waitFor()
    await palette(page).locator('input:focus').fill('dark')
    await option(page, 'Use dark colours').click()
    await page.locator('html.dark').waitFor()
  })

  it('with the keys / and c on pages without a list too', async () => {
    const page = await session.open('/operations')
    await page.keyboard.press('/')
    await palette(page).locator('input:focus').waitFor()
    await page.keyboard.press('Escape')
    await palette(page).waitFor({ state: 'detached' })
    await page.keyboard.press('c')
    await page.waitForURL('**/payments/new')
  })

  it('with the keys / and c on pages with a search or an account: the search of the page, a payment to the account', async () => {
    const page = await session.open('/accounts')
    await page.keyboard.press('/')
    await page.locator('input[name=prefix]:focus').waitFor()
    await page.keyboard.type('/')
    assert.equal(await page.locator('input[name=prefix]').inputValue(), '/', 'in a field, the key is a letter')
    await page.goto(`${session.ui}/accounts/${account}`)
    await isLive(page)
    await page.keyboard.press('c')
    await page.waitForURL(url => url.pathname === '/payments/new' && url.searchParams.get('accountId') === account)
    await page.goto(`${session.ui}/?accountId=${account}`)
    await isLive(page)
    await page.keyboard.press('/')
    await page.locator('input[name=search]:focus').waitFor()
  })

  it('nothing, and says so in the palette and in the search', async () => {
    const page = await session.open('/')
    await find(page, 'no such thing')
    await palette(page).getByText('Nothing is called no such thing').waitFor()
    await page.keyboard.press('Escape')
    for (const [text, message] of [['nobody', 'No account begins with nobody, and no payment has this key'], ['settlement:', 'No payment names a settlement account']] as const) {
      await page.locator('input[name=search]').fill(text)
      await page.locator('input[name=search]').press('Enter')
      await page.getByText(message).waitFor()
    }
  })

  it('a payment by its key in the search box', async () => {
    const page = await session.open('/?status=failed')
    await page.locator('input[name=search]').fill(key)
    await page.locator('input[name=search]').press('Enter')
    await page.waitForURL(url => url.searchParams.get('idempotencyKey') === key && !url.searchParams.has('status'))
    await page.locator(`[data-testid=payment-row][data-payment-id="${id}"]`).waitFor()
  })

  it('payments of an amount, whatever its sign', async () => {
    const page = await session.open(`/?accountId=${account}`)
    await page.getByRole('button', { name: 'Filters', exact: true }).click()
    const amount = page.locator('[role=search] input[name=amount]')
    for (const [typed, count] of [['250', 2], ['>250', 1], ['99..250', 3], ['\u2212250', 1], ['+250', 1]] as const) {
      await amount.fill(typed)
      await amount.press('Enter')
      await until(`${typed} finds ${count}`, async () => await page.getByTestId('payment-row').count() === count)
    }
    await amount.fill('1,000')
    await amount.press('Enter')
    await page.getByText('must be an amount such as 100, a range such as 100..200, or >100').first().waitFor()
    assert.equal(await amount.inputValue(), '1,000')
  })

  it('has no accessibility violation that axe finds in the palette and the settings, light or dark, and does not overflow', async () => {
    const page = await session.open(`/?accountId=${account}`)
    await page.getByTestId('view-settings').click()
    await page.getByRole('radio', { name: 'Exact' }).waitFor({ state: 'attached' })
    await assertAccessible(page)
    await assertNoOverflow(page)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await palette(page).locator('input:focus').fill(account)
    await option(page, `Payments to ${account}`).waitFor()
    await assertAccessible(page)
    await assertNoOverflow(page)
  })

  it('times and rows as the reader set them, on every page, from the server on', async () => {
    const page = await session.open(`/?accountId=${account}`, { timezoneId: 'Asia/Kathmandu' })
    const time = page.getByTestId('payment-row').locator('time').first()
    await until('the exact time is local', async () => /UTC\+5:45$/.test(await time.getAttribute('title') ?? ''))
    const height = async () => (await page.getByTestId('payment-row').first().boundingBox())!.height
    const comfortable = await height()
    await page.getByTestId('view-settings').click()
    for (const name of ['UTC', 'Exact', 'Compact'])
      await page.getByText(name, { exact: true }).click()
    await page.keyboard.press('Escape')
    const exact = /^\d+ [A-Z][a-z]{2}, \d\d:\d\d:\d\d UTC$/
    assert.match(await time.innerText(), exact)
    assert.ok(await height() < comfortable, 'compact rows are lower')
    const html = await (await page.request.get(`${session.ui}/?accountId=${account}`)).text()
    assert.match(html, /<html[^>]* data-density="compact"/)
    assert.match(html, /<time [^>]*>\d+ [A-Z][a-z]{2}, \d\d:\d\d:\d\d UTC<\/time>/)
    await page.reload()
    assert.match(await time.innerText(), exact)
    await page.goto(`${session.ui}/payments/${id}`)
    await until('the timeline is in UTC', async () => (await page.getByTestId('timeline-step').locator('time').allInnerTexts()).every(text => text.endsWith(' UTC')))
  })

  it('the headers of a long list of accounts, wherever the reader is in it', async () => {
    const name = newAccount('long')
    await Promise.all(Array.from({ length: 40 }, (_, index) => pay(session.api, { accountId: `${name}-${index}`, amount: '1.00' })))
    const page = await session.open(`/accounts?prefix=${name}`)
    await until('all are listed', async () => await page.getByTestId('account-row').count() === 40)
    await page.getByTestId('account-row').last().scrollIntoViewIfNeeded()
    const header = (await page.getByRole('columnheader', { name: 'Balance' }).boundingBox())!
    assert.ok(header.y > 40 && header.y < 60, `the header is at ${header.y} px, below the page's header of 52 px`)
  })

  it('how many jobs wait, as the chart that Operations begins with', async () => {
    await fetch(`${session.api}/queue/pause`, { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) })
    for (let i = 0; i < 3; i++)
      await pay(session.api, { accountId: account, amount: '1.00' })
    const page = await session.open('/operations')
    await page.getByTestId('queue-waiting').filter({ hasText: /^3\s*jobs wait$/ }).waitFor()
    await page.locator('section[aria-label="Jobs in the queue"] canvas').waitFor()
    await fetch(`${session.api}/queue/resume`, { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) })
    await page.getByTestId('queue-waiting').filter({ hasText: /^0\s*jobs wait$/ }).waitFor()
    await assertAccessible(page)
    await assertNoOverflow(page)
  })

  it('days of the reader behind Today', async () => {
    const page = await session.open('/', { timezoneId: 'Pacific/Kiritimati' }) // UTC+14
    await page.getByTestId('quick-period').filter({ hasText: 'Today' }).click()
    const today = new Date(Date.now() + 14 * 3_600_000).toISOString().slice(0, 10)
    await page.waitForURL(url => url.searchParams.get('from') === today)
    await until('the payments of today are listed', async () => await page.getByTestId('payment-row').count() > 0 || new Date().getUTCHours() < 10)
    await page.getByTestId('view-settings').click()
    await page.getByText('UTC', { exact: true }).click()
    await page.keyboard.press('Escape')
    const pressed = page.getByTestId('quick-period').and(page.locator('[aria-pressed=true]'))
    const utcDay = () => new Date().toISOString().slice(0, 10)
    await until('the days are in UTC: local Today may not be', async () => await pressed.count() === (today === utcDay() ? 1 : 0))
    await page.goto(session.ui)
    await isLive(page)
    await page.getByTestId('quick-period').filter({ hasText: 'Today' }).click()
    await page.waitForURL(url => url.searchParams.get('from') === utcDay())
    await page.getByTestId('payment-row').first().waitFor()
  })

  it('no error in the browser', () => assert.deepEqual(session.problems, []))

  async function paused(): Promise<boolean> {
    const { queue } = await (await fetch(`${session.api}/operations`)).json() as { queue: { pausedAt: string | null } }
    return queue.pausedAt !== null
  }
})
