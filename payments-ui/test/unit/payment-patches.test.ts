import type { PaymentSettled } from '../../shared/types/payment-settled'
import { expect, it } from 'vitest'
import { newerPayment, rememberSettled, withPayment, withSettled, withSettledSince } from '../../app/utils/payment-patches'
import { aPayment } from '../support/a-payment'

const rows = (...ids: string[]) => ids.map(id => aPayment({ id }))

it('keeps a settled payment that a stale response shows as pending', () => {
  const settled = aPayment({ id: '1', status: 'completed', outcome: 'matched' })
  expect(newerPayment(settled, aPayment({ id: '1' }))).toBe(settled)
  expect(newerPayment(settled, aPayment({ id: '1', status: 'refunded' })).status).toBe('refunded')
  expect(newerPayment(settled, { ...settled })).toBe(settled)
})

it('patches settled payments without changing their order or the old list', () => {
  const before = rows('2', '1')
  const after = withSettled(before, new Map([['1', { id: '1', status: 'failed', outcome: 'failed' }]]))
  expect(after[1]).toMatchObject({ id: '1', status: 'failed', outcome: 'failed', amount: '100.00' })
  expect(after[0]).toBe(before[0])
  expect(before[1]?.status).toBe('pending')
})

it('patches payments that settled while a response was in flight, if it still says pending', () => {
  const settled = new Map(['1', '2'].map(id => [id, { id, status: 'completed', outcome: 'matched' }]))
  const after = withSettledSince([aPayment({ id: '2', status: 'refunded' }), ...rows('1', '0')], settled)
  expect(after.map(payment => payment.status)).toEqual(['refunded', 'completed', 'pending'])
})

it('keeps what was refunded over a stale response that shows less of it', () => {
  const part = aPayment({ status: 'partially_refunded', refundedAmount: '50.00' })
  expect(newerPayment(part, aPayment({ status: 'completed' }))).toBe(part)
  expect(newerPayment(part, { ...part, refundedAmount: '9.00' })).toBe(part)
  expect(newerPayment(part, { ...part, refundedAmount: '60.00' }).refundedAmount).toBe('60.00')
  expect(newerPayment({ ...part, refundedAmount: null }, part)).toBe(part)
  expect(newerPayment({ ...part, status: 'refunded' }, part).status).toBe('refunded')
})

it('patches what a refund made of its payment: the outcome stays, and the amount has to be fetched', () => {
  const disputed = aPayment({ status: 'completed', outcome: 'discrepancy', discrepancyAmount: '0.13' })
  const events = new Map<string, PaymentSettled>()
  rememberSettled(events, { id: disputed.id, status: 'completed', outcome: 'discrepancy' })
  rememberSettled(events, { id: disputed.id, status: 'partially_refunded', refundId: '2' })
  const expected = { ...disputed, status: 'partially_refunded', refundedAmount: null }
  expect(withSettled([disputed], events)).toEqual([expected])
  expect(withSettledSince([disputed], events)).toEqual([expected])
  expect(withSettledSince([aPayment()], events)[0]).toMatchObject({ status: 'partially_refunded', outcome: 'discrepancy' })
  const refunded = aPayment({ status: 'refunded', refundedAmount: '100.00' })
  expect(withSettled([refunded], events)[0]).toBe(refunded)
  const known = { ...expected, refundedAmount: '30.00' }
  expect(withSettledSince([known], events)[0]).toBe(known)
})

it('replaces one payment', () => {
  const payments = withPayment(rows('2', '1'), aPayment({ id: '1', status: 'completed', discrepancyAmount: '0.13' }))
  expect(payments[1]?.discrepancyAmount).toBe('0.13')
  expect(payments.map(({ id }) => id)).toEqual(['2', '1'])
})
