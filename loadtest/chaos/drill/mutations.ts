import type { Edit } from '../../../compose/src/contracts/edits.ts'

export interface Mutation {
  /** What it breaks, for display. Names each safeguard that it breaks too because the mutation alone would not get past it. */
  change: string
  edits: Edit[]
  /** The settings of `make chaos` that reveal it. */
  fault: string
  seed: number
  /** Payments per second; undefined: the default. */
  rate?: number
  /** The run is red in this many rounds at most, or stays green for as many. */
  rounds: number
  /** What the red round must find. Undefined: the run must stay green. */
  named?: string
}

const GROUP_COMMIT = 'payments-api/src/domain/group-commit.ts'
const INSERT = 'payments-api/src/sql/insert-payments.ts'
const RUN_ONCE = 'recon-worker/src/run-once.ts'
const SETTLE_JOBS = 'recon-worker/src/settle-jobs.ts'
const POST_BATCH = 'recon-worker/src/sql/post-batch.ts'
const REFUNDS = 'payments-api/migrations/0023_refunds.sql'
const RESULTS_POST = 'payments-api/migrations/0014_results_post.sql'
/** It notices every change to a migration, and would end the run before the damage shows. */
const WITHOUT_GUARDS: Edit = ['contracts/invariants/guards.sql', /^[\s\S]+/, '']

/** Each breaks a part of the system in one way that `make chaos` must notice. */
const BREAKING: readonly Mutation[] = [
  {
    change: 'The worker finishes jobs in a transaction before the one that posts (without the trigger that refuses it)',
    edits: [
      [RUN_ONCE, '  return await db.transaction(async (trx) => {\n    const begunAtMs = performance.now()\n    const claimed = await claimJobs(trx, { batchSize, lowWaterMark, newestFirst })\n', `  const claimed = await db.transaction(async (trx) => {
    const claimed = await claimJobs(trx, { batchSize, lowWaterMark, newestFirst })
    await trx.raw(\`update recon_jobs set status = 'completed', attempts = attempts + 1, locked_by = ?, locked_at = now(), finished_at = now() where payment_id = any(?)\`, [options.workerId, claimed.map(({ paymentId }) => paymentId)])
    return claimed
  })
  return await db.transaction(async (trx) => {
    const begunAtMs = performance.now()
`],
      [POST_BATCH, /,\n {4}job as \([\s\S]*?decided\.id\)/, `, job as (select ?::text)`],
      ['payments-api/migrations/0016_jobs_finish_with_results.sql', /^create trigger recon_jobs_finish_with_results [\s\S]*?;/, ''],
      WITHOUT_GUARDS,
    ],
    fault: 'kill-worker',
    seed: 1,
    rounds: 1,
    named: 'broken invariant: A finished job names its worker, counts its attempt, and finished at the time its payment settled.',
  },
  {
    change: 'An idempotency key is no longer unique',
    edits: [
      ['payments-api/migrations/0002_payments.sql', /not null,\n {2}unique \(caller, idempotency_key\).*/, 'not null'],
      [INSERT, 'on conflict (caller, idempotency_key) do nothing', ''],
      WITHOUT_GUARDS,
    ],
    fault: 'kill-worker',
    seed: 1,
    rounds: 1,
    named: 'keys with two payments',
  },
  {
    change: 'The API takes a lost response for a refusal: it says that nothing was written',
    edits: [[GROUP_COMMIT, /is\.lostConnection\(error\) && [\s\S]*?retries \+ 1\)/, `is.lostConnection(error)) {\n        batch.forEach(each => each.reject(new OverloadedError()))`]],
    fault: 'cut-api-commit',
    seed: 22,
    rounds: 1,
    named: 'keys that were not new exactly once',
  },
  {
    change: 'The ledger locks accounts in the order of the jobs, and not of their ids',
    edits: [[REFUNDS, 'from leg group by account_id order by account_id)', 'from leg group by account_id order by min(n))'], WITHOUT_GUARDS],
    fault: 'freeze-workers',
    seed: 1,
    rate: 300,
    rounds: 10,
    named: 'deadlocks although only our own transactions took locks',
  },
  {
    change: 'The API replays a payment before it is committed',
    edits: [['payments-api/src/domain/create-payment.ts', '  return async (request) => {\n    const payment = newPayment(request)\n', `  const begun = new Map<string, KeyHolder>()
  return async (request) => {
    const payment = newPayment(request)
    const earlier = begun.get(payment.idempotencyKey)
    if (earlier)
      return resultFor(payment, earlier)
    begun.set(payment.idempotencyKey, payment)
`]],
    fault: 'kill-postgres',
    seed: 1,
    rounds: 3,
    named: 'acknowledged payments missing from the database',
  },
  {
    change: 'The worker counts an attempt for each job of a batch that an outage ended',
    edits: [
      [RUN_ONCE, '  return await db.transaction(async (trx) => {\n    const begunAtMs = performance.now()\n    const claimed = await claimJobs(', '  let held: ClaimedJob[] = []\n  return await db.transaction(async (trx) => {\n    const begunAtMs = performance.now()\n    const claimed = held = await claimJobs('],
      [RUN_ONCE, /( return await settleJobs\(trx, claimed, options\)\n {2}\}\))/, `$1.catch(async (error: unknown) => {
    await failJobs(db as Knex.Transaction, held.map(({ paymentId, attempts }) => ({ paymentId, error: String(error), attempts: attempts + 1, backoffMs: 10_000 })), options)
    throw error
  })`],
      [RUN_ONCE, /^import \{ isPaused.*/, `import { failJobs } from './sql/fail-jobs.ts'\n$&`],
    ],
    fault: 'lock-table',
    seed: 10,
    rounds: 3,
    named: 'jobs that count an attempt although nothing refused them',
  },
  {
    change: 'The worker returns a connection to its pool after a failed COMMIT, even a broken one',
    edits: [
      ['recon-worker/src/sql/connection.ts', '  declare __knex__disposed?: unknown\n', '  get __knex__disposed(): unknown { return undefined }\n  set __knex__disposed(_: unknown) {}\n'],
      ['recon-worker/src/sql/database-client.ts', 'return connection.isIdle() && connection.generation === planGeneration()', 'return true'],
    ],
    fault: 'cut-worker-commit',
    seed: 22,
    rounds: 5,
    named: 'payments that did not settle',
  },
  {
    change: 'The ledger\'s trigger is off',
    edits: [[RESULTS_POST, /^create trigger ledger_post [\s\S]*?;/, '$&\nalter table ledger_entries disable trigger ledger_post;']],
    fault: 'kill-worker',
    seed: 1,
    rounds: 1,
    named: 'ledger_entries.ledger_post',
  },
  {
    change: 'The worker announces payments before it commits',
    edits: [
      [RUN_ONCE, 'settleJobs(trx, claimed, options)', 'settleJobs(trx, claimed, { ...options, announceOn: db })'],
      [SETTLE_JOBS, '{ workerId, maxAttempts, willPause', '{ announceOn = trx, workerId, maxAttempts, willPause'],
      [SETTLE_JOBS, 'await notifySettled(trx, posted', 'await notifySettled(announceOn, posted'],
      [SETTLE_JOBS, 'export interface SettleOptions {\n', 'export interface SettleOptions {\n  announceOn?: Knex\n'],
    ],
    fault: 'jitter',
    seed: 1,
    rounds: 10,
    named: 'payments that were announced before they had settled',
  },
  {
    change: 'A list\'s cursor skips payments of the same millisecond',
    edits: [['payments-api/src/sql/read-page.ts', 'next: rows[limit - 1]!.id }', `next: \`\${rows[limit - 1]!.id.slice(0, 13)}-7000-8000-000000000000\` }`]],
    fault: 'kill-worker',
    seed: 1,
    rounds: 10,
    named: 'lists whose pages differ from the database',
  },
  {
    change: 'The API writes a payment again under another id after a lost response',
    edits: [[GROUP_COMMIT, 'await writeBatch(batch, retries + 1)', 'batch.forEach(each => Object.assign(each.item as object, { id: crypto.randomUUID() }))\n        await writeBatch(batch, retries + 1)']],
    fault: 'cut-api-commit',
    seed: 22,
    rounds: 3,
    named: 'keys that were not new exactly once',
  },
  {
    change: 'The API opens an account in a transaction before the payment\'s',
    edits: [
      [INSERT, /^( *)const \{ rows \} = await/, `$1if (openAccounts)\n$1  await db.raw('select open_account(id, currency) from unnest(?::text[], ?::text[]) opened(id, currency)', [payments.map(payment => payment.accountId), payments.map(payment => payment.currency)])\n$&`],
    ],
    fault: 'kill-api',
    seed: 1,
    rounds: 1,
    named: 'accounts that were not opened together with a payment',
  },
  {
    change: 'The API sends no resync after it lost the connection on which it listens',
    edits: [['payments-api/src/follow-database.ts', '    listening: () => {\n      events.resync()\n', '    listening: () => {\n']],
    fault: 'deaf-listeners',
    seed: 1,
    rounds: 2,
    named: 'settled payments that a stream neither announced nor covered with a resync',
  },
  {
    change: 'A refund reserves nothing of its payment (without the check that would refuse the sums)',
    edits: [
      [REFUNDS, /^create trigger payments_reserve_refund [\s\S]*?;/, ''],
      [REFUNDS, /^alter table payments add constraint payments_refunds_check [\s\S]*?;/, ''],
      WITHOUT_GUARDS,
    ],
    fault: 'kill-api',
    seed: 1,
    rounds: 1,
    named: 'payments of which more was refunded than paid',
  },
  {
    change: 'A refund under a held key is refused once nothing is left of the payment',
    edits: [
      [REFUNDS, / {2}-- Before the lock[\s\S]*?end if;\n/, ''],
      [REFUNDS, /(outcome := 'not-found';\n {4}return;\n {2}end if;\n) {2}if exists [\s\S]*?end if;\n/, '$1'],
      WITHOUT_GUARDS,
    ],
    fault: 'kill-api',
    seed: 1,
    rounds: 1,
    named: 'accepted refunds whose repetition was refused',
  },
]

/** The last one changes nothing: the faults alone turn nothing red. */
export const MUTATIONS: readonly Mutation[] = [
  ...BREAKING,
  { change: 'Harmless: nothing is changed', edits: [], fault: [...new Set(BREAKING.map(({ fault }) => fault))].join(), seed: 1, rounds: 10 },
]
