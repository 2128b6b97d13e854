import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openEventStream } from '~/utils/open-event-stream'
import { FakeEventSource } from '../support/fake-event-source'

const MINUTE_MS = 60_000

let stop: () => void
let states: string[]

beforeEach(() => {
  vi.useFakeTimers()
  FakeEventSource.install()
  states = []
  stop = openEventStream('/api/events', { names: ['hello', 'arrived'], onEvent: () => {}, onState: state => states.push(state) })
  FakeEventSource.current.send('hello', {}, 'abc:7')
})
afterEach(() => {
  stop()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

it('takes a stream without heartbeats for dead within eight seconds, and resumes it after the last seen event', () => {
  const before = FakeEventSource.current
  vi.advanceTimersByTime(8_000)
  expect(before.closed).toBe(true)
  expect(states).toEqual(['live', 'reconnecting'])
  vi.advanceTimersByTime(1_000)
  expect(FakeEventSource.current.url).toBe('/api/events?after=abc%3A7')
})

it('notices after a sleep, when the clock has jumped', () => {
  vi.setSystemTime(Date.now() + 10 * MINUTE_MS)
  vi.advanceTimersByTime(2_000)
  expect(FakeEventSource.opened).toHaveLength(2)
})

it('keeps the stream while anything arrives', () => {
  for (let second = 0; second < 60; second += 5) {
    vi.advanceTimersByTime(5_000)
    FakeEventSource.current.send(second % 2 ? 'heartbeat' : 'arrived')
  }
  expect(FakeEventSource.opened).toHaveLength(1)
})

it('says within four seconds that a stream does not open, and waits on: a slow network may need longer', () => {
  stop()
  states = []
  stop = openEventStream('/api/events', { names: ['hello'], onEvent: () => {}, onState: state => states.push(state) })
  vi.advanceTimersByTime(4_000)
  expect(states).toEqual(['reconnecting'])
  FakeEventSource.current.send('hello', {}, 'abc:8')
  expect(states).toEqual(['reconnecting', 'live'])
  expect(FakeEventSource.opened).toHaveLength(2)
})
