import assert from 'node:assert/strict'
import fc from 'fast-check'
import { reconcile } from '../src/reconcile.ts'

const resultStatus = (amount: string): string => reconcile(amount).resultStatus

describe('reconcile', () => {
  it('fails a negative amount', () => {
    assert.deepEqual(reconcile('-5.00'), { resultStatus: 'failed', discrepancyAmount: '0.00', notes: 'the amount is negative' })
  })

  it('fails zero, with any number of decimals', () => {
    assert.deepEqual(reconcile('0.00'), { resultStatus: 'failed', discrepancyAmount: '0.00', notes: 'the amount is zero' })
    assert.equal(resultStatus('0'), 'failed')
    assert.equal(resultStatus('0.000'), 'failed')
  })

  it('completes an amount that ends in .13 with a discrepancy of 0.13', () => {
    assert.deepEqual(reconcile('42.13'), { resultStatus: 'completed_with_discrepancy', discrepancyAmount: '0.13', notes: 'the amount ends in .13: 0.13 is in dispute' })
    assert.equal(reconcile('0.13').resultStatus, 'completed_with_discrepancy')
  })

  it('compares the fraction exactly: .130 counts as .13, an amount without decimals does not', () => {
    assert.deepEqual(reconcile('10.130'), { resultStatus: 'completed_with_discrepancy', discrepancyAmount: '0.130', notes: 'the amount ends in .13: 0.130 is in dispute' })
    for (const amount of [
      '10.131',
      '10.013',
      '13',
      '113',
      '13.00',
      '1.31',
    ])
      assert.equal(resultStatus(amount), 'completed', amount)
  })

  it('checks the sign first', () => {
    assert.equal(resultStatus('-42.13'), 'failed')
  })

  it('completes and matches every other amount', () => {
    assert.deepEqual(reconcile('100.00'), { resultStatus: 'completed', discrepancyAmount: '0.00', notes: null })
  })

  it('follows the rules for every amount of every scale', () => {
    fc.assert(fc.property(fc.bigInt(-(10n ** 18n), 10n ** 18n), fc.constantFrom(0, 2, 3, 4), (minorUnits, digits) => {
      const scale = 10n ** BigInt(digits)
      const magnitude = minorUnits < 0n
        ? -minorUnits
        : minorUnits
      const fraction = digits
        ? `.${(magnitude % scale).toString().padStart(digits, '0')}`
        : ''
      const amount = `${minorUnits < 0n
        ? '-'
        : ''}${magnitude / scale}${fraction}`
      const expected = minorUnits <= 0n
        ? 'failed'
        : (minorUnits % scale) * 100n === 13n * scale
            ? 'completed_with_discrepancy'
            : 'completed'
      assert.equal(resultStatus(amount), expected, amount)
    }))
  })

  it('throws if the amount is not a decimal number', () => {
    for (const amount of ['', 'NaN', 'Infinity', '1e3', '1.'])
      assert.throws(() => reconcile(amount), RangeError, amount)
  })
})
