import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { RunOnceOptions } from './run-once.ts'
import type { ClaimedJob } from './sql/claim-jobs.ts'
import type { Registration, WorkerIdentity } from './sql/heartbeat.ts'
import { buryJob, forgiveUncleanStops, holdAlone, register } from './sql/heartbeat.ts'

/** Consecutive unclean stops after which jobs are claimed one by one. A single one may be a reboot or an operator's kill. */
const STOPS_BEFORE_ALONE = 2
/** Consecutive unclean stops with the same job held alone, after which that job is dead. */
const STOPS_BEFORE_DEAD = 3
/** How often a worker that is never idle checks whether the unclean stops can be forgiven. */
const FORGIVE_EVERY_MS = 2_000
const ENDED_ITS_WORKER = `the worker stopped uncleanly ${STOPS_BEFORE_DEAD} times in a row while it settled this job alone`

/** What the next primary batch has to know while jobs are suspected. */
export interface Suspicion {
  /** Claims a single job and records it before its attempt. */
  oneJob: Pick<RunOnceOptions, 'batchSize' | 'onClaimed'>
  /** No job that became due at or after this time can have ended the previous worker. */
  innocentFrom: Date
}

/** Each function throws the database's error if a statement fails, and can be called again then. */
export interface Suspects {
  /** Called before each primary batch. Returns undefined if no job is suspected. */
  next: () => Promise<Suspicion | undefined>
  /** Called after a rollback that the process survived: later stops are not the fault of the job held alone. */
  rolledBack: () => Promise<void>
  /**
   * Forgets the unclean stops if no job is left that may have caused them. Called when nothing can be claimed; during a
   * lasting backlog, `next` does the same every two seconds.
   */
  forgive: () => Promise<void>
}

/**
 * Finds a poison job: one that ends the process at every attempt. Such a job leaves nothing committed. So after two unclean
 * stops of the worker with this id, `inFlight` jobs (as many as could have been in flight) are claimed one by one, each recorded
 * before its attempt. A job held alone at three consecutive unclean stops is dead.
 */
export function suspectJobs(db: Knex, { worker, inFlight, log }: { worker: WorkerIdentity, inFlight: number, log: Logger }): Suspects {
  const { id } = worker
  let registration: Registration | undefined
  let started = false
  let databaseWasAway = false
  let forgiveAtMs = 0
  let suspectedJobs = 0 // jobs still to be claimed one by one
  let attempting = false // a job was claimed alone, and its attempt has neither committed nor been rolled back
  let mayHoldJob = false // recon_workers.held_alone may name a job

  async function hold(job: ClaimedJob | undefined): Promise<void> {
    if (!job)
      return
    attempting = true
    mayHoldJob = true
    await holdAlone(db, { id, paymentId: job.paymentId })
  }

  async function release(): Promise<void> {
    if (!mayHoldJob)
      return
    await holdAlone(db, { id, paymentId: null })
    mayHoldJob = false
  }

  /**
   * A previous worker that lost the database could not release the job it held. It may have been stopped during that outage,
   * so if this worker also starts without the database, the job is not blamed.
   */
  async function registerOnce(): Promise<Registration> {
    try {
      return registration ??= await register(db, { ...worker, blameHeldJob: !databaseWasAway })
    }
    catch (error) {
      databaseWasAway = true
      throw error
    }
  }

  /** Safe to repeat if the database fails between two steps. */
  async function start(): Promise<void> {
    const { uncleanStops, stoppedWith, stoppedWithIt } = await registerOnce()
    if (stoppedWith !== null && stoppedWithIt >= STOPS_BEFORE_DEAD && await buryJob(db, { paymentId: stoppedWith, workerId: id, error: ENDED_ITS_WORKER }))
      log.error({ paymentId: stoppedWith, error: ENDED_ITS_WORKER, status: 'dead' }, 'job is dead')
    if (uncleanStops >= STOPS_BEFORE_ALONE) {
      suspectedJobs = inFlight
      log.warn({ uncleanStops, jobs: suspectedJobs }, 'this worker stopped uncleanly several times; claiming jobs one by one')
    }
    started = true
  }

  async function forgive(): Promise<void> {
    if (registration && registration.uncleanStops > 0 && await forgiveUncleanStops(db, id)) {
      registration.uncleanStops = 0
      suspectedJobs = 0
    }
  }

  return {
    next: async () => {
      if (!started)
        await start()
      if (attempting)
        suspectedJobs--
      attempting = false
      await release()
      if (performance.now() >= forgiveAtMs) {
        forgiveAtMs = performance.now() + FORGIVE_EVERY_MS
        await forgive()
      }
      return suspectedJobs > 0
        ? { oneJob: { batchSize: 1, onClaimed: ([job]) => hold(job) }, innocentFrom: new Date(registration!.startedAt.getTime() + 1) }
        : undefined
    },
    rolledBack: async () => {
      if (!attempting)
        return
      attempting = false
      await release()
    },
    forgive,
  }
}
