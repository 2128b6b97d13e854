import type { Knex } from 'knex'

/** The value of recon_queue.paused_by when a worker, not an operator, paused the queue. */
export const PAUSED_ITSELF = 'recon-worker'

export interface QueueState {
  pausedBy: string | null
  reason: string | null
  /** The session cannot write: the server is a standby, or the database is read-only. */
  readOnly: boolean
}

/** Reads whether the queue is paused and the database read-only. It reads one row, so every readiness check can afford it. */
export async function readQueueState(db: Knex): Promise<QueueState> {
  const { rows } = await db.raw<{ rows: [QueueState] }>(`
    select paused_by as "pausedBy", reason, current_setting('transaction_read_only')::boolean as "readOnly"
      from recon_queue`)
  return rows[0]
}

export async function isPaused(db: Knex): Promise<boolean> {
  const { rows } = await db.raw<{ rows: [{ paused: boolean }] }>('select paused_at is not null as paused from recon_queue')
  return rows[0].paused
}

/** Pauses the queue for all workers. Returns false if it was paused already. */
export async function pauseQueue(db: Knex, reason: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: [{ paused: boolean }] }>('select pause_queue(?, ?) as paused', [PAUSED_ITSELF, reason])
  return rows[0].paused
}
