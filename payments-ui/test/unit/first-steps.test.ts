import { expect, it } from 'vitest'
import { completedStep, firstSteps } from '../../app/utils/first-steps'

it('has a step for each amount with a known outcome', () => {
  expect(firstSteps.map(({ id, amount }) => [id, amount])).toEqual([['100', '100.00'], ['discrepancy', '42.13'], ['zero', '0'], ['negative', '-5']])
  for (const { title, meaning } of firstSteps)
    expect([title, meaning]).not.toContain(undefined)
})

it.each([
  [{ outcome: null, amount: '100.00' }, null],
  [{ outcome: 'matched', amount: '7.00' }, '100'],
  [{ outcome: 'discrepancy', amount: '9.13' }, 'discrepancy'],
  [{ outcome: 'failed', amount: '0.00' }, 'zero'],
  [{ outcome: 'failed', amount: '0' }, 'zero'],
  [{ outcome: 'failed', amount: '-0.01' }, 'negative'],
  [{ outcome: 'failed', amount: '0.01' }, null],
  [{ outcome: 'on_hold', amount: '1.00' }, null],
] as const)('a payment %o completes step %s', (payment, step) => expect(completedStep(payment)).toBe(step))
