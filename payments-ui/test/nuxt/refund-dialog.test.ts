import type { VueWrapper } from '@vue/test-utils'
import type { PaymentDetail } from '../../shared/types/payment-detail'
import type { Problem } from '../../shared/types/problem'
import { mountSuspended, registerEndpoint } from '@nuxt/test-utils/runtime'
import { getHeader, readBody, setResponseStatus } from 'h3'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import PaymentPage from '~/pages/payments/[id].vue'
import { aPaymentDetail, aRefund } from '../support/a-payment'
import { eventually } from '../support/eventually'
import { FakeEventSource } from '../support/fake-event-source'

const ID = '01932f00-0000-7000-8000-000000000001'

let payment: PaymentDetail
let page: VueWrapper
/** The responses to the next requests for a refund: a success once there are none. */
let refusals: Problem[]
let sent: { key: string | undefined, body: unknown }[]

beforeEach(() => {
  FakeEventSource.install()
  clearNuxtState()
  sessionStorage.clear()
  payment = aPaymentDetail({ id: ID, status: 'completed', outcome: 'matched', amount: '100.00', refundableAmount: '100.00' })
  refusals = []
  sent = []
  registerEndpoint(`/api/payments/${ID}`, () => payment)
  registerEndpoint('/api/accounts/ACC-001/balance', () => ({ accountId: 'ACC-001', balance: '100.00', currency: 'USD' }))
  registerEndpoint(`/api/payments/${ID}/refunds`, {
    method: 'POST',
    handler: async (event) => {
      const body = await readBody<{ amount: string, reason: string }>(event)
      sent.push({ key: getHeader(event, 'idempotency-key'), body })
      const refusal = refusals.shift()
      if (refusal) {
        setResponseStatus(event, refusal.status)
        return refusal
      }
      const refund = aRefund({ amount: body.amount, reason: body.reason })
      payment = { ...payment, refundableAmount: '70.00', refunds: [refund] }
      setResponseStatus(event, 201)
      return refund
    },
  })
})
afterEach(() => {
  page.unmount()
  vi.unstubAllGlobals()
})

const inDialog = <Found extends HTMLElement>(selector: string) => document.querySelector<Found>(`[data-testid=refund-form] ${selector}`)
const dialogText = () => document.querySelector('[data-testid=refund-form]')?.textContent ?? ''

async function openDialog() {
  page = await mountSuspended(PaymentPage, { route: `/payments/${ID}` })
  FakeEventSource.current.send('hello', {}, 'abc:1')
  await eventually(() => page.get('[data-testid=refund-payment]'))
  await page.get('[data-testid=refund-payment]').trigger('click')
  await eventually(() => expect(inDialog<HTMLInputElement>('input[name=amount]')?.value).toBe('100.00'))
}

async function type(field: string, text: string) {
  const input = inDialog<HTMLInputElement>(`input[name=${field}]`)!
  input.value = text
  input.dispatchEvent(new Event('input'))
  await nextTick()
}

async function send() {
  const before = sent.length
  await eventually(() => expect(inDialog<HTMLButtonElement>('[data-testid=confirm-refund]')?.disabled).toBe(false))
  document.querySelector('[data-testid=refund-form]')!.dispatchEvent(new Event('submit', { cancelable: true }))
  await eventually(() => expect(sent).toHaveLength(before + 1))
}

it('requests a refund, and shows it with what is left', async () => {
  await openDialog()
  await type('amount', '30')
  await type('reason', 'Returned goods')
  expect(inDialog('[data-testid=confirm-refund]')?.textContent).toContain('Refund $30')
  await send()
  expect(sent[0]?.body).toEqual({ amount: '30', reason: 'Returned goods' })
  await eventually(() => expect(page.find('[data-testid=refund]').text()).toMatch(/Pending.*Returned goods.*−\$30/))
  expect(document.querySelector('[data-testid=refund-form]')).toBeNull()
  expect(page.findAll('[data-testid=refund-sum]').map(sum => sum.text())).toEqual(['Paid$100.00 USD', 'Refunded$0.00 USD', 'Refunds that wait−$30.00 USD', 'Left to refund$70.00 USD'])
  expect(page.text()).toContain('A refund of $30 USD was requested.')
})

it('keeps the key while the outcome is unknown, and while the dialog is closed', async () => {
  refusals.push({ type: '/problems/api-timeout', title: 'The payments API did not respond in time', status: 504 })
  await openDialog()
  await type('amount', '30.00')
  await send()
  await eventually(() => expect(dialogText()).toContain('may or may not have been requested'))
  expect(inDialog('[data-testid=confirm-refund]')?.textContent).toContain('Try again')
  inDialog<HTMLButtonElement>('button[type=button]')!.click()
  await eventually(() => expect(document.querySelector('[data-testid=refund-form]')).toBeNull())
  await page.get('[data-testid=refund-payment]').trigger('click')
  await eventually(() => expect(inDialog<HTMLInputElement>('input[name=amount]')?.value).toBe('30.00'))
  expect(dialogText()).toContain('An earlier attempt has had no response')
  await send()
  expect(sent[1]).toEqual(sent[0])
})

it('says what is left when the API refuses a refund of more, and then takes another key', async () => {
  refusals.push({ type: '/problems/refund-exceeds-payment', title: 'The refund is more than is left of the payment', status: 409, left: '20.00' })
  await openDialog()
  await send()
  await eventually(() => expect(dialogText()).toContain('may be at most $20.00 USD: no more is left of the payment'))
  expect(inDialog('[role=alert] p')).toBeNull()
  payment = { ...payment, refundableAmount: '20.00' }
  await type('amount', '20.00')
  await send()
  expect(sent[1]?.key).not.toBe(sent[0]?.key)
})

it('says why a payment cannot be refunded, and what is wrong with an amount', async () => {
  refusals.push({ type: '/problems/payment-not-refundable', title: 'The payment cannot be refunded', status: 409, detail: 'The payment has been refunded in full.' })
  await openDialog()
  await type('amount', '100.01')
  expect(dialogText()).toContain('may be at most $100.00 USD')
  await type('amount', '1.001')
  expect(dialogText()).toContain('may have at most 2 decimals in USD')
  await type('amount', '100.00')
  await send()
  await eventually(() => expect(dialogText()).toContain('The payment has been refunded in full.'))
})

it('offers no refund where nothing is left', async () => {
  payment = { ...payment, status: 'refunded', refundableAmount: '0.00', refundedAmount: '100.00', refunds: [aRefund({ amount: '100.00', status: 'completed' })] }
  page = await mountSuspended(PaymentPage, { route: `/payments/${ID}` })
  FakeEventSource.current.send('hello', {}, 'abc:1')
  await eventually(() => expect(page.text()).toContain('Left to refund$0.00 USD'))
  expect(page.find('[data-testid=refund-payment]').exists()).toBe(false)
})
