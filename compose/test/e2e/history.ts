import type pg from 'pg'
import type { TemporaryStack } from '../support/temporary-stack.ts'
import { superuserUrl } from '../../src/data/logins.ts'
import { connect } from '../../src/machine/connect.ts'
import { pay } from '../support/pay.ts'
import { until } from '../support/until.ts'

const QUERY_TIMEOUT_MS = 20_000

const ACCOUNTS = [
  { accountId: 'ACC-001', currency: 'USD' },
  { accountId: 'ACC-002', currency: 'EUR' },
  { accountId: 'northwind', currency: 'USD' },
  { accountId: 'ACC-001', currency: 'USD' },
  { accountId: 'harbour-books', currency: 'GBP' },
]
const DESCRIPTIONS = ['Invoice', 'Order', 'Subscription', 'Delivery', 'Deposit']
const HOUR_MIN = 60
/** The ages of a month of payments, oldest first; the last ones are from the last hour. */
const MINUTES_AGO = [
  ...Array.from({ length: 60 }, (_, index) => (60 - index) * 11 * HOUR_MIN + (index * 17) % 50),
  ...[340, 212, 145, 58, 41, 33, 19, 12, 8, 4, 2],
]

interface PastPayment { minutesAgo: number, accountId: string, currency: string, amount: string, description: string, isDead: boolean }

/** Returns the same payments each time: most match, some have a discrepancy, some fail, and one job is dead. */
function history(): PastPayment[] {
  return MINUTES_AGO.map((minutesAgo, index) => {
    const cents = 1_500 + (index * 7_919) % 43_000
    const amount = index % 13 === 9
      ? '-25.00'
      : index % 8 === 5
        ? `${Math.trunc(cents / 100)}.13`
        : `${Math.trunc(cents / 100)}.${index % 3 === 0 ? '50' : '00'}`
    return {
      minutesAgo,
      ...ACCOUNTS[index % ACCOUNTS.length]!,
      amount,
      description: `${DESCRIPTIONS[index % DESCRIPTIONS.length]} ${4_100 + index}`,
      isDead: index === MINUTES_AGO.length - 4,
    }
  })
}

/**
 * Fills an empty, running system with payments of the past month, settled by its worker, and a few current ones.
 * Returns an account with many payments, and a payment with a discrepancy.
 */
export async function fillWithHistory({ stack, config }: TemporaryStack): Promise<{ accountId: string, paymentId: string }> {
  const database = await connect(superuserUrl(config.ports.postgres, 'payments'), QUERY_TIMEOUT_MS)
  try {
    await insertHistory(database, history())
    await settled(database)
    await backdate(database)
    await stack.restart('api') // resets its metric of settling times, which counted these payments
    for (const amount of ['100.00', '42.13', '0', '64.50'])
      await pay(stack.endpoints().api, { accountId: 'ACC-001', amount, description: 'Payment description' })
    await settled(database)
    await until('the workers have reported how many payments they settled', async () =>
      (await database.query(`select from recon_workers having sum(settled) >= (select count(*) from recon_jobs where status = 'completed')`)).rowCount === 1)
    const { rows: [payment] } = await database.query<{ id: string }>(`
      select payment_id as id from reconciliation_results
       where status = 'completed_with_discrepancy' order by payment_id desc offset 1 limit 1`)
    return { accountId: 'ACC-001', paymentId: payment!.id }
  }
  finally {
    await database.end()
  }
}

async function settled(database: pg.Client): Promise<void> {
  await until('every payment is settled', async () =>
    (await database.query(`select from recon_jobs where status = 'pending' limit 1`)).rowCount === 0)
}

/** Inserts payments as the API does, but in the past. One statement, so that one worker claims them in order. */
async function insertHistory(database: pg.Client, payments: PastPayment[]): Promise<void> {
  await database.query(`set session_replication_role = replica`) // turns off the trigger that makes every job begin as pending
  await database.query(`
    with past as materialized (
      select p.*, uuidv7(-"minutesAgo" * interval '1 minute') as id, open_account("accountId", currency)
        from jsonb_to_recordset($1) as p("minutesAgo" int, "accountId" text, currency text, amount numeric, description text, "isDead" boolean)),
    payment as (
      insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
      select id, 'anonymous', id::text, sha256(id::text::bytea), "accountId", currency, amount, description, uuid_extract_timestamp(id), uuid_extract_timestamp(id)
        from past)
    insert into recon_jobs (payment_id, status, attempts, last_error, locked_by, locked_at, finished_at)
    select id, 'dead', 3, 'the worker died while it was settling this job alone', 'worker-1', now() - interval '2 minutes', now() - interval '2 minutes'
      from past where "isDead"
    union all
    select id, 'pending', 0, null, null, null, null
      from past where not "isDead"`, [JSON.stringify(payments)])
  await database.query(`set session_replication_role = origin`)
  await database.query(`notify recon_jobs`)
}

/** Moves the settling times back to just after each payment. The triggers that forbid this do not run for a replica. */
async function backdate(database: pg.Client): Promise<void> {
  const settledAt = `uuid_extract_timestamp(payment_id) + interval '47 milliseconds'`
  await database.query(`
    set session_replication_role = replica;
    update recon_jobs set created_at = uuid_extract_timestamp(payment_id), run_at = uuid_extract_timestamp(payment_id);
    update recon_jobs set locked_at = ${settledAt}, finished_at = ${settledAt} where status = 'completed';
    update payments p set updated_at = j.finished_at from recon_jobs j where j.payment_id = p.id and j.status = 'completed';
    update reconciliation_results set created_at = ${settledAt};
    update ledger_entries set created_at = ${settledAt};
    set session_replication_role = origin`)
}
