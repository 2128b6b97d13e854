import assert from 'node:assert/strict'
import fc from 'fast-check'
import { currencyDigits, formatAmount, parseAmount } from '../src/domain/money.ts'

describe('money', () => {
  it('knows the decimals of ISO 4217, also where Intl says otherwise', () => {
    const digits = {
      USD: 2,
      EUR: 2,
      JPY: 0,
      KRW: 0,
      KWD: 3,
      BHD: 3,
      HUF: 2,
      IDR: 2,
      COP: 2,
      PKR: 2,
      IQD: 3,
      ABC: undefined,
      usd: undefined,
      ['__proto__']: undefined,
    }
    for (const [currency, expected] of Object.entries(digits))
      assert.equal(currencyDigits(currency), expected, currency)
  })

  it('reads back every amount that it writes, exactly', () => {
    fc.assert(fc.property(fc.bigInt(-(10n ** 15n) + 1n, 10n ** 15n - 1n), fc.integer({ min: 0, max: 4 }), (minorUnits, digits) => {
      assert.deepEqual(parseAmount(formatAmount(minorUnits, digits), digits), { ok: true, minorUnits })
    }))
  })

  it('does not mind decimals that are left out', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 99 }), (cents) => {
      const text = formatAmount(BigInt(cents), 2)
      assert.deepEqual(parseAmount(text.replace(/\.?0+$/, '') || '0', 2), parseAmount(text, 2))
    }))
  })

  it('reads nothing but plain decimals', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      assert.equal(parseAmount(text, 2).ok, /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,2})?$/.test(text))
    }))
    for (const text of ['', ' 1', '1 ', '+1', '.5', '1.', '01', '1e2', '0x10', 'NaN', 'Infinity', '١', '1,000', '1_000', '--1', '1\n'])
      assert.equal(parseAmount(text, 2).ok, false, JSON.stringify(text))
  })
})
