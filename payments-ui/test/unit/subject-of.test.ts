import { expect, it } from 'vitest'
import { subjectOf } from '../../app/utils/subject-of'

it('links what belongs to a refund to the refund, and everything else to the payment', () => {
  expect(subjectOf({ paymentId: '1', refundId: null })).toEqual({ kind: 'payment', id: '1', path: '/payments/1' })
  expect(subjectOf({ paymentId: '1', refundId: '2' })).toEqual({ kind: 'refund', id: '2', path: '/refunds/2' })
})
