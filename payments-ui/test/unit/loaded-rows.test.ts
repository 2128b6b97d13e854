import type { PaymentList } from '../../app/utils/payment-list'
import { describe, expect, it } from 'vitest'
import { emptyPaymentList, withNewestPage, withNextPage, withPayment, withSettled, withSettledSince } from '../../app/utils/payment-list'
import { aPayment } from '../support/a-payment'

const rows = (...ids: string[]) => ids.map(id => aPayment({ id }))
const ids = (list: PaymentList | undefined) => list?.payments.map(payment => payment.id)
function loaded(...ids: string[]): PaymentList {
  return {
    payments: rows(...ids),
    nextCursor: 'tail',
    pages: 2,
  }
}

describe('the newest page', () => {
  it('reuses the objects of unchanged rows only', () => {
    const list = loaded('2', '1')
    const [second, first] = list.payments
    const next = withNewestPage(list, {
      payments: [aPayment({ id: '3' }), aPayment({ id: '2' }), aPayment({ id: '1', status: 'failed' })],
      nextCursor: null,
    })
    expect(next!.payments[1]).toBe(second)
    expect(next!.payments[2]).not.toBe(first)
    expect(next!.payments[2]!.status).toBe('failed')
  })

  it('is the whole list while only one page was requested', () => {
    const list = withNewestPage({
      ...emptyPaymentList,
      payments: rows('2', '1'),
    }, {
      payments: rows('4', '3'),
      nextCursor: 'c',
    })
    expect(ids(list)).toEqual(['4', '3'])
    expect(list?.nextCursor).toBe('c')
  })

  it('goes on top of the loaded payments, without duplicates, and keeps their next cursor', () => {
    const list = withNewestPage(loaded('3', '2', '1'), {
      payments: rows('5', '4', '3'),
      nextCursor: 'c',
    })
    expect(ids(list)).toEqual(['5', '4', '3', '2', '1'])
    expect(list?.nextCursor).toBe('tail')
  })

  it('is refused if it does not reach the loaded payments', () => {
    expect(withNewestPage(loaded('2', '1'), {
      payments: rows('9', '8'),
      nextCursor: 'c',
    })).toBeUndefined()
  })

  it('does not set a settled payment back to pending', () => {
    const list = {
      ...emptyPaymentList,
      payments: [
        aPayment({ id: '1', status: 'completed', outcome: 'matched' }),
      ],
    }
    expect(withNewestPage(list, {
      payments: rows('1'),
      nextCursor: null,
    })?.payments[0]).toMatchObject({ status: 'completed' })
  })
})

it('appends the next page without duplicates', () => {
  const list = withNextPage(loaded('3', '2'), {
    payments: rows('2', '1'),
    nextCursor: null,
  })
  expect(ids(list)).toEqual(['3', '2', '1'])
  expect(list.nextCursor).toBeNull()
})

it('patches settled payments without changing their order or the old list', () => {
  const before = loaded('2', '1')
  const after = withSettled(before, new Map([
    [
      '1',
      { id: '1', status: 'failed', outcome: 'failed' },
    ],
  ]))
  expect(after.payments[1]).toMatchObject({
    id: '1',
    status: 'failed',
    outcome: 'failed',
    amount: '100.00',
  })
  expect(before.payments[1]?.status).toBe('pending')
})

it('patches payments that settled while a response was in flight, if it still says pending', () => {
  const settled = new Map([
    [
      '1',
      { id: '1', status: 'completed', outcome: 'matched' },
    ],
    [
      '2',
      { id: '2', status: 'completed', outcome: 'matched' },
    ],
  ])
  const list = {
    ...emptyPaymentList,
    payments: [
      aPayment({ id: '2', status: 'refunded' }),
      ...rows('1'),
    ],
  }
  expect(withSettledSince(list, settled).payments.map(payment => payment.status)).toEqual(['refunded', 'completed'])
})

it('replaces one payment', () => {
  const list = withPayment(loaded('2', '1'), aPayment({ id: '1', status: 'completed', discrepancyAmount: '0.13' }))
  expect(list.payments[1]?.discrepancyAmount).toBe('0.13')
  expect(ids(list)).toEqual(['2', '1'])
})
