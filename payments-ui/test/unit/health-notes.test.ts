import type { Operations } from '../../shared/types/operations'
import { describe, expect, it } from 'vitest'
import { shortCount } from '../../app/utils/count-text'
import { healthNotes } from '../../app/utils/health-notes'

function operations({ states = ['running'], ...queue }: { states?: string[], pausedAt?: string | null, dead?: number }): Operations {
  const rate = { windowSeconds: 10, settled: 0, settledPerSecond: 0 }
  const AT = '2026-11-23T16:05:13.123Z'
  return {
    queue: { waiting: 0, dead: 0, oldestSeconds: null, pausedAt: null, pausedBy: null, pauseReason: null, ...queue },
    settled: { ...rate, now: rate, latencyMs: { p50: null, p95: null, p99: null, longest: null } },
    workers: states.map((state, i) => ({ id: `w${i}`, host: 'h', pid: i, uncleanStops: 0, state: state === 'replaced' ? 'lost' : state, replacedBy: state === 'replaced' ? 'w0' : null, startedAt: AT, lastSeenAt: AT, stoppedAt: null, settled: 0 })),
  }
}
const texts = (...inputs: Parameters<typeof healthNotes>) => healthNotes(...inputs).map(note => note.text)

describe('healthNotes', () => {
  it.each([
    [{}, []],
    [{ states: ['running', 'lost', 'lost'] }, ['2 workers lost']],
    [{ states: ['running', 'replaced', 'stopped'] }, []],
    [{ states: ['lost'] }, ['No worker runs', '1 worker lost']],
    [{ states: ['stopped'] }, ['No worker runs']],
    [{ dead: 3, pausedAt: '2026-11-23T16:05:13.123Z' }, ['Queue paused', '3 dead']],
  ])('%o gives %o', (given, expected) => {
    expect(texts(operations(given), null)).toEqual(expected)
  })

  it('says only that the API is unreachable while it is, since nothing else is known', () => {
    expect(texts(operations({ dead: 3 }), { type: '/problems/api-unreachable', title: 'x', status: 502 })).toEqual(['API unreachable'])
    expect(texts(null, null)).toEqual([])
  })

  it.each([
    ['/problems/unavailable', 503, 'Database unreachable'],
    ['/problems/api-failed', 502, 'API failing'],
    ['/problems/overloaded', 503, 'API failing'],
    ['/problems/api-timeout', 504, 'API unreachable'],
    ['/problems/no-response', 0, 'Console unreachable'],
  ])('says of %s what does not respond', (type, status, text) => {
    expect(texts(null, { type, title: 'x', status })).toEqual([text])
  })
})

describe('shortCount', () => {
  it.each([[0, '0'], [9_999, '9,999'], [12_999, '12k'], [99_999, '99k'], [100_000, '100k+']])('%i is %s', (count, text) => {
    expect(shortCount(count)).toBe(text)
  })
})
