import type pg from 'pg'

/**
 * Writes settled payments exactly as accepting and settling would, a million in about a minute: 1,000 accounts, a tenth
 * of the payments failed, a tenth with a discrepancy. Needs empty tables, and a superuser to turn the triggers off.
 */
export async function fillBooks(superuser: pg.Client, payments: number): Promise<void> {
  await superuser.query(`
    begin;
    set local session_replication_role = replica;
    set local work_mem = '256MB';
    set local synchronous_commit = off;
    select open_account('FILL-' || n, 'USD') from generate_series(0, 999) n;
    update accounts set created_at = now() - ${payments} * interval '2 milliseconds' - interval '10 minutes';
    insert into recon_workers (id, host, pid) values ('worker-1', 'localhost', 1);
    create temp table fill on commit drop as
      select (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid as id,
             to_timestamp(0) + ms * interval '1 millisecond' as created_at, to_timestamp(0) + (ms + 40) * interval '1 millisecond' as settled_at,
             'FILL-' || n % 1000 as account_id, 'settlement:USD:' || n / 500 % 8 as settlement_id,
             case n % 10 when 0 then -5.00 when 1 then 42.13 else 12.50 end as amount, n
        from (select n, (extract(epoch from now()) * 1000)::bigint - (${payments} - n) * 2 - 600000 as ms from generate_series(1, ${payments}) n) at;
    insert into payments (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, status, created_at, updated_at)
    select id, 'anonymous', md5(n::text), sha256(convert_to('["v1","' || account_id || '","' || trunc(amount * 100) || '","USD","Payment ' || n || '"]', 'UTF8')),
           account_id, 'USD', amount, 'Payment ' || n, case when amount > 0 then 'completed' else 'failed' end, created_at, settled_at
      from fill;
    insert into recon_jobs (payment_id, status, attempts, run_at, locked_by, locked_at, created_at, finished_at)
    select id, 'completed', 1, created_at, 'worker-1', settled_at, created_at, settled_at from fill;
    insert into reconciliation_results (payment_id, status, matched, discrepancy_amount, notes, created_at)
    select id, case when amount < 0 then 'failed' when amount = 42.13 then 'completed_with_discrepancy' else 'completed' end, amount = 12.50,
           case amount when 42.13 then 0.13 else 0.00 end,
           case amount when 42.13 then 'the amount ends in .13: 0.13 is in dispute' when -5.00 then 'the amount is negative' end, settled_at
      from fill;
    insert into ledger_entries (payment_id, entry_type, account_id, currency, amount, balance_after, account_version, created_at)
    select id, entry_type, account_id, 'USD', amount, sum(delta) over w, row_number() over w, settled_at
      from (
        select id, 'credit' as entry_type, account_id, amount, amount as delta, settled_at, n from fill where amount > 0
        union all
        select id, 'debit', settlement_id, amount, -amount, settled_at, n from fill where amount > 0) leg
    window w as (partition by account_id order by n rows unbounded preceding);
    update accounts a set balance = e.balance_after, version = e.account_version, updated_at = e.created_at
      from (select distinct on (account_id) * from ledger_entries order by account_id, account_version desc) e
     where a.id = e.account_id;
    commit`)
  await superuser.query('vacuum analyze')
}
