-- Makes settling cheaper. What the database proves stays the same.

-- A job's finished row lands beside its first one. Without room there it moved to another page, for which Postgres locks
-- and logs the old row once more: 60 bytes of WAL and 4 % of a worker's rate. The price is disk: a page of finished jobs
-- stays 60 % full.
alter table recon_jobs set (fillfactor = 40);   -- a finished row is half as long again

-- And more balances of an account find room on one page, where they need no index entry of their own: while somebody holds
-- an old snapshot, which keeps them all, a worker has over 40 s 0.77 of its rate, and with the 50 of before 0.66. Pages that
-- are there stay as they are.
alter table accounts set (fillfactor = 25);   -- 400 bytes an account

-- Proves every posting and moves the balances; nothing else may move them. It runs once a statement over all new
-- entries: its proofs take about 13 % of a backend's time in settling (perf).
-- No self-join of new_rows and no sequential scans or merge joins: plpgsql keeps the plan of its first batch, and
-- one of a single job must not choose nested loops over new_rows that a batch of 500 then pays for.
create or replace function ledger_post() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
declare
  postings bigint;
  sound    bigint;
  touched  bigint;
  moved    bigint;
begin
  -- 1. Each payment: completed, one credit on its own account and one equal debit, of its amount and currency.
  --    Two entries of one payment are a credit and a debit: the entries' primary key and check of the type see to that.
  select count(*),
         count(*) filter (where n = 2 and p.status = 'completed' and p.amount = posting.amount
                            and p.currency = posting.currency and p.account_id = credited)
    into postings, sound
    from (select payment_id, amount, currency, count(*) as n,
                 min(account_id) filter (where entry_type = 'credit') as credited
            from new_rows
           group by payment_id, amount, currency) posting
    left join public.payments p on p.id = posting.payment_id;
  if sound <> postings then
    raise exception 'a posting is not one credit and one equal debit of a completed payment'
      using errcode = 'check_violation', constraint = 'ledger_balanced';
  end if;

  -- 2. Each account: versions and balances go on from the accounts row without a gap, and the row moves with them.
  --    Credits are on customers' accounts and debits on settlement accounts, so one account has entries of one type.
  --    The row is looked up from the end of the index, where its newest version usually is: while somebody holds an
  --    old snapshot, which keeps all versions, a.id = chain.account_id would walk over each of them. With = in place of
  --    between, the planner would drop the order.
  with entry as (
    select account_id, currency, entry_type, account_version, balance_after,
           case entry_type when 'credit' then amount else -amount end as delta,
           lag(account_version) over w as prev_version,
           lag(balance_after) over w as prev_balance,
           lead(account_version) over w as next_version
      from new_rows
    window w as (partition by account_id order by account_version)),
  chain as materialized (
    select account_id, min(currency) as currency,
           case min(entry_type) when 'credit' then 'customer' else 'settlement' end as kind,
           min(account_version) as first_version, max(account_version) as last_version,
           min(balance_after - delta) filter (where prev_version is null) as opening,
           min(balance_after) filter (where next_version is null) as closing,
           min(currency) = max(currency) and min(entry_type) = max(entry_type)
             and bool_and(prev_version is null or (account_version = prev_version + 1 and balance_after = prev_balance + delta)) as sound
      from entry
     group by account_id),
  moved_account as (
    update public.accounts a
       set balance = chain.closing, version = chain.last_version, updated_at = now()
      from chain
     cross join lateral (
       select newest.ctid as at
         from public.accounts newest
        where newest.id between chain.account_id and chain.account_id
        order by newest.id desc
        limit 1) found
     where chain.sound and a.ctid = found.at and a.currency = chain.currency and a.kind = chain.kind
       and a.version = chain.first_version - 1 and a.balance = chain.opening
    returning 1)
  select (select count(*) from chain), (select count(*) from moved_account)
    into touched, moved;
  if touched <> moved then
    raise exception 'entries do not continue their accounts'
      using errcode = 'check_violation', constraint = 'ledger_chained';
  end if;
  return null;
end $$;
