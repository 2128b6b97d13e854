import type { Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { pay } from '../support/pay.ts'
import { until } from '../support/until.ts'
import { consoleSession, newAccount } from './console-session.ts'

// What a person types or pastes: kept, committed once, and refused in words.
describe('what is typed into the console', () => {
  const session = consoleSession()
  const rows = (page: Page) => page.getByTestId('payment-row')
  const search = (page: Page) => page.locator('input[name=search]')

  async function openFilters(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Filters', exact: true }).click()
    await page.locator('[role=search] input[name=amount]').waitFor()
  }

  it('stays in a filter while the list changes and fails', async () => {
    const page = await session.open('/')
    await openFilters(page)
    await page.locator('[role=search] input[name=amount]').pressSequentially('12')
    await page.route('**/api/payments?*', route => route.abort(), { times: 1 })
    await page.route('**/api/payments', route => route.abort(), { times: 1 })
    await pay(session.api, { accountId: newAccount('typed'), amount: '3.00' })
    await page.getByText('The console did not respond').waitFor()
    await pay(session.api, { accountId: newAccount('typed'), amount: '4.00' })
    await page.getByText('The console did not respond').waitFor({ state: 'detached' })
    assert.equal(await page.locator('[role=search] input[name=amount]').inputValue(), '12')
    await page.locator('[role=search] input[name=amount]').press('Enter')
    await page.waitForURL(url => url.searchParams.get('amount') === '12')
  })

  it('is one search and one history entry when it is a date', async () => {
    const page = await session.open('/')
    const searches: string[] = []
    page.on('request', request => request.url().includes('from=') && searches.push(request.url()))
    await openFilters(page)
    const before = await page.evaluate('history.length') as number
    await page.locator('input[name=from]').pressSequentially('11232026', { delay: 50 })
    await page.locator('input[name=from]').press('Enter')
    await page.waitForURL(url => url.searchParams.get('from') === '2026-11-23')
    await until('the list was fetched', () => searches.length > 0)
    assert.equal(searches.length, 1, searches.join('\n'))
    assert.equal(await page.evaluate('history.length') as number - before, 1)
  })

  it('is refused in words when it is no date, also from a link', async () => {
    const page = await session.open('/?from=2026-02-30')
    await page.getByText('is not a day of the calendar', { exact: true }).waitFor()
    await page.getByText('The from date 2026-02-30 is not a day of the calendar.').waitFor()
    assert.equal(await page.getByText('2 March').count(), 0)
  })

  it('may be the last day that there is', async () => {
    await pay(session.api, { accountId: newAccount('last'), amount: '3.00' })
    const page = await session.open('/?from=2026-01-01&to=9999-12-31')
    await rows(page).first().waitFor()
  })

  it('finds an account by the start of its name, in any case', async () => {
    const account = newAccount('Prefix')
    await pay(session.api, { accountId: account, amount: '3.00' })
    const page = await session.open('/')
    await search(page).fill(account.toLowerCase().slice(0, -3))
    await search(page).press('Enter')
    await page.waitForURL(url => url.searchParams.get('accountId') === account)
    await until('its payment is shown', async () => await rows(page).count() === 1)
    assert.equal(await search(page).inputValue(), account)
  })

  it('offers the accounts that begin with a text, when there are several', async () => {
    const name = newAccount('many')
    for (const end of ['-A', '-B'])
      await pay(session.api, { accountId: name + end, amount: '3.00' })
    const page = await session.open('/')
    await search(page).fill(name.toUpperCase())
    await search(page).press('Enter')
    await page.getByRole('button', { name: `${name}-B` }).click()
    await page.waitForURL(url => url.searchParams.get('accountId') === `${name}-B`)
  })

  it('is refused next to the search when no account can have the name', async () => {
    const page = await session.open('/')
    await search(page).fill('foo bar')
    await search(page).press('Enter')
    await page.getByText(/No account begins with foo bar/).waitFor()
    assert.equal(await search(page).inputValue(), 'foo bar')
    await page.goto(`${session.ui}/?accountId=foo%20bar`)
    await page.getByText(/must be 1 to 64 letters/).first().waitFor()
  })

  it('does not leave the page when the search field is left', async () => {
    const id = await pay(session.api, { accountId: newAccount('left'), amount: '3.00' })
    const page = await session.open('/')
    await search(page).fill(id)
    await search(page).press('Tab')
    await page.getByRole('button', { name: 'Filters', exact: true }).click()
    assert.equal(new URL(page.url()).pathname, '/')
    await search(page).press('Enter')
    await page.waitForURL(`**/payments/${id}`)
  })

  it('does not take the click on Create away when leaving the field shows an error', async () => {
    const page = await session.open('/payments/new')
    await page.locator('input[name=accountId]').fill('')
    const { x, y, width } = (await page.getByTestId('submit-payment').boundingBox())!
    const posted = page.waitForRequest(request => request.method() === 'POST')
    await page.mouse.move(x + width / 2, y + 4)
    await page.mouse.down()
    await page.evaluate('new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
    await page.mouse.up()
    await posted
  })

  it('is understood when it was pasted with spaces, a minus sign or invisible characters', async () => {
    const account = newAccount('pasted')
    const page = await session.open('/payments/new')
    await page.locator('input[name=accountId]').fill(`\u200E${account} `)
    await page.locator('input[name=amount]').fill('\u00A0\u22125\u200E')
    await page.getByTestId('submit-payment').click()
    await page.getByTestId('created-payment').waitFor()
    const { payments } = await (await fetch(`${session.api}/payments?accountId=${account}`)).json() as { payments: { amount: string }[] }
    assert.deepEqual(payments.map(({ amount }) => amount), ['-5.00'])
  })
})
