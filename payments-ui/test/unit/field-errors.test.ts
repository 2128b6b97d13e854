import type { FieldError } from '../../shared/types/problem'
import { expect, it } from 'vitest'
import { fieldErrors } from '../../app/utils/field-errors'

function of(...errors: FieldError[]) {
  return fieldErrors({
    type: '/problems/validation',
    title: '',
    status: 422,
    errors,
  }, ['amount', 'a/b'])
}

it('assigns each error to the field that its pointer names', () => {
  expect(of({ pointer: '#/amount', detail: 'is required' })).toEqual({
    byField: { amount: 'is required' },
    others: [],
  })
  expect(of({ pointer: '#/a~1b', detail: 'is odd' }).byField).toEqual({ 'a/b': 'is odd' })
  expect(of({ pointer: '#/a%7E1b', detail: 'is odd' }).byField).toEqual({ 'a/b': 'is odd' })
})

it('joins two errors of one field', () => {
  expect(of({ pointer: '#/amount', detail: 'one' }, { pointer: '#/amount', detail: 'two' }).byField.amount).toBe('one; two')
})

it('keeps errors that point at no field of the form', () => {
  expect(of({ pointer: '#/colour', detail: 'is not a field' }, { pointer: '#', detail: 'must be an object' }, { detail: 'and this' }).others)
    .toEqual(['colour is not a field', '# must be an object', 'and this'])
  expect(of({ pointer: '#/%', detail: 'is broken' }).others).toEqual(['#/% is broken'])
})
