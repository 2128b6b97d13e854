import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { SimulatedPostgres } from './simulated-postgres.ts'
import { trackOutage } from '../../../src/outage.ts'
import { run } from '../../../src/run.ts'
import { connect } from '../../../src/sql/connect.ts'
import { Connection } from '../../../src/sql/connection.ts'
import { markStopped } from '../../../src/sql/heartbeat.ts'
import { listen } from '../../../src/sql/listen.ts'
import { suspectJobs } from '../../../src/suspects.ts'
import { createWakeUp } from '../../../src/wake-up.ts'
import { lightKnex } from './light-knex.ts'
import { replaceDriver } from './simulated-connection.ts'

export const MAX_ATTEMPTS = 2

/** The errors that our code logs are expected. */
const log = { warn: () => {}, error: () => {}, info: () => {} } as unknown as Logger
const client = connect('postgres://simulated', log).client as { version: string }
client.version = '18'
replaceDriver(Connection)

export interface WorkerOptions {
  batchSize: number
  batchesInFlight: number
  /** Whether to use Knex's own pool and transactions. */
  knex: boolean
}

/** What main.ts does, without the process. */
export class SimulatedWorker {
  hasStopped = false
  #kill = (): void => {}
  #stopping = new AbortController()
  #startAgain = true
  #isDead = false
  readonly #id: string
  readonly #server: SimulatedPostgres
  readonly #options: WorkerOptions

  constructor(id: string, server: SimulatedPostgres, options: WorkerOptions) {
    this.#id = id
    this.#server = server
    this.#options = options
  }

  start(): void {
    this.#isDead = false
    const id = this.#id
    const { batchSize, batchesInFlight, knex } = this.#options
    const url = `postgres://${id}`
    const life = { over: false }
    const db = mortal(knex
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
