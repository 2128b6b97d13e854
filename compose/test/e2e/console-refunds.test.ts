import type { Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { giveUp } from '../support/give-up.ts'
import { pay } from '../support/pay.ts'
import { until } from '../support/until.ts'
import { consoleSession, newAccount } from './console-session.ts'
import { assertAccessible, assertNoOverflow } from './page-checks.ts'

const TIMEOUT_MS = 20_000

// A payment's refunds: from the dialog to the account's balance.
describe('the console: refunds', () => {
  const session = consoleSession()

  const dialog = (page: Page) => page.getByTestId('refund-dialog')
  const openDialog = async (page: Page) => {
    await page.getByTestId('refund-payment').click()
    await dialog(page).locator('input[name=amount]').waitFor()
  }
  const sums = (page: Page) => page.getByTestId('refund-sum').allInnerTexts().then(texts => texts.map(text => text.replaceAll(/\s+/g, ' ').trim()))
  const paymentIs = (page: Page, status: string) => page.locator(`[data-testid=payment][data-status=${status}]`).waitFor()
  const balance = (page: Page, text: string) => page.getByTestId('account-balance').filter({ hasText: text }).waitFor()
  const post = async (path: string, body: object = {}, key = 'none') => {
    const response = await fetch(session.api + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    assert.ok(response.ok, path)
    return await response.json() as { id: string }
  }

  async function settledPayment(accountId: string, amount = '100.00'): Promise<string> {
    const id = await pay(session.api, { accountId, amount })
    await until('the payment has settled', async () => (await (await fetch(`${session.api}/payments/${id}`)).json() as { status: string }).status === 'completed')
    return id
  }

  it('a payment is refunded in part, then in full, and the page follows live to a balance of zero', async () => {
    const account = newAccount('refunded')
    const id = await settledPayment(account)
    const page = await session.open(`/payments/${id}`)
    const other = await session.open(`/?accountId=${account}`)
    await openDialog(page)
    assert.equal(await dialog(page).locator('input[name=amount]').inputValue(), '100.00')
    await dialog(page).locator('input[name=amount]').fill('30')
    await dialog(page).locator('input[name=reason]').fill('Returned goods')
    await dialog(page).getByRole('button', { name: 'Refund $30' }).click()
    await dialog(page).waitFor({ state: 'detached' })
    await paymentIs(page, 'partially_refunded')
    await balance(page, '$70.00')
    assert.match(await page.getByTestId('refund').innerText(), /^Completed\s+just now · Returned goods\s+Refund:\s*−\$30\.00 USD$/)
    assert.deepEqual(await sums(page), ['Paid $100.00 USD', 'Refunded −$30.00 USD', 'Left to refund $70.00 USD'])
    assert.match((await page.getByTestId('timeline-step').allInnerTexts()).at(-1)!, /^Refunded \$30\.00\s+Returned goods/)
    // The list in another tab has heard of it, and fetched the amount.
    await other.getByTestId('refunded-amount').filter({ hasText: '−$30.00' }).waitFor()
    assert.match(await other.getByTestId('payment-row').innerText(), /Partially refunded/)

    await openDialog(page)
    assert.equal(await dialog(page).locator('input[name=amount]').inputValue(), '70.00')
    await dialog(page).getByRole('button', { name: 'Refund $70.00' }).click()
    await paymentIs(page, 'refunded')
    await balance(page, '$0.00')
    assert.deepEqual(await sums(page), ['Paid $100.00 USD', 'Refunded −$100.00 USD', 'Left to refund $0.00 USD'])
    assert.equal(await page.getByTestId('refund-payment').count(), 0)
    await other.locator('[data-testid=payment-row][data-status=refunded]').waitFor()
  })

  it('a refund of too much is refused in words, by the dialog while typing and by the API', async () => {
    const account = newAccount('too-much')
    const id = await settledPayment(account)
    const page = await session.open(`/payments/${id}`)
    await openDialog(page)
    const amount = dialog(page).locator('input[name=amount]')
    await amount.fill('100.01')
    await dialog(page).getByText('may be at most $100.00 USD: no more is left of the payment').waitFor()
    await amount.fill('1.001')
    await dialog(page).getByText('may have at most 2 decimals in USD').waitFor()
    await amount.fill('80.00')
    await post(`/payments/${id}/refunds`, { amount: '60.00' }, `elsewhere-${id}`)
    await paymentIs(page, 'partially_refunded')
    await page.keyboard.press('Enter')
    await dialog(page).getByText('may be at most $40.00 USD: no more is left of the payment').waitFor()
    await page.locator('input[name=amount]:focus').waitFor()
    await amount.fill('40.00')
    await dialog(page).getByRole('button', { name: 'Refund $40.00' }).click()
    await paymentIs(page, 'refunded')
    await balance(page, '$0.00')
    await page.keyboard.press('Tab')
    assert.notEqual(await page.evaluate('document.activeElement.tagName'), 'BODY', 'the focus is on the page')
  })

  it('a refund has a page, which follows it until it settles, and entries and dead jobs link to it', async () => {
    const account = newAccount('page')
    const id = await settledPayment(account, '42.13')
    await post('/queue/pause')
    const { id: refundId } = await post(`/payments/${id}/refunds`, { reason: 'Wrong size' }, `page-${id}`)
    await giveUp(session.system, refundId, 'the account is locked')
    const dead = await session.open('/dead-jobs')
    await dead.getByRole('link', { name: 'Newest refund' }).click()
    await dead.waitForURL(`**/refunds/${refundId}`)
    await dead.close()

    const page = await session.open(`/refunds/${refundId}`)
    assert.match(await page.getByTestId('explanation').innerText(), /Stuck: the worker gave up after 3 attempts\s+The last error was: The account is locked\./)
    await page.getByTestId('retry-job').click()
    await page.getByTestId('explanation').filter({ hasText: 'Stuck' }).waitFor({ state: 'detached' })
    await post('/queue/resume')
    await page.locator('[data-testid=refund][data-status=completed]').waitFor()
    const legs = await page.getByTestId('leg').allInnerTexts()
    assert.match(legs[0]!, new RegExp(`^${account}\\s*debit\\s+−\\$42\\.13`))
    assert.match(legs[1]!, /^settlement:USD:\d+\s*credit\s+\+\$42\.13/)
    assert.match(await page.getByTestId('legs-sum').innerText(), /^\$0\.00/)
    assert.equal(await page.getByTestId('refund-of').getAttribute('href'), `/payments/${id}`)
    assert.equal(await page.getByTestId('refund-key').locator('code').innerText(), `page-${id}`)

    const entries = await session.open(`/accounts/${account}`)
    await entries.getByRole('link', { name: `Refund ${refundId}` }).click()
    await entries.waitForURL(`**/refunds/${refundId}`)
    await entries.goto(session.ui)
    await entries.locator('input[name=search]').fill(refundId)
    await entries.keyboard.press('Enter')
    await entries.waitForURL(`**/refunds/${refundId}`)
  })

  it('its pages and the dialog have no accessibility violation that axe finds, light or dark, and do not overflow at 375 px', async () => {
    const account = newAccount('looks')
    const id = await settledPayment(account, '42.13')
    const { id: refundId } = await post(`/payments/${id}/refunds`, { amount: '5.13', reason: 'A reason that needs more than one line on a phone, and has averyveryverylongwordwithoutanyspaceinit' }, `looks-${id}`)
    for (const path of [`/payments/${id}`, `/refunds/${refundId}`, `/?accountId=${account}`, `/?accountId=${account}&payment=${id}`]) {
      const page = await session.open(path)
      await page.locator('[data-status=partially_refunded]:visible, [data-testid=refund][data-status=completed]').first().waitFor().catch(async (error: Error) => assert.fail(`${path}: ${error.message}: ${await page.locator('main').innerText()}`))
      await assertAccessible(page)
      await assertNoOverflow(page)
      await page.close()
    }
    const page = await session.open(`/?accountId=${account}&payment=${id}`)
    await openDialog(page)
    await dialog(page).locator('input[name=amount]').fill('999')
    await dialog(page).getByText('no more is left').waitFor()
    await assertAccessible(page)
    await assertNoOverflow(page)
    await page.keyboard.press('Escape')
    await dialog(page).waitFor({ state: 'detached' })
    assert.equal(await page.getByTestId('payment-drawer').count(), 1, 'Escape closes the dialog only')
    assert.deepEqual(session.problems, [])
  })
})
