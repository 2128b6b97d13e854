import type { AddressInfo } from 'node:net'
import type { PaymentSettled } from '../../shared/types/payment-settled.ts'
import type { PaymentsArrived } from '../../shared/types/payments-arrived.ts'
import type { Reads } from './support/expected.ts'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { Matchers } from '@pact-foundation/pact'
import { openEventStream } from '../../app/utils/open-event-stream.ts'
import { createPaymentsApi } from '../../server/utils/payments-api.ts'
import { relayEvents } from '../../server/utils/relay-events.ts'
import { ACCOUNT_ID, id, REFUND_ID } from './support/expected.ts'
import { pact } from './support/pact.ts'

const { eachLike, equal, regex, reify, string, uuid } = Matchers

/** An event of the stream, with the fields of a server-sent event. */
interface StreamEvent { event: string, id?: string, data?: unknown }

// Pact cannot record a stream that never ends, so each event is recorded as a message.
describe('the event stream', () => {
  const eventId = regex('^\\S{1,64}$', '0a1b2c3d4e5f:7')

  const expectEvent = (description: string, expected: StreamEvent | Record<keyof StreamEvent, unknown>, state?: [string, Record<string, string>?]) => {
    const message = pact.addAsynchronousInteraction()
    if (state)
      message.given(...state)
    return message.expectsToReceive(description, content => content.withJSONContent(expected)).executeTest(async () => {
      // Each event gets a new stream, and every stream starts with hello.
      const seen = await receivedByPage([{ event: 'hello', id: '0a1b2c3d4e5f:6' }, reify<never>(expected)])
      assert.deepEqual(seen.at(-1), { event: expected.event, data: reify(expected.data ?? {}) })
    })
  }

  it('says hello', () => expectEvent('the event that opens a stream', { event: 'hello', id: eventId, data: {} }))

  for (const [amount, status, outcome] of [['100.00', 'completed', 'matched'], ['42.13', 'completed', 'discrepancy'], ['-5.00', 'failed', 'failed']] as const) {
    it(`reports that a payment of ${amount} has settled`, () => expectEvent(`the event of a payment of ${amount} that settles`, {
      event: 'payment',
      id: eventId,
      data: { id, accountId: string(ACCOUNT_ID), status: equal(status), outcome: equal(outcome) } satisfies Omit<Reads<PaymentSettled>, 'refundId'>,
    }, ['a payment settles', { amount }]))
  }

  it('reports that a refund of a payment has settled, without an outcome: the payment keeps its own', () => expectEvent('the event of a refund that settles', {
    event: 'payment',
    id: eventId,
    data: { id, accountId: string(ACCOUNT_ID), status: equal('partially_refunded'), refundId: uuid(REFUND_ID) } satisfies Omit<Reads<PaymentSettled>, 'outcome'>,
  }, ['a refund settles']))

  it('reports that payments were accepted', () => expectEvent('the event of a payment that is accepted', {
    event: 'arrived',
    data: { accountIds: eachLike(string(ACCOUNT_ID)) } satisfies Reads<PaymentsArrived>,
  }, ['a payment is accepted']))

  it('says that it is alive', () => expectEvent('the event of a stream on which nothing happens', { event: 'heartbeat' }))

  it('asks a client that may have missed events to fetch again', () => expectEvent('the event for whoever comes with an id that is not known', { event: 'resync' }))
})

const DEADLINE_MS = 30_000

/**
 * Sends events over HTTP as the API does, and returns what the page receives through the console's client, its relay and an
 * EventSource.
 */
async function receivedByPage(events: StreamEvent[]): Promise<{ event: string, data: unknown }[]> {
  const server = createServer((req, res) => {
    if (req.url !== '/events')
      return void relay(res)
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.write(events.map(({ event, id, data = {} }) => `${id ? `id: ${id}\n` : ''}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`).join(''))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function relay(res: Parameters<typeof relayEvents>[1]): Promise<void> {
    const result = await createPaymentsApi({ baseUrl }).openEvents(undefined, AbortSignal.timeout(DEADLINE_MS))
    assert.ok(result.ok)
    await relayEvents(result.body, res)
  }

  // The only browser global that openEventStream needs besides EventSource, which Node provides.
  Object.assign(globalThis, { window: new EventTarget() })
  let close: (() => void) | undefined
  try {
    return await new Promise((resolve, reject) => {
      const seen: { event: string, data: unknown }[] = []
      close = openEventStream(`${baseUrl}/api/events`, {
        names: ['hello', 'payment', 'arrived', 'heartbeat', 'resync'],
        onState: () => {},
        onEvent: (event, data) => {
          if (seen.push({ event, data }) === events.length)
            resolve(seen)
        },
      })
      setTimeout(() => reject(new Error('The events did not reach the page.')), DEADLINE_MS).unref()
    })
  }
  finally {
    close?.()
    server.closeAllConnections()
    server.close()
  }
}
