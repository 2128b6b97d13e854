import { expect, it, vi } from 'vitest'
import { createSSRApp, defineComponent, h } from 'vue'

const Fields = defineComponent(() => {
  const typed = typedBeforeHydration()
  return () => h('form', [
    h('input', { name: 'account', value: typed.account ?? 'ACC-001' }),
    h('input', { name: 'amount', value: typed.amount ?? '' }),
  ])
})

it('keeps what was typed into server-rendered fields, and leaves the others to the component', () => {
  const host = document.createElement('div')
  host.innerHTML = '<form><input name="account" value="ACC-001"><input name="amount" value=""></form>'
  const [account, amount] = host.querySelectorAll('input')
  account!.value = 'shop'
  for (const method of ['warn', 'error'] as const)
    vi.spyOn(console, method).mockImplementation(() => {}) // Vue reports the changed field as a hydration mismatch
  createSSRApp(Fields).mount(host)
  expect(host.querySelector('input')).toBe(account)
  expect(account!.value).toBe('shop')
  expect(amount!.value).toBe('')
})
