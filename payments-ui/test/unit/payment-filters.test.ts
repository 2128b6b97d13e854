import { describe, expect, it } from 'vitest'
import { apiQueryOf, describeFilter, filtersFromQuery, isPaymentId, withFilter } from '../../app/utils/payment-filters'

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

  it('pass on an invalid day, for the API to refuse', () => {
    expect(apiQueryOf({ from: 'yesterday', to: '2026-13-45' })).toEqual({ from: 'yesterday', to: '2026-13-45' })
  })
})

it('describes each filter, with an unknown value unchanged', () => {
  expect(describeFilter('status', 'completed')).toBe('Completed')
  expect(describeFilter('status', 'on_hold')).toBe('on_hold')
  expect(describeFilter('outcome', 'toString')).toBe('Outcome: toString')
  expect(describeFilter('amountFrom', '-5')).toBe('At least -5')
})

it('distinguishes a payment id from an account', () => {
  expect(isPaymentId(' 01932F00-0000-7000-8000-000000000001 ')).toBe(true)
  expect(isPaymentId('ACC-001')).toBe(false)
})
