import type { Clock } from '@sinonjs/fake-timers'
import { syncBuiltinESMExports } from 'node:module'
import FakeTimers from '@sinonjs/fake-timers'

/** Virtual time at which each schedule starts: 2026-01-01, in milliseconds since 1970. */
const STARTS_AT_MS = Date.UTC(2026)
/** More timers than any schedule needs. Beyond them the system is spinning. */
const MAX_TIMERS = 20_000

const realRandom = Math.random
const realStackTraceLimit = Error.stackTraceLimit
let clock: Clock | undefined

/** Replaces timers, `performance.now()` and `Date` with a clock that moves only when `runUntil` moves it. Call `restoreClock` after. */
export function installClock(): void {
  clock = FakeTimers.install({ now: STARTS_AT_MS, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'performance', 'Date'] })
  syncBuiltinESMExports() // for importers of node:timers/promises
  Error.stackTraceLimit = 0 // expected errors are most of what a schedule would cost
}

export function restoreClock(): void {
  clock?.uninstall()
  clock = undefined
  Math.random = realRandom
  Error.stackTraceLimit = realStackTraceLimit
  syncBuiltinESMExports()
}

/** Starts a schedule: no timers, virtual time zero, and `Math.random` from the seed. Returns that generator. */
export function startSchedule(seed: number): () => number {
  clock!.reset()
  clock!.setSystemTime(STARTS_AT_MS)
  return Math.random = seededRandom(seed)
}

/** Virtual milliseconds since the schedule started. */
export function nowMs(): number {
  return clock!.now - STARTS_AT_MS
}

/**
 * Fires timers in order until `done` or until the virtual time. After each timer, all promise callbacks run. Returns whether
 * `done` holds.
 * @throws {Error} when the system does not come to rest: it fires timer after timer without virtual time passing much
 */
export async function runUntil(done: () => boolean, untilMs: number): Promise<boolean> {
  for (let timers = 0; ; timers++) {
    await new Promise<void>(resolve => process.nextTick(resolve)) // Node.js runs it once no promise callback is left
    if (done())
      return true
    if (nowMs() >= untilMs || clock!.countTimers() === 0)
      return false
    if (timers > MAX_TIMERS)
      throw new Error(`${MAX_TIMERS} timers fired before ${nowMs()} ms: the system is spinning`)
    clock!.next()
  }
}

/** A small generator of numbers from 0 to 1. Source: mulberry32, Tommy Ettinger, public domain. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6D2B79F5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
