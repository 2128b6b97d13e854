import type { StreamState } from '../../app/utils/open-event-stream'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { shareEventStream } from '../../app/utils/share-event-stream'
import { FakeEventSource } from '../support/fake-event-source'

/** The other tab: what it says on the channel, and whether it has the lock. */
let otherTab: FakeChannel
let otherHasLock: boolean
let states: StreamState[]
let stop: () => void
/** The requests for the lock that are granted, in turn; the last one has it. */
let holders: { lose: () => void }[]
let waiting: (() => void)[]

class FakeChannel extends EventTarget {
  static readonly all = new Set<FakeChannel>()
  constructor() {
    super()
    FakeChannel.all.add(this)
  }

  postMessage(data: unknown) {
    for (const channel of FakeChannel.all) {
      if (channel !== this)
        channel.dispatchEvent(new MessageEvent('message', { data }))
    }
  }

  close() {
    FakeChannel.all.delete(this)
  }
}

/** Grants a request when it steals, or when no other tab has the lock. */
function request(_name: string, { steal = false, signal }: LockOptions, lead: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const lose = () => reject(new DOMException('taken', 'AbortError'))
    const grant = () => {
      holders.at(-1)?.lose()
      holders.push({ lose })
      otherHasLock = false
      lead().then(resolve, reject)
    }
    signal?.addEventListener('abort', lose)
    if (steal || (!otherHasLock && holders.length === 0))
      grant()
    else
      waiting.push(grant)
  })
}

function begin() {
  otherTab = new FakeChannel()
  stop = shareEventStream('/api/events', { names: ['hello', 'arrived'], onEvent: () => {}, onState: state => states.push(state) })
}
const settle = () => vi.advanceTimersByTimeAsync(0)
const see = (visibilityState: DocumentVisibilityState) => vi.stubGlobal('document', { visibilityState })

beforeEach(() => {
  vi.useFakeTimers()
  FakeEventSource.install()
  vi.stubGlobal('BroadcastChannel', FakeChannel)
  vi.stubGlobal('navigator', { locks: { request } })
  const window = new EventTarget()
  vi.stubGlobal('window', window)
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window))
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window))
  see('visible')
  FakeChannel.all.clear()
  holders = []
  waiting = []
  states = []
})
afterEach(async () => {
  stop()
  await settle()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

it('takes the stream from a tab that has fallen silent within ten seconds, and continues after the last event', async () => {
  otherHasLock = true
  begin()
  otherTab.postMessage({ kind: 'state', state: 'live' })
  otherTab.postMessage({ kind: 'event', name: 'arrived', data: {}, id: 'abc:7' })
  await vi.advanceTimersByTimeAsync(7_000)
  expect(FakeEventSource.opened).toHaveLength(0)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(FakeEventSource.current.url).toBe('/api/events?after=abc%3A7')
  expect(states).toEqual(['live', 'reconnecting'])
  FakeEventSource.current.send('hello', {}, 'abc:8')
  expect(states.at(-1)).toBe('live')
})

it.each([
  ['its events', { kind: 'event', name: 'heartbeat', data: {}, id: '' }],
  ['that it is alive, though its stream is broken', { kind: 'alive' }],
])('leaves the stream to the other tab while that says %s', async (_what, message) => {
  otherHasLock = true
  begin()
  for (let second = 0; second < 60; second += 3) {
    otherTab.postMessage(message)
    await vi.advanceTimersByTimeAsync(3_000)
  }
  expect(FakeEventSource.opened).toHaveLength(0)
})

it('takes nothing while it is hidden itself', async () => {
  see('hidden')
  otherHasLock = true
  begin()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(FakeEventSource.opened).toHaveLength(0)
})

it('closes its stream when another tab takes it, and opens one again when that tab closes', async () => {
  otherHasLock = false
  begin()
  await settle()
  const first = FakeEventSource.current
  first.send('hello', {}, 'abc:7')
  otherHasLock = true
  holders.pop()!.lose()
  await settle()
  expect(first.closed).toBe(true)
  waiting.shift()!()
  await settle()
  expect(FakeEventSource.current.url).toBe('/api/events?after=abc%3A7')
})

it('tells the other tabs of heartbeats, and that it is alive while it is visible', async () => {
  otherHasLock = false
  begin()
  await settle()
  const heard: { kind: string, name?: string }[] = []
  otherTab.addEventListener('message', event => heard.push((event as MessageEvent).data))
  FakeEventSource.current.send('hello', {}, 'abc:7')
  FakeEventSource.current.send('heartbeat')
  expect(heard.some(({ name }) => name === 'heartbeat')).toBe(true)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(heard.some(({ kind }) => kind === 'alive')).toBe(true)
  heard.length = 0
  see('hidden')
  await vi.advanceTimersByTimeAsync(3_000)
  expect(heard).toEqual([])
})
