import type { PaymentDetail } from '../../shared/types/payment-detail'
import { expect, it } from 'vitest'
import { paymentTimeline } from '../../app/utils/payment-timeline'
import { aPaymentDetail, aRefund } from '../support/a-payment'

const AT = '2026-11-23T16:05:13.123Z'
const LATER = '2026-11-23T16:05:13.456Z'

function aDetail(values: Partial<PaymentDetail> = {}): PaymentDetail {
  return aPaymentDetail({ createdAt: AT, job: aJob(), ...values })
}

function aJob(values: Partial<PaymentDetail['job']> = {}): PaymentDetail['job'] {
  return {
    status: 'pending',
    attempts: 0,
    lastError: null,
    runAt: LATER,
    lockedBy: null,
    lockedAt: null,
    finishedAt: null,
    ...values,
  }
}

const titles = (payment: PaymentDetail) => paymentTimeline(payment, 'UTC').steps.map(step => step.title)

it('ends with what a new payment is waiting for', () => {
  expect(titles(aDetail())).toEqual(['Created', 'Waiting for a worker'])
})

it('shows a failed attempt and the time of the next one', () => {
  const { steps } = paymentTimeline(aDetail({ job: aJob({ attempts: 1, lockedBy: 'w:1', lockedAt: AT, lastError: 'deadlock' }) }), 'UTC')
  expect(steps.slice(1)).toEqual([
    { title: 'Claimed by w:1', detail: 'Attempt 1', time: AT, state: 'done', elapsed: '+0 ms' },
    { title: 'The attempt failed', detail: 'deadlock', time: null, state: 'failed' },
    { title: 'Waiting for a worker', detail: 'Not before 23 Nov 2026, 16:05:13 UTC', time: null, state: 'waiting' },
  ])
})

it('shows that a job is dead, and why', () => {
  const job = aJob({ status: 'dead', attempts: 5, lockedBy: 'w:1', lockedAt: AT, lastError: 'deadlock', finishedAt: LATER })
  expect(paymentTimeline(aDetail({ job }), 'UTC').steps.at(-1)).toEqual({
    title: 'Gave up',
    detail: 'After 5 attempts: deadlock',
    time: LATER,
    state: 'failed',
    elapsed: '+333 ms',
  })
})

it('shows reconciliation and posting', () => {
  const payment = aDetail({
    status: 'completed',
    outcome: 'discrepancy',
    job: aJob({ status: 'completed', attempts: 1, lockedBy: 'w:1', lockedAt: AT, finishedAt: LATER }),
    reconciliation: { status: 'completed_with_discrepancy', discrepancyAmount: '0.13', notes: 'in dispute', createdAt: LATER },
    entries: [
      { paymentId: '1', refundId: null, entryType: 'credit', accountId: 'ACC-001', currency: 'USD', amount: '42.13', balanceAfter: '42.13', accountVersion: 1, createdAt: LATER },
    ],
  })
  expect(titles(payment)).toEqual(['Created', 'Claimed by w:1', 'Reconciled with a discrepancy', 'Entries posted'])
  expect(paymentTimeline(payment, 'UTC').steps.map(step => step.elapsed)).toEqual([undefined, '+0 ms', '+333 ms', '+0 ms'])
  expect(paymentTimeline(payment, 'UTC').settledIn).toBe('333 ms')
  expect(titles({ ...payment, job: null })).not.toContain('Claimed by w:1')
})

it('shows a failure, and an unknown outcome under its plain name', () => {
  const reconciliation = { status: 'x', discrepancyAmount: '0.00', notes: 'the amount is zero', createdAt: LATER }
  expect(paymentTimeline(aDetail({ status: 'failed', outcome: 'failed', job: null, reconciliation }), 'UTC').steps.at(-1))
    .toMatchObject({ title: 'Failed', detail: 'the amount is zero', state: 'failed' })
  expect(titles(aDetail({ status: 'held', outcome: 'on_hold', job: null, reconciliation })).at(-1)).toBe('Reconciled: on_hold')
})

it('ends with the newest refunds: those that have settled by when, then those that wait', () => {
  const refunds = [
    aRefund({ id: '5', amount: '5.00', reason: '' }),
    aRefund({ id: '4', amount: '4.00', jobDead: true }),
    aRefund({ id: '3', amount: '3.00', status: 'completed', updatedAt: AT }),
    aRefund({ id: '2', amount: '2.00', status: 'completed', updatedAt: LATER }),
  ]
  const steps = paymentTimeline(aDetail({ status: 'partially_refunded', refunds }), 'UTC').steps.slice(1)
  expect(steps).toEqual([
    { title: '1 earlier refund', time: null, state: 'done' },
    { title: 'Refunded $2.00', detail: 'Returned goods', time: LATER, state: 'done' },
    { title: 'Refund of $4.00: the worker gave up', detail: 'Returned goods', time: null, state: 'failed' },
    { title: 'Refund of $5.00 waits for a worker', detail: undefined, time: null, state: 'waiting' },
  ])
  expect(paymentTimeline(aDetail({ refunds, moreRefunds: true }), 'UTC').steps.map(({ title }) => title)).toContain('1 or more earlier refunds')
})
