import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { settledNotifications } from '../src/domain/settled-notification.ts'

describe('the notifications of settled refunds', () => {
  it('give a payment the status that it has after the last of them, in whatever order its refunds are named', () => {
    const [payment, first, second] = [randomUUID(), randomUUID(), randomUUID()]
    const notifications = settledNotifications()
    // As a worker sends them that posts its jobs one by one, the newest first.
    for (const refund of [
      { refundId: second, paymentId: payment, paymentStatus: 'partially_refunded' },
      { refundId: first, paymentId: payment, paymentStatus: 'refunded' },
    ])
      assert.ok(notifications.takeRefunds(JSON.stringify([refund])))
    notifications.takeAccounts(JSON.stringify([first, second].map(paymentId => ({ paymentId, accountId: 'A' }))))
    const settlements = notifications.parse(JSON.stringify({ completed: [first, second] }))
    assert.deepEqual(settlements?.map(({ event }) => event), [first, second].map(refundId => ({ id: payment, accountId: 'A', status: 'refunded', refundId })))
  })
})
