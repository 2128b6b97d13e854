import { expect, it } from 'vitest'
import { balancePoints, lastPerInstant } from '../../app/utils/balance-points'

function after(createdAt: string, balance: string) {
  return { accountVersion: 1, balance, createdAt }
}

it('returns the balances as points', () => {
  const points = balancePoints([
    after('2026-11-25T10:00:00.000Z', '10.00'),
    after('2026-11-25T10:00:01.000Z', '20.00'),
  ])
  expect(points.map(({ balance, y }) => [balance, y])).toEqual([['10.00', 10], ['20.00', 20]])
  expect(points[1]!.seconds - points[0]!.seconds).toBe(1)
})

it('keeps the last balance of each instant', () => {
  const points = balancePoints([
    after('2026-11-25T10:00:00.000Z', '10.00'),
    after('2026-11-25T10:00:00.000Z', '20.00'),
    after('2026-11-25T10:00:01.000311Z', '30.00'),
    after('2026-11-25T10:00:01.000812Z', '40.00'),
  ])
  expect(lastPerInstant(points).map(({ balance }) => balance)).toEqual(['20.00', '40.00'])
  expect(lastPerInstant([])).toEqual([])
})
