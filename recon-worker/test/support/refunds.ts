import type pg from 'pg'
import type { TestDatabase } from './database.ts'
import { randomUUID } from 'node:crypto'

export interface RefundResult {
  id: string
  outcome: 'created' | 'key-held' | 'not-found' | 'not-refundable' | 'exceeds'
  amount: string | null
  payment_status: string | null
  left_amount: string | null
}

/** Requests a refund as the API does: of all that is left unless `amount` says how much. */
export async function refund(database: TestDatabase | pg.Client, { payment, amount, key = randomUUID() }: { payment: string, amount?: string, key?: string }): Promise<RefundResult> {
  const now = Date.now()
  const time = now.toString(16).padStart(12, '0')
  const id = `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
  const statement = `select * from request_refund($1, 'test', $2, $3, $4, '', $5, null)`
  const values = [id, key, payment, amount ?? null, new Date(now)]
  const [row] = 'sql' in database ? await database.sql<RefundResult>(statement, values) : (await database.query<RefundResult>(statement, values)).rows
  return { ...row!, id }
}
