import { describe, expect, it } from 'vitest'
import { formatMoney } from '../../app/utils/format-money'

describe('formatMoney', () => {
  it.each([
    ['100.00', 'USD', '$100.00'],
    ['1234.50', 'EUR', '€1,234.50'],
    ['125000', 'JPY', '¥125,000'],
    ['10.130', 'KWD', '10.130'],
    ['1.2345', 'CLF', '1.2345'],
    ['0.00', 'USD', '$0.00'],
    ['-5.00', 'USD', '−$5.00'],
    ['-0.13', 'KWD', '−0.13'],
    ['100.00', 'XXX', '100.00'],
    ['100.00', 'AUD', '100.00'],
    ['1999', 'HUF', '1,999'],
  ])('shows %s %s as %s', (amount, currency, shown) => {
    expect(formatMoney(amount, currency)).toBe(shown)
  })

  it('shows every digit of an amount too long for a float', () => {
    expect(formatMoney('999999999999999.99', 'USD')).toBe('$999,999,999,999,999.99')
    expect(formatMoney('-12345678901234567890123.456', 'KWD')).toBe('−12,345,678,901,234,567,890,123.456')
    expect(formatMoney('9007199254740993', 'JPY')).toBe('¥9,007,199,254,740,993')
  })

  it('shows the decimals that the API sent, not Intl\'s default for the currency', () => {
    expect(formatMoney('10.5', 'USD')).toBe('$10.5')
    expect(formatMoney('10.00', 'HUF')).toBe('10.00')
  })

  it('shows an amount or currency that it cannot parse unchanged', () => {
    expect(formatMoney('1e3', 'USD')).toBe('1e3')
    expect(formatMoney('', 'USD')).toBe('')
    expect(formatMoney('1.00', 'points')).toBe('1.00')
  })
})
