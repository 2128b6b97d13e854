import assert from 'node:assert/strict'
import { Matchers } from '@pact-foundation/pact'
import { openStream } from '../support/event-stream.ts'
import { useApi } from '../support/use-api.ts'
import { waitForListener } from '../support/wait-for-listener.ts'
import { pact } from './support/pact.ts'

const { eachLike, reify, string, uuid } = Matchers

const PAYMENT_ID = '0199aa00-0000-7000-8000-000000000001'

describe('the API receives', () => {
  const { database, api } = useApi()

  before(async () => {
    await waitForListener(database)
  })

  // The amount decides the result.
  for (const [amount, result, event] of [
    ['100.00', 'completed', { status: 'completed', outcome: 'matched' }],
    ['42.13', 'completed_with_discrepancy', { status: 'completed', outcome: 'discrepancy' }],
    ['-5.00', 'failed', { status: 'failed', outcome: 'failed' }],
  ] as const) {
    it(`the notification that a payment of ${amount} has settled`, () => {
      const notification = { channel: 'payment_events', payload: { [result]: eachLike(uuid(PAYMENT_ID)) } }
      return pact.addAsynchronousInteraction()
        .expectsToReceive(`the notification of a payment of ${amount}`, content => content.withJSONContent(notification))
        .executeTest(async () => {
          const { channel, payload } = reify<{ channel: string, payload: Record<string, string[]> }>(notification)
          const stream = await openStream(`${api.url}/events`)
          try {
            await stream.next('hello')
            await database.sql('select pg_notify($1, $2)', [channel, JSON.stringify(payload)])
            assert.deepEqual(JSON.parse((await stream.next('payment')).data), { id: PAYMENT_ID, ...event })
          }
          finally {
            stream.close()
          }
        })
    })
  }

  it('the accounts of settled payments, before the notification that they have settled', () => {
    const notification = { channel: 'payment_accounts', payload: eachLike({ paymentId: uuid(PAYMENT_ID), accountId: string('ACC-001') }) }
    return pact.addAsynchronousInteraction()
      .expectsToReceive('the notification of the account of a settled payment', content => content.withJSONContent(notification))
      .executeTest(async () => {
        const { channel, payload } = reify<{ channel: string, payload: Record<string, string>[] }>(notification)
        const stream = await openStream(`${api.url}/events`)
        try {
          await stream.next('hello')
          await database.sql(`select pg_notify($1, $2), pg_notify('payment_events', $3)`, [channel, JSON.stringify(payload), JSON.stringify({ completed: [PAYMENT_ID] })])
          assert.deepEqual(JSON.parse((await stream.next('payment')).data), { id: PAYMENT_ID, accountId: 'ACC-001', status: 'completed', outcome: 'matched' })
        }
        finally {
          stream.close()
        }
      })
  })
})
