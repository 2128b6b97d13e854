import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Poison } from './queue-model.ts'
import type { Fault } from './simulated-postgres.ts'
import { trackOutage } from '../../../src/outage.ts'
import { run } from '../../../src/run.ts'
import { connect } from '../../../src/sql/connect.ts'
import { Connection } from '../../../src/sql/connection.ts'
import { markStopped } from '../../../src/sql/heartbeat.ts'
import { listen } from '../../../src/sql/listen.ts'
import { suspectJobs } from '../../../src/suspects.ts'
import { createWakeUp } from '../../../src/wake-up.ts'
import { lightKnex } from './light-knex.ts'
import { QueueModel } from './queue-model.ts'
import { replaceDriver, useServer } from './simulated-connection.ts'
import { SimulatedPostgres } from './simulated-postgres.ts'
import { nowMs, runUntil, startSchedule } from './virtual-clock.ts'

/** What happens at a virtual time, besides the faults of single operations. */
export type Incident
  = | { kind: 'outage' | 'read-only' | 'account held', forMs: number }
    | { kind: 'restart' | 'pause' | 'resume' | 'kill' | 'redeploy' | 'listen lost' | 'listen silent' }

/** All that a schedule depends on. */
export interface Scenario {
  /** Decides the latencies and everything else that is random. */
  seed: number
  workers: number
  batchSize: number
  batchesInFlight: number
  payments: { atMs: number, amount: string, account: string, poison: Poison | undefined }[]
  faults: Fault[]
  incidents: (Incident & { atMs: number })[]
}

export interface Outcome { model: QueueModel, server: SimulatedPostgres, settledInTime: boolean, drained: boolean, operations: number }

/** Virtual time for everything to settle once the faults have ended: an outage's backoff, a full scan, two attempts, LISTEN's reconnect. */
const SETTLE_WITHIN_MS = 30_000
/** As in main.ts. */
const DRAIN_WITHIN_MS = 15_000
export const MAX_ATTEMPTS = 2

/** The errors that our code logs are expected. */
const log = { warn: () => {}, error: () => {}, info: () => {} } as unknown as Logger
const client = connect('postgres://simulated', log).client as { version: string }
client.version = '18'
replaceDriver(Connection)

/** Runs our worker against the model until everything has settled, then drains it. `knex` runs Knex itself instead of the light one. */
export async function simulateWorkers(scenario: Scenario, { knex = false } = {}): Promise<Outcome> {
  const model = new QueueModel()
  const server = new SimulatedPostgres(startSchedule(scenario.seed), scenario.faults, model.execute)
  model.server = server
  useServer(server)
  server.onNotification = (channel, payload) => {
    if (channel === 'payment_events')
      model.announce(payload)
  }
  const workers = Array.from({ length: scenario.workers }, (_, n) => new SimulatedWorker(`w${n}`, server, scenario, knex))
  scenario.payments.forEach((payment, n) => setTimeout(() => model.accept(`p${String(n).padStart(2, '0')}`, payment), payment.atMs))
  for (const incident of scenario.incidents)
    setTimeout(happen, incident.atMs, incident, { model, server, workers })
  workers.forEach(worker => worker.start())

  const healAtMs = Math.max(0, ...[...scenario.payments, ...scenario.incidents].map(each => each.atMs + ('forMs' in each ? each.forMs : 0))) + 1
  await runUntil(() => false, healAtMs)
  server.heal()
  model.resume()
  const isSettled = (): boolean => [...model.payments.values()].every(({ job }) => job.value!.status !== 'pending')
  const settledInTime = await runUntil(isSettled, healAtMs + SETTLE_WITHIN_MS)
  const operations = server.operations
  workers.forEach(worker => worker.stop())
  const drained = await runUntil(() => workers.every(worker => worker.hasStopped), nowMs() + DRAIN_WITHIN_MS)
  return { model, server, settledInTime, drained, operations }
}

function happen(incident: Incident, { model, server, workers }: { model: QueueModel, server: SimulatedPostgres, workers: SimulatedWorker[] }): void {
  const worker = workers[Math.floor(server.random() * workers.length)]!
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
    case 'account held': return model.holdAccount('a0', incident.forMs)
    case 'restart': return server.endSessions()
    case 'pause': return model.pause()
    case 'resume': return model.resume()
    case 'kill': return worker.kill()
    case 'redeploy': return worker.stop({ startAgain: true })
    case 'listen lost': return listeners.forEach(session => session.terminate())
    case 'listen silent': return listeners.forEach(session => session.deafen())
  }
}

/** What main.ts does, without the process. */
class SimulatedWorker {
  hasStopped = false
  #kill = (): void => {}
  #stopping = new AbortController()
  #startAgain = true
  #isDead = false
  readonly #id: string
  readonly #server: SimulatedPostgres
  readonly #scenario: Scenario
  readonly #knex: boolean

  constructor(id: string, server: SimulatedPostgres, scenario: Scenario, knex: boolean) {
    this.#id = id
    this.#server = server
    this.#scenario = scenario
    this.#knex = knex
  }

  start(): void {
    this.#isDead = false
    const id = this.#id
    const { batchSize, batchesInFlight } = this.#scenario
    const url = `postgres://${id}`
    const life = { over: false }
    const db = mortal(this.#knex
      ? connect(url, log, batchesInFlight)
      : lightKnex(Object.create(client, { connectionSettings: { value: { connectionString: url } } }), { maxConnections: batchesInFlight + 1, acquireTimeoutMs: 5_000, afterCreate: limitSilence }), life)
    const wakeUp = createWakeUp()
    const listening = listen(url, 'recon_jobs', wakeUp.wake, log)
    const stopping = this.#stopping = new AbortController()
    const outage = trackOutage(stopping.signal, log)
    const worker = { id, host: 'simulated', pid: 1 }
    this.#kill = () => {
      life.over = true
      void listening.close()
      for (const session of [...this.#server.sessions].filter(({ owner }) => owner === url))
        session.abandon()
    }
    void run(db, {
      workerId: id,
      batchSize,
      batchesInFlight,
      maxAttempts: MAX_ATTEMPTS,
      suspects: suspectJobs(db, { worker, inFlight: batchSize * batchesInFlight, log }),
      outage,
      wakeUp,
      signal: stopping.signal,
      onSettled: () => {},
      log,
    }).then(async () => {
      await markStopped(db, { id, settled: 0 }).catch(() => {})
      await listening.close()
      if (life.over)
        return
      this.hasStopped = !this.#startAgain
      if (this.#startAgain)
        this.start()
    })
  }

  /** SIGTERM. */
  stop({ startAgain = false } = {}): void {
    this.#startAgain = startAgain
    this.#stopping.abort()
    this.hasStopped ||= this.#isDead && !startAgain
  }

  /** SIGKILL, and a supervisor that starts the worker again. */
  kill(): void {
    if (this.#isDead)
      return
    this.#isDead = true
    this.#kill()
    setTimeout(() => this.#startAgain && this.start(), 100)
  }
}

/** The handle of a process that can be killed: then nothing continues. */
function mortal(db: Knex, life: { over: boolean }): Knex {
  const never = new Promise<never>(() => {})
  const unlessOver = (call: () => unknown): unknown => life.over ? never : call()
  return {
    raw: (...args: Parameters<Knex['raw']>) => life.over ? { options: () => never } : db.raw(...args),
    transaction: (work: Parameters<Knex['transaction']>[0]) => unlessOver(() => db.transaction(work)),
  } as unknown as Knex
}

/** As in connect.ts. */
function limitSilence({ connection: { stream } }: { connection: { stream: { setTimeout: (ms: number, expired: () => void) => unknown, destroy: (error: Error) => void } } }): void {
  stream.setTimeout(12_000, () => stream.destroy(new Error('Connection terminated: the server sent nothing in time')))
}
