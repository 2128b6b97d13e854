import type { PaymentDetail } from '../../shared/types/payment-detail'
import { expect, it } from 'vitest'
import { explainPayment } from '../../app/utils/explain-payment'
import { aPaymentDetail } from '../support/a-payment'

const AT = '2026-11-23T16:05:13.123Z'
const job = { status: 'pending', attempts: 1, lastError: null, runAt: AT, lockedBy: null, lockedAt: null, finishedAt: null }

function explain(values: Partial<PaymentDetail>) {
  return explainPayment(aPaymentDetail({ job, ...values }))
}

it('says nothing of a payment that waits or has matched', () => {
  expect(explain({})).toBeNull()
  expect(explain({ status: 'completed', outcome: 'matched' })).toBeNull()
})

it('says why a payment failed, that no money moved, and what to do', () => {
  const failed = explain({ status: 'failed', outcome: 'failed', reconciliation: { status: 'failed', discrepancyAmount: '0.00', notes: 'the amount is zero', createdAt: AT } })
  expect(failed?.title).toBe('Failed because the amount is zero')
  expect(failed?.detail).toMatch(/no balance has changed.*create a new payment/)
})

it('says what is in dispute', () => {
  const disputed = explain({ status: 'completed', outcome: 'discrepancy', reconciliation: { status: 'x', discrepancyAmount: '0.13', notes: 'the amount ends in .13', createdAt: AT } })
  expect(disputed).toMatchObject({ tone: 'warning', title: '$0.13 USD in dispute' })
})

it('says that a payment is stuck, and with which error; but not once it has settled', () => {
  const dead = { jobDead: true, job: { ...job, status: 'dead', attempts: 5, lastError: 'the account is locked' } }
  expect(explain(dead)).toMatchObject({ title: 'Stuck: the worker gave up after 5 attempts' })
  expect(explain(dead)?.detail).toMatch(/^The last error was: The account is locked\. .*retry the job\.$/)
  expect(explain({ ...dead, status: 'completed' })).toBeNull()
})

it('says that an attempt failed and is repeated', () => {
  expect(explain({ job: { ...job, lastError: 'deadlock' } })?.title).toBe('1 attempt failed; the worker tries again')
})
