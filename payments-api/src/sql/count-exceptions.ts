import type { Knex } from 'knex'

/** Counting stops here, so that it takes well under a millisecond however many there are. */
export const MAX_EXCEPTIONS = 1_000

export interface ExceptionCounts {
  discrepancy: number
  failed: number
}

/** The payments that settled with a discrepancy, and those that failed, counted in the partial indexes of exceptions and of refunds. */
export async function countExceptions(db: Knex): Promise<ExceptionCounts> {
  const count = (status: string): string =>
    `(select count(*)::int
        from (select from reconciliation_results r
               where status = '${status}' and not exists (select from payments p where p.id = r.payment_id and p.refund_of is not null)
               limit ${MAX_EXCEPTIONS}) counted)`
  const { rows } = await db.raw<{ rows: ExceptionCounts[] }>(`
    select ${count('completed_with_discrepancy')} as discrepancy,
           ${count('failed')} as failed`)
  return rows[0]!
}
