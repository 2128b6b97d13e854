import type pg from 'pg'

/** A contender that settles a backlog: our worker, or a peer that posts the same double entries. */
export interface Settler {
  /** A superuser's connection to the settler's database. */
  database: pg.Client
  /** Its process ids. Outside of measurements they are stopped with SIGSTOP. */
  pids: number[]
  /** Inserts payments over `accounts` accounts, with a job for each that is due now. */
  accept: (payments: number, accounts: number) => Promise<void>
  /** Returns the number of unfinished jobs. */
  waiting: () => Promise<number>
}

/** The accounts that accept() uses are named by this prefix and a number. */
export const ACCOUNT_PREFIX = 'BENCH-'

/** Inserts `$1` payments over `$2` accounts like the API, but in one statement and without jobs. */
export const INSERT_PAYMENTS = `
  insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
  select uuidv7(), 'bench', gen_random_uuid()::text, sha256('x'), '${ACCOUNT_PREFIX}' || n % $2::int, 'USD', 12.50, 'Benchmark', now(), now()
    from generate_series(1, $1::int) n
  returning id`

/** INSERT_PAYMENTS with a job for each in our queue, due 0.1 ms apart, as if accepted at 10,000 per second. */
export const INSERT_WITH_JOBS = `
  with p as (${INSERT_PAYMENTS}),
  numbered as (select id, row_number() over (order by id) as n from p)
  insert into recon_jobs (payment_id, run_at)
  select id, now() - ($1::int - n) * interval '1 second' / 10000 from numbered`

/** Opens the accounts that accept() uses. */
export async function openAccounts(database: pg.Client, accounts: number): Promise<void> {
  await database.query(`select open_account('${ACCOUNT_PREFIX}' || n, 'USD') from generate_series(0, $1::int - 1) n`, [accounts])
}

/** Counts the posted payments: each has one entry on a customer's account, and the account's version counts its entries. */
export async function settledPayments(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ settled: string }>({
    name: 'settled',
    text: `select coalesce(sum(version), 0) as settled from accounts where kind = 'customer'`,
  })
  return Number(rows[0]!.settled)
}

/**
 * Verifies the posting of any settler: a completed payment has one credit on its account and one debit, both of its amount;
 * other payments have no entries; each balance is the sum of its account's entries. Throws otherwise: the run is void.
 */
export async function verify(database: pg.Client): Promise<void> {
  const { rows: [wrong] } = await database.query<{ payments: string, accounts: string }>(`
    with posting as (
      select payment_id, count(*) as n, count(*) filter (where entry_type = 'credit') as credits,
             min(account_id) filter (where entry_type = 'credit') as credited, min(amount) as lowest, max(amount) as highest
        from ledger_entries
       group by payment_id),
    account as (
      select account_id, count(*) as n, sum(case entry_type when 'credit' then amount else -amount end) as balance
        from ledger_entries
       group by account_id)
    select (select count(*)
              from payments p
              full join posting on posting.payment_id = p.id
             where p.id is null
                or case p.status
                     when 'completed' then (n = 2 and credits = 1 and credited = p.account_id and lowest = p.amount and highest = p.amount) is not true
                     else posting.payment_id is not null end) as payments,
           (select count(*)
              from accounts a
              full join account on account.account_id = a.id
             where a.id is null or a.balance <> coalesce(account.balance, 0) or a.version <> coalesce(account.n, 0)) as accounts`)
  if (wrong!.payments !== '0' || wrong!.accounts !== '0')
    throw new Error(`the run is void: ${wrong!.payments} payments are posted wrongly, ${wrong!.accounts} balances are not the sum of their entries`)
}
