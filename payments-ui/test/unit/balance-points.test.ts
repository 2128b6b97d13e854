import { expect, it } from 'vitest'
import { balancePoints, lastPerInstant } from '../../app/utils/balance-points'

function entry(time: string, balanceAfter: string) {
  return {
    paymentId: 'p',
    entryType: 'credit' as const,
    accountId: 'ACC-001',
    currency: 'USD',
    amount: '10.00',
    balanceAfter,
    accountVersion: 1,
    createdAt: time,
  }
}

it('returns the balance after each entry, oldest first', () => {
  const points = balancePoints([
    entry('2026-11-25T10:00:01.000Z', '20.00'),
    entry('2026-11-25T10:00:00.000Z', '10.00'),
  ])
  expect(points.map(({ balance, y }) => [balance, y])).toEqual([['10.00', 10], ['20.00', 20]])
  expect(points[1]!.seconds - points[0]!.seconds).toBe(1)
})

it('keeps the last balance of each instant', () => {
  const points = balancePoints([
    entry('2026-11-25T10:00:01.000812Z', '40.00'),
    entry('2026-11-25T10:00:01.000311Z', '30.00'),
    entry('2026-11-25T10:00:00.000Z', '20.00'),
    entry('2026-11-25T10:00:00.000Z', '10.00'),
  ])
  expect(lastPerInstant(points).map(({ balance }) => balance)).toEqual(['20.00', '40.00'])
  expect(lastPerInstant([])).toEqual([])
})
