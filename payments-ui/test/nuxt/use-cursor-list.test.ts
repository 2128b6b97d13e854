import { mountSuspended, registerEndpoint } from '@nuxt/test-utils/runtime'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import { useCursorList } from '~/composables/useCursorList'
import { eventually } from '../support/eventually'

interface NumberPage { numbers: number[], nextCursor: string | null }

const PAGE = 2
/** In the order of the list. */
let rows: number[]
/** Holds back the first page. */
let slow: PromiseWithResolvers<void> | undefined
let limits: (string | null)[]
let list: ReturnType<typeof useCursorList<NumberPage, number>>

beforeEach(async () => {
  rows = [4, 3, 2, 1]
  slow = undefined
  limits = []
  registerEndpoint('/api/numbers', async (event) => {
    const query = new URL(event.path, 'http://ui').searchParams
    const cursor = query.get('cursor')
    const answer = rows
    limits.push(query.get('limit'))
    if (cursor === null)
      await slow?.promise
    const begin = cursor === null ? 0 : answer.indexOf(Number(cursor)) + 1
    const numbers = answer.slice(begin, begin + Number(query.get('limit') ?? PAGE))
    return { numbers, nextCursor: begin + numbers.length < answer.length ? String(numbers.at(-1)) : null }
  })
  await mountSuspended(defineComponent({
    setup() {
      list = useCursorList<NumberPage, number>({ name: 'numbers', path: '/api/numbers', rowsOf: page => page.numbers, keyOf: String })
      return () => h('p')
    },
  }))
  await list.load()
  expect(list.rows.value).toEqual([4, 3])
})
afterEach(() => clearNuxtState())

it('keeps a page that was loaded while a refresh was on its way', async () => {
  slow = Promise.withResolvers<void>()
  const refreshed = list.load()
  const more = list.loadMore()
  slow.resolve()
  await Promise.all([refreshed, more])
  await eventually(() => expect(list.loadingMore.value).toBe(false))
  expect(list.rows.value).toEqual([4, 3, 2, 1])
})

it('keeps loaded pages over a refresh, and shows what is new on top of them', async () => {
  rows = [9, 8, 7, 6, 5, 4, 3, 2, 1]
  await list.load()
  expect(list.rows.value).toEqual([9, 8])
  await list.loadMore()
  rows = [10, ...rows]
  await list.load()
  expect(list.rows.value).toEqual([10, 9, 8, 7, 6])
  expect(limits.slice(-2)).toEqual(['4', '1'])
})

it('is its whole first page after a refresh, also if it had fewer rows before', async () => {
  rows = [4]
  await list.load()
  expect(list.rows.value).toEqual([4])
  rows = [5, 4]
  await list.load()
  expect(list.rows.value).toEqual([5, 4])
  expect(list.hasMore.value).toBe(false)
})
