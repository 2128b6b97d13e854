import type { Period } from '~/composables/useStatement'
import { mountSuspended, registerEndpoint } from '@nuxt/test-utils/runtime'
import { afterEach, expect, it } from 'vitest'
import { defineComponent, h, shallowRef } from 'vue'
import { useStatement } from '~/composables/useStatement'

afterEach(() => clearNuxtState())

for (const [account, balance] of [['A', '1.00'], ['B', '2.00']] as const) {
  registerEndpoint(`/api/accounts/${account}/balance`, () => ({ balance, currency: 'USD' }))
  registerEndpoint(`/api/accounts/${account}/entries`, () => ({ entries: [], nextCursor: null }))
}

async function open(accountId: string, period: Period) {
  const chosen = shallowRef(period)
  let opened!: ReturnType<typeof useStatement>
  await mountSuspended(defineComponent({
    setup() {
      opened = useStatement(accountId, chosen)
      return () => h('p')
    },
  }))
  return { ...opened, chosen }
}

it('never shows the statement of another account or period', async () => {
  const first = await open('A', { from: '2026-11-01', to: '2026-11-30' })
  await first.load()
  expect(first.statement.value?.closing).toBe('1.00')

  const second = await open('B', { from: '2026-11-01', to: '2026-11-30' })
  expect(second.statement.value).toBeNull()
  await second.load()
  expect(second.statement.value?.closing).toBe('2.00')

  second.chosen.value = { from: '2026-10-01', to: '2026-10-31' }
  expect(second.statement.value).toBeNull()
})
