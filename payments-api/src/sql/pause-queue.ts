import type { Knex } from 'knex'
import { DURABLE_COMMIT } from './session.ts'

/** All fields are null while workers may claim. */
export interface QueuePauseRow {
  paused_at: string | null
  paused_by: string | null
  reason: string | null
}

export async function queuePause(db: Knex): Promise<QueuePauseRow> {
  const { rows } = await db.raw<{ rows: QueuePauseRow[] }>('select paused_at, paused_by, reason from recon_queue')
  return rows[0]!
}

/** Stops workers from claiming. A queue that is already paused keeps its first pause. */
export async function pauseQueue(db: Knex, pause: { by: string, reason: string }): Promise<void> {
  await db.raw(`select pause_queue(?, ?), ${DURABLE_COMMIT}`, [pause.by, pause.reason])
}

/** Lets workers claim again, and wakes them. */
export async function resumeQueue(db: Knex): Promise<void> {
  await db.raw(`select resume_queue(), ${DURABLE_COMMIT}`)
}
