import type { VueWrapper } from '@vue/test-utils'
import type { PaymentDetail } from '../../shared/types/payment-detail'
import { mountSuspended, registerEndpoint } from '@nuxt/test-utils/runtime'
import { setResponseStatus } from 'h3'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import PaymentPage from '~/pages/payments/[id].vue'
import { aPaymentDetail } from '../support/a-payment'
import { eventually } from '../support/eventually'
import { FakeEventSource } from '../support/fake-event-source'

const ID = '01932f00-0000-7000-8000-000000000001'
const AT = '2026-11-23T16:05:13.456Z'

let payment: PaymentDetail | undefined
let page: VueWrapper

beforeEach(() => {
  FakeEventSource.install()
  clearNuxtState()
  payment = aPaymentDetail({ id: ID, amount: '42.13' })
  registerEndpoint(`/api/payments/${ID}`, (event) => {
    if (!payment)
      setResponseStatus(event, 404)
    return payment ?? { type: '/problems/not-found', title: 'There is nothing here', status: 404 }
  })
  registerEndpoint('/api/accounts/ACC-001/balance', () => ({ accountId: 'ACC-001', balance: '142.13', currency: 'USD' }))
})
afterEach(() => {
  page.unmount()
  vi.unstubAllGlobals()
})

async function open() {
  page = await mountSuspended(PaymentPage, { route: `/payments/${ID}` })
  FakeEventSource.current.send('hello', {}, 'abc:1')
}

const shows = (text: string) => eventually(() => expect(page.text()).toContain(text))

it('shows what a pending payment is waiting for, and updates live when it settles', async () => {
  await open()
  await shows('Waiting for a worker')
  expect(page.get('h1').text()).toContain('$42.13')
  expect(page.text()).toContain('Entries are posted when the payment settles')
  payment = {
    ...payment!,
    status: 'completed',
    outcome: 'discrepancy',
    discrepancyAmount: '0.13',
    job: { ...payment!.job!, status: 'completed', attempts: 1, lockedBy: 'w:1', lockedAt: AT, finishedAt: AT },
    reconciliation: { status: 'completed_with_discrepancy', discrepancyAmount: '0.13', notes: 'the amount ends in .13', createdAt: AT },
    entries: [
      { paymentId: ID, refundId: null, entryType: 'credit', accountId: 'ACC-001', currency: 'USD', amount: '42.13', balanceAfter: '142.13', accountVersion: 2, createdAt: AT },
      { paymentId: ID, refundId: null, entryType: 'debit', accountId: 'settlement:USD:2', currency: 'USD', amount: '42.13', balanceAfter: '-900.00', accountVersion: 9, createdAt: AT },
    ],
  }
  FakeEventSource.current.send('payment', { id: ID, status: 'completed', outcome: 'discrepancy' }, 'abc:2')
  await shows('Entries posted')
  for (const text of ['Discrepancy $0.13', 'the amount ends in .13', 'Claimed by w:1', 'settlement:USD:2', '−$900.00', '+$42.13', '−$42.13', 'Sum $0.00'])
    expect(page.text()).toContain(text)
  expect(page.findAll('table a').map(link => link.attributes('href'))).toEqual(['/accounts/ACC-001', '/accounts/settlement:USD:2'])
  expect(page.get('[data-testid=account-balance]').text()).toContain('$142.13')
})

it('shows a dead job with its error', async () => {
  payment!.jobDead = true
  payment!.job = { ...payment!.job!, status: 'dead', attempts: 5, lastError: 'deadlock', finishedAt: AT }
  await open()
  await shows('After 5 attempts: deadlock')
  expect(page.get('[data-testid=payment]').text()).toContain('Stuck')
  expect(page.text()).toContain('nothing is posted until it is retried')
  expect(page.text()).toContain('The last error was: Deadlock. Nothing was posted')
  expect(page.text()).not.toContain('when the payment settles')
})

it('has a labelled copy button for every id and command', async () => {
  await open()
  await shows('Using curl')
  const names = page.findAll('button[aria-label^=Copy]').map(button => button.attributes('aria-label'))
  expect(names).toEqual([
    'Copy the account',
    'Copy the payment id',
    'Copy the idempotency key',
    'Copy the curl command that reads this payment',
    'Copy the curl command that creates a similar payment',
  ])
})

it('says that the payment does not exist', async () => {
  payment = undefined
  await open()
  await shows('Payment not found')
})
