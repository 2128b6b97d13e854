import type { Logger } from 'pino'
import type { CreateResult } from '../../../src/domain/create-payment.ts'
import type { NewPayment } from '../../../src/domain/payment.ts'
import type { Metrics } from '../../../src/metrics.ts'
import type { Fault } from './simulated-postgres.ts'
import { activityHistory } from '../../../src/domain/activity-history.ts'
import { arrivalsPayload } from '../../../src/domain/arrivals.ts'
import { createPayments } from '../../../src/domain/create-payment.ts'
import { EventHub } from '../../../src/domain/event-hub.ts'
import { MAX_WRITES } from '../../../src/domain/group-commit.ts'
import { knownCurrencies } from '../../../src/domain/known-currencies.ts'
import { wakeWorkers } from '../../../src/domain/wake-workers.ts'
import { followDatabase } from '../../../src/follow-database.ts'
import { paymentStore, WRITE_GROUPS } from '../../../src/payment-store.ts'
import { connect } from '../../../src/sql/connect.ts'
import { Connection } from '../../../src/sql/connection.ts'
import { lightKnex } from './light-knex.ts'
import { CALLER, PaymentsModel } from './payments-model.ts'
import { replaceDriver, useServer } from './simulated-connection.ts'
import { SimulatedPage } from './simulated-page.ts'
import { SimulatedPostgres } from './simulated-postgres.ts'
import { nowMs, runUntil, startSchedule } from './virtual-clock.ts'

/** What happens at a virtual time, besides the faults of single operations. */
export type Incident
  = | { kind: 'outage' | 'read-only' | 'key held' | 'page away', forMs: number }
    | { kind: 'restart' | 'listen lost' | 'listen silent' }

export interface Request { key: string, account: string, currency: string, minorUnits: number, description: string }

/** All that a schedule depends on. */
export interface Scenario {
  /** Decides the latencies and everything else that is random. */
  seed: number
  processes: number
  requests: (Request & { atMs: number })[]
  faults: Fault[]
  /** When workers settle all payments that are committed. */
  settledAtMs: number[]
  incidents: (Incident & { atMs: number })[]
}

/** One request and what its caller got. */
export interface Call {
  request: Request
  startedAtMs: number
  endedAtMs?: number
  result?: CreateResult
  error?: unknown
  /** The payment that the request would have made. */
  payment?: NewPayment
}

export interface Outcome { model: PaymentsModel, server: SimulatedPostgres, calls: Call[], repeats: Call[], allAnswered: boolean, pagesCaughtUp: boolean }

/** Virtual time within which every caller gets its response: 2 s in the queue, and at worst three attempts at two rows that are locked for 2 s. */
export const ANSWER_WITHIN_MS = 20_000
/** Virtual time within which events flow again: LISTEN's reconnect, and its probe of a silent connection. */
const CATCH_UP_WITHIN_MS = 25_000

/** The errors that our code logs are expected. */
const log = { warn: () => {}, error: () => {}, info: () => {} } as unknown as Logger
const client = connect('postgres://simulated', 1, 'simulated', log).client as { version: string }
client.version = '18'
replaceDriver(Connection)

/** Runs our API's core against the model until every caller has its response and every page shows every settled payment. */
export async function simulateApi(scenario: Scenario, { knex = false } = {}): Promise<Outcome> {
  const model = new PaymentsModel()
  const server = new SimulatedPostgres(startSchedule(scenario.seed), scenario.faults, model.execute)
  model.server = server
  server.onReplyLost = model.loseReply
  useServer(server)
  const processes = Array.from({ length: scenario.processes }, () => startProcess(model, knex))
  const pages = processes.map(({ page }) => page)
  const calls: Call[] = []
  scenario.requests.forEach((request, n) => setTimeout(() => calls.push(processes[n % processes.length]!.call(request)), request.atMs))
  scenario.settledAtMs.forEach(atMs => setTimeout(() => model.settleAll(), atMs))
  pages.forEach(page => page.connect())
  for (const incident of scenario.incidents)
    setTimeout(happen, incident.atMs, incident, { model, server, pages })

  const healAtMs = Math.max(0, ...[...scenario.requests, ...scenario.incidents].map(each => each.atMs + ('forMs' in each ? each.forMs : 0))) + 1
  await runUntil(() => false, healAtMs)
  server.heal()
  const allAnswered = await runUntil(() => calls.every(({ endedAtMs }) => endedAtMs !== undefined), healAtMs + ANSWER_WITHIN_MS)

  // Callers repeat what they got no definite response to.
  const repeats = calls.filter(({ error }) => error !== undefined).map(({ request }) => processes[0]!.call(request))
  const repeatsAnswered = await runUntil(() => repeats.every(({ endedAtMs }) => endedAtMs !== undefined), nowMs() + ANSWER_WITHIN_MS)
  model.settleAll()
  const pagesCaughtUp = await runUntil(() => pages.every(({ shown }) => shown.size === model.settled.size), nowMs() + CATCH_UP_WITHIN_MS)
  return { model, server, calls, repeats, allAnswered: allAnswered && repeatsAnswered, pagesCaughtUp }
}

/** What main.ts wires, without HTTP. */
function startProcess(model: PaymentsModel, knex: boolean): { call: (request: Request) => Call, page: SimulatedPage } {
  const pool = (max: number) => knex
    ? connect('postgres://simulated', max, 'simulated', log)
    : lightKnex(Object.create(client, { connectionSettings: { value: { connectionString: 'postgres://simulated' } } }), { maxConnections: max })
  const metrics = { wrote: () => {}, settled: () => {} } as unknown as Metrics
  const statistics = { record: () => {}, restart: () => {} } as unknown as Parameters<typeof followDatabase>[0]['statistics']
  const events = new EventHub()
  const currencies = knownCurrencies()
  const notifications = followDatabase({ databaseUrl: 'postgres://simulated', events, statistics, history: activityHistory(), currencies, metrics, log })
  const wake = wakeWorkers(accounts => notifications.notify('recon_jobs', arrivalsPayload(accounts)))
  const store = paymentStore({ readDb: pool(2), writeDb: pool(WRITE_GROUPS * MAX_WRITES), currencies, metrics, wake })

  return {
    page: new SimulatedPage(events, model),
    call: (request) => {
      const call: Call = { request, startedAtMs: nowMs() }
      const observed = (write: typeof store.write): typeof store.write => (payment) => {
        call.payment = payment
        return write(payment)
      }
      const create = createPayments({ write: observed(store.write), writeAndOpen: observed(store.writeAndOpen), findByKey: store.findByKey, currencies })
      const { key, account, currency, minorUnits, description } = request
      create({ caller: CALLER, idempotencyKey: key, accountId: account, minorUnits: BigInt(minorUnits), currency, description, traceparent: null })
        .then(result => call.result = result, (error: unknown) => call.error = error)
        .finally(() => call.endedAtMs = nowMs())
      return call
    },
  }
}

function happen(incident: Incident, { model, server, pages }: { model: PaymentsModel, server: SimulatedPostgres, pages: SimulatedPage[] }): void {
  const listeners = [...server.sessions].filter(session => session.isListening())
  switch (incident.kind) {
    case 'outage':
      server.available = false
      server.endSessions()
      setTimeout(() => server.available = true, incident.forMs)
      return
    case 'read-only':
      server.readOnly = true
      setTimeout(() => server.readOnly = false, incident.forMs)
      return
    case 'key held': return model.holdKey('k0', incident.forMs)
    case 'restart': return server.endSessions()
    case 'listen lost': return listeners.forEach(session => session.terminate())
    case 'listen silent': return listeners.forEach(session => session.deafen())
    case 'page away':
      pages.forEach(page => page.disconnect())
      setTimeout(() => pages.forEach(page => page.connect()), incident.forMs)
  }
}
