import type { VueWrapper } from '@vue/test-utils'
import type { FakeConsoleServer } from '../support/fake-console-server'
import { mountSuspended, registerEndpoint } from '@nuxt/test-utils/runtime'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import LiveStatus from '~/components/ui/LiveStatus.vue'
import PaymentsPage from '~/pages/index.vue'
import { aPayment } from '../support/a-payment'
import { eventually } from '../support/eventually'
import { fakeConsoleServer } from '../support/fake-console-server'
import { FakeEventSource } from '../support/fake-event-source'

let server: FakeConsoleServer
let page: VueWrapper

beforeEach(() => {
  server = fakeConsoleServer()
  FakeEventSource.install()
  clearNuxtState()
  useNuxtApp().payload.once.clear()
})
afterEach(() => {
  page.unmount()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

async function open(route = '/') {
  page = await mountSuspended({
    components: { LiveStatus, PaymentsPage },
    template: '<LiveStatus /><PaymentsPage />',
  }, { route })
  FakeEventSource.current.send('hello', {}, 'abc:1')
}

const button = (text: string) => page.findAll('button').find(button => button.text() === text)!
const rows = () => page.findAll('[data-testid=payment-row]')
const ids = () => rows().map(row => row.attributes('data-payment-id'))
const statuses = () => rows().map(row => row.attributes('data-status'))
const shows = (expected: () => unknown, value: unknown) => eventually(() => expect(expected()).toEqual(value))

it('lists payments with exact amounts, statuses and discrepancies', async () => {
  server.payments = [
    aPayment({
      id: '2',
      amount: '999999999999999.99',
      currency: 'EUR',
      status: 'completed',
      outcome: 'discrepancy',
      discrepancyAmount: '0.13',
    }),
    aPayment({ id: '1', description: 'Rent' }),
  ]
  await open()
  await shows(ids, ['2', '1'])
  expect(rows()[0]!.text()).toContain('€999,999,999,999,999.99')
  expect(rows()[0]!.text()).toContain('Discrepancy €0.13')
  expect(rows()[1]!.text()).toContain('Pending')
  expect(rows()[1]!.text()).toContain('Rent')
  expect(rows()[1]!.get('time').attributes('title')).toBe('23 Nov 2026, 16:05:13 UTC')
})

it('shows an unknown status under its plain name', async () => {
  server.payments = [
    aPayment({ status: 'on_hold' }),
  ]
  await open()
  await shows(statuses, ['on_hold'])
  expect(rows()[0]!.text()).toContain('on_hold')
})

it('updates a row and the balance when a payment settles', async () => {
  server.payments = [
    aPayment({ id: '1' }),
  ]
  server.balances = { 'ACC-001': '0.00' }
  await open()
  await shows(statuses, ['pending'])
  server.balances = { 'ACC-001': '100.00' }
  FakeEventSource.current.send('payment', { id: '1', status: 'completed', outcome: 'matched' }, 'abc:2')
  await shows(statuses, ['completed'])
  await shows(() => page.get('[data-testid=account-balance]').text().includes('$100.00'), true)
})

it('fetches the amount of every discrepancy, however many payments settle at once', async () => {
  const settled = Array.from({ length: 45 }, (_, index) => aPayment({ id: `${index}`, status: 'completed', outcome: 'discrepancy', discrepancyAmount: '0.13' }))
  for (const payment of settled)
    registerEndpoint(`/api/payments/${payment.id}`, () => payment)
  server.payments = settled.map(({ id }) => aPayment({ id }))
  await open()
  await shows(() => rows().length, settled.length)
  for (const { id, status, outcome } of settled)
    FakeEventSource.current.send('payment', { id, status, outcome })
  await shows(() => rows().filter(row => row.text().includes('Discrepancy $0.13')).length, settled.length)
})

it('shows new payments without a reload, with about three requests per second at most', async () => {
  await open()
  await eventually(() => expect(page.text()).toContain('Each payment appears here at once'))
  const before = server.listRequests
  server.payments = [
    aPayment({ id: '9' }),
  ]
  for (let i = 0; i < 50; i++)
    FakeEventSource.current.send('arrived')
  await shows(ids, ['9'])
  await new Promise(resolve => setTimeout(resolve, 800))
  expect(server.listRequests - before).toBeLessThanOrEqual(3)
})

it('says that live updates are paused, resumes after the last seen event, and duplicates no row', async () => {
  server.payments = [
    aPayment({ id: '1' }),
  ]
  await open()
  await shows(ids, ['1'])
  const state = () => page.get('[data-testid=live-status]').attributes('data-state')
  await shows(state, 'live')
  FakeEventSource.current.send('payment', { id: '1', status: 'failed', outcome: 'failed' }, 'abc:2')
  const broken = FakeEventSource.current
  broken.break()
  await shows(state, 'reconnecting')
  expect(page.text()).toContain('Live updates are paused')
  expect(broken.closed).toBe(true)
  await eventually(() => expect(FakeEventSource.opened).toHaveLength(2))
  expect(FakeEventSource.current.url).toBe('/api/events?after=abc%3A2')
  server.payments = [
    aPayment({ id: '2' }),
    aPayment({ id: '1', status: 'failed', outcome: 'failed' }),
  ]
  FakeEventSource.current.send('hello', {}, 'abc:3')
  await shows(state, 'live')
  await shows(ids, ['2', '1'])
  expect(page.text()).not.toContain('Live updates are paused')
})

it('fetches all loaded payments again on resync', async () => {
  server.payments = [
    aPayment({ id: '2' }),
  ]
  server.nextCursor = 'older'
  server.pages = {
    older: [
      aPayment({ id: '1' }),
    ],
  }
  await open()
  await shows(ids, ['2'])
  await page.findAll('button').find(button => button.text() === 'Load more')!.trigger('click')
  await shows(ids, ['2', '1'])
  expect(page.text()).not.toContain('Load more')
  server.pages = {
    older: [
      aPayment({ id: '1', status: 'completed', outcome: 'matched' }),
    ],
  }
  FakeEventSource.current.send('resync')
  await shows(statuses, ['pending', 'completed'])
})

it('says what failed, and retries on request', async () => {
  server.listProblem = {
    type: '/problems/api-unreachable',
    title: 'The payments API cannot be reached',
    status: 502,
    instance: 'urn:uuid:42',
  }
  await open()
  await eventually(() => expect(page.find('[role=alert]').text()).toContain('Request id 42'))
  server.listProblem = undefined
  server.payments = [
    aPayment({ id: '1' }),
  ]
  await page.findAll('button').find(button => button.text() === 'Retry')!.trigger('click')
  await shows(ids, ['1'])
  expect(page.find('[role=alert]').exists()).toBe(false)
})

it('shows the balance of a typed account, and explains an account without payments', async () => {
  server.balances = { 'ACC-002': '250.00' }
  await open()
  const balance = () => page.get('[data-testid=account-balance]').text()
  await eventually(() => expect(balance()).toContain('No payments to ACC-001 yet'))
  const input = page.get<HTMLInputElement>('[data-testid=account-input]')
  await input.setValue('ACC-002')
  await input.trigger('keydown', { key: 'Enter' })
  await eventually(() => expect(balance()).toContain('$250.00'))
})

it('links a row to its payment and account', async () => {
  server.payments = [
    aPayment({ id: '1', accountId: 'ACC-002' }),
  ]
  await open()
  await shows(ids, ['1'])
  expect(rows()[0]!.findAll('a').map(link => link.attributes('href'))).toEqual(['/accounts/ACC-002', '/payments/1'])
})

it('follows a row\'s link within the app, and leaves clicks that open a tab to the browser', async () => {
  server.payments = [
    aPayment({ id: '1', accountId: 'ACC-002' }),
  ]
  await open()
  await shows(ids, ['1'])
  const account = rows()[0]!.get('a')
  const intoTab = new MouseEvent('click', { bubbles: true, cancelable: true, ctrlKey: true })
  account.element.dispatchEvent(intoTab)
  expect(intoTab.defaultPrevented).toBe(false)
  await account.trigger('click')
  await eventually(() => expect(useRoute().path).toBe('/accounts/ACC-002'))
})

it('hides the form, and shows it again with the focus in it', async () => {
  await open()
  const focus = vi.spyOn(HTMLElement.prototype, 'focus')
  const form = () => page.find('[data-testid=payment-form]')
  await eventually(() => expect(form().exists()).toBe(true))
  await button('Hide form').trigger('click')
  expect(form().exists()).toBe(false)
  await button('New payment').trigger('click')
  await eventually(() => expect(focus.mock.contexts).toEqual([form().get('input').element]))
  focus.mockRestore()
})

describe('filters', () => {
  it('come from the URL, are sent in the API\'s format, and can be cleared', async () => {
    server.payments = [
      aPayment({ id: '1' }),
    ]
    server.matching = () => []
    await open('/?status=failed&from=2026-11-23&to=2026-11-23')
    await eventually(() => expect(page.text()).toContain('No payment matches these filters'))
    expect(server.queries).toContainEqual({
      status: 'failed',
      from: '2026-11-23T00:00:00.000Z',
      to: '2026-11-24T00:00:00.000Z',
    })
    expect(page.get('[data-testid=export-csv]').attributes('href'))
      .toBe('/api/payments.csv?status=failed&from=2026-11-23T00%3A00%3A00.000Z&to=2026-11-24T00%3A00%3A00.000Z')
    server.matching = payments => payments
    await page.findAll('button').filter(button => button.text() === 'Clear filters').at(-1)!.trigger('click')
    await shows(ids, ['1'])
    expect(useRoute().query).toEqual({})
  })

  it('are kept in the URL, and removing one leaves the others', async () => {
    await open()
    await button('Filters').trigger('click')
    await eventually(() => page.get('select[name=outcome]'))
    await page.get('select[name=outcome]').setValue('discrepancy')
    await eventually(() => expect(useRoute().query).toEqual({ outcome: 'discrepancy' }))
    await page.get('[role=search] input[name=currency]').setValue('eur')
    await page.get('[role=search] input[name=currency]').trigger('blur')
    await eventually(() => expect(useRoute().query).toEqual({ outcome: 'discrepancy', currency: 'EUR' }))
    await eventually(() => expect(server.queries.at(-1)).toEqual({ outcome: 'discrepancy', currency: 'EUR' }))
    await button('Outcome: Discrepancy').trigger('click')
    await eventually(() => expect(useRoute().query).toEqual({ currency: 'EUR' }))
  })

  it('follow a few empty pages, then let the user continue the search', async () => {
    server.nextCursor = 'older'
    server.pages = { older: [] }
    server.pageCursors = { older: 'older' }
    await open('/?currency=EUR')
    await eventually(() => expect(page.text()).toContain('No match so far'))
    server.pages = {
      older: [
        aPayment({ id: '1', currency: 'EUR' }),
      ],
    }
    await button('Search older payments').trigger('click')
    await shows(ids, ['1'])
  })

  it('show the API\'s error at the field that it is about', async () => {
    server.listProblem = {
      type: '/problems/request',
      title: 'The request cannot be read',
      status: 400,
      errors: [
        { parameter: 'currency', detail: 'must be a code such as USD' },
      ],
    }
    await open('/?currency=euro')
    await eventually(() => expect(page.get('[role=search] input[name=currency]').attributes('aria-invalid')).toBe('true'))
    expect(page.text()).toContain('must be a code such as USD')
  })
})

it('holds new payments back while the user has scrolled down, and shows them on request', async () => {
  const observers: { notify: (visible: boolean) => void }[] = []
  vi.stubGlobal('IntersectionObserver', class {
    target?: Element
    readonly callback: IntersectionObserverCallback
    constructor(callback: IntersectionObserverCallback) {
      this.callback = callback
      observers.push({
        notify: isIntersecting => this.callback([
          { isIntersecting, time: performance.now(), target: this.target } as IntersectionObserverEntry,
        ], this as unknown as IntersectionObserver),
      })
    }

    observe(target: Element) { this.target = target }
    unobserve() {}
    disconnect() {}
  })
  const setTopVisible = (visible: boolean) => observers.forEach(observer => observer.notify(visible))
  server.payments = [
    aPayment({ id: '1' }),
  ]
  await open()
  await shows(ids, ['1'])
  setTopVisible(false)
  server.payments = [
    aPayment({ id: '3' }),
    aPayment({ id: '2' }),
    aPayment({ id: '1', status: 'completed', outcome: 'matched' }),
  ]
  FakeEventSource.current.send('arrived')
  await eventually(() => expect(page.get('[data-testid=new-payments]').text()).toBe('2 new payments'))
  expect(ids()).toEqual(['1'])
  expect(statuses()).toEqual(['completed'])
  await page.get('[data-testid=new-payments]').trigger('click')
  await shows(ids, ['3', '2', '1'])
})
