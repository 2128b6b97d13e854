import type { System } from '../runner/with-system.ts'
import type { Fault } from './fault.ts'
import { randomUUID } from 'node:crypto'
import { asAdmin } from './as-admin.ts'
import { withoutTampering } from './needs.ts'
import { BOTH, FAST, partsOf, SLOW } from './processes.ts'

/** The largest batch that a worker claims. */
const BATCH_SIZE = 500
const PAY_TIMEOUT_MS = 20_000
const POISON_ACCOUNT = 'chaos-poison'
/** What the trigger raises, and therefore the last_error of the jobs that it made fail. */
const REASON = 'chaos: this job is poison'

/** Pays through the first API and returns the payment's id. */
async function pay({ apis }: System, accountId: string): Promise<string> {
  const response = await fetch(`${apis[0]}/payments`, {
    method: 'POST',
    headers: { 'Idempotency-Key': randomUUID(), 'Content-Type': 'application/json' },
    body: JSON.stringify({ accountId, amount: '1.00' }),
    signal: AbortSignal.timeout(PAY_TIMEOUT_MS),
  })
  if (response.status !== 201)
    throw new Error(`the API responded to a payment of the fault with ${response.status}`)
  return (await response.json() as { id: string }).id
}

/** Runs `work` while every worker stands still, so that what it pays is claimed together. */
async function whileWorkersStandStill(system: System, work: () => Promise<unknown>): Promise<void> {
  const workers = await partsOf(system, 'worker')
  workers.forEach(worker => system.stack.pause(worker))
  try {
    await work()
  }
  finally {
    workers.forEach(worker => system.stack.resume(worker))
  }
}

/** Makes the database refuse the results of some payments, as it refuses data that violates a check. */
async function poison(system: System, isPoison: string): Promise<void> {
  await asAdmin(system, admin => admin.query(`
    create or replace function chaos_poison() returns trigger language plpgsql security definer set search_path = public as $$
    begin
      if ${isPoison} then
        raise check_violation using message = '${REASON}';
      end if;
      return new;
    end $$;
    create or replace trigger chaos_poison before insert on reconciliation_results for each row execute function chaos_poison()`))
}

/**
 * What an operator does once the cause is gone: retries the dead jobs, and does not wait for the backoff of the others. The trigger
 * is dropped in a separate transaction: that locks the table even for readers, and the jobs may be locked by a worker that waits for it.
 */
async function heal(system: System): Promise<void> {
  await asAdmin(system, admin => admin.query('drop function if exists chaos_poison() cascade'))
  await asAdmin(system, admin => admin.query(`
    update recon_jobs set status = 'pending', attempts = 0, run_at = now(), finished_at = null
     where status <> 'completed' and attempts > 0 and last_error like '%${REASON}%';
    select resume_queue();
    notify recon_jobs`))
}

export const poisonInBatch: Fault = {
  name: 'poison-in-batch',
  description: 'a job in the middle of a full batch is poison: the database refuses it every time',
  recoveryGoalMs: FAST,
  holdMs: [3_000, 10_000],
  modes: BOTH,
  callersMaySeeErrors: false,
  excuses: ['attempts', 'deadlocks'],
  targets: async (_, random) => [`job ${random.integer(1, BATCH_SIZE)} of ${BATCH_SIZE}`],
  start: async (system, [target]) => {
    const position = Number(/\d+/.exec(target!)![0])
    await poison(system, `exists (select from payments where id = new.payment_id and account_id = '${POISON_ACCOUNT}')`)
    await whileWorkersStandStill(system, () => Promise.all(Array.from({ length: BATCH_SIZE }, (_, index) =>
      pay(system, index + 1 === position ? POISON_ACCOUNT : 'chaos-batch'))))
  },
  stop: heal,
}

export const poisonTenth: Fault = {
  name: 'poison-tenth',
  description: 'a tenth of all jobs are poison: the database refuses them every time',
  recoveryGoalMs: SLOW,
  holdMs: [5_000, 15_000],
  modes: BOTH,
  callersMaySeeErrors: false,
  excuses: ['attempts', 'deadlocks'],
  targets: async (_, random) => [`payments whose hash modulo 10 is ${random.integer(0, 9)}`],
  start: (system, [target]) => poison(system, `abs(hashtext(new.payment_id::text)::bigint) % 10 = ${/\d$/.exec(target!)![0]}`),
  stop: heal,
}

/** After five kills the worker calls the job dead. Once the fault stops, the job is retried and settles. */
export const jobKillsWorker: Fault = {
  name: 'job-kills-worker',
  description: 'a job kills each worker that posts it',
  recoveryGoalMs: FAST,
  holdMs: [10_000, 20_000],
  modes: ['embedded'],
  callersMaySeeErrors: false,
  unavailable: withoutTampering,
  targets: async () => ['every worker'],
  start: system => whileWorkersStandStill(system, async () => system.tampering!.killWorkerAt(await pay(system, 'chaos-killer'))),
  stop: async (system) => {
    system.tampering?.killWorkerAt(null)
    await asAdmin(system, admin => admin.query(`
      select retry_dead_job(j.payment_id) from recon_jobs j join payments p on p.id = j.payment_id
       where j.status = 'dead' and p.account_id = 'chaos-killer'`))
  },
}

const DELAYED = 100_000
const DEAD = 10_000

/** They are older than every ready job. stop() deletes them again, with the triggers off: payments cannot be deleted otherwise. */
export const buryQueue: Fault = {
  name: 'bury-queue',
  description: '100,000 delayed and 10,000 dead jobs lie ahead of the ready ones',
  recoveryGoalMs: FAST,
  holdMs: [5_000, 15_000],
  modes: BOTH,
  callersMaySeeErrors: false,
  targets: async () => ['recon_jobs'],
  start: system => asAdmin(system, admin => admin.query(`
    begin;
    set local session_replication_role = replica;
    select open_account('chaos-buried', 'USD');
    create temp table buried on commit drop as
      select (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid as id, to_timestamp(ms / 1000.0) as at, n
        from (select n, (extract(epoch from now()) * 1000)::bigint - 3600000 + n as ms from generate_series(1, ${DELAYED + DEAD}) n) t;
    insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, status, created_at, updated_at)
    select id, 'chaos', id::text, sha256(convert_to('["v1","chaos-buried","100","USD",""]', 'UTF8')), 'chaos-buried', 'USD', 1.00, '', 'pending', at, at from buried;
    insert into recon_jobs (payment_id, status, attempts, run_at, created_at, finished_at, locked_by, locked_at, last_error)
    select id, case when n <= ${DEAD} then 'dead' else 'pending' end, 1, case when n <= ${DEAD} then at else now() + interval '1 day' end, at,
           case when n <= ${DEAD} then at end, 'chaos', at, 'chaos: buried' from buried;
    commit`).then(() => {})),
  stop: system => asAdmin(system, async (admin) => {
    await admin.query(`
      begin;
      set local session_replication_role = replica;
      delete from recon_jobs where last_error = 'chaos: buried';
      delete from payments where caller = 'chaos';
      commit`)
  }),
}
