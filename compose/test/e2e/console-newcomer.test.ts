import assert from 'node:assert/strict'
import { superuserUrl } from '../../src/data/logins.ts'
import { connect } from '../../src/machine/connect.ts'
import { pay } from '../support/pay.ts'
import { until } from '../support/until.ts'
import { consoleSession } from './console-session.ts'
import { assertAccessible, assertNoOverflow } from './page-checks.ts'

const QUERY_TIMEOUT_MS = 20_000

// An empty system teaches: each page says what will be on it and how to get it, and the first leads through the four outcomes.
describe('the console of an empty system', () => {
  const session = consoleSession()

  for (const [path, sentence, role, action] of [
    ['/accounts', 'Each account will be listed here with its balance', 'link', 'New payment'],
    ['/dead-jobs', 'No job is dead', 'link', 'See what the queue does'],
    ['/operations', 'A job that has used up its attempts appears here', 'link', 'See what is pending'],
    ['/overview', 'Nothing has settled in this time', 'link', 'make a payment'],
    ['/overview', 'A payment with an amount that ends in .13 appears here', 'link', 'Make one'],
    ['/proofs', 'Each invariant will say here that it holds', 'button', 'Check now'],
    ['/race', 'Each request will have a lane here', 'button', 'Send 20 requests at once'],
    ['/map', 'Create payments above, or start a load', 'button', 'Start'],
  ] as const) {
    it(`${path} says what will be there and offers to get it: ${action}`, async () => {
      const page = await session.open(path)
      await page.getByText(sentence).first().waitFor()
      assert.ok(await page.getByRole(role, { name: action }).first().isVisible())
    })
  }

  it('leads through the four outcomes, ticks each as it settles, and does not come back', async () => {
    const page = await session.open('/')
    const step = (id: string) => page.getByTestId(`first-step-${id}`)
    await page.getByTestId('first-steps').waitFor()
    await assertAccessible(page)
    await assertNoOverflow(page)
    for (const [id, button] of [['100', 'Pay $100.00 USD'], ['discrepancy', 'Pay $42.13 USD']] as const) {
      await step(id).getByRole('button', { name: button }).press('Enter')
      await page.locator(`[data-testid=first-step-${id}][data-done=true]`).waitFor()
    }
    await page.reload()
    await page.locator('[data-testid=first-step-100][data-done=true]').waitFor()
    assert.equal(await step('zero').getAttribute('data-done'), 'false')
    await pay(session.api, { accountId: 'ACC-001', amount: '0' })
    await page.locator('[data-testid=first-step-zero][data-done=true]').waitFor()
    await step('negative').getByRole('button').click()
    await page.getByText('You have seen all four outcomes').waitFor()
    await until('all payments are listed', async () => await page.getByTestId('payment-row').count() === 4)
    await page.reload()
    await page.getByTestId('payment-row').first().waitFor()
    assert.equal(await page.getByTestId('first-steps').count(), 0)
  })

  it('does not lead a reader who comes later, nor one who dismissed the steps', async () => {
    const page = await session.open('/')
    await page.getByTestId('payment-row').first().waitFor()
    assert.equal(await page.getByTestId('first-steps').count(), 0)
  })

  it('an account without payments that were posted, and a statement without entries', async () => {
    await pay(session.api, { accountId: 'EMPTY', amount: '0' })
    const page = await session.open('/accounts/EMPTY')
    await page.getByText('Nothing has been posted to this account yet').waitFor()
    await page.goto(`${session.ui}/accounts/ACC-001/statement?from=2020-01-01&to=2020-01-31`)
    await page.getByTestId('no-entries').waitFor()
  })

  it('operations without workers say how to start one', async () => {
    session.system.stack.pause('worker-1')
    const database = await connect(superuserUrl(session.system.config.ports.postgres, 'payments'), QUERY_TIMEOUT_MS)
    try {
      await database.query('delete from recon_workers')
    }
    finally {
      await database.end()
    }
    const page = await session.open('/operations')
    await page.getByText('No worker has been seen in the last hour').waitFor()
    await assertAccessible(page)
    await page.goto(`${session.ui}/overview`)
    await page.getByText('No worker runs, so payments stay pending').waitFor()
    session.system.stack.resume('worker-1')
  })

  it('no error in the browser', () => assert.deepEqual(session.problems, []))
})
