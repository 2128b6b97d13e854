import { expect, it } from 'vitest'
import { moreThanIsLeft, validateRefundAmount } from '../../app/utils/validate-refund-amount'

const dollars = { left: '70.00', currency: 'USD' }

it.each([
  ['70.00', dollars],
  ['70', dollars],
  ['0.01', dollars],
  ['69.9', dollars],
  ['1500', { left: '1500', currency: 'JPY' }],
  ['1.234', { left: '1.500', currency: 'KWD' }],
])('accepts %s of %o', (amount, refundable) => {
  expect(validateRefundAmount(amount, refundable, false)).toBeUndefined()
  expect(validateRefundAmount(amount, refundable, true)).toBeUndefined()
})

it.each([
  ['70.01', dollars, 'may be at most $70.00 USD: no more is left of the payment'],
  ['0.00', dollars, 'must be more than zero'],
  ['-5', dollars, 'must be more than zero'],
  ['1.001', dollars, 'may have at most 2 decimals in USD'],
  ['1.5', { left: '1500', currency: 'JPY' }, 'must be a whole number: JPY has no decimals'],
  ['', dollars, 'is required'],
  ['1,50', dollars, 'must have a decimal point and no thousands separator, such as 1234.50'],
  ['ten', dollars, 'must be a plain decimal number, such as 100.00'],
])('refuses %j of %o', (amount, refundable, why) => {
  expect(validateRefundAmount(amount, refundable, false)).toBe(why)
})

it.each(['', '0', '0.', '0.0', '7.'])('lets people type on after %j', (amount) => {
  expect(validateRefundAmount(amount, dollars, true)).toBeUndefined()
})

it('says that nothing is left', () => {
  expect(moreThanIsLeft({ left: '0.00', currency: 'USD' })).toBe('cannot be refunded: nothing is left of the payment')
})
