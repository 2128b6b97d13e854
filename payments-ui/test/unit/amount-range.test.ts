import { expect, it } from 'vitest'
import { amountQuery, amountRange, cleanAmountRange, describeAmountRange } from '../../app/utils/amount-range'

it.each([
  ['100', { absoluteAmountFrom: '100', absoluteAmountTo: '100' }, 'Amount 100'],
  ['100..200', { absoluteAmountFrom: '100', absoluteAmountTo: '200' }, 'Amount 100 to 200'],
  ['1000..', { absoluteAmountFrom: '1000' }, 'Amount from 1,000'],
  ['..0.5', { absoluteAmountTo: '0.5' }, 'Amount up to 0.5'],
  ['>100', { absoluteAmountFrom: '100.0001' }, 'Amount over 100'],
  ['>99.9999', { absoluteAmountFrom: '100.0000' }, 'Amount over 99.9999'],
  ['<100', { absoluteAmountTo: '99.9999' }, 'Amount under 100'],
  ['>=100', { absoluteAmountFrom: '100' }, 'Amount from 100'],
  ['<=100', { absoluteAmountTo: '100' }, 'Amount up to 100'],
  ['-5', { amountFrom: '-5', amountTo: '-5' }, 'Amount −5'],
  ['+100', { amountFrom: '100', amountTo: '100' }, 'Amount +100'],
  ['-10..5', { amountFrom: '-10', amountTo: '5' }, 'Amount −10 to +5'],
  ['>-5', { amountFrom: '-4.9999' }, 'Amount over −5'],
  ['<+0', { amountTo: '-0.0001' }, 'Amount under +0'],
])('reads %s: without a sign, both signs count', (text, query, words) => {
  expect(amountQuery(text)).toEqual(query)
  expect(describeAmountRange(text)).toBe(words)
})

it.each(['', '..', 'abc', '1e3', '1,000', '100..200..300', '>', '>100..200', '<0', '1234567890123456', '1.23456', '100-200'])('refuses %s, and passes it on for the API to refuse', (text) => {
  expect(amountRange(text)).toBeUndefined()
  expect(amountQuery(text)).toEqual({ absoluteAmountFrom: text })
})

it('removes spaces, and accepts any minus sign and an ellipsis', () => {
  expect(cleanAmountRange(' \u22125 \u2026 \u221210\u00A0')).toBe('-5..-10')
  expect(cleanAmountRange('> 100')).toBe('>100')
})
