import type { Knex } from 'knex'

/** Counting stops here, so that it takes well under a millisecond however many there are. */
export const MAX_EXCEPTIONS = 1_000

export interface ExceptionCounts {
  discrepancy: number
  failed: number
}

/** The payments that settled with a discrepancy, and those that failed, counted in the partial index reconciliation_results_exceptions. */
export async function countExceptions(db: Knex): Promise<ExceptionCounts> {
  const count = (status: string): string =>
    `(select count(*)::int from (select from reconciliation_results where status = '${status}' limit ${MAX_EXCEPTIONS}) counted)`
  const { rows } = await db.raw<{ rows: ExceptionCounts[] }>(`
    select ${count('completed_with_discrepancy')} as discrepancy,
           ${count('failed')} as failed`)
  return rows[0]!
}
