import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openEventStream } from '~/utils/open-event-stream'
import { FakeEventSource } from '../support/fake-event-source'

const MINUTE_MS = 60_000

let stop: () => void

beforeEach(() => {
  vi.useFakeTimers()
  FakeEventSource.install()
  stop = openEventStream('/api/events', { names: ['hello'], onEvent: () => {}, onState: () => {} })
  FakeEventSource.current.send('hello', {}, 'abc:7')
})
afterEach(() => {
  stop()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

it('reopens the stream after the last seen event when the machine has slept', () => {
  const before = FakeEventSource.current
  vi.setSystemTime(Date.now() + 10 * MINUTE_MS)
  vi.advanceTimersByTime(5_000)
  expect(before.closed).toBe(true)
  expect(FakeEventSource.current.url).toBe('/api/events?after=abc%3A7')
})

it('keeps the stream while time passes normally, and when a hidden tab\'s timers fire only once a minute', () => {
  vi.advanceTimersByTime(30 * MINUTE_MS)
  vi.setSystemTime(Date.now() + MINUTE_MS)
  vi.advanceTimersByTime(5_000)
  expect(FakeEventSource.opened).toHaveLength(1)
})
