import type { Page } from 'playwright-core'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { superuserUrl } from '../../src/data/logins.ts'
import { connect } from '../../src/machine/connect.ts'
import { pay } from '../support/pay.ts'
import { until } from '../support/until.ts'
import { consoleSession, newAccount } from './console-session.ts'
import { assertAccessible, assertNoOverflow } from './page-checks.ts'

const QUERY_TIMEOUT_MS = 20_000

// An account's past: its balance on a day, its statement on screen, on paper and as CSV.
describe('an account in the console', () => {
  const session = consoleSession()
  const texts = (page: Page, id: string) => page.getByTestId(id).allInnerTexts().then(all => all.map(text => text.replaceAll(/\s+/g, ' ').trim()))

  before(async () => {
    for (const amount of ['100.00', '42.13', '7.00'])
      await pay(session.api, { accountId: 'PAST', amount })
    const entries = async () => (await (await fetch(`${session.api}/accounts/PAST/entries`)).json() as { entries?: unknown[] }).entries?.length ?? 0
    await until('the payments are settled', async () => await entries() === 3)
    const database = await connect(superuserUrl(session.system.config.ports.postgres, 'payments'), QUERY_TIMEOUT_MS)
    try {
      await database.query(`
        set session_replication_role = replica;
        update ledger_entries set created_at = '2026-10-01T12:00:00Z'::timestamptz + account_version * interval '1 day' where account_id = 'PAST'`)
    }
    finally {
      await database.end()
    }
  })

  it('says its balance at the end of a day', async () => {
    const page = await session.open('/accounts/PAST')
    await page.getByLabel('Balance on').fill('2026-10-02')
    await page.getByLabel('Balance on').press('Enter')
    await until('the balance is shown', async () => /^\$100\.00 USD at the end of that day/.test((await texts(page, 'balance-on'))[0] ?? ''))
  })

  it('has a statement whose entries lead from the opening to the closing balance, also as CSV and on paper', async () => {
    const page = await session.open('/accounts/PAST/statement?from=2026-10-03&to=2026-10-03')
    await page.getByTestId('statement').waitFor()
    assert.match((await texts(page, 'opening-balance'))[0]!, /\$100\.00$/)
    assert.match((await texts(page, 'closing-balance'))[0]!, /\$142\.13$/)
    assert.deepEqual((await texts(page, 'statement-entry')).map(text => text.split(' ').slice(-2)), [['$42.13', '$142.13']])
    await page.getByRole('columnheader', { name: 'Amount (USD)' }).waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('statement-csv').click()])
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n').map(line => line.split(','))
    assert.deepEqual(lines.map(([, what, , amount, , balance]) => [what, amount, balance]), [
      ['entry', 'amount', 'balance'],
      ['opening balance', '', '100.00'],
      ['credit', '42.13', '142.13'],
      ['closing balance', '', '142.13'],
    ])
    await page.emulateMedia({ media: 'print' })
    assert.equal(await page.getByRole('button', { name: 'Print' }).isVisible(), false)
    assert.equal(await page.locator('header').isVisible(), false)
  })

  it('of the settlement kind has a name for people and signed debits', async () => {
    const { entries } = await (await fetch(`${session.api}/payments?accountId=PAST`)).json().then(async body =>
      (await fetch(`${session.api}/payments/${(body as { payments: { id: string }[] }).payments[0]!.id}`)).json()) as { entries: { accountId: string }[] }
    const settlement = entries.map(({ accountId }) => accountId).find(id => id.includes(':'))!
    const page = await session.open(`/accounts/${settlement}`)
    assert.match(await page.getByRole('heading', { level: 1 }).innerText(), /^USD settlement account \d+$/)
    const amounts = await page.getByRole('table', { name: /Ledger entries/ }).locator('tbody td:nth-child(3)').allInnerTexts()
    assert.ok(amounts.length > 0 && amounts.every(amount => /^\u2212\$/.test(amount)), amounts.join(', '))
  })

  it('has a statement to both ends of the calendar, of a period without entries, and says what is wrong with another', async () => {
    const page = await session.open('/accounts/PAST/statement?from=0001-01-01&to=9999-12-31')
    await page.getByTestId('statement').waitFor()
    assert.match((await texts(page, 'opening-balance'))[0]!, /0001-01-01 \$0\.00$/)
    assert.match((await texts(page, 'closing-balance'))[0]!, /9999-12-31 \$149\.13$/)
    assert.equal((await texts(page, 'statement-entry')).length, 3)
    assert.equal((await fetch(session.ui + await page.getByTestId('statement-csv').getAttribute('href'))).status, 200)
    await page.goto(`${session.ui}/accounts/PAST/statement?from=2025-01-01&to=2025-12-31`)
    await until('the empty period is shown', async () => /\$0\.00$/.test((await texts(page, 'closing-balance'))[0] ?? ''))
    assert.equal((await texts(page, 'statement-entry')).length, 0)
    for (const [query, message] of [
      ['from=2026-11-30&to=2026-11-01', 'The first day, 2026-11-30, is after the last, 2026-11-01.'],
      ['from=2026-02-30&to=2026-11-01', '2026-02-30 is not a day of the calendar.'],
    ] as const) {
      await page.goto(`${session.ui}/accounts/PAST/statement?${query}`)
      await page.getByText(message).waitFor()
    }
    await page.goto(`${session.ui}/accounts/NOBODY/statement`)
    await page.getByText('There is no account NOBODY').waitFor()
  })

  it('writes amounts of a currency without decimals, and of one with three, as that currency does', async () => {
    for (const [accountId, currency, amount, shown] of [['YEN', 'JPY', '1234', '¥1,234'], ['DINAR', 'KWD', '1.234', '1.234']] as const) {
      await pay(session.api, { accountId, amount, currency })
      const page = await session.open(`/accounts/${accountId}/statement`)
      await until('it is in the statement', async () => {
        await page.reload()
        await page.getByTestId('statement').waitFor()
        return (await texts(page, 'statement-entry')).length === 1
      })
      assert.ok((await texts(page, 'closing-balance'))[0]!.endsWith(shown), (await texts(page, 'closing-balance'))[0])
    }
  })

  it('fetches nothing on its page while 50 payments of other accounts arrive and settle', async () => {
    const page = await session.open('/accounts/PAST')
    await page.waitForLoadState('networkidle').catch(() => {}) // the event stream stays open
    const fetched: string[] = []
    page.on('request', request => /\/api\/(?:accounts|payments)/.test(request.url()) && fetched.push(request.url()))
    const other = newAccount('other')
    for (let n = 0; n < 50; n++)
      await pay(session.api, { accountId: other, amount: '1.00' })
    await until('they are settled', async () => ((await (await fetch(`${session.api}/accounts/${other}`)).json()) as { entryCount?: number }).entryCount === 50)
    await page.evaluate('new Promise(resolve => setTimeout(resolve, 1000))') // events are sent five times a second, and refreshes wait a third of one
    assert.deepEqual(fetched, [])
    await pay(session.api, { accountId: 'PAST', amount: '1.00' })
    await until('its own payment is fetched', async () => fetched.length > 0)
  })

  for (const path of ['/accounts/PAST', '/accounts/PAST/statement?from=2026-10-01&to=2026-10-31']) {
    it(`${path} without an accessibility violation that axe finds, light or dark, and without overflow from 375 px on`, async () => {
      const page = await session.open(path)
      await page.locator('table').first().waitFor()
      await assertAccessible(page)
      await assertNoOverflow(page)
    })
  }
})
