import { expect, it } from 'vitest'
import { instantBefore, isDay, periodError, periodQuery } from '../../app/utils/calendar-days'

it('knows the days that the database knows', () => {
  expect(['0001-01-01', '9999-12-31', '2028-02-29'].map(isDay)).toEqual([true, true, true])
  expect(['0000-12-31', '2026-02-30', '10000-01-01', '2026-1-1', ''].map(isDay)).toEqual([false, false, false, false, false])
})

it('names a period in instants that the API takes, to the ends of the calendar', () => {
  expect(periodQuery({ from: '2026-11-01', to: '2026-11-30' })).toEqual({ from: '2026-11-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' })
  expect(periodQuery({ from: '0001-01-01', to: '9999-12-31' })).toEqual({ from: '0001-01-01T00:00:00.000Z' })
  expect(periodQuery({ to: '9999-12-30' })).toEqual({ to: '9999-12-31T00:00:00.000Z' })
  expect(['2026-11-01', '0001-01-02', '0001-01-01'].map(instantBefore)).toEqual(['2026-10-31T23:59:59.999999Z', '0001-01-01T23:59:59.999999Z', '0001-01-01T00:00:00.000Z'])
})

it('says what is wrong with a period in the words of who typed it', () => {
  expect(periodError({ from: '2026-11-01', to: '2026-11-01' })).toBe('')
  expect(periodError({ from: '2026-02-30', to: '2026-11-01' })).toBe('2026-02-30 is not a day of the calendar. Choose days from 0001-01-01 to 9999-12-31.')
  expect(periodError({ from: '2026-11-01', to: '' })).toMatch(/^An empty text is not a day/)
  expect(periodError({ from: '2026-11-30', to: '2026-11-01' })).toBe('The first day, 2026-11-30, is after the last, 2026-11-01.')
})
