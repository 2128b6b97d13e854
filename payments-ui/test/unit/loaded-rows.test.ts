import type { LoadedRows } from '../../app/utils/loaded-rows'
import { describe, expect, it } from 'vitest'
import { newerRows, newOnTop, noRows, unlessSame, withNewestPage, withNextPage } from '../../app/utils/loaded-rows'

interface Row { id: string, text?: string }

const rules = { keyOf: (row: Row) => row.id, newer: unlessSame<Row> }
const rows = (...ids: string[]): Row[] => ids.map(id => ({ id }))
const ids = (list: LoadedRows<Row> | undefined) => list?.rows.map(row => row.id)
const loaded = (...ids: string[]): LoadedRows<Row> => ({ rows: rows(...ids), nextCursor: 'tail', pages: 2 })

describe('the newest page', () => {
  it('reuses the objects of unchanged rows only', () => {
    const list = loaded('2', '1')
    const [second, first] = list.rows
    const next = withNewestPage(list, { rows: [...rows('3', '2'), { id: '1', text: 'changed' }], nextCursor: null }, rules)
    expect(next!.rows[1]).toBe(second)
    expect(next!.rows[2]).not.toBe(first)
    expect(next!.rows[2]!.text).toBe('changed')
  })

  it('is the whole list while only one page was requested', () => {
    const list = withNewestPage({ ...noRows, rows: rows('2', '1') }, { rows: rows('4', '3'), nextCursor: 'c' }, rules)
    expect(ids(list)).toEqual(['4', '3'])
    expect(list?.nextCursor).toBe('c')
  })

  it('goes on top of the loaded rows, without duplicates, and keeps their next cursor', () => {
    const list = withNewestPage(loaded('3', '2', '1'), { rows: rows('5', '4', '3'), nextCursor: 'c' }, rules)
    expect(ids(list)).toEqual(['5', '4', '3', '2', '1'])
    expect(list?.nextCursor).toBe('tail')
  })

  it('is refused if it does not reach the loaded rows', () => {
    expect(withNewestPage(loaded('2', '1'), { rows: rows('9', '8'), nextCursor: 'c' }, rules)).toBeUndefined()
  })
})

it('appends the next page without duplicates', () => {
  const list = withNextPage(loaded('3', '2'), { rows: rows('2', '1'), nextCursor: null }, rules)
  expect(ids(list)).toEqual(['3', '2', '1'])
  expect(list.nextCursor).toBeNull()
})

it('counts the rows that are new on top, and none if no loaded row was found', () => {
  expect(newOnTop(loaded('2', '1'), rows('4', '3', '2'), rules)).toBe(2)
  expect(newOnTop(loaded('2', '1'), rows('4', '3'), rules)).toBe(0)
})

it('keeps the loaded rows that are no older than the fetched ones', () => {
  const list = loaded('2', '1')
  expect(newerRows(list, [{ id: '2' }, { id: '1', text: 'changed' }], rules)[0]).toBe(list.rows[0])
})
