import type { Wire } from '../wire/wire.ts'
import type { Fault } from './fault.ts'
import { withoutWire } from './needs.ts'
import { SLOW } from './processes.ts'

/** The most commits that pass before the first that is cut. */
const MAX_SKIPPED = 20
const MAX_CUTS = 3

/** A fault that happens between our parts and Postgres. */
function onTheWire(name: string, description: string, more: Partial<Fault>, start: (wire: Wire, targets: string[]) => Promise<void>): Fault {
  return {
    name,
    description,
    recoveryGoalMs: SLOW,
    holdMs: [5_000, 15_000],
    modes: ['embedded', 'compose'],
    callersMaySeeErrors: true,
    unavailable: withoutWire,
    targets: async () => ['the wire'],
    start: ({ wire }, targets) => start(wire!, targets),
    stop: async ({ wire }) => wire?.lift(name),
    ...more,
  }
}

/** Targets are texts: what the seed chose for start(), written so that a report can show it. */
function chosen(targets: string[]): number[] {
  return targets.map(text => Number(/\d+/.exec(text)![0]))
}

export const latency = onTheWire('latency', 'every packet to and from Postgres is late', {
  callersMaySeeErrors: false,
  targets: async (_, random) => [`${random.integer(20, 100)} ms`],
}, (wire, targets) => wire.impose('latency', { latencyMs: chosen(targets)[0]! }))

export const jitter = onTheWire('jitter', 'packets to and from Postgres are late by a different time each', {
  callersMaySeeErrors: false,
  targets: async (_, random) => [`0 to ${random.integer(50, 200)} ms`],
}, (wire, targets) => wire.impose('jitter', { jitterMs: Number(/\d+ ms/.exec(targets[0]!)![0].slice(0, -3)) }))

export const trickle = onTheWire('trickle', 'the connections to Postgres pass one byte a second', {}, wire => wire.impose('trickle', { bytesPerSecond: 1 }))

/** What was open stays dead afterwards, as behind a firewall that forgot it: the parts must find that out themselves. */
export const halfOpen = onTheWire('half-open', 'packets to and from Postgres are dropped without a reset', {
  holdMs: [15_000, 20_000],
}, wire => wire.impose('half-open', { dropsBytes: true }))

export const unreachable = onTheWire('unreachable', 'Postgres refuses connections, and open ones are reset', {
  holdMs: [20_000, 20_000],
}, wire => wire.impose('unreachable', { refuses: true }))

export const resetConnections = onTheWire('reset-connections', 'every connection to Postgres is reset at once', {
  holdMs: [0, 0],
}, wire => wire.resetAll())

export const deafListeners = onTheWire('deaf-listeners', 'LISTEN is silently dead: no notification arrives any more', {
  callersMaySeeErrors: false,
  holdMs: [10_000, 20_000],
}, wire => wire.impose('deaf-listeners', { dropsNotifications: true }))

function cutCommits(name: string, who: string, login: 'payments_api' | 'payments_worker'): Fault {
  return onTheWire(name, `the connection of ${who} is cut between COMMIT and its response`, {
    callersMaySeeErrors: false,
    holdMs: [2_000, 5_000],
    targets: async (_, random) => [`after ${random.integer(0, MAX_SKIPPED)} commits`, `${random.integer(1, MAX_CUTS)} times`],
  }, (wire, targets) => {
    const [skip = 0, count = 1] = chosen(targets)
    return wire.cutCommits(name, { login, skip, count })
  })
}

export const cutApiCommit = cutCommits('cut-api-commit', 'an API', 'payments_api')
export const cutWorkerCommit = cutCommits('cut-worker-commit', 'a worker', 'payments_worker')
