import type { VueWrapper } from '@vue/test-utils'
import type { Account, LedgerEntry } from '../../shared/types/account'
import { mountSuspended, registerEndpoint } from '@nuxt/test-utils/runtime'
import { setResponseStatus } from 'h3'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import AccountPage from '~/pages/accounts/[id]/index.vue'
import AccountsPage from '~/pages/accounts/index.vue'
import { eventually } from '../support/eventually'
import { FakeEventSource } from '../support/fake-event-source'

const AT = '2026-11-23T16:05:13.123Z'

let page: VueWrapper
let prefixes: (string | null)[]

beforeEach(() => {
  prefixes = []
  FakeEventSource.install()
  clearNuxtState(name => name !== 'color-mode') // the chart needs it
})
afterEach(() => {
  page.unmount()
  vi.unstubAllGlobals()
})

function anAccount(values: Partial<Account> = {}): Account {
  return { id: 'ACC-001', currency: 'USD', balance: '100.00', entryCount: 1, updatedAt: AT, ...values }
}

function anEntry(version: number): LedgerEntry {
  return {
    paymentId: `payment-${version}`,
    refundId: null,
    entryType: 'credit',
    accountId: 'ACC-001',
    currency: 'USD',
    amount: '1.00',
    balanceAfter: `${version}.00`,
    accountVersion: version,
    createdAt: AT,
  }
}

/** Serves entries in pages, newest first. The cursor is the version of the previous page's last entry. */
function serveEntries(count: number, pageSize: number) {
  registerEndpoint('/api/accounts/ACC-001/entries', (event) => {
    const query = new URL(event.path, 'http://ui').searchParams
    const before = Number(query.get('cursor') ?? count + 1)
    const versions = Array.from({ length: Math.min(pageSize, before - 1) }, (_, index) => before - 1 - index)
    return { entries: versions.map(anEntry), nextCursor: versions.at(-1)! > 1 ? String(versions.at(-1)) : null }
  })
}

const shows = (text: string) => eventually(() => expect(page.text()).toContain(text))
const button = (text: string) => page.findAll('button').find(button => button.text() === text)!

it('lists accounts with their balances, and searches by prefix', async () => {
  registerEndpoint('/api/accounts', (event) => {
    const prefix = new URL(event.path, 'http://ui').searchParams.get('prefix')
    prefixes.push(prefix)
    return {
      accounts: [
        anAccount(),
        anAccount({ id: 'shop', balance: '-5.130', currency: 'KWD' }),
      ].filter(account => account.id.startsWith(prefix ?? '')),
      nextCursor: null,
    }
  })
  page = await mountSuspended(AccountsPage, { route: '/accounts' })
  FakeEventSource.current.send('hello', {}, 'abc:1')
  await shows('−5.130')
  expect(page.findAll('[data-testid=account-row] a').map(link => link.attributes('href'))).toEqual(['/accounts/ACC-001', '/accounts/shop'])
  await page.get('input[name=prefix]').setValue('sh')
  await eventually(() => expect(page.findAll('[data-testid=account-row]')).toHaveLength(1))
  expect(useRoute().query).toEqual({ prefix: 'sh' })
  expect(prefixes).toContain('sh')
  await page.get('input[name=prefix]').setValue('zz')
  await shows('No account begins with zz')
})

it('shows an account\'s balance, its entries step by step, and the chart\'s data as a table', async () => {
  serveEntries(45, 20)
  registerEndpoint('/api/accounts/ACC-001/history', () => ({ points: [1, 23, 45].map(version => ({ accountVersion: version, balance: `${version}.00`, createdAt: AT })) }))
  registerEndpoint('/api/accounts/ACC-001', () => anAccount({ balance: '45.00', entryCount: 45 }))
  registerEndpoint('/api/payments', () => ({ payments: [], nextCursor: null }))
  page = await mountSuspended(AccountPage, { route: '/accounts/ACC-001' })
  FakeEventSource.current.send('hello', {}, 'abc:1')
  await shows('At 3 of 45 entries, evenly spaced')
  expect(page.get('[data-testid=account-balance]').text()).toContain('$45.00')
  const entries = () => page.findAll('table').find(table => table.text().includes('newest first'))!.findAll('tbody tr')
  expect(entries()).toHaveLength(20)
  await button('Load more').trigger('click')
  await eventually(() => expect(entries()).toHaveLength(40))
  await button('Load more').trigger('click')
  await eventually(() => expect(entries()).toHaveLength(45))
  expect(page.get('figure').text()).toContain('$45.00 USD after 23 Nov 2026, 16:05:13 UTC')
  expect(page.find('details table').exists()).toBe(false)
  const details = page.get<HTMLDetailsElement>('details')
  details.element.open = true
  await details.trigger('toggle')
  const points = page.get('details table').findAll('tbody tr')
  expect(points[0]!.text()).toContain('$1.00')
  expect(points.at(-1)!.text()).toContain('$45.00')
})

it('offers to pay an account that does not exist yet', async () => {
  const missing = (event: Parameters<typeof setResponseStatus>[0]) => {
    setResponseStatus(event, 404)
    return { type: '/problems/not-found', title: 'There is nothing here', status: 404 }
  }
  registerEndpoint('/api/accounts/nobody', missing)
  registerEndpoint('/api/accounts/nobody/entries', missing)
  registerEndpoint('/api/payments', () => ({ payments: [], nextCursor: null }))
  page = await mountSuspended(AccountPage, { route: '/accounts/nobody' })
  FakeEventSource.current.send('hello', {}, 'abc:1')
  await shows('Account not found')
  expect(page.findAll('a').map(link => link.attributes('href'))).toContain('/payments/new?accountId=nobody')
})

it('fetches for its own payments, and for those of which nobody says whose they are, but not for other accounts\'', async () => {
  let requests = 0
  const counted = <Body>(path: string, body: Body) => registerEndpoint(path, () => {
    requests++
    return body
  })
  counted('/api/accounts/ACC-001', anAccount())
  counted('/api/accounts/ACC-001/history', { points: [{ accountVersion: 1, balance: '1.00', createdAt: AT }] })
  counted('/api/accounts/ACC-001/entries', { entries: [anEntry(1)], nextCursor: null })
  counted('/api/payments', { payments: [], nextCursor: null })
  page = await mountSuspended(AccountPage, { route: '/accounts/ACC-001' })
  const { current: stream } = FakeEventSource
  /** Refreshes are at most 333 ms apart. */
  async function quiet() {
    for (let before = -1; before !== requests;) {
      before = requests
      await new Promise(resolve => setTimeout(resolve, 1_000))
    }
  }
  stream.send('hello', {}, 'abc:1')
  await quiet()
  const before = requests
  for (let n = 2; n < 52; n++) {
    stream.send('arrived', { accountIds: ['ACC-002', `OTHER-${n}`] })
    stream.send('payment', { id: `payment-${n}`, accountId: `OTHER-${n}`, status: 'completed', outcome: 'matched' }, `abc:${n}`)
  }
  await quiet()
  expect(requests).toBe(before)
  for (const [name, data] of [
    ['arrived', { accountIds: ['ACC-002', 'ACC-001'] }],
    ['payment', { id: 'payment-60', accountId: 'ACC-001', status: 'completed', outcome: 'matched' }],
    ['arrived', {}],
    ['payment', { id: 'payment-61', status: 'completed', outcome: 'matched' }],
  ] as const) {
    const before = requests
    stream.send(name, data)
    await eventually(() => expect(requests, JSON.stringify(data)).toBeGreaterThan(before))
    await quiet()
  }
}, 60_000)
