import type pg from 'pg'

/** A contender that settles a backlog: our worker, or a peer that posts the same double entry. */
export interface Settler {
  /** A superuser's connection to its database. */
  database: pg.Client
  /** Its processes. They are stopped by SIGSTOP whenever it is not measured. */
  pids: number[]
  /** Writes payments and a job for each, over so many accounts, all due now. */
  accept: (payments: number, accounts: number) => Promise<void>
  /** How many jobs are not done. */
  waiting: () => Promise<number>
}

/** Accounts that accept() spreads payments over are called so, and a number. */
export const ACCOUNT = 'BENCH-'

/** Writes `$1` payments over `$2` accounts, as the API does, but in one statement; the caller says what goes with them. */
export const INSERT_PAYMENTS = `
  insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at)
  select uuidv7(), 'bench', gen_random_uuid()::text, sha256('x'), '${ACCOUNT}' || n % $2::int, 'USD', 12.50, 'Benchmark', now(), now()
    from generate_series(1, $1::int) n
  returning id`

/** The same with a job for each in our queue, as if 10,000 a second had been accepted: no two are due at one instant. */
export const INSERT_WITH_JOBS = `
  with p as (${INSERT_PAYMENTS}),
  numbered as (select id, row_number() over (order by id) as n from p)
  insert into recon_jobs (payment_id, run_at)
  select id, now() - ($1::int - n) * interval '1 second' / 10000 from numbered`

/** Opens the accounts that accept() spreads payments over. */
export async function openAccounts(database: pg.Client, accounts: number): Promise<void> {
  await database.query(`select open_account('${ACCOUNT}' || n, 'USD') from generate_series(0, $1::int - 1) n`, [accounts])
}

/** How many payments have been settled: each is an entry of a customer's account, and that counts them. */
export async function settledPayments(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ settled: string }>({
    name: 'settled',
    text: `select coalesce(sum(version), 0) as settled from accounts where kind = 'customer'`,
  })
  return Number(rows[0]!.settled)
}

/**
 * Proves what was posted, in the same way for all: a completed payment has one credit on its account and one debit,
 * of its amount, a pending one has neither, and each balance is the sum of its account's entries.
 * Throws when it is not so: then the run says nothing.
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
    throw new Error(`the run is void: ${wrong!.payments} payments are not posted as they should be, ${wrong!.accounts} accounts do not add up`)
}
