/** Makes `tip`: a payment's posting that is the newest of its customer and of its settlement account. */
const TIP = `create temp table tip on commit drop as
  select c.payment_id as id, c.account_id as ca, d.account_id as da, c.amount
    from ledger_entries c
    join ledger_entries d using (payment_id)
    join payments p on p.id = c.payment_id and num_nonnulls(p.refund_of, p.refunded) = 0
    join accounts a on a.id = c.account_id and a.version = c.account_version
    join accounts b on b.id = d.account_id and b.version = d.account_version
   where c.entry_type = 'credit' and d.entry_type = 'debit'
   limit 1`
const UNPOST = `
  update accounts a set balance = a.balance - t.amount, version = a.version - 1 from tip t where a.id = t.ca;
  update accounts a set balance = a.balance + t.amount, version = a.version - 1 from tip t where a.id = t.da`
/** Deletes the payments in `v`. */
const VANISH = `
  delete from payments where id in (table v);
  delete from recon_jobs where payment_id in (table v);
  delete from reconciliation_results where payment_id in (table v)`
/** The newest posting of a settlement account. */
const LAST = `(select payment_id from ledger_entries where entry_type = 'debit' order by account_version desc limit 1)`
/** The payment of an account's first entry. */
const FIRST = `(select payment_id from ledger_entries where account_id = 'ACC-001' and account_version = 1)`

export interface Corruption {
  what: string
  /** Plants the corruption, with triggers and keys off. */
  sql: string
  /** The promise that it breaks; null if nothing can notice it. */
  by: string | null
  why?: string
}

/** Returns ways in which the books may be corrupted. `id` is a pending payment. */
export function corruptions(id: string): Corruption[] {
  return [
    { what: 'payment description forged', sql: `update payments set description='forged' where id=(select id from payments limit 1)`, by: 'request-hashes-are-those-of-their-payments' },
    { what: 'payment caller changed', sql: `update payments set caller='thief' where id=(select id from payments limit 1)`, by: 'anchored-payments-are-unchanged' },
    { what: 'idempotency_key changed', sql: `update payments set idempotency_key='k2' where id=(select id from payments limit 1)`, by: 'anchored-payments-are-unchanged' },
    { what: 'request_hash zeroed', sql: `update payments set request_hash=decode(repeat('00',32),'hex') where id=(select id from payments limit 1)`, by: 'request-hashes-are-those-of-their-payments' },
    { what: 'updated_at before created_at', sql: `update payments set updated_at=created_at-interval '1 day' where status<>'pending'`, by: 'payments-settle-in-one-transaction' },
    { what: 'failed payment amount -5 -> -500000', sql: `update payments set amount=-500000 where amount=-5`, by: 'amounts-keep-the-decimals-of-their-currency' },
    { what: 'failed payment amount 0 -> -1', sql: `update payments set amount=-1.00 where amount=0`, by: 'request-hashes-are-those-of-their-payments' },
    { what: 'payment amount, posted', sql: `update payments set amount=amount+1 where id=(select id from payments where status='completed' limit 1)`, by: 'entries-match-their-payment' },
    { what: 'a whole failed payment vanishes (4 rows)', sql: `create temp table v on commit drop as select id from payments where status='failed' limit 1; ${VANISH}`, by: 'anchored-payments-are-unchanged' },
    { what: 'all failed payments vanish', sql: `create temp table v on commit drop as select id from payments where status='failed'; ${VANISH}`, by: 'anchored-payments-are-unchanged' },
    { what: 'last posting rolled back with its payment (money gone)', sql: `${TIP}; create temp table v on commit drop as select id from tip; ${VANISH}; delete from ledger_entries where payment_id in (table v); ${UNPOST}`, by: 'anchored-payments-are-unchanged' },
    { what: 'same, payment turned negative+failed', sql: `${TIP}; delete from ledger_entries where payment_id in (select id from tip); ${UNPOST}; update payments set amount = -amount, status = 'failed' where id in (select id from tip); update reconciliation_results set status = 'failed', matched = false, discrepancy_amount = 0.00, notes = 'the amount is negative' where payment_id in (select id from tip)`, by: 'request-hashes-are-those-of-their-payments' },
    { what: 'last posting moved to another customer', sql: `${TIP}; update payments set account_id='ACC-XX' where id in(select id from tip); insert into accounts(id,currency,balance,version) select 'ACC-XX','USD',amount,1 from tip; update ledger_entries e set account_id='ACC-XX',account_version=1,balance_after=e.amount from tip t where e.payment_id=t.id and entry_type='credit'; update accounts a set balance=balance-t.amount,version=version-1 from tip t where a.id=t.ca`, by: 'request-hashes-are-those-of-their-payments' },
    { what: 'two customers swap ids throughout (accounts, payments, entries)', sql: `update ledger_entries set account_id='TMP' where account_id='ACC-001'; update ledger_entries set account_id='ACC-001' where account_id='ACC-002'; update ledger_entries set account_id='ACC-002' where account_id='TMP'; update payments set account_id=case account_id when 'ACC-001' then 'ACC-002' else 'ACC-001' end where account_id in ('ACC-001','ACC-002'); update accounts set id='TMP' where id='ACC-001'; update accounts set id='ACC-001' where id='ACC-002'; update accounts set id='ACC-002' where id='TMP'`, by: 'request-hashes-are-those-of-their-payments' },
    { what: 'account without payments: currency', sql: `insert into accounts(id,currency) values('FRESH','USD'); update accounts set currency='EUR' where id='FRESH'`, by: 'accounts-have-a-payment' },
    { what: 'account without payments deleted', sql: `insert into accounts(id,currency) values('FRESH','USD'); delete from accounts where id='FRESH'`, by: null, why: 'opened and deleted within one transaction: nothing is left, and nothing was ever committed' },
    { what: 'an unused settlement shard deleted', sql: `delete from accounts where kind='settlement' and version=0`, by: 'eight-settlement-accounts-a-currency' },
    { what: 'accounts.updated_at/created_at infinity', sql: `update accounts set created_at='infinity',updated_at='-infinity'`, by: 'account-times-are-plausible' },
    { what: 'account kind', sql: `update accounts set kind='settlement',id='settlement:USD:99' where id='ACC-001'`, by: 'account-balance-is-the-sum-of-its-entries' },
    { what: 'balance +1', sql: `update accounts set balance=balance+1 where id='ACC-001'`, by: 'account-balance-is-the-sum-of-its-entries' },
    { what: 'version +1', sql: `update accounts set version=version+1 where id='ACC-001'`, by: 'account-balance-is-the-sum-of-its-entries' },
    { what: 'A +1, B -1 balances', sql: `update accounts set balance=balance+case id when 'ACC-001' then 1 else -1 end where id in('ACC-001','ACC-002')`, by: 'account-balance-is-the-sum-of-its-entries' },
    { what: 'debit created_at 1970 on version 1', sql: `update ledger_entries set created_at='1970-01-01' where entry_type='debit' and account_version=1`, by: 'payments-settle-in-one-transaction' },
    { what: 'all of ledger + results + jobs shifted +10y', sql: `update ledger_entries set created_at = created_at + interval '10 years'`, by: 'account-times-are-plausible' },
    { what: 'debit moved to another unused shard consistently', sql: `${TIP}; update accounts a set balance=balance+t.amount,version=version-1 from tip t where a.id=t.da; update ledger_entries e set account_id=u.id,account_version=1,balance_after=-e.amount from tip t,(select id from accounts where kind='settlement' and currency='USD' and version=0 limit 1) u where e.payment_id=t.id and entry_type='debit'; update accounts a set balance=balance-t.amount,version=1 from tip t,(select id from accounts where kind='settlement' and currency='USD' and version=0 limit 1) u where a.id=u.id`, by: 'anchored-payments-are-unchanged' },
    { what: 'entry currency', sql: `update ledger_entries set currency='EUR' where payment_id=${LAST}`, by: 'entries-are-on-the-right-kind-of-account' },
    { what: 'balance_after NaN', sql: `update ledger_entries set balance_after='NaN' where payment_id=${LAST}`, by: 'account-balance-is-the-sum-of-its-entries' },
    { what: 'entry deleted', sql: `delete from ledger_entries where payment_id=${LAST} and entry_type='debit'`, by: 'account-balance-is-the-sum-of-its-entries' },
    { what: 'posting deleted', sql: `delete from ledger_entries where payment_id=${LAST}`, by: 'account-balance-is-the-sum-of-its-entries' },
    { what: 'credit<->debit swapped', sql: `alter table ledger_entries drop constraint ledger_entries_pkey; update ledger_entries set entry_type=case entry_type when 'credit' then 'debit' else 'credit' end where payment_id=${LAST}`, by: 'entries-are-on-the-right-kind-of-account' },
    { what: 'scale: payment+entries+balances of the tip with 5 decimals', sql: `alter table ledger_entries drop constraint ledger_entries_decimals; ${TIP}; update payments set amount = round(amount, 5) where id in (select id from tip); update ledger_entries set amount = round(amount, 5), balance_after = round(balance_after, 5) where payment_id in (select id from tip); update accounts a set balance = round(balance, 5) from tip t where a.id in (t.ca, t.da)`, by: 'amounts-keep-the-decimals-of-their-currency' },
    { what: 'result notes forged', sql: `update reconciliation_results set notes='approved by CFO' where status='failed'`, by: 'anchored-payments-are-unchanged' },
    { what: 'result created_at in the future', sql: `update reconciliation_results set created_at='infinity'`, by: 'finished-jobs-say-who-settled-them' },
    { what: 'result deleted', sql: `delete from reconciliation_results where payment_id=${LAST}`, by: 'finished-jobs-say-who-settled-them' },
    { what: 'result of failed -> completed', sql: `update reconciliation_results set status='completed',matched=true where status='failed'`, by: 'one-result-a-settled-payment' },
    { what: 'discrepancy 0.14', sql: `update reconciliation_results set discrepancy_amount=0.14 where status='completed_with_discrepancy'`, by: 'results-follow-the-rules' },
    { what: 'discrepancy scale', sql: `alter table reconciliation_results drop constraint reconciliation_results_decimals; update reconciliation_results set discrepancy_amount = round(0.13, 900) where status = 'completed_with_discrepancy'`, by: 'amounts-keep-the-decimals-of-their-currency' },
    { what: 'pending job never due (run_at infinity)', sql: `alter table recon_jobs drop constraint recon_jobs_become_due; delete from recon_jobs where payment_id = '${id}'; insert into recon_jobs(payment_id,run_at) values('${id}','infinity')`, by: 'no-job-is-overdue' },
    { what: 'pending for a year, due', sql: `delete from recon_jobs where payment_id = '${id}'; insert into recon_jobs(payment_id,run_at,created_at) values('${id}',now()-interval '1 year',now()-interval '1 year')`, by: 'no-job-is-overdue' },
    { what: 'finished job attempts 0, locked_by null, finished before locked', sql: `update recon_jobs set attempts=0,locked_by=null,locked_at=null`, by: 'finished-jobs-say-who-settled-them' },
    { what: 'finished job finished_at far future', sql: `update recon_jobs set finished_at = 'infinity' where status = 'completed'`, by: 'finished-jobs-say-who-settled-them' },
    { what: 'finished jobs all deleted', sql: `delete from recon_jobs where status = 'completed'`, by: null, why: 'finished jobs may be pruned: their results stay' },
    { what: 'job status dead while payment completed', sql: `update recon_jobs set status='dead',last_error='x' where payment_id=${LAST}`, by: 'dead-jobs-say-why' },
    { what: 'pending payment without job', sql: `delete from recon_jobs where payment_id = '${id}'`, by: 'pending-payments-have-a-job' },
    { what: 'dead job with future attempts, payment pending (ok state) 1 year old', sql: `delete from recon_jobs where payment_id = '${id}'; insert into recon_jobs(payment_id,status,attempts,last_error,finished_at) values('${id}','dead',1,'x',now()-interval '1 year')`, by: 'job-times-are-in-order' },
    { what: 'guards: all user triggers disabled', sql: `alter table payments disable trigger user; alter table ledger_entries disable trigger user; alter table accounts disable trigger user; alter table reconciliation_results disable trigger user; alter table recon_jobs disable trigger user`, by: 'guards-are-as-installed' },
    { what: 'guards: unique key of payments dropped', sql: `alter table payments drop constraint payments_caller_idempotency_key_key`, by: 'guards-are-as-installed' },
    { what: 'guards: worker may do everything', sql: `grant all on all tables in schema public to payments_worker; alter role payments_worker superuser`, by: 'guards-are-as-installed' },
    { what: 'guards: ledger_post returns null at once', sql: `create or replace function ledger_post() returns trigger language plpgsql as $$begin return null; end$$`, by: 'guards-are-as-installed' },
    { what: 'duplicate entry under another payment id (orphan)', sql: `insert into ledger_entries select gen_random_uuid(),entry_type,account_id,currency,amount,balance_after,account_version+1000 from ledger_entries limit 1`, by: 'account-versions-have-no-gap' },
    { what: 'currency of everything relabelled USD->EUR', sql: `update ledger_entries set currency='EUR',account_id=replace(account_id,'USD','EUR') where currency='USD'; update payments set currency='EUR'; update accounts set currency='EUR',id=replace(id,'USD','EUR') where kind='settlement'; update accounts set currency='EUR' where kind='customer'`, by: 'request-hashes-are-those-of-their-payments' },
    { what: 'recon_workers forged', sql: `update recon_workers set settled=9999999`, by: 'workers-settle-what-was-settled' },
    { what: 'ledger, results, payments and jobs shifted by a second', sql: `update ledger_entries set created_at = created_at + interval '1 second'; update reconciliation_results set created_at = created_at + interval '1 second'; update payments set updated_at = updated_at + interval '1 second' where status <> 'pending'; update recon_jobs set locked_at = locked_at + interval '1 second', finished_at = finished_at + interval '1 second' where status = 'completed'`, by: 'anchored-payments-are-unchanged' },
    { what: 'a pending payment vanishes with its job', sql: `delete from recon_jobs where payment_id = '${id}'; delete from payments where id = '${id}'`, by: 'anchored-payments-are-unchanged' },
    { what: 'a payment gets another id, everywhere', sql: `create temp table moved on commit drop as select id, ('00000000' || substr(id::text, 9))::uuid as new from payments where status = 'failed' limit 1; update payments p set id = new, created_at = to_timestamp(0) from moved m where p.id = m.id; update recon_jobs set payment_id = new from moved m where payment_id = m.id; update reconciliation_results set payment_id = new from moved m where payment_id = m.id`, by: 'payment-ids-hold-their-time' },
    { what: 'a payment\'s created_at is moved by a millisecond', sql: `update payments set created_at = created_at + interval '1 millisecond' where id = '${id}'`, by: 'payment-ids-hold-their-time' },
    { what: 'a payment\'s amount and hash are changed together', sql: `update payments set amount = 2.00, request_hash = sha256(convert_to('["v1","ACC-001","200","USD",""]', 'UTF8')) where id = '${id}'`, by: 'anchored-payments-are-unchanged' },
    { what: 'a pending payment is called completed', sql: `update payments set status = 'completed' where id = '${id}'`, by: 'jobs-and-payments-agree' },
    { what: 'a completed payment is called failed', sql: `update payments set status = 'failed' where id = ${LAST}`, by: 'one-posting-a-completed-payment' },
    { what: 'a used account\'s currency', sql: `update accounts set currency = 'EUR' where id = 'ACC-001'`, by: 'customers-and-settlement-cancel-out' },
    { what: 'a ninth settlement account', sql: `insert into accounts (id, currency, kind) values ('settlement:USD:8', 'USD', 'settlement')`, by: 'eight-settlement-accounts-a-currency' },
    { what: 'a used account deleted', sql: `delete from accounts where id = 'ACC-001'`, by: 'customers-and-settlement-cancel-out' },
    { what: 'two entries of an account swap versions', sql: `alter table ledger_entries drop constraint ledger_entries_account_id_account_version_key; update ledger_entries set account_version = 3 - account_version where account_id = 'ACC-001' and account_version < 3`, by: 'running-balances-add-up' },
    { what: 'an entry\'s time before its predecessor\'s', sql: `update ledger_entries set created_at = created_at - interval '1 minute' where account_id = 'ACC-001' and account_version = 2`, by: 'entries-are-in-the-order-of-time' },
    { what: 'a credit on a settlement account', sql: `update ledger_entries set account_id = 'settlement:USD:' || 9 where entry_type = 'credit' and payment_id = ${LAST}`, by: 'account-balance-is-the-sum-of-its-entries' },
    { what: 'a settling dated half an hour before its entries', sql: `update reconciliation_results set created_at = created_at - interval '30 minutes' where payment_id = ${FIRST}; update payments set updated_at = updated_at - interval '30 minutes' where id = ${FIRST}; update recon_jobs set locked_at = locked_at - interval '30 minutes', finished_at = finished_at - interval '30 minutes' where payment_id = ${FIRST}`, by: 'payments-settle-in-one-transaction' },
    { what: 'notes removed', sql: `update reconciliation_results set notes = null where status = 'failed'`, by: 'results-follow-the-rules' },
    { what: 'matched set on a discrepancy', sql: `alter table reconciliation_results drop constraint reconciliation_results_check; update reconciliation_results set matched = true where status = 'completed_with_discrepancy'`, by: 'results-follow-the-rules' },
    { what: 'a finished job\'s worker and time forged', sql: `update recon_jobs set locked_by = null, locked_at = locked_at - interval '1 hour' where status = 'completed'`, by: 'finished-jobs-say-who-settled-them' },
    { what: 'a failed attempt without its error', sql: `update recon_jobs set attempts = 2 where payment_id = '${id}'`, by: 'tried-jobs-say-who-failed' },
    { what: 'guards: one trigger of results disabled', sql: `alter table reconciliation_results disable trigger reconciliation_results_immutable`, by: 'guards-are-as-installed' },
    { what: 'guards: a trigger always enabled', sql: `alter table payments enable always trigger payments_facts`, by: 'guards-are-as-installed' },
    { what: 'guards: a check dropped', sql: `alter table payments drop constraint payments_amount_check`, by: 'guards-are-as-installed' },
    { what: 'guards: foreign key triggers disabled', sql: `alter table recon_jobs disable trigger all`, by: 'guards-are-as-installed' },
    { what: 'guards: an index dropped', sql: `drop index recon_jobs_ready`, by: 'guards-are-as-installed' },
    { what: 'guards: an entry\'s time has another default', sql: `alter table ledger_entries alter created_at set default clock_timestamp() - interval '1 hour'`, by: 'guards-are-as-installed' },
    { what: 'guards: a column may be null', sql: `alter table ledger_entries alter balance_after drop not null`, by: 'guards-are-as-installed' },
    { what: 'guards: a trigger function runs as its caller', sql: `alter function ledger_post() security invoker`, by: 'guards-are-as-installed' },
    { what: 'guards: everybody may open accounts', sql: `grant execute on function open_account(text, text) to public`, by: 'guards-are-as-installed' },
    { what: 'guards: a login may make roles', sql: `alter role payments_api createrole`, by: 'guards-are-as-installed' },
    { what: 'guards: a login is a member of another role', sql: `grant pg_write_all_data to payments_worker`, by: 'guards-are-as-installed' },
    { what: 'guards: a login owns a table', sql: `alter table recon_workers owner to payments_worker`, by: 'guards-are-as-installed' },
    { what: 'guards: a rule swallows results', sql: `create rule swallow as on insert to reconciliation_results do instead nothing`, by: 'guards-are-as-installed' },
    { what: 'guards: row security hides rows', sql: `alter table payments enable row level security`, by: 'guards-are-as-installed' },
    { what: 'guards: another trigger skims', sql: `create function skim() returns trigger language plpgsql as 'begin return new; end'; create trigger skim before insert on payments for each row execute function skim()`, by: 'guards-are-as-installed' },
    { what: 'an anchor is forged', sql: `update audit_anchors set contents = sha256('')`, by: 'the-chain-of-anchors-is-whole' },
    { what: 'an anchor\'s time is moved', sql: `update audit_anchors set created_at = created_at + interval '1 minute' where seq = 2`, by: 'the-chain-of-anchors-is-whole' },
    { what: 'an anchor\'s snapshot is replaced', sql: `update audit_anchors set snapshot = pg_current_snapshot() where seq = 2`, by: 'the-chain-of-anchors-is-whole' },
    { what: 'the first anchor\'s time is after the second\'s', sql: `update audit_anchors set created_at = now() + interval '2 hours' where seq = 1`, by: 'the-chain-of-anchors-is-whole' },
    { what: 'the newest anchor is deleted', sql: `delete from audit_anchors where seq = 2`, by: null, why: 'only an anchor saved elsewhere shows it: `make audit` compares anchors.jsonl and ANCHOR' },
    { what: 'all accounts opened in 1970', sql: `update accounts set created_at = '1970-01-01'`, by: 'account-times-are-plausible' },
    { what: 'a customer\'s account opened two days early', sql: `update accounts set created_at = created_at - interval '2 days' where id = 'ACC-001'`, by: 'account-times-are-plausible' },
    { what: 'a settlement account opened two days early', sql: `update accounts set created_at = created_at - interval '2 days' where id = 'settlement:USD:3'`, by: 'account-times-are-plausible' },
    { what: 'an account opened after its first entry', sql: `update accounts set created_at = now() - interval '1 minute', updated_at = now(); update ledger_entries set created_at = created_at - interval '2 hours'`, by: 'account-times-are-plausible' },
    { what: 'finished jobs made in 1970', sql: `update recon_jobs set created_at = '1970-01-01' where status = 'completed'`, by: 'job-times-are-in-order' },
    { what: 'a waiting job made in 1970', sql: `update recon_jobs set created_at = '1970-01-01' where payment_id = '${id}'`, by: 'job-times-are-in-order' },
    { what: 'the queue\'s row deleted', sql: `delete from recon_queue`, by: 'the-queue-is-running-or-paused' },
    { what: 'the queue\'s row deleted, and a job overdue', sql: `delete from recon_queue; update recon_jobs set run_at = now() + interval '1 year' where payment_id = '${id}'`, by: 'no-job-is-overdue' },
    { what: 'a pause that began in no time', sql: `update recon_queue set paused_at = 'infinity', paused_by = 'x', reason = 'x'`, by: 'the-queue-is-running-or-paused' },
    { what: 'a pause that began before payments settled', sql: `update recon_queue set paused_at = now() - interval '1 year', paused_by = 'x', reason = 'x'`, by: 'the-queue-is-running-or-paused' },
    { what: 'a finished job with 99 attempts', sql: `update recon_jobs set attempts = 99 where status = 'completed'`, by: 'finished-jobs-say-who-settled-them' },
    { what: 'a finished job of an unknown worker', sql: `update recon_jobs set locked_by = 'thief' where status = 'completed'`, by: 'finished-jobs-say-who-settled-them' },
    { what: 'a finished job\'s trace or last error forged', sql: `update recon_jobs set traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', last_error = 'x' where status = 'completed'`, by: null, why: 'both are for people: nothing is computed from them, and a retried job keeps its last error' },
    { what: 'a worker\'s unclean stops forged', sql: `update recon_workers set stopped_with_it = 2`, by: 'workers-settle-what-was-settled' },
    { what: 'a worker holds a job that does not exist', sql: `update recon_workers set held_alone = gen_random_uuid(), unclean_stops = 2`, by: 'workers-settle-what-was-settled' },
    { what: 'a worker without unclean stops stopped with a job', sql: `update recon_workers set stopped_with = '${id}', stopped_with_it = 2`, by: 'workers-settle-what-was-settled' },
    { what: 'a queued refund vanishes with its job', sql: `create temp table v on commit drop as select id from payments where refund_of is not null and status = 'pending'; ${VANISH.replace(/;[^;]*$/, '')}`, by: 'refunds-stay-within-their-payment' },
    { what: 'a refund names another payment', sql: `update payments set refund_of = '${id}' where refund_of is not null and amount = 2.00`, by: 'refunds-reverse-a-payment' },
    { what: 'a refund names no payment', sql: `update payments set refund_of = gen_random_uuid() where refund_of is not null and amount = 2.00`, by: 'refunds-reverse-a-payment' },
    { what: 'a refund\'s amount', sql: `update payments set amount = 1.99 where refund_of is not null and amount = 2.00`, by: 'request-hashes-are-those-of-their-payments' },
    { what: 'a reserved sum forged', sql: `update payments set refund_reserved = 6.00 where amount = 7.50 and refunded is not null`, by: 'refunds-stay-within-their-payment' },
    { what: 'a refunded sum forged', sql: `update payments set refunded = 1.00 where amount = 7.50 and refunded is not null`, by: 'refunds-stay-within-their-payment' },
    { what: 'a refunded payment called completed', sql: `alter table payments drop constraint payments_refunds_check; update payments set status = 'completed' where status = 'partially_refunded'`, by: 'statuses-follow-the-refunds' },
    { what: 'a refund settled at another time than its payment changed', sql: `update payments set updated_at = updated_at + interval '1 second' where status = 'partially_refunded'`, by: 'statuses-follow-the-refunds' },
    { what: 'a refund\'s posting with its sides swapped', sql: `alter table ledger_entries drop constraint ledger_entries_pkey; update ledger_entries set entry_type = case entry_type when 'credit' then 'debit' else 'credit' end where payment_id in (select id from payments where refund_of is not null)`, by: 'entries-are-on-the-right-kind-of-account' },
    { what: 'a customer\'s balance below zero', sql: `update accounts set balance = -0.01 where id = 'ACC-003'`, by: 'customers-owe-nothing' },
    { what: 'guards: a login owns a function', sql: `alter function post_results() owner to payments_worker`, by: 'guards-are-as-installed' },
    { what: 'guards: a table inherits from payments', sql: `create table more_payments () inherits (payments)`, by: 'guards-are-as-installed' },
    { what: 'guards: a login may turn triggers off', sql: `grant set on parameter session_replication_role to payments_worker`, by: 'guards-are-as-installed' },
    { what: 'guards: a login begins with triggers off', sql: `alter role payments_worker set session_replication_role = replica`, by: 'guards-are-as-installed' },
    { what: 'guards: an event trigger', sql: `create schema elsewhere; create function elsewhere.skim() returns event_trigger language plpgsql as 'begin end'; create event trigger skim on ddl_command_end execute function elsewhere.skim()`, by: 'guards-are-as-installed' },
  ]
}
