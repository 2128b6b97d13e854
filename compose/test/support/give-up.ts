import type { TemporaryStack } from './temporary-stack.ts'
import assert from 'node:assert/strict'
import { superuserUrl } from '../../src/data/logins.ts'
import { connect } from '../../src/machine/connect.ts'

const TIMEOUT_MS = 20_000

/** Makes a waiting job dead, as the worker does after its last attempt. The worker or the queue must be paused. */
export async function giveUp({ config }: TemporaryStack, paymentId: string, error: string): Promise<void> {
  const database = await connect(superuserUrl(config.ports.postgres, 'payments'), TIMEOUT_MS)
  try {
    const { rowCount } = await database.query(`
      update recon_jobs
         set status = 'dead', attempts = 3, last_error = $2, locked_by = 'worker-1', locked_at = now(), finished_at = now()
       where payment_id = $1 and status = 'pending'`, [paymentId, error])
    assert.equal(rowCount, 1)
  }
  finally {
    await database.end()
  }
}
