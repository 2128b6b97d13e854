import { mountSuspended, registerEndpoint } from '@nuxt/test-utils/runtime'
import { afterEach, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import { useCursorList } from '~/composables/useCursorList'
import { eventually } from '../support/eventually'

afterEach(() => clearNuxtState())

it('keeps a page that was loaded while a refresh was on its way', async () => {
  const rows = [1, 2, 3, 4]
  let slow: PromiseWithResolvers<void> | undefined
  registerEndpoint('/api/numbers', async (event) => {
    const query = new URL(event.path, 'http://ui').searchParams
    const after = Number(query.get('cursor') ?? 0)
    if (!query.has('cursor'))
      await slow?.promise
    const numbers = rows.filter(row => row > after).slice(0, 2)
    return { numbers, nextCursor: numbers.at(-1)! < 4 ? String(numbers.at(-1)) : null }
  })
  let list!: ReturnType<typeof useCursorList<{ numbers: number[], nextCursor: string | null }, number>>
  await mountSuspended(defineComponent({
    setup() {
      list = useCursorList({ name: 'numbers', path: '/api/numbers', rowsOf: (page: { numbers: number[], nextCursor: string | null }) => page.numbers })
      return () => h('p')
    },
  }))
  await list.load()
  slow = Promise.withResolvers<void>()
  const refreshed = list.load()
  const more = list.loadMore()
  slow.resolve()
  await Promise.all([refreshed, more])
  await eventually(() => expect(list.loadingMore.value).toBe(false))
  expect(list.rows.value).toEqual([1, 2, 3, 4])
})
