import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { balanceText, CURRENCIES_PUBLISHED, currencyDigits, digitsOf, formatAmount, KNOWN_CURRENCIES, parseAmount, PAYABLE_CURRENCIES, whyNotPayable } from '../src/domain/money.ts'

describe('money', () => {
  it('uses the decimals of ISO 4217, even where Intl differs', () => {
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

  it('is payable in the current codes of ISO 4217, without funds, metals, units of account, reserved or withdrawn codes', () => {
    const payable = (codes: string): string[] => codes.split(' ').filter(code => PAYABLE_CURRENCIES.includes(code))
    const today = 'USD EUR JPY XCG XCD XAF XOF XPF ZWG SLE VED VES BYN MRU STN CUP'
    assert.deepEqual(payable(today), today.split(' '))
    const notToday = 'XXX XTS XAU XAG XPT XPD XDR XUA XSU XAD XBA XBB XBC XBD BOV CHE CHW CLF COU MXV USN UYI UYW ANG BGN HRK ZWL SLL CUC VEF MRO STD BYR LTL DEM ABC'
    assert.deepEqual(payable(notToday), [])
    assert.equal(PAYABLE_CURRENCIES.length, 155)
    for (const code of PAYABLE_CURRENCIES)
      assert.equal(whyNotPayable(code), undefined)
  })

  it('keeps the decimals of withdrawn codes, and shows an amount in an unknown code as stored', () => {
    assert.equal(whyNotPayable('BGN'), 'was withdrawn from ISO 4217 in 2026-01')
    assert.equal(whyNotPayable('ANG'), 'was withdrawn from ISO 4217 in 2025-03')
    assert.deepEqual(['BGN', 'CLF', 'JPY', 'XXX', 'ABC'].map(code => balanceText('0', code)), ['0.00', '0.0000', '0', '0', '0'])
    assert.deepEqual(['BGN', 'ABC'].map(code => balanceText('1.250', code)), ['1.250', '1.250'])
    assert.throws(() => digitsOf('ABC'), RangeError)
    assert.ok(KNOWN_CURRENCIES.includes('ANG') && !KNOWN_CURRENCIES.includes('ABC'))
  })

  it('has a list of currencies less than two years old, with its date in the README (to fix: npm run currencies)', async () => {
    const twoYearsAgo = new Date()
    twoYearsAgo.setFullYear(twoYearsAgo.getFullYear() - 2)
    assert.ok(new Date(CURRENCIES_PUBLISHED) > twoYearsAgo, `the list was published on ${CURRENCIES_PUBLISHED}`)
    assert.match(await readFile(new URL('../README.md', import.meta.url), 'utf8'), new RegExp(`list of ${CURRENCIES_PUBLISHED}`))
  })

  it('parses every amount that it formats to the same minor units', () => {
    fc.assert(fc.property(fc.bigInt(-(10n ** 15n) + 1n, 10n ** 15n - 1n), fc.integer({ min: 0, max: 4 }), (minorUnits, digits) => {
      assert.deepEqual(parseAmount(formatAmount(minorUnits, digits), digits), { ok: true, minorUnits })
    }))
  })

  it('accepts amounts with omitted decimals', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 99 }), (cents) => {
      const text = formatAmount(BigInt(cents), 2)
      assert.deepEqual(parseAmount(text.replace(/\.?0+$/, '') || '0', 2), parseAmount(text, 2))
    }))
  })

  it('parses only plain decimals', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      assert.equal(parseAmount(text, 2).ok, /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,2})?$/.test(text))
    }))
    for (const text of ['', ' 1', '1 ', '+1', '.5', '1.', '01', '1e2', '0x10', 'NaN', 'Infinity', '١', '1,000', '1_000', '--1', '1\n'])
      assert.equal(parseAmount(text, 2).ok, false, JSON.stringify(text))
  })
})
