import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { RunOnceOptions } from './run-once.ts'
import type { ClaimedJob } from './sql/claim-jobs.ts'
import type { Registration, WorkerIdentity } from './sql/heartbeat.ts'
import { buryJob, forgiveUncleanStops, holdAlone, register } from './sql/heartbeat.ts'

/** Unclean stops in a row after which jobs are claimed one by one. A single one may be a reboot or an operator's kill. */
const STOPS_BEFORE_ALONE = 2
/** Unclean stops in a row with one job held alone, after which that job is dead. */
const STOPS_BEFORE_DEAD = 3
/** How often a worker that is never idle looks whether its predecessors' unclean stops can be forgiven. */
const FORGIVE_EVERY_MS = 2_000
export const ENDED_ITS_WORKER = `the worker stopped uncleanly ${STOPS_BEFORE_DEAD} times in a row while it settled this job alone`

export interface Suspects {
  /** How to claim the next batch: a single job, recorded before its attempt, while jobs are suspected; undefined otherwise. */
  next: () => Promise<Pick<RunOnceOptions, 'batchSize' | 'onClaimed'> | undefined>
  /** Called when a batch was rolled back and the process lives: no stop from now on is the held job's fault. */
  rolledBack: () => Promise<void>
  /**
   * Forgets the unclean stops, if no job is left that may have caused them. Called when nothing can be claimed; under a
   * lasting backlog `next` sees to it.
   */
  forgive: () => Promise<void>
}

/**
 * Finds a job that ends the process at every attempt. Such a job leaves nothing committed, so after repeated unclean stops of
 * the worker with this id, as many jobs as may have been in flight are claimed one by one, each recorded before its attempt.
 * A job held alone at three unclean stops in a row is dead.
 */
export function suspectJobs(db: Knex, { worker, inFlight, log }: { worker: WorkerIdentity, inFlight: number, log: Logger }): Suspects {
  const { id } = worker
  let registration: Registration | undefined
  let started = false
  let databaseWasAway = false
  let forgiveAtMs = 0
  let left = 0 // jobs to take one by one
  let attempting = false // since a job was claimed alone, until its attempt ended either way
  let holds = false // a job may be written down

  async function hold(job: ClaimedJob | undefined): Promise<void> {
    if (!job)
      return
    attempting = true
    holds = true
    await holdAlone(db, { id, paymentId: job.paymentId })
  }

  async function letGo(): Promise<void> {
    if (!holds)
      return
    await holdAlone(db, { id, paymentId: null })
    holds = false
  }

  /**
   * A predecessor that lost the database may have stopped while it waited, with a job still written down. If the database
   * is still away when this worker starts, that job is not blamed.
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

  /** Each step can be repeated if the database fails in between. */
  async function start(): Promise<void> {
    const { uncleanStops, stoppedWith, stoppedWithIt } = await registerOnce()
    if (stoppedWith !== null && stoppedWithIt >= STOPS_BEFORE_DEAD && await buryJob(db, { paymentId: stoppedWith, workerId: id, error: ENDED_ITS_WORKER }))
      log.error({ paymentId: stoppedWith, error: ENDED_ITS_WORKER, status: 'dead' }, 'job is dead')
    if (uncleanStops >= STOPS_BEFORE_ALONE) {
      left = inFlight
      log.warn({ uncleanStops, jobs: left }, 'this worker stopped uncleanly again and again; taking jobs one by one')
    }
    started = true
  }

  async function forgive(): Promise<void> {
    if (registration && registration.uncleanStops > 0 && await forgiveUncleanStops(db, id)) {
      registration.uncleanStops = 0
      left = 0
    }
  }

  return {
    next: async () => {
      if (!started)
        await start()
      if (attempting)
        left--
      attempting = false
      await letGo()
      if (performance.now() >= forgiveAtMs) {
        forgiveAtMs = performance.now() + FORGIVE_EVERY_MS
        await forgive()
      }
      return left > 0 ? { batchSize: 1, onClaimed: ([job]) => hold(job) } : undefined
    },
    rolledBack: async () => {
      if (!attempting)
        return
      attempting = false
      await letGo()
    },
    forgive,
  }
}
