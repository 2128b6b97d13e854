import type { Knex } from 'knex'
import type { KeyHolder } from '../domain/write-payments.ts'

interface Key { caller: string, idempotencyKey: string }

/** The payments that hold these idempotency keys. */
export async function findPaymentsByKey(db: Knex, keys: Key[]): Promise<{ find: (key: Key) => KeyHolder | undefined }> {
  const { rows } = await db.raw<{ rows: Row[] }>(`
    select caller, idempotency_key, id, request_hash, account_id, amount, currency, description, created_at
      from payments
     where (caller, idempotency_key) in (select * from unnest(?::text[], ?::text[]))`, [
    keys.map(key => key.caller),
    keys.map(key => key.idempotencyKey),
  ]).options({ name: 'find-payments-by-key' })

  const holders = new Map(rows.map(row => [
    mapKey(row.caller, row.idempotency_key),
    toHolder(row),
  ]))
  return {
    find: key => holders.get(mapKey(key.caller, key.idempotencyKey)),
  }
}

interface Row {
  caller: string
  idempotency_key: string
  id: string
  request_hash: Buffer
  account_id: string
  amount: string
  currency: string
  description: string
  created_at: string
}

function toHolder(row: Row): KeyHolder {
  return {
    id: row.id,
    requestHash: row.request_hash,
    accountId: row.account_id,
    amount: row.amount,
    currency: row.currency,
    description: row.description,
    createdAt: new Date(row.created_at),
  }
}

/** A space separates the two: keys are visible ASCII and contain none. */
function mapKey(caller: string, idempotencyKey: string): string {
  return `${caller} ${idempotencyKey}`
}
