import type { EventClient } from '../src/domain/event-hub.ts'
import assert from 'node:assert/strict'
import { EventHub } from '../src/domain/event-hub.ts'
import { waitFor } from './support/wait-for.ts'

interface Reader extends EventClient { chunks: Buffer[], names: () => string[] }

function reader(): Reader {
  const chunks: Buffer[] = []
  return {
    chunks,
    send: chunk => void chunks.push(chunk),
    close: () => {},
    names: () => [...Buffer.concat(chunks).toString().matchAll(/^event: (\w+)$/gm)].map(([, name]) => name!),
  }
}

const payment = (n: number): { id: string, status: 'completed', outcome: 'matched' } => ({ id: `payment-${n}`, status: 'completed', outcome: 'matched' })
const idsIn = ({ chunks }: Reader): string[] => [...Buffer.concat(chunks).toString().matchAll(/"id":"payment-(\d+)"/g)].map(([, n]) => n!)

describe('the event hub', () => {
  let hub: EventHub
  beforeEach(() => hub = new EventHub())
  afterEach(() => hub.close())

  it('sends the first event of each kind at once, and later events of the window in one write', async () => {
    const client = reader()
    hub.add(client, undefined)
    hub.announceArrivals()
    hub.publish([payment(0)])
    assert.deepEqual(client.names(), ['hello', 'arrived', 'payment'])
    for (let n = 1; n <= 500; n++) {
      hub.announceArrivals()
      hub.publish([payment(n)])
    }
    assert.equal(client.chunks.length, 3)
    await waitFor('the window ends', () => client.chunks.length > 3)
    assert.equal(client.chunks.length, 4)
    assert.equal(client.names().filter(name => name === 'arrived').length, 2)
    assert.deepEqual(idsIn(client), Array.from({ length: 501 }, (_, n) => String(n)))
  })

  it('names the accounts of all payments that arrived within a window, unless they are many or one is not known', async () => {
    const client = reader()
    hub.add(client, undefined)
    const arrived = (): unknown[] => [...Buffer.concat(client.chunks).toString().matchAll(/^event: arrived\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data!))
    const nextWindow = async (...groups: (string[] | undefined)[]): Promise<unknown> => {
      const before = arrived().length
      groups.forEach(group => hub.announceArrivals(group && new Set(group)))
      await waitFor('the window ends', () => arrived().length > before)
      return arrived().at(-1)
    }
    assert.deepEqual(await nextWindow(['A']), { accountIds: ['A'] })
    assert.deepEqual(await nextWindow(['B'], ['C', 'B']), { accountIds: ['B', 'C'] })
    assert.deepEqual(await nextWindow(['B'], undefined, ['C']), {})
    assert.deepEqual(await nextWindow(['D'], Array.from({ length: 100 }, (_, n) => `A-${n}`)), {})
    assert.deepEqual(await nextWindow(['E']), { accountIds: ['E'] })
  })

  it('sends the first event of another kind at once, while events of the first kind wait for the window to end', async () => {
    const client = reader()
    hub.add(client, undefined)
    hub.announceArrivals()
    hub.announceArrivals() // waits
    hub.publish([payment(0)])
    assert.deepEqual(client.names(), ['hello', 'arrived', 'payment'])
    for (let n = 1; n <= 1_000; n++)
      hub.publish([payment(n)])
    assert.equal(idsIn(client).length, 1_001)
    assert.equal(client.names().filter(name => name === 'arrived').length, 1)
    await waitFor('the window ends', () => client.chunks.length > 4)
    assert.equal(client.names().filter(name => name === 'arrived').length, 2)
  })

  it('makes the window longer for many clients: half a millisecond for each', async () => {
    const clients = Array.from({ length: 800 }, reader)
    for (const client of clients)
      hub.add(client, undefined)
    const begin = performance.now()
    hub.publish([payment(0)])
    hub.publish([payment(1)])
    await waitFor('the window ends', () => clients[0]!.chunks.length > 2)
    assert.ok(performance.now() - begin >= 395, `${performance.now() - begin} ms`) // a timer may fire early by a millisecond
  })

  it('sends a waiting resync before the payments that follow it', () => {
    const client = reader()
    hub.add(client, undefined)
    hub.resync()
    hub.resync() // waits
    hub.publish([payment(0)])
    assert.deepEqual(client.names(), ['hello', 'resync', 'resync', 'payment'])
  })

  it('writes to each client at most once per window of 200 ms, and the same bytes to all', async () => {
    const clients = [reader(), reader(), reader()]
    for (const client of clients)
      hub.add(client, undefined)
    const begin = performance.now()
    for (let n = 0; n < 200; n++) {
      hub.announceArrivals()
      hub.publish([payment(n)])
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    await waitFor('all payments are sent', () => idsIn(clients[0]!).length === 200)
    const windows = Math.ceil((performance.now() - begin) / 200)
    assert.ok(clients[0]!.chunks.length <= windows + 3, `${clients[0]!.chunks.length} writes in ${windows} windows`)
    for (const client of clients) // except the hello
      assert.ok(client.chunks.slice(1).every((chunk, i) => chunk === clients[0]!.chunks[i + 1]))
  })

  it('sends each event once to a client that connects or reconnects within a window', async () => {
    const first = reader()
    hub.add(first, undefined)
    hub.publish([payment(0)])
    hub.publish([payment(1)]) // waits
    const [seen] = /[0-9a-f]+:0/.exec(Buffer.concat(first.chunks).toString())!
    const late = reader()
    const returning = reader()
    hub.add(late, undefined)
    hub.add(returning, seen)
    assert.deepEqual([idsIn(late), idsIn(returning)], [[], ['0']])
    await waitFor('the window ends', () => idsIn(late).length > 0)
    assert.deepEqual([idsIn(first), idsIn(late), idsIn(returning)], [['0', '1'], ['1'], ['0', '1']])
  })

  it('sends one resync per window, in place of waiting payments, and no longer resumes from earlier ids', async () => {
    const client = reader()
    hub.add(client, undefined)
    const [before] = /[0-9a-f]+:0/.exec(Buffer.concat(client.chunks).toString())!
    hub.publish([payment(0)])
    hub.publish([payment(1)]) // waits
    hub.resync()
    for (let n = 0; n < 50; n++)
      hub.resync()
    hub.publish([payment(2)])
    await waitFor('the window ends', () => idsIn(client).includes('2'))
    assert.deepEqual(client.names(), ['hello', 'payment', 'resync', 'resync', 'payment'])
    const returning = reader()
    hub.add(returning, before)
    assert.deepEqual(returning.names(), ['resync', 'hello'])
  })

  it('sends a full ring of payments before the window ends', () => {
    const client = reader()
    hub.add(client, undefined)
    hub.publish([payment(0)])
    for (let n = 1; n <= 1_000; n++)
      hub.publish([payment(n)])
    assert.equal(idsIn(client).length, 1_001)
  })

  it('sends every client a heartbeat that a page can see within three turns', () => {
    const clients = Array.from({ length: 100 }, reader)
    for (const client of clients)
      hub.add(client, undefined)
    const beats = (): number => clients.filter(({ chunks }) => chunks.length > 1).length
    hub.heartbeat()
    assert.ok(beats() <= 34, `${beats()} at once`)
    for (let turn = 1; turn < 3; turn++)
      hub.heartbeat()
    for (const client of clients)
      assert.deepEqual(client.names(), ['hello', 'heartbeat'])
  })
})
