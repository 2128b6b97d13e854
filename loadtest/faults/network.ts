import type { Conditions, Wire } from '../wire/wire.ts'
import type { Fault } from './fault.ts'
import { withoutWire } from './needs.ts'
import { BOTH, SLOW } from './processes.ts'

/** The most commits that pass before the first that is cut. */
const MAX_SKIPPED = 20
/** All may hit the same payments, which the API writes again twice after a lost connection. */
const MAX_CUTS = 2

/** A fault that happens between our parts and Postgres. */
function onTheWire(name: string, description: string, more: Partial<Fault>, start: (wire: Wire, targets: string[]) => Promise<void>): Fault {
  return {
    name,
    description,
    recoveryGoalMs: SLOW,
    holdMs: [5_000, 15_000],
    modes: BOTH,
    callersMaySeeErrors: true,
    unavailable: withoutWire,
    targets: async () => ['the wire'],
    start: ({ wire }, targets) => start(wire!, targets),
    stop: async ({ wire }) => wire?.lift(name),
    ...more,
  }
}

/** Conditions of the network, which end when the fault stops. */
function impose(name: string, description: string, conditions: (targets: string[]) => Conditions, more: Partial<Fault> = {}): Fault {
  return onTheWire(name, description, more, (wire, targets) => wire.impose(name, conditions(targets)))
}

/** Targets are texts: what the seed chose for start(), written so that a report can show it. The last number is the choice. */
function chosen(targets: string[]): number[] {
  return targets.map(text => Number(/\d+(?=\D*$)/.exec(text)![0]))
}

export const latency = impose('latency', 'every packet to and from Postgres is late', targets => ({ latencyMs: chosen(targets)[0]! }), {
  callersMaySeeErrors: false,
  targets: async (_, random) => [`${random.integer(20, 100)} ms`],
})

/**
 * Writing payments takes three round trips when one repeats a key: 0.6 s on average at the most jitter, and at times over a second.
 * The API then refuses payments as overloaded, which tells callers that nothing was written.
 */
export const jitter = impose('jitter', 'packets to and from Postgres are late by a different time each', targets => ({ jitterMs: chosen(targets)[0]! }), {
  targets: async (_, random) => [`0 to ${random.integer(50, 200)} ms`],
})

export const trickle = impose('trickle', 'the connections to Postgres pass one byte a second', () => ({ bytesPerSecond: 1 }))

/** What was open stays dead afterwards, as behind a firewall that forgot it: the parts must find that out themselves. */
export const halfOpen = impose('half-open', 'packets to and from Postgres are dropped without a reset', () => ({ dropsBytes: true }), {
  holdMs: [15_000, 20_000],
})

export const unreachable = impose('unreachable', 'Postgres refuses connections, and open ones are reset', () => ({ refuses: true }), {
  holdMs: [20_000, 20_000],
})

export const deafListeners = impose('deaf-listeners', 'LISTEN is silently dead: no notification arrives any more', () => ({ dropsNotifications: true }), {
  callersMaySeeErrors: false,
  holdMs: [10_000, 20_000],
})

export const resetConnections = onTheWire('reset-connections', 'every connection to Postgres is reset at once', {
  holdMs: [0, 0],
}, wire => wire.resetAll())

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
