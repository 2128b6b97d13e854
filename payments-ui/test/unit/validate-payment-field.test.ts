import { expect, it } from 'vitest'
import { validatePaymentField } from '../../app/utils/validate-payment-field'

it.each([
  ['accountId', 'ACC-001'],
  ['accountId', `a${'.'.repeat(63)}`],
  ['amount', '100.00'],
  ['amount', '-5'],
  ['amount', '0'],
  ['amount', '0.5'],
  ['amount', '999999999999999.99'],
  ['currency', 'USD'],
  ['description', ''],
  ['description', '😀'.repeat(500)],
] as const)('accepts %s %j', (field, value) => {
  expect(validatePaymentField(field, value, false)).toBeUndefined()
  expect(validatePaymentField(field, value, true)).toBeUndefined()
})

it.each([
  ['accountId', '-1'],
  ['accountId', 'a b'],
  ['accountId', 'a'.repeat(65)],
  ['amount', '1,5'],
  ['amount', '1e3'],
  ['amount', '01'],
  ['amount', '1234567890123456'],
  ['currency', 'usd'],
  ['description', 'x'.repeat(501)],
] as const)('refuses %s %j while the user types', (field, value) => {
  expect(validatePaymentField(field, value, true)).toBeTypeOf('string')
})

it.each([
  ['accountId', ''],
  ['amount', ''],
  ['amount', '-'],
  ['amount', '12.'],
  ['currency', 'US'],
] as const)('refuses %s %j only once the user has finished typing', (field, value) => {
  expect(validatePaymentField(field, value, true)).toBeUndefined()
  expect(validatePaymentField(field, value, false)).toBeTypeOf('string')
})
