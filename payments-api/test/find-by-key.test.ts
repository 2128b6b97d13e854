import assert from 'node:assert/strict'
import { call } from './support/api.ts'
import { useApi } from './support/use-api.ts'

interface Page { payments: { id: string }[], nextCursor: string | null }

describe('a payment is found by its idempotency key', () => {
  const { api } = useApi()

  const pay = async (key: string, accountId = 'ACC-1'): Promise<string> =>
    (await call<{ id: string }>(`${api.url}/payments`, { headers: { 'idempotency-key': key }, body: { accountId, amount: '5.00' } })).body.id
  const find = async (key: string, more = ''): Promise<Page> =>
    (await call<Page>(`${api.url}/payments?idempotencyKey=${encodeURIComponent(key)}${more}`)).body

  it('exactly: neither by a part of it nor in another case', async () => {
    const key = 'Order/7'
    const id = await pay(key)
    await pay(`${key}8`)
    assert.deepEqual((await find(key)).payments.map(payment => payment.id), [id])
    assert.equal((await find(key)).nextCursor, null)
    for (const other of [key.slice(0, -1), key.toLowerCase(), `${key}9`])
      assert.deepEqual((await find(other)).payments, [], other)
  })

  it('and only if the other filters hold too', async () => {
    const id = await pay('filtered', 'ACC-2')
    assert.deepEqual((await find('filtered', '&accountId=ACC-2')).payments.map(payment => payment.id), [id])
    assert.deepEqual((await find('filtered', '&accountId=ACC-1')).payments, [])
    assert.deepEqual((await find('filtered', '&to=2020-01-01T00:00:00Z')).payments, [])
  })

  it('which its detail shows', async () => {
    const id = await pay('"shown"')
    const { body } = await call<{ idempotencyKey: string }>(`${api.url}/payments/${id}`)
    assert.equal(body.idempotencyKey, 'shown')
    assert.deepEqual((await find(body.idempotencyKey)).payments.map(payment => payment.id), [id])
  })

  it('unless it is no key', async () => {
    for (const key of ['', 'two words', 'ü', 'x'.repeat(256)]) {
      const { status, body } = await call<{ errors?: { parameter: string }[] }>(`${api.url}/payments?idempotencyKey=${encodeURIComponent(key)}`)
      assert.equal(status, 400, key)
      assert.equal(body.errors?.[0]?.parameter, 'idempotencyKey')
    }
  })
})
