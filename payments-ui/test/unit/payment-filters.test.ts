import { describe, expect, it } from 'vitest'
import { apiQueryOf, describeFilter, filterErrors, filtersFromQuery, isPaymentId, withFilter } from '../../app/utils/payment-filters'

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
    expect(apiQueryOf({ from: '2026-11-23', to: '2026-11-30', status: 'failed' })).toEqual({
      from: '2026-11-23T00:00:00.000Z',
      to: '2026-12-01T00:00:00.000Z',
      status: 'failed',
    })
  })

  it('have no end on the last day that there is', () => {
    expect(apiQueryOf({ from: '9999-12-31', to: '9999-12-31' })).toEqual({ from: '9999-12-31T00:00:00.000Z' })
  })

  it('pass on an invalid day, for the API to refuse, and name it', () => {
    for (const day of ['yesterday', '2026-13-45', '2026-02-30', '2025-02-29', '02026-01-01']) {
      expect(apiQueryOf({ from: day, to: day })).toEqual({ from: day, to: day })
      expect(filterErrors({ from: day, to: '2026-02-28' })).toEqual({ from: 'is not a day of the calendar' })
    }
    expect(filterErrors({ from: '2028-02-29', status: 'x' })).toEqual({})
  })
})

it('describes each filter, with an unknown value unchanged', () => {
  expect(describeFilter('status', 'completed')).toBe('Completed')
  expect(describeFilter('status', 'on_hold')).toBe('on_hold')
  expect(describeFilter('outcome', 'toString')).toBe('Outcome: toString')
  expect(describeFilter('amountFrom', '-5')).toBe('At least −5')
})

it('distinguishes a payment id from an account', () => {
  expect(isPaymentId(' 01932F00-0000-7000-8000-000000000001 ')).toBe(true)
  expect(isPaymentId('ACC-001')).toBe(false)
})
