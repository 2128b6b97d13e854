import { expect, it } from 'vitest'
import { cleanAmount, cleanTyped } from '../../app/utils/clean-typed'

it('removes what a paste brings along and no one sees', () => {
  expect(cleanTyped('\u200E ACC-001\u00A0\uFEFF')).toBe('ACC-001')
  expect(cleanTyped('a b')).toBe('a b')
})

it('reads every minus sign, and leaves what is no sign', () => {
  for (const minus of ['-', '\u2212', '\u2013', '\uFF0D'])
    expect(cleanAmount(` ${minus}5.00 `)).toBe('-5.00')
  expect(cleanAmount('100.00\u202F')).toBe('100.00')
  expect(cleanAmount('5\u221200')).toBe('5\u221200')
  expect(cleanAmount('\u2212')).toBe('\u2212')
})
