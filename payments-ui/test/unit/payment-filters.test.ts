import { describe, expect, it } from 'vitest'
import { apiQueryOf, describeFilter, filterErrors, filtersFromQuery, isPaymentId, quickPeriods, withFilter } from '../../app/utils/payment-filters'

describe('filters in a URL', () => {
  it('are read by name, and other parameters are ignored', () => {
    expect(filtersFromQuery({ status: 'failed', accountId: [' ACC-001 ', 'ACC-002'], currency: '', utm: 'x', cursor: 'c' }))
      .toEqual({ status: 'failed', accountId: 'ACC-001' })
  })

  it('are set, and removed by an empty value', () => {
    expect(withFilter({ status: 'failed' }, 'currency', ' USD ')).toEqual({ status: 'failed', currency: 'USD' })
    expect(withFilter({ status: 'failed', currency: 'USD' }, 'status', ' ')).toEqual({ currency: 'USD' })
  })
})

describe('filters for the API', () => {
  it('include both days of a range', () => {
    expect(apiQueryOf({ from: '2026-11-23', to: '2026-11-30', status: 'failed' }, 'UTC')).toEqual({
      from: '2026-11-23T00:00:00.000Z',
      to: '2026-12-01T00:00:00.000Z',
      status: 'failed',
    })
  })

  it('mean days of the reader, also across a change to summer time', () => {
    expect(apiQueryOf({ from: '2026-03-29', to: '2026-03-29' }, 'Europe/Berlin')).toEqual({ from: '2026-03-28T23:00:00.000Z', to: '2026-03-29T22:00:00.000Z' })
    expect(apiQueryOf({ from: '2026-11-23', to: '2026-11-23' }, 'America/New_York')).toEqual({ from: '2026-11-23T05:00:00.000Z', to: '2026-11-24T05:00:00.000Z' })
    expect(apiQueryOf({ from: '2026-03-29' }, 'Pacific/Auckland')).toEqual({ from: '2026-03-28T11:00:00.000Z' })
    expect(apiQueryOf({ from: '0001-01-01' }, 'Asia/Tokyo')).toEqual({ from: '0001-01-01T00:00:00.000Z' })
  })

  it('turn an amount into its range, and refuse what is none', () => {
    expect(apiQueryOf({ amount: '100', status: 'failed' }, 'UTC')).toEqual({ status: 'failed', absoluteAmountFrom: '100', absoluteAmountTo: '100' })
    expect(filterErrors({ amount: '1,000' })).toEqual({ amount: 'must be an amount such as 100, a range such as 100..200, or >100' })
  })

  it('have no end on the last day that there is', () => {
    expect(apiQueryOf({ from: '9999-12-31', to: '9999-12-31' }, 'UTC')).toEqual({ from: '9999-12-31T00:00:00.000Z' })
  })

  it('pass on an invalid day, for the API to refuse, and name it', () => {
    for (const day of ['yesterday', '2026-13-45', '2026-02-30', '2025-02-29', '02026-01-01']) {
      expect(apiQueryOf({ from: day, to: day }, 'UTC')).toEqual({ from: day, to: day })
      expect(filterErrors({ from: day, to: '2026-02-28' })).toEqual({ from: 'is not a day of the calendar' })
    }
    expect(filterErrors({ from: '2028-02-29', status: 'x' })).toEqual({})
  })
})

it('describes each filter, with an unknown value unchanged', () => {
  expect(describeFilter('status', 'completed')).toBe('Completed')
  expect(describeFilter('status', 'on_hold')).toBe('on_hold')
  expect(describeFilter('outcome', 'toString')).toBe('Outcome: toString')
  expect(describeFilter('amount', '>100')).toBe('Amount over 100')
})

it('distinguishes a payment id from an account', () => {
  expect(isPaymentId(' 01932F00-0000-7000-8000-000000000001 ')).toBe(true)
  expect(isPaymentId('ACC-001')).toBe(false)
})

it('offers the reader\'s calendar days', () => {
  const nowMs = Date.parse('2026-11-23T16:05:00Z') // the 24th in Auckland
  expect(quickPeriods({ nowMs, timeZone: 'UTC' })[0]!.filters).toEqual({ from: '2026-11-23', to: '2026-11-23' })
  expect(quickPeriods({ nowMs, timeZone: 'Pacific/Auckland' }).map(({ filters }) => filters)).toEqual([
    { from: '2026-11-24', to: '2026-11-24' },
    { from: '2026-11-23', to: '2026-11-23' },
    { from: '2026-11-18', to: '2026-11-24' },
  ])
})
