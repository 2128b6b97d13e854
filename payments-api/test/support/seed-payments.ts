import type { TestDatabase } from './database.ts'
import { firstUuidv7At } from '../../src/domain/uuidv7.ts'

export interface SeedPayment {
  accountId: string
  currency?: string
  /** Decimal string with the currency's decimals. */
  amount: string
  description?: string
  createdAt?: Date
  result: 'completed' | 'completed_with_discrepancy' | 'failed' | null
  /** The status of the job, for a payment without a result. */
  job?: 'pending' | 'dead'
}

/** Writes payments one by one, in the state that accepting and settling leave them in, and returns their ids. */
export async function seedPayments(database: TestDatabase, payments: SeedPayment[]): Promise<string[]> {
  const ids: string[] = []
  for (const [i, { accountId, currency = 'USD', amount, description = '', createdAt = new Date(), result, job = 'pending' }] of payments.entries()) {
    const id = `${firstUuidv7At(createdAt).slice(0, 24)}${(Date.now() % 1e6).toString(16).padStart(6, '0')}${i.toString(16).padStart(6, '0')}`
    ids.push(id)
    await database.sql(`select open_account($1, $2)`, [accountId, currency])
    await database.sql(`
      insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
      values ($1::uuid, 'test', $1::uuid::text, sha256($1::uuid::text::bytea), $2, $3, $4, $5, $6, $6)`, [
      id,
      accountId,
      currency,
      amount,
      description,
      createdAt,
    ])
    await database.sql(`insert into recon_jobs (payment_id) values ($1)`, [id])
    if (result) {
      const decimals = amount.split('.')[1]?.length ?? 0
      await database.sql(`insert into reconciliation_results (payment_id, status, matched, discrepancy_amount, notes) values ($1, $2::text, $2::text = 'completed', $3, $4)`, [
        id,
        result,
        (result === 'completed_with_discrepancy' ? 0.13 : 0).toFixed(decimals),
        result === 'completed' ? null : 'as the rules say',
      ])
    }
    const status = result ? 'completed' : job
    if (status !== 'pending') {
      await database.sql(`
        update recon_jobs
           set status = $2, attempts = $3, last_error = $4, finished_at = now(), locked_by = 'worker-1', locked_at = now()
         where payment_id = $1`, [
        id,
        status,
        result ? 1 : 5,
        result ? null : 'no such account',
      ])
    }
  }
  return ids
}
