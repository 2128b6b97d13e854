import type { VueWrapper } from '@vue/test-utils'
import type { FakeConsoleServer } from '../support/fake-console-server'
import { mountSuspended } from '@nuxt/test-utils/runtime'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import PaymentForm from '~/components/payment/PaymentForm.vue'
import { eventually } from '../support/eventually'
import { fakeConsoleServer } from '../support/fake-console-server'

const VALIDATION = {
  type: '/problems/validation',
  title: 'The body breaks a rule',
  status: 422,
  detail: 'Nothing was created.',
  instance: 'urn:uuid:validation-1',
  errors: [
    { pointer: '#/amount', detail: 'must be a plain decimal number' },
    { pointer: '#/accountId', detail: 'is required' },
  ],
}

let server: FakeConsoleServer
let form: VueWrapper

beforeEach(async () => {
  sessionStorage.clear()
  server = fakeConsoleServer()
  form = await mountSuspended(PaymentForm, {
    props: { accountId: 'ACC-001' },
  })
})
afterEach(() => form.unmount())

const field = (name: string) => form.get<HTMLInputElement>(`input[name=${name}]`)
const shownKey = () => form.get('[data-testid=idempotency-key]').text()
const submit = () => form.get('[data-testid=payment-form]').trigger('submit')
const sentOnce = (times = 1) => eventually(() => expect(server.sent).toHaveLength(times))
const created = () => eventually(() => expect(form.emitted('created')).toHaveLength(1))
/** Waits until the button is enabled again, a moment after a success. */
const ready = () => eventually(() => expect(form.get('[data-testid=submit-payment]').attributes('aria-disabled')).toBe('false'))

it.each([
  ['preset-100', '100.00'],
  ['preset-discrepancy', '42.13'],
  ['preset-zero', '0'],
  ['preset-negative', '-5'],
])('%s fills in %s', async (preset, amount) => {
  await form.get(`[data-testid=${preset}]`).trigger('click')
  expect(field('amount').element.value).toBe(amount)
})

it('has a label on every field', () => {
  for (const input of form.findAll('input'))
    expect(form.find(`label[for="${input.element.id}"]`).exists(), input.element.name).toBe(true)
})

it('sends the fields as typed, the amount as text, with the key that it shows', async () => {
  const key = shownKey()
  await field('amount').setValue('12345678901234567.10')
  await field('description').setValue('Rent')
  await submit()
  await created()
  expect(server.sent).toEqual([
    {
      key,
      body: {
        accountId: 'ACC-001',
        amount: '12345678901234567.10',
        currency: 'USD',
        description: 'Rent',
      },
    },
  ])
})

describe('one key for one payment', () => {
  beforeEach(() => field('amount').setValue('100.00'))

  it('sends a double submit once', async () => {
    const response = Promise.withResolvers<void>()
    server.refusals.push(response.promise)
    await submit()
    await submit()
    await sentOnce()
    response.resolve()
    await created()
    await submit() // the second click of a double click, after a fast response
    await ready()
    expect(server.sent).toHaveLength(1)
  })

  it('sends a retry after a broken connection with the same key', async () => {
    const key = shownKey()
    const raw = vi.spyOn($fetch, 'raw').mockRejectedValueOnce(new TypeError('Failed to fetch'))
    await submit()
    await eventually(() => expect(form.get('[role=alert]').text()).toContain('The console did not respond'))
    expect(raw.mock.calls[0]?.[1]?.headers).toMatchObject({ 'idempotency-key': key })
    await submit()
    await created()
    expect(server.sent.map(sent => sent.key)).toEqual([key])
  })

  it('retries with the same key while the outcome is unknown, even with a changed body', async () => {
    const undecided = { type: '/problems/api-timeout', title: 'No response in time', status: 504 }
    server.refusals.push(undecided, undecided)
    await submit()
    await eventually(() => expect(form.text()).toContain('so it is created only once'))
    await submit()
    await sentOnce(2)
    await ready()
    await field('amount').setValue('7.00')
    await submit()
    await created()
    const keys = server.sent.map(sent => sent.key)
    expect(keys).toEqual([keys[0], keys[0], keys[0]])
  })

  it('uses a new key after a success', async () => {
    const key = shownKey()
    await submit()
    await created()
    expect(shownKey()).not.toBe(key)
    await ready()
    await submit()
    await sentOnce(2)
    expect(server.sent[1]?.key).not.toBe(key)
  })

  it('uses a new key once the body is changed after a refusal', async () => {
    const key = shownKey()
    server.refusals.push(VALIDATION)
    await submit()
    await eventually(() => expect(form.text()).toContain('must be a plain decimal number'))
    expect(shownKey()).toBe(key)
    await field('amount').setValue('7.00')
    expect(shownKey()).not.toBe(key)
  })

  it('offers a new key when the key belongs to another payment', async () => {
    const key = shownKey()
    server.refusals.push({ type: '/problems/idempotency-key-reused', title: 'Another request', status: 422 })
    await submit()
    await eventually(() => expect(form.text()).toContain('Use a new key'))
    await form.findAll('button').find(button => button.text() === 'Use a new key')!.trigger('click')
    expect(shownKey()).not.toBe(key)
  })
})

it('restores the payment and its key after a reload interrupted an attempt', async () => {
  await field('amount').setValue('7.00')
  const key = shownKey()
  const response = Promise.withResolvers<void>()
  server.refusals.push(response.promise)
  await submit()
  await sentOnce()
  form.unmount()
  form = await mountSuspended(PaymentForm)
  await eventually(() => expect(field('amount').element.value).toBe('7.00'))
  expect(field('accountId').element.value).toBe('ACC-001')
  expect(shownKey()).toBe(key)
  expect(form.text()).toContain('The page was closed or reloaded before a response arrived')
  await submit()
  await created()
  expect(server.sent.map(sent => sent.key)).toEqual([key, key])
  response.resolve()
})

it('says what is wrong while the user types, unless further typing can fix it', async () => {
  const message = () => form.find('[id$=error]').exists()
    ? form.get('[id$=error]').text()
    : undefined
  await field('amount').trigger('focusin')
  await field('amount').setValue('-')
  expect(message()).toBeUndefined()
  await field('amount').setValue('-1,')
  expect(message()).toContain('such as 1234.50')
  await field('amount').setValue('-1')
  expect(message()).toBeUndefined()
  await field('amount').setValue('')
  await field('amount').trigger('focusout')
  expect(message()).toBe('is required')
})

it('shows errors at their fields, and removes each when its field is edited', async () => {
  server.refusals.push(VALIDATION)
  await submit()
  await eventually(() => expect(field('amount').attributes('aria-invalid')).toBe('true'))
  expect(field('accountId').attributes('aria-invalid')).toBe('true')
  expect(field('currency').attributes('aria-invalid')).not.toBe('true')
  const describedBy = field('amount').attributes('aria-describedby')!
  expect(form.get(`[id="${describedBy.split(' ')[0]}"]`).text()).toBe('must be a plain decimal number')
  expect(form.find('[role=alert]').exists()).toBe(false)
  await field('amount').setValue('1')
  expect(field('amount').attributes('aria-invalid')).not.toBe('true')
  expect(field('accountId').attributes('aria-invalid')).toBe('true')
})

it('shows other problems as an alert, with the request id', async () => {
  server.refusals.push({
    type: '/problems/api-failed',
    title: 'The payments API failed',
    status: 502,
    detail: 'Try again.',
    instance: 'urn:uuid:42',
  })
  await submit()
  await eventually(() => expect(form.find('[role=alert]').exists()).toBe(true))
  const alert = form.get('[role=alert]').text()
  for (const part of ['The payments API failed', 'Try again.', 'Request id 42'])
    expect(alert).toContain(part)
})

it('shows errors that belong to none of its fields in the alert', async () => {
  server.refusals.push({
    ...VALIDATION,
    errors: [
      { pointer: '#/colour', detail: 'is not a field of a payment' },
    ],
  })
  await submit()
  await eventually(() => expect(form.find('[role=alert]').text()).toContain('colour is not a field of a payment'))
})
