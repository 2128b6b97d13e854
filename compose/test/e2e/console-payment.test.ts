import type { Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { giveUp } from '../support/give-up.ts'
import { pay } from '../support/pay.ts'
import { until } from '../support/until.ts'
import { consoleSession, newAccount } from './console-session.ts'
import { assertAccessible, assertNoOverflow } from './page-checks.ts'

const TIMEOUT_MS = 20_000
const ERROR = 'the account is locked'

describe('the console: one payment, and the list around it', () => {
  const session = consoleSession()
  const account = newAccount('drawer')
  /** Newest first, as in the list: stuck, failed, in dispute, matched. */
  let ids: string[]
  const stuck = () => ids[0]!

  before(async () => {
    const settled: string[] = []
    for (const amount of ['100.00', '42.13', '-25.00'])
      settled.unshift(await pay(session.api, { accountId: account, amount, description: `Invoice ${amount}` }))
    await until('they are settled', async () => {
      const { payments } = await (await fetch(`${session.api}/payments?accountId=${account}`)).json() as { payments: { status: string }[] }
      return payments.every(({ status }) => status !== 'pending')
    })
    await fetch(`${session.api}/queue/pause`, { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) })
    ids = [await pay(session.api, { accountId: account, amount: '7.00', description: 'Invoice 7' }), ...settled]
    await giveUp(session.system, stuck(), ERROR)
  })

  const row = (page: Page, id: string) => page.locator(`[data-testid=payment-row][data-payment-id="${id}"]`)
  const link = (page: Page, id: string) => row(page, id).locator(`a[href="/payments/${id}"]`)
  const drawer = (page: Page) => page.getByTestId('payment-drawer')
  const shownIn = (page: Page, id: string) => drawer(page).locator(`[data-testid=payment][data-payment-id="${id}"]`)
  const isFocused = (page: Page, id: string) => until('the row has the focus', async () => await link(page, id).and(page.locator(':focus')).count() === 1)

  it('the list tells a stuck payment from one that waits, and finds it with one click', async () => {
    const page = await session.open('/')
    const quick = (text: string) => page.getByTestId('quick-filter').filter({ hasText: text })
    for (const [label, count] of [['Pending', 1], ['Discrepancy', 1], ['Failed', 1], ['Stuck', 1]] as const)
      await until(`${label} has its count`, async () => new RegExp(`^${label}\\s*${count}$`).test(await quick(label).innerText()))
    await page.goto(`${session.ui}/?accountId=${account}`)
    assert.match(await row(page, stuck()).innerText(), /Stuck/)
    assert.doesNotMatch(await row(page, stuck()).innerText(), /Pending/)
    assert.equal(await quick('Stuck').innerText(), 'Stuck', 'the counts are of all accounts')
    await quick('Stuck').click()
    await until('only it is listed', async () => await page.getByTestId('payment-row').count() === 1)
    assert.match(page.url(), /jobDead=true/)
    await page.getByTestId('quick-filter').filter({ hasText: 'Failed' }).click()
    await row(page, ids[1]!).waitFor()
    await page.getByTestId('quick-period').filter({ hasText: 'Yesterday' }).click()
    await page.getByText('No payment matches these filters').waitFor()
    await page.getByTestId('quick-period').filter({ hasText: 'Today' }).click()
    await row(page, ids[1]!).waitFor()
  })

  it('a row opens a drawer: the list stays, with the focus on the row, and j, k and Escape work', async () => {
    const page = await session.open(`/?accountId=${account}`)
    await link(page, ids[1]!).focus()
    await page.keyboard.press('Enter')
    await shownIn(page, ids[1]!).waitFor()
    await isFocused(page, ids[1]!)
    assert.equal(await page.getByTestId('payment-row').count(), 4)
    await page.keyboard.press('j')
    await shownIn(page, ids[2]!).waitFor()
    await isFocused(page, ids[2]!)
    await page.keyboard.press('k')
    await shownIn(page, ids[1]!).waitFor()
    await page.keyboard.press('Enter')
    await until('the focus is in the drawer', async () => await drawer(page).locator(':focus').count() === 1)
    await page.keyboard.press('Escape')
    await drawer(page).waitFor({ state: 'detached' })
    await isFocused(page, ids[1]!)
    await row(page, ids[3]!).click()
    await shownIn(page, ids[3]!).waitFor()
    await page.reload()
    await shownIn(page, ids[3]!).waitFor()
    await drawer(page).getByRole('link', { name: 'Open the page' }).click()
    await page.waitForURL(`**/payments/${ids[3]}`)
    await page.goBack()
    await shownIn(page, ids[3]!).waitFor()
  })

  it('a row opens the page where there is no room for a drawer', async () => {
    const page = await session.open(`/?accountId=${account}`, { width: 375 })
    await link(page, ids[1]!).click()
    await page.waitForURL(`**/payments/${ids[1]}`)
  })

  it('the keys / and c reach the search and the form, and are letters to a person who types', async () => {
    const page = await session.open(`/?accountId=${account}`)
    await page.keyboard.press('/')
    const search = page.locator('input[name=search]:focus')
    await search.waitFor()
    await search.fill('')
    await page.keyboard.type('jack/c')
    assert.equal(await search.inputValue(), 'jack/c')
    await search.fill(account)
    await search.blur()
    await page.keyboard.press('c')
    await page.locator('input[name=accountId]:focus').waitFor()
  })

  it('the page says why a payment failed, and shows how long each step took', async () => {
    const page = await session.open(`/payments/${ids[1]}`)
    assert.match(await page.getByTestId('explanation').innerText(), /^Failed because the amount is negative\s+Nothing was posted/)
    const steps = await page.getByTestId('timeline-step').allInnerTexts()
    assert.match(steps[0]!, /^Created/)
    for (const step of steps.slice(1))
      assert.match(step, /\+\d+(?:\.\d)? m?s/)
    assert.match(await page.getByTestId('settled-in').innerText(), /^Settled in \d/)
  })

  it('the page shows both legs with their signs, and that they sum to zero', async () => {
    const page = await session.open(`/payments/${ids[2]}`)
    assert.match(await page.getByTestId('explanation').innerText(), /^\$0\.13 USD in dispute/)
    const legs = await page.getByTestId('leg').allInnerTexts()
    assert.match(legs[0]!, /\+\$42\.13/)
    assert.match(legs[1]!, /−\$42\.13/)
    assert.match(await page.getByTestId('legs-sum').innerText(), /^\$0\.00/)
  })

  for (const [name, path] of [['the page', () => `/payments/${ids[2]}`], ['the page of a stuck payment', () => `/payments/${stuck()}`], ['the list with its drawer', () => `/?accountId=${account}&payment=${stuck()}`]] as const) {
    it(`${name} has no accessibility violation that axe finds, light or dark, does not overflow at 375 px, and does not shift`, async () => {
      const page = await session.open(path())
      await page.getByTestId('explanation').waitFor()
      const shift = await page.evaluate(`new Promise(resolve => {
        let sum = 0
        new PerformanceObserver(list => list.getEntries().forEach(entry => sum += entry.hadRecentInput ? 0 : entry.value)).observe({ type: 'layout-shift', buffered: true })
        setTimeout(() => resolve(sum), 100)
      })`) as number
      assert.ok(shift < 0.05, `layout shift ${shift}`)
      await assertAccessible(page)
      await assertNoOverflow(page)
    })
  }

  it('the page retries a dead job, and follows the payment until it settles', async () => {
    const page = await session.open(`/payments/${stuck()}`)
    assert.match(await page.getByTestId('explanation').innerText(), /Stuck: the worker gave up after 3 attempts\s+The last error was: The account is locked\./)
    await page.getByTestId('retry-job').press('Enter')
    await page.getByTestId('explanation').filter({ hasText: 'Stuck' }).waitFor({ state: 'detached' })
    await fetch(`${session.api}/queue/resume`, { method: 'POST', signal: AbortSignal.timeout(TIMEOUT_MS) })
    await page.locator('[data-testid=payment][data-status=completed]').waitFor()
    assert.equal(await page.getByTestId('leg').count(), 2)
  })
})
