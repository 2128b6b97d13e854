-- The schema of the payments database: payments-api/migrations, one after the other.
-- Written by `npm run schema` in payments-api; a test there fails when it is out of date.

-- 0001_accounts.sql

-- An account holds one currency, fixed when it opens, and the balance that its ledger entries add up to.
-- Customers' accounts have plain ids; the name space 'settlement:<currency>:<shard>' is reserved, and no
-- payment can name it (see payments.account_id). Every posting debits one settlement account, so a currency
-- has a few of them: workers that post at the same time then rarely wait for one row.
create table accounts (
  id          text collate "C" primary key,
  currency    text not null check (currency ~ '^[A-Z]{3}$'),
  kind        text not null default 'customer' check (kind in ('customer', 'settlement')),
  balance     numeric not null default 0 check (balance > '-Infinity' and balance < 'Infinity'),
  version     bigint not null default 0 check (version >= 0),   -- how many entries moved the balance
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  constraint accounts_id_check check (case kind
    when 'customer' then length(id) <= 64 and id ~ '^[A-Za-z0-9][A-Za-z0-9._-]*$'
    else id ~ '^settlement:[A-Z]{3}:[0-9]{1,3}$' and split_part(id, ':', 2) = currency end)
  -- Checked again whenever a balance moves: with {0,63} in place of *, the expression takes 12 times as long.
) with (fillfactor = 50);   -- room beside each row, so that a new balance stays a heap-only (HOT) update

-- Says no to a change, also to the owner. What is wrong in the books is corrected by new entries.
create function refuse_change() returns trigger language plpgsql set search_path = pg_catalog as $$
begin
  raise exception '% on % is not allowed (%)', tg_op, tg_table_name, tg_name using errcode = 'restrict_violation';
end $$;

create trigger accounts_undeletable before delete or truncate on accounts
  for each statement execute function refuse_change();
create trigger accounts_identity before update of id, currency, kind, created_at on accounts
  for each statement execute function refuse_change();
-- Only the ledger's own trigger moves a balance: an UPDATE that no trigger runs has depth 0.
create trigger accounts_balance_from_ledger before update of balance, version on accounts
  for each statement when (pg_trigger_depth() = 0) execute function refuse_change();

-- Opens a customer's account and, when a currency is first seen, its settlement accounts.
-- Answers the account's currency: the one asked for, or the one that the account already has.
create function open_account(account text, wanted_currency text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  found_currency text;
begin
  select currency into found_currency from public.accounts where id = account;
  if found then
    return found_currency;
  end if;
  insert into public.accounts (id, currency, kind)
  select 'settlement:' || wanted_currency || ':' || shard, wanted_currency, 'settlement'
    from generate_series(0, 7) shard
   order by 1
      on conflict (id) do nothing;
  insert into public.accounts (id, currency) values (account, wanted_currency)
      on conflict (id) do nothing;
  -- a new statement: it sees the row that a rival committed in the meantime
  select currency into found_currency from public.accounts where id = account;
  return found_currency;
end $$;

-- 0002_payments.sql

-- A payment as the caller asked for it. Everything but its status is fixed when it is accepted.
create table payments (
  id               uuid primary key,   -- version 7: ordered by time, so lists walk this key
  caller           text collate "C" not null,
  idempotency_key  text collate "C" not null check (octet_length(idempotency_key) between 1 and 255),
  request_hash     bytea not null check (octet_length(request_hash) = 32),
  account_id       text collate "C" not null check (position(':' in account_id) = 0),   -- never a settlement account
  currency         text not null check (currency ~ '^[A-Z]{3}$'),
  amount           numeric not null check (amount > -1e15 and amount < 1e15),   -- NaN and Infinity fail this too
  description      text not null check (char_length(description) <= 500),
  status           text not null default 'pending' check (status in ('pending', 'completed', 'failed')),
  created_at       timestamptz not null,   -- the time in the id, so that the order of ids is the order in time
  updated_at       timestamptz not null,
  unique (caller, idempotency_key)   -- keys are kept for ever
) with (fillfactor = 50);
-- Room beside each row, and no index on status or updated_at: so the one status change stays a heap-only
-- (HOT) update. With an index on status, settling costs 1.8 times the CPU.
create index payments_by_account on payments (account_id, id);

-- No foreign key to accounts: its row lock would make every accept wait for a worker that posts to the account.

create trigger payments_undeletable before delete or truncate on payments
  for each statement execute function refuse_change();
create trigger payments_facts before update of id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at on payments
  for each statement execute function refuse_change();
-- A payment leaves pending once. AFTER with WHEN: no function call and no row lock for the change that is allowed.
create trigger payments_settle_once after update of status on payments
  for each row when (old.status <> 'pending' or new.status = 'pending') execute function refuse_change();

-- 0003_recon_jobs.sql

-- The queue: one job a payment, written with it in one statement. Workers take jobs with FOR UPDATE SKIP LOCKED
-- and hold the row locks until they commit, so nothing here says that a job is running: a crash just unlocks it.
create table recon_jobs (
  payment_id   uuid primary key references payments,
  status       text not null default 'pending' check (status in ('pending', 'completed', 'dead')),
  attempts     smallint not null default 0 check (attempts >= 0),
  run_at       timestamptz not null default now(),
  locked_by    text,          -- the worker that settled it or last failed to, and when
  locked_at    timestamptz,
  last_error   text,
  traceparent  text,          -- W3C trace context of the request that made the job
  created_at   timestamptz not null default now(),
  finished_at  timestamptz,
  check ((status = 'pending') = (finished_at is null)),
  check (status <> 'dead' or last_error is not null)
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0.05);
create index recon_jobs_ready on recon_jobs (run_at, payment_id) where status = 'pending';
create index recon_jobs_dead on recon_jobs (payment_id) where status = 'dead';
-- The payments that are still pending, in their order: the list that payments itself must have no index for.
create index recon_jobs_open on recon_jobs (payment_id) where status <> 'completed';

create trigger recon_jobs_untruncatable before truncate on recon_jobs
  for each statement execute function refuse_change();
-- Finished jobs may be pruned by the owner; an unfinished one is a payment that would stay pending for ever.
create trigger recon_jobs_prune_finished before delete on recon_jobs
  for each row when (old.status <> 'completed') execute function refuse_change();
create trigger recon_jobs_finish_once after update on recon_jobs
  for each row when (old.status = 'completed') execute function refuse_change();

-- The only change that the API may make to a job: a dead one back into the queue. Answers whether it was dead.
create function retry_dead_job(job uuid) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with r as (
    update public.recon_jobs set status = 'pending', attempts = 0, run_at = now(), finished_at = null
     where payment_id = job and status = 'dead'
    returning 1)
  select exists (select from r)
$$;

-- 0004_reconciliation_results.sql

-- What the rules said of a payment: once, for ever. 'completed' matched; 'completed_with_discrepancy' was posted,
-- but the other side counts discrepancy_amount less; 'failed' was not posted.
create table reconciliation_results (
  payment_id          uuid primary key,
  status              text not null check (status in ('completed', 'completed_with_discrepancy', 'failed')),
  matched             boolean not null,
  discrepancy_amount  numeric not null check (discrepancy_amount >= 0 and discrepancy_amount < 1e15),
  notes               text,
  created_at          timestamptz not null default now(),
  check (matched = (status = 'completed')),
  check ((discrepancy_amount > 0) = (status = 'completed_with_discrepancy'))
);
create index reconciliation_results_exceptions on reconciliation_results (status, payment_id) where status <> 'completed';

create trigger reconciliation_results_immutable before update or delete or truncate on reconciliation_results
  for each statement execute function refuse_change();

-- 0005_ledger_entries.sql

-- The double-entry ledger. A completed payment is two entries: its customer's account is credited and a settlement
-- account of the currency debited. account_version numbers the entries of an account without a gap and gives their
-- order. created_at follows it: it is read while the account is locked, and not when the transaction began.
create table ledger_entries (
  payment_id       uuid not null,
  entry_type       text collate "C" not null check (entry_type in ('credit', 'debit')),
  account_id       text collate "C" not null,
  currency         text not null,
  amount           numeric not null check (amount > 0 and amount < 1e15),
  balance_after    numeric not null,
  account_version  bigint not null check (account_version > 0),
  created_at       timestamptz not null default clock_timestamp(),
  primary key (payment_id, entry_type),   -- a payment cannot be posted twice
  unique (account_id, account_version)    -- the read path of statements and of balances at an instant
);

create trigger ledger_entries_immutable before update or delete or truncate on ledger_entries
  for each statement execute function refuse_change();

-- Proves every posting and moves the balances; nothing else may move them. It runs once a statement over all new
-- entries, which costs about 14 % of settling; foreign keys that prove less cost 52 %.
-- No self-join of new_rows and no sequential scans or merge joins: plpgsql keeps the plan of its first batch, and
-- one of a single job must not choose nested loops that a batch of 500 then pays for.
create function ledger_post() returns trigger
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
  select count(*),
         count(*) filter (where n = 2 and credits = 1 and lowest = highest and first_currency = last_currency
                            and p.status = 'completed' and p.amount = lowest and p.currency = first_currency
                            and p.account_id = credited)
    into postings, sound
    from (select payment_id, count(*) as n, count(*) filter (where entry_type = 'credit') as credits,
                 min(amount) as lowest, max(amount) as highest,
                 min(currency) as first_currency, max(currency) as last_currency,
                 min(account_id) filter (where entry_type = 'credit') as credited
            from new_rows
           group by payment_id) posting
    left join public.payments p on p.id = posting.payment_id;
  if sound <> postings then
    raise exception 'a posting is not one credit and one equal debit of a completed payment'
      using errcode = 'check_violation', constraint = 'ledger_balanced';
  end if;

  -- 2. Each account: versions and balances go on from the accounts row without a gap, and the row moves with them.
  --    Credits are on customers' accounts and debits on settlement accounts, so one account has entries of one type.
  with entry as (
    select account_id, currency, entry_type, account_version, balance_after,
           case entry_type when 'credit' then amount else -amount end as delta,
           lag(account_version) over w as prev_version,
           lag(balance_after) over w as prev_balance,
           lead(account_version) over w as next_version
      from new_rows
    window w as (partition by account_id order by account_version)),
  chain as (
    select account_id, min(currency) as currency,
           case min(entry_type) when 'credit' then 'customer' else 'settlement' end as kind,
           min(account_version) as first_version, max(account_version) as last_version,
           min(balance_after - delta) filter (where prev_version is null) as opening,
           min(balance_after) filter (where next_version is null) as closing
      from entry
     group by account_id
    having min(currency) = max(currency) and min(entry_type) = max(entry_type)
       and bool_and(prev_version is null or (account_version = prev_version + 1 and balance_after = prev_balance + delta))),
  moved_account as (
    update public.accounts a
       set balance = chain.closing, version = chain.last_version, updated_at = now()
      from chain
     where a.id = chain.account_id and a.currency = chain.currency and a.kind = chain.kind
       and a.version = chain.first_version - 1 and a.balance = chain.opening
    returning 1)
  select (select count(distinct account_id) from new_rows), (select count(*) from moved_account)
    into touched, moved;
  if touched <> moved then
    raise exception 'entries do not continue their accounts'
      using errcode = 'check_violation', constraint = 'ledger_chained';
  end if;
  return null;
end $$;

create trigger ledger_post after insert on ledger_entries referencing new table as new_rows
  for each statement execute function ledger_post();

-- 0006_recon_workers.sql

-- A heartbeat of each worker, for people. No lock or lease depends on it.
create table recon_workers (
  id            text primary key,
  host          text not null,
  pid           int not null,
  started_at    timestamptz not null default now(),
  last_seen_at  timestamptz not null default now(),
  stopped_at    timestamptz,
  settled       bigint not null default 0   -- payments settled since started_at
);

-- 0007_roles.sql

-- Least privilege. The owner of the schema only migrates; the API takes payments and opens accounts through a
-- function; a worker settles; a reader reads. They cannot log in until the operator says so
-- (alter role payments_api login password ...), so no password is ever in a migration.
-- Roles belong to the whole cluster: two databases of one cluster may be migrated at the same time.
do $$
declare
  r text;
begin
  foreach r in array array['payments_api', 'payments_worker', 'payments_reader'] loop
    begin
      execute format('create role %I nologin', r);
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;
  execute format('revoke temporary, create on database %I from public', current_database());
end $$;

revoke create on schema public from public;
grant usage on schema public to payments_api, payments_worker, payments_reader;
grant select on accounts, payments, recon_jobs, reconciliation_results, ledger_entries, recon_workers
  to payments_api, payments_worker, payments_reader;

revoke execute on function open_account(text, text), retry_dead_job(uuid), ledger_post(), refuse_change() from public;

grant insert (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at) on payments to payments_api;
grant insert (payment_id, traceparent) on recon_jobs to payments_api;
grant execute on function open_account(text, text), retry_dead_job(uuid) to payments_api;

grant update (status, updated_at) on payments to payments_worker;
grant update (status, attempts, run_at, locked_by, locked_at, last_error, finished_at) on recon_jobs to payments_worker;
grant insert on reconciliation_results, ledger_entries to payments_worker;
grant update (updated_at) on accounts to payments_worker;   -- only so that it may lock rows: balances move by the trigger
grant insert, update, delete on recon_workers to payments_worker;

-- Nothing waits for ever. A worker that is stopped or cut off in the middle of a transaction loses its locks 5 s after its
-- statement has ended.
do $$
declare
  r text;
begin
  foreach r in array array['payments_api', 'payments_worker', 'payments_reader'] loop
    begin
      execute format('alter role %I set lock_timeout = %L', r, case r when 'payments_api' then '2s' else '5s' end);
      execute format('alter role %I set statement_timeout = %L', r, case r when 'payments_reader' then '60s' else '10s' end);
      execute format('alter role %I set idle_in_transaction_session_timeout = %L', r, '5s');
      if current_setting('server_version_num')::int >= 170000 then
        execute format('alter role %I set transaction_timeout = %L', r, case r when 'payments_reader' then '120s' else '30s' end);
      end if;
      if r = 'payments_reader' then
        alter role payments_reader set default_transaction_read_only = on;
      end if;
    exception when internal_error then
      null;   -- "tuple concurrently updated": another database of this cluster is setting the same values
    end;
  end loop;
end $$;

-- 0008_open_account_without_waiting.sql

-- Opens a customer's account and, when a currency is first seen, its settlement accounts.
-- Answers the account's currency: the one asked for, or the one that the account already has.
--
-- Settlement accounts that are there are left out of the insert, not left to ON CONFLICT: that waits for whoever is
-- changing such a row, so that a new account waited for every worker in the middle of a batch, and timed out behind one
-- that stood still.
create or replace function open_account(account text, wanted_currency text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  found_currency text;
begin
  select currency into found_currency from public.accounts where id = account;
  if found then
    return found_currency;
  end if;
  insert into public.accounts (id, currency, kind)
  select settlement.id, wanted_currency, 'settlement'
    from (select 'settlement:' || wanted_currency || ':' || shard as id from generate_series(0, 7) shard) settlement
   where not exists (select from public.accounts a where a.id = settlement.id)
   order by 1
      on conflict (id) do nothing;
  insert into public.accounts (id, currency) values (account, wanted_currency)
      on conflict (id) do nothing;
  -- a new statement: it sees the row that a rival committed in the meantime
  select currency into found_currency from public.accounts where id = account;
  return found_currency;
end $$;

-- 0009_cheaper_settling.sql

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

-- 0010_queue_pause.sql

-- Whether workers may claim jobs: one row, read by each claim. An operator pauses the queue, or a worker does when most
-- jobs are refused: then paused_by is 'recon-worker'. A pause takes effect with each worker's next claim.
create table recon_queue (
  singleton  boolean primary key default true check (singleton),
  paused_at  timestamptz,   -- null: running
  paused_by  text,
  reason     text,
  constraint recon_queue_says_who_and_why check (num_nulls(paused_at, paused_by, reason) in (0, 3))
);
insert into recon_queue default values;

-- Without its row, no worker would claim.
create trigger recon_queue_undeletable before delete or truncate on recon_queue
  for each statement execute function refuse_change();

-- Pauses the queue. Returns false if it was paused already: then the first pause keeps its author and its reason.
create function pause_queue(by text, why text) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with paused as (
    update public.recon_queue
       set paused_at = now(), paused_by = left(coalesce(by, ''), 100), reason = left(coalesce(why, ''), 1000)
     where paused_at is null
    returning 1)
  select exists (select from paused)
$$;

-- Lets workers claim again, and wakes them. Returns false if the queue was running.
create function resume_queue() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.recon_queue set paused_at = null, paused_by = null, reason = null where paused_at is not null;
  if found then
    notify recon_jobs;
  end if;
  return found;
end $$;

-- Puts up to max_jobs dead jobs back into the queue, oldest payment first: all of them, or those whose last_error is
-- exactly with_error. Skips jobs that another session is changing. Returns how many it put back, at most 10,000.
create function retry_dead_jobs(max_jobs int, with_error text default null) returns integer
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with dead as materialized (
    select payment_id
      from public.recon_jobs
     where status = 'dead' and (with_error is null or last_error = with_error)
     order by payment_id
     limit least(greatest(max_jobs, 0), 10000)
       for update skip locked),
  retried as (
    update public.recon_jobs j
       set status = 'pending', attempts = 0, run_at = now(), finished_at = null
      from dead
     where j.payment_id = dead.payment_id
    returning 1)
  select count(*)::integer from retried
$$;

-- What a worker that restarts under the same id must know of the one before it.
alter table recon_workers
  add column unclean_stops     int not null default 0,   -- consecutive starts that found no clean stop before them
  add column held_alone        uuid,                     -- the job that it takes alone, written before the attempt
  add column stopped_with      uuid,                     -- the job that it held alone at its last unclean stop
  add column stopped_with_it   int not null default 0;   -- consecutive unclean stops while it held that job alone

revoke execute on function pause_queue(text, text), resume_queue(), retry_dead_jobs(int, text) from public;
grant select on recon_queue to payments_api, payments_worker, payments_reader;
grant execute on function pause_queue(text, text), resume_queue(), retry_dead_jobs(int, text) to payments_api;
grant execute on function pause_queue(text, text) to payments_worker;

-- 0011_accounts_open_with_payments.sql

-- Opens the accounts of these payments and, when a currency is first seen, its settlement accounts. The statement that
-- inserts payments calls it, so an account exists only with an accepted payment. It reads the payments themselves: a caller
-- cannot open any other account with it.
--
-- Where an account already holds another currency, the whole statement fails with the constraint accounts_one_currency.
--
-- No deadlocks: every caller inserts its payments first, then settlement accounts, then customer accounts, each in the
-- order of their keys. Existing accounts are left out, not left to ON CONFLICT, which would wait for a worker that is
-- posting to one. Only index lookups: plpgsql keeps the plan that it made when the tables were small.
--
-- open_account(text, text) stays for the previous release of the API.
create function open_accounts_of(payment_ids uuid[]) returns void
language plpgsql strict security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  insert into public.accounts (id, currency, kind)
  select id, currency, kind
    from (select distinct p.account_id as id, p.currency, 'customer' as kind
            from public.payments p
           where p.id = any(payment_ids)
           union all
          select 'settlement:' || used.currency || ':' || shard, used.currency, 'settlement'
            from (select distinct p.currency from public.payments p where p.id = any(payment_ids)) used
           cross join generate_series(0, 7) shard) wanted
   where not exists (select from public.accounts a where a.id = wanted.id)
   order by kind desc, id
      on conflict (id) do nothing;

  -- A new statement: it sees the account that a rival committed in the meantime.
  if exists (
    select from public.payments p
      join public.accounts a on a.id = p.account_id
     where p.id = any(payment_ids) and a.currency <> p.currency)
  then
    raise exception 'an account holds another currency than its payment'
      using errcode = 'check_violation', constraint = 'accounts_one_currency';
  end if;
end $$;

revoke execute on function open_accounts_of(uuid[]) from public;
grant execute on function open_accounts_of(uuid[]) to payments_api;

-- 0012_session_settings.sql

-- What the services' statements rely on, for every session of their roles in this database: these values beat the defaults
-- of the server, the database and the role. A service also sets them on each connection that it opens. Behind a transaction
-- pooler that is not enough: statements run on server connections that the pooler has opened. Those start with these values.
do $$
declare
  r       text;
  setting text[];
begin
  foreach r in array array['payments_api', 'payments_worker', 'payments_reader'] loop
    foreach setting slice 1 in array array[
      ['search_path', 'public'],
      ['DateStyle', 'ISO, MDY'],
      ['IntervalStyle', 'postgres'],
      ['TimeZone', 'UTC'],
      ['extra_float_digits', '1'],
      ['bytea_output', 'hex'],
      ['standard_conforming_strings', 'on'],
      ['array_nulls', 'on'],
      ['transform_null_equals', 'off'],
      ['default_transaction_isolation', 'read committed'],
      ['default_transaction_deferrable', 'off'],
      ['client_min_messages', 'warning']]
    loop
      execute format('alter role %I in database %I set %s = %L', r, current_database(), setting[1], setting[2]);
    end loop;
  end loop;
end $$;

-- 0013_sound_books.sql

-- Closes what data statements could still do to the books, and gives the audit what it needs to notice a missing row.

-- The tables below are changed under running services. Whoever waits for these locks blocks every new statement, and two of
-- them may deadlock with a statement that takes them in another order. So this migration waits for 300 ms at most, then lets
-- the services work for 2 s and tries again. It starts once no long transaction, such as a dump or an audit, is running.
do $$
begin
  for attempt in 1..150 loop
    begin
      set local lock_timeout = '300ms';
      lock table payments, recon_jobs, reconciliation_results, accounts, ledger_entries in access exclusive mode;
      set local lock_timeout = 0;
      return;
    exception when lock_not_available or deadlock_detected then
      perform pg_sleep(2);
    end;
  end loop;
  raise exception 'the tables were in use for too long: end long transactions, then migrate again' using errcode = 'lock_not_available';
end $$;

-- How many decimals a currency has by ISO 4217. Withdrawn codes keep theirs, and metals and test codes have none.
create function currency_decimals(currency text) returns int
language sql immutable parallel safe as $$
  select case
    when currency in ('BIF', 'BYR', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND',
                      'VUV', 'XAF', 'XAG', 'XAU', 'XBA', 'XBB', 'XBC', 'XBD', 'XDR', 'XOF', 'XPD', 'XPF', 'XPT', 'XSU',
                      'XTS', 'XUA', 'XXX') then 0
    when currency in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
    when currency in ('CLF', 'UYW') then 4
    else 2 end
$$;

-- Which transaction wrote a row: what an anchor's snapshot sees is what it covers, in whatever order ids arrive. Rows from
-- before this migration have none and belong to the first anchor. Two steps, so that the table is not rewritten.
alter table payments add column accepted_in xid8;
alter table payments alter accepted_in set default pg_current_xact_id();
alter table reconciliation_results add column settled_in xid8;
alter table reconciliation_results alter settled_in set default pg_current_xact_id();
create trigger payments_accepted_in before update of accepted_in on payments
  for each statement execute function refuse_change();

-- Rows begin as the services write them. AFTER with WHEN: no function call and no row lock for a row that is allowed.
-- Each condition is a function of the whole row: Postgres refuses to alter the type of a column that a condition names.
-- Times may differ by a second, so that they may be kept with fewer decimals.
create function is_now(at timestamptz) returns boolean language sql stable as $$
  select at between now() - interval '1 second' and now() + interval '1 second'
$$;
create function begins_empty(a accounts) returns boolean language sql stable as $$
  select a.balance = 0 and scale(a.balance) = 0 and a.version = 0 and public.is_now(a.created_at) and public.is_now(a.updated_at)
$$;
create function begins_pending(p payments) returns boolean language sql stable as $$
  select p.status = 'pending' and p.updated_at between p.created_at - interval '1 second' and p.created_at + interval '1 second'
     and p.accepted_in is not distinct from pg_current_xact_id()
$$;
create function has_its_decimals(p payments) returns boolean language sql immutable as $$
  select scale(p.amount) = public.currency_decimals(p.currency)
$$;
create function begins_pending(j recon_jobs) returns boolean language sql stable as $$
  select j.status = 'pending' and j.attempts = 0 and j.last_error is null and j.locked_by is null and public.is_now(j.created_at)
$$;
create function begins_now(r reconciliation_results) returns boolean language sql stable as $$
  select public.is_now(r.created_at) and r.settled_in is not distinct from pg_current_xact_id()
$$;
create trigger accounts_open_empty after insert on accounts
  for each row when (not begins_empty(new)) execute function refuse_change();
create trigger payments_begin_pending after insert on payments
  for each row when (not begins_pending(new)) execute function refuse_change();
create trigger payments_decimals after insert on payments
  for each row when (not has_its_decimals(new)) execute function refuse_change();
create trigger recon_jobs_begin_pending after insert on recon_jobs
  for each row when (not begins_pending(new)) execute function refuse_change();
create trigger reconciliation_results_begin_now after insert on reconciliation_results
  for each row when (not begins_now(new)) execute function refuse_change();

-- A job keeps its payment, its trace and the time it was made.
create function keeps_its_facts(old_job recon_jobs, new_job recon_jobs) returns boolean language sql immutable as $$
  select new_job.payment_id = old_job.payment_id and new_job.created_at = old_job.created_at
     and new_job.traceparent is not distinct from old_job.traceparent
$$;
create trigger recon_jobs_facts after update on recon_jobs
  for each row when (not keeps_its_facts(old, new)) execute function refuse_change();

-- Settling is the only change of a payment, once, and says when it happened.
create function settles(old_payment payments, new_payment payments) returns boolean language sql stable as $$
  select old_payment.status = 'pending' and new_payment.status <> 'pending'
     and (new_payment.updated_at = old_payment.updated_at or public.is_now(new_payment.updated_at))
$$;
drop trigger payments_settle_once on payments;
create trigger payments_settle_once after update on payments
  for each row when (not settles(old, new)) execute function refuse_change();

-- Rows from before this migration are the audit's to check: NOT VALID leaves them alone, and checks every new one.
alter table ledger_entries add constraint ledger_entries_decimals
  check (scale(amount) <= 4 and scale(balance_after) = scale(amount)) not valid;
alter table reconciliation_results add constraint reconciliation_results_decimals
  check (scale(discrepancy_amount) <= 4) not valid;

-- accounts.updated_at is a lower bound for the time of the account's next entry: it never falls, nor runs ahead of the clock.
create function time_ascends(old_account accounts, new_account accounts) returns boolean language sql volatile as $$
  select new_account.updated_at >= old_account.updated_at
     and new_account.updated_at <= greatest(old_account.updated_at, now(), clock_timestamp()) + interval '1 second'
$$;
create trigger accounts_time_ascends after update on accounts
  for each row when (not time_ascends(old, new)) execute function refuse_change();

-- An entry never changes, with one exception: ledger_post corrects its time where the clock went back. Only that trigger
-- updates entries, and an UPDATE that no trigger runs has depth 0.
drop trigger ledger_entries_immutable on ledger_entries;
create trigger ledger_entries_immutable before delete or truncate on ledger_entries
  for each statement execute function refuse_change();
create trigger ledger_entries_time_from_ledger before update on ledger_entries
  for each statement when (pg_trigger_depth() = 0) execute function refuse_change();

-- Proves every posting and moves the balances; nothing else may move them. It runs once a statement over all new entries.
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
  strays   text[];
begin
  -- 1. Each payment: completed, one credit on its own account and one equal debit, of its amount, decimals and currency.
  --    Two entries of one payment are a credit and a debit: the entries' primary key and check of the type see to that.
  select count(*),
         count(*) filter (where n = 2 and p.status = 'completed' and p.amount = posting.amount and scale(p.amount) = decimals
                            and p.currency = posting.currency and p.account_id = credited)
    into postings, sound
    from (select payment_id, amount, currency, scale(amount) as decimals, count(*) as n,
                 min(account_id) filter (where entry_type = 'credit') as credited
            from new_rows
           group by payment_id, amount, currency, decimals) posting
    left join public.payments p on p.id = posting.payment_id;
  if sound <> postings then
    raise exception 'a posting is not one credit and one equal debit of a completed payment'
      using errcode = 'check_violation', constraint = 'ledger_balanced';
  end if;

  -- 2. Each account: versions and balances continue from the accounts row without a gap, and the row moves with them.
  --    Credits are on customers' accounts and debits on settlement accounts, so one account has entries of one type.
  --    The row is looked up from the end of the index, where its newest version usually is: while somebody holds an
  --    old snapshot, which keeps all versions, a.id = chain.account_id would walk over each of them. With = in place of
  --    between, the planner would drop the order.
  with entry as (
    select account_id, currency, entry_type, account_version, balance_after, created_at,
           case entry_type when 'credit' then amount else -amount end as delta,
           lag(account_version) over w as prev_version,
           lag(balance_after) over w as prev_balance,
           lag(created_at) over w as prev_at,
           lead(account_version) over w as next_version
      from new_rows
    window w as (partition by account_id order by account_version)),
  chain as materialized (
    select account_id, min(currency) as currency,
           case min(entry_type) when 'credit' then 'customer' else 'settlement' end as kind,
           min(account_version) as first_version, max(account_version) as last_version,
           min(balance_after - delta) filter (where prev_version is null) as opening,
           min(balance_after) filter (where next_version is null) as closing,
           min(created_at) as earliest, max(created_at) as latest, bool_and(prev_at is null or created_at >= prev_at) as in_time,
           min(currency) = max(currency) and min(entry_type) = max(entry_type)
             and bool_and(prev_version is null or (account_version = prev_version + 1 and balance_after = prev_balance + delta)) as sound
      from entry
     group by account_id),
  moved_account as (
    update public.accounts a
       set balance = chain.closing, version = chain.last_version, updated_at = greatest(least(chain.latest, clock_timestamp()), found.floor)
      from chain
     cross join lateral (
       select newest.ctid as at, greatest(newest.updated_at, now()) as floor
         from public.accounts newest
        where newest.id between chain.account_id and chain.account_id
        order by newest.id desc
        limit 1) found
     where chain.sound and a.ctid = found.at and a.currency = chain.currency and a.kind = chain.kind
       and a.version = chain.first_version - 1 and a.balance = chain.opening
    returning case when not chain.in_time or chain.earliest < found.floor or chain.latest > clock_timestamp() then a.id end as astray)
  select (select count(*) from chain), count(*), array_agg(astray) filter (where astray is not null)
    into touched, moved, strays
    from moved_account;
  if touched <> moved then
    raise exception 'entries do not continue their accounts'
      using errcode = 'check_violation', constraint = 'ledger_chained';
  end if;

  -- 3. An account's entries never go back in time, nor ahead of the clock. Where their times say so, the account's new entries
  --    get the time that its row has now: never before its previous entry or the start of this transaction.
  if strays is not null then
    update public.ledger_entries e
       set created_at = a.updated_at
      from new_rows n
      join public.accounts a on a.id = n.account_id
     where n.account_id = any (strays) and e.payment_id = n.payment_id and e.entry_type = n.entry_type;
  end if;
  return null;
end $$;

-- A worker says what was posted, never when: times and transactions are the database's defaults.
revoke insert on ledger_entries, reconciliation_results from payments_worker;
grant insert (payment_id, entry_type, account_id, currency, amount, balance_after, account_version) on ledger_entries to payments_worker;
grant insert (payment_id, status, matched, discrepancy_amount, notes) on reconciliation_results to payments_worker;


-- The chain of anchors. Each covers what was accepted and settled since the one before, by a digest of the rows, and hangs
-- on it by its own digest. A copy of that digest outside of the database proves everything up to it: contracts/README.md.
create table audit_anchors (
  seq         int primary key check (seq > 0),
  snapshot    pg_snapshot not null,
  payments    bigint not null check (payments >= 0),   -- accepted since the anchor before
  results     bigint not null check (results >= 0),    -- settled since the anchor before
  contents    bytea not null check (octet_length(contents) = 32),   -- SHA-256 of those rows
  digest      bytea not null check (octet_length(digest) = 32),     -- SHA-256 of the digest before, both counts and contents
  created_at  timestamptz not null default now()
);
create trigger audit_anchors_immutable before update or delete or truncate on audit_anchors
  for each statement execute function refuse_change();
grant select on audit_anchors to payments_api, payments_worker, payments_reader;

-- What each anchor from `first` on should hold, recomputed from the rows; the last row is what the next anchor would.
-- A payment counts with its id, request hash, caller and key: its hash covers the rest, its id the time, and the audit checks
-- both. A settled payment counts with its result's status, notes and time, and its entries' accounts, versions and times; the
-- amounts and balances follow from those. Digests are taken by 65 seconds of ids first: a string holds at most 1 GB.
create function audit_segments(first int)
returns table (seq int, payments bigint, results bigint, contents bytea)
language sql stable set search_path = pg_catalog, public, pg_temp as $$
  with edge as materialized (
    select coalesce(array_agg(pg_snapshot_xmax(snapshot) order by seq), '{}') as ends,
           array(select pg_snapshot_xip(snapshot) from audit_anchors) as in_progress
      from audit_anchors),
  accepted as (
    select segment, sum(n)::bigint as n, sha256(string_agg(digest, '' order by bucket)) as digest
      from (
        select segment, substr(uuid_send(id), 1, 4) as bucket, count(*) as n,
               sha256(string_agg(uuid_send(id) || request_hash || textsend(caller) || '\x00' || textsend(idempotency_key) || '\x00', '' order by id)) as digest
          from (
            select id, request_hash, caller, idempotency_key,
                   case when accepted_in = any (in_progress)
                     then coalesce((select min(a.seq) from audit_anchors a where pg_visible_in_snapshot(accepted_in, a.snapshot)), cardinality(ends) + 1)
                     else coalesce(width_bucket(accepted_in, ends), 0) + 1 end as segment
              from payments, edge) payment
         where segment >= first
         group by 1, 2) part
     group by 1),
  settled as (
    select segment, sum(n)::bigint as n, sha256(string_agg(digest, '' order by bucket)) as digest
      from (
        select segment, substr(uuid_send(id), 1, 4) as bucket, count(*) as n,
               sha256(string_agg(uuid_send(id) || textsend(result) || coalesce(textsend(notes), '') || '\x00' || timestamptz_send(created_at)
                 || coalesce(textsend(c.account_id) || int8send(c.account_version) || timestamptz_send(c.at)
                   || textsend(d.account_id) || int8send(d.account_version) || timestamptz_send(d.at), ''), '' order by id)) as digest
          from (
            select payment_id as id, status as result, notes, created_at,
                   case when settled_in = any (in_progress)
                     then coalesce((select min(a.seq) from audit_anchors a where pg_visible_in_snapshot(settled_in, a.snapshot)), cardinality(ends) + 1)
                     else coalesce(width_bucket(settled_in, ends), 0) + 1 end as segment
              from reconciliation_results, edge) result
          left join lateral (select account_id, account_version, e.created_at as at from ledger_entries e where e.payment_id = id and e.entry_type = 'credit') c on true
          left join lateral (select account_id, account_version, e.created_at as at from ledger_entries e where e.payment_id = id and e.entry_type = 'debit') d on true
         where segment >= first
         group by 1, 2) part
     group by 1)
  select s.seq, coalesce(p.n, 0), coalesce(r.n, 0), sha256(coalesce(p.digest, '') || coalesce(r.digest, ''))
    from edge
   cross join lateral generate_series(first, cardinality(ends) + 1) s(seq)
    left join accepted p on p.segment = s.seq
    left join settled r on r.segment = s.seq
$$;
revoke execute on function audit_segments(int) from public;
grant execute on function audit_segments(int) to payments_reader;

-- 0014_results_post.sql

-- A result settles its payment: inserting it sets the payment's status, moves both accounts and writes both entries. Before,
-- the worker wrote all of these and a trigger proved them. What nobody else can write needs no proof, so settling takes 0.8 of
-- the processor time, and no result or status can exist without its posting: docs/decisions/0003-a-result-posts-itself.md.
--
-- Workers of the version before keep running: their statement also updates the payments and inserts the entries, and ledger_post
-- proves them as before.

-- Running services use the tables below, so this waits as migration 0013 does: for 300 ms at a time.
do $$
begin
  for attempt in 1..150 loop
    begin
      set local lock_timeout = '300ms';
      lock table payments, recon_jobs, reconciliation_results, accounts, ledger_entries in access exclusive mode;
      set local lock_timeout = 0;
      return;
    exception when lock_not_available or deadlock_detected then
      perform pg_sleep(2);
    end;
  end loop;
  raise exception 'the tables were in use for too long: end long transactions, then migrate again' using errcode = 'lock_not_available';
end $$;

-- Posts the payments of new results, once a statement over all of them.
--
-- The accounts are locked last, in the order of their ids: so the locks are short, and batches cannot deadlock. FOR NO KEY UPDATE
-- blocks no accept. An account's row is looked up from the end of the index, where its newest version usually is: while an old
-- snapshot keeps all versions, a lookup from the front walks over each of them. BETWEEN, because with = the planner drops the
-- order. A missing account, or one in another currency, makes balance_after null, which its column refuses.
--
-- An entry's time is the clock's, but never before the start of this transaction or the account's previous entry.
--
-- plpgsql keeps the plan of its first batch for batches of any size. So there is no join to choose but lookups, which suit all:
-- each account is the first row in the window of its legs instead.
create function post_results() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_memoize = off
set plan_cache_mode = force_generic_plan
as $$
declare
  results bigint;
  settled bigint;
  touched text[];
  moved   text[];
begin
  -- This function may insert entries; whether the login may is a grant on the table, as for any other statement.
  if not has_any_column_privilege(session_user, 'ledger_entries', 'insert') then
    raise exception 'permission denied for table ledger_entries' using errcode = 'insufficient_privilege';
  end if;

  with payment as (
    update payments p
       set status = case result.status when 'failed' then 'failed' else 'completed' end, updated_at = now()
      from (select payment_id, status, row_number() over () as n from new_rows) result
     where p.id = result.payment_id and p.status = 'pending'
    returning p.id, p.account_id, p.currency, p.amount, p.status, result.n),
  leg as materialized (
    select id, n, currency, amount, 'credit' as entry_type, account_id, amount as delta
      from payment
     where status = 'completed'
     union all
    select id, n, currency, amount, 'debit', 'settlement:' || currency || ':' || pg_backend_pid() % 8, -amount
      from payment
     where status = 'completed'),
  account as materialized (
    select locked.*, move.delta, move.entries, greatest(clock_timestamp(), now(), locked.updated_at) as posted_at
      from (select account_id, sum(delta) as delta, count(*) as entries from leg group by account_id order by account_id) move
     cross join lateral (
       select a.ctid as tid, a.id, a.currency, a.balance, a.version, a.updated_at
         from accounts a
        where a.id between move.account_id and move.account_id
        order by a.id desc
        limit 1
          for no key update) locked),
  moved_account as (
    update accounts a
       set balance = account.balance + account.delta, version = account.version + account.entries, updated_at = account.posted_at
      from account
     where a.ctid = account.tid
    returning a.id),
  entry as (
    insert into ledger_entries (payment_id, entry_type, account_id, currency, amount, balance_after, account_version, created_at)
    select id, entry_type, account_id, currency, amount, balance_after, account_version, posted_at
      from (
        select id, n, entry_type, account_id, currency, amount,
               case when currency = first_value(account_currency) over w then sum(delta) over w end as balance_after,
               coalesce(first_value(version) over w, 0) + row_number() over w - 1 as account_version,
               coalesce(first_value(posted_at) over w, now()) as posted_at
          from (
            select id as account_id, 0 as n, currency as account_currency, balance as delta, version, posted_at,
                   null::uuid as id, null as entry_type, null as currency, null::numeric as amount
              from account
             union all
            select account_id, n, null, delta, null, null, id, entry_type, currency, amount
              from leg) step
        window w as (partition by account_id order by n rows unbounded preceding)) balance
     where n > 0)
  select (select count(*) from new_rows), (select count(*) from payment),
         (select array_agg(id) from account), (select array_agg(id) from moved_account)
    into results, settled, touched, moved;

  -- The rows that another transaction changed after the statement above had begun are locked, but invisible to its update. They
  -- are visible now, and still locked.
  if cardinality(touched) > coalesce(cardinality(moved), 0) then
    update accounts a
       set balance = newest.balance_after, version = newest.account_version, updated_at = newest.created_at
      from (select unnest(touched) as id except select unnest(moved)) unmoved
     cross join lateral (
       select e.balance_after, e.account_version, e.created_at
         from ledger_entries e
        where e.account_id = unmoved.id
        order by e.account_version desc
        limit 1) newest
     cross join lateral (
       select locked.ctid as tid
         from accounts locked
        where locked.id between unmoved.id and unmoved.id
        order by locked.id desc
        limit 1) found
     where a.ctid = found.tid;
  end if;

  -- The rest were settled in this very statement by a worker of the version before, or must not have a result.
  if settled <> results and exists (
    select
      from new_rows result
      left join payments p on p.id = result.payment_id
     where p.status is distinct from case result.status when 'failed' then 'failed' else 'completed' end
        or (p.status = 'completed') <> exists (select from ledger_entries e where e.payment_id = p.id))
  then
    raise exception 'a result is not that of a pending payment'
      using errcode = 'check_violation', constraint = 'reconciliation_results_settle';
  end if;
  return null;
end $$;
revoke execute on function post_results() from public;
create trigger reconciliation_results_post after insert on reconciliation_results referencing new table as new_rows
  for each statement execute function post_results();

-- Settles claimed jobs one by one, each in a subtransaction, for at most `max_ms`. For a batch of which some jobs are refused for
-- their data: a batch of 500 takes a fraction of a second, and every other job settles. Returns the refused jobs with the error,
-- and those that there was no time for without one. Runs with the login's own rights.
create function settle_one_by_one(ids uuid[], outcomes text[], discrepancy_amounts numeric[], all_notes text[], worker text, max_ms int)
returns table (payment_id uuid, error text)
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
#variable_conflict use_column
declare
  begun_at timestamptz := clock_timestamp();
  message  text;
  state    text;
begin
  for i in 1..cardinality(ids) loop
    if i > 1 and clock_timestamp() - begun_at >= max_ms * interval '1 millisecond' then
      return query select id, null::text from unnest(ids[i:]) id;
      return;
    end if;
    begin
      insert into reconciliation_results (payment_id, status, matched, discrepancy_amount, notes)
      values (ids[i], outcomes[i], outcomes[i] = 'completed', discrepancy_amounts[i], all_notes[i]);
      update recon_jobs j
         set status = 'completed', attempts = j.attempts + 1, locked_by = worker, locked_at = now(), finished_at = now()
       where j.payment_id = ids[i];
    exception when data_exception or integrity_constraint_violation or raise_exception then
      get stacked diagnostics message = message_text, state = returned_sqlstate;
      return query select ids[i], format('%s (SQLSTATE %s)', message, state);
    end;
  end loop;
end $$;
revoke execute on function settle_one_by_one(uuid[], text[], numeric[], text[], text, int) from public;
grant execute on function settle_one_by_one(uuid[], text[], numeric[], text[], text, int) to payments_worker;

-- Entries that no trigger inserts are proved as before.
drop trigger ledger_post on ledger_entries;
create trigger ledger_post after insert on ledger_entries referencing new table as new_rows
  for each statement when (pg_trigger_depth() = 0) execute function ledger_post();

-- The conditions of migration 0013 cost more than they check: Postgres parses an SQL function in a trigger's condition again for
-- every statement, about 0.2 ms each, and a payment that settles alone met six of them. So a condition only says which rows need a
-- look. What a trigger writes needs none, nor does a column that the login has no grant to write. The functions EXECUTE, because
-- a plan that plpgsql keeps would fail once DDL has changed a column's type.

-- A payment's status changes once, says when, and only with its result.
create function check_settled_payment() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  allowed boolean;
begin
  execute 'select settles($1, $2)' into allowed using old, new;
  if allowed and exists (
    select from reconciliation_results r where r.payment_id = new.id and (r.status = 'failed') = (new.status = 'failed'))
  then
    return null;
  end if;
  raise exception '% on % is not allowed (%)', tg_op, tg_table_name, tg_name using errcode = 'restrict_violation';
end $$;
drop trigger payments_settle_once on payments;
create trigger payments_settle_once after update on payments
  for each row when (pg_trigger_depth() = 0 or old.status <> 'pending' or new.status = 'pending') execute function check_settled_payment();

create function check_changed_account() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  allowed boolean;
begin
  execute 'select time_ascends($1, $2)' into allowed using old, new;
  if allowed then
    return null;
  end if;
  raise exception '% on % is not allowed (%)', tg_op, tg_table_name, tg_name using errcode = 'restrict_violation';
end $$;
drop trigger accounts_time_ascends on accounts;
create trigger accounts_time_ascends after update on accounts
  for each row when (pg_trigger_depth() = 0) execute function check_changed_account();

create function check_new_result() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  allowed boolean;
begin
  execute 'select begins_now($1)' into allowed using new;
  if allowed then
    return null;
  end if;
  raise exception '% on % is not allowed (%)', tg_op, tg_table_name, tg_name using errcode = 'restrict_violation';
end $$;
drop trigger reconciliation_results_begin_now on reconciliation_results;
create trigger reconciliation_results_begin_now after insert on reconciliation_results
  for each row when (current_user <> 'payments_worker') execute function check_new_result();

-- A job keeps its payment, its trace and the time it was made, and is completed only with its result.
create function check_changed_job() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  allowed boolean;
begin
  execute 'select keeps_its_facts($1, $2)' into allowed using old, new;
  if allowed and (new.status <> 'completed' or old.status = 'completed'
                  or exists (select from reconciliation_results r where r.payment_id = new.payment_id))
  then
    return null;
  end if;
  raise exception '% on % is not allowed (%)', tg_op, tg_table_name, tg_name using errcode = 'restrict_violation';
end $$;
drop trigger recon_jobs_facts on recon_jobs;
create trigger recon_jobs_facts after update on recon_jobs
  for each row when (current_user <> 'payments_worker') execute function check_changed_job();

create function check_new_job() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  allowed boolean;
begin
  execute 'select begins_pending($1)' into allowed using new;
  if allowed then
    return null;
  end if;
  raise exception '% on % is not allowed (%)', tg_op, tg_table_name, tg_name using errcode = 'restrict_violation';
end $$;
drop trigger recon_jobs_begin_pending on recon_jobs;
create trigger recon_jobs_begin_pending after insert on recon_jobs
  for each row when (current_user <> 'payments_api') execute function check_new_job();

-- Every payment is looked at: the API says its amount and times. plpgsql parses the conditions once a session.
create function begins_soundly(p payments) returns boolean language plpgsql stable as $$
begin
  return public.begins_pending(p) and public.has_its_decimals(p);
end $$;
drop trigger payments_begin_pending on payments;
drop trigger payments_decimals on payments;
create trigger payments_begin_pending after insert on payments
  for each row when (not begins_soundly(new)) execute function refuse_change();

-- 0015_faster_anchors.sql

-- Computes the digests of anchors in half the processor time; the digests stay the same.
--
-- Merge joins read results and entries in the order of their ids. Grouping by the first bytes of the id, before the segment, keeps
-- that order, so the sort finds its input sorted.
--
-- Migration 0014 cites docs/decisions/0003-a-result-posts-itself.md: that decision is 0007-a-result-posts-itself.md now.
create or replace function audit_segments(first int)
returns table (seq int, payments bigint, results bigint, contents bytea)
language sql stable set search_path = pg_catalog, public, pg_temp set enable_hashjoin = off as $$
  with edge as materialized (
    select coalesce(array_agg(pg_snapshot_xmax(snapshot) order by seq), '{}') as ends,
           array(select pg_snapshot_xip(snapshot) from audit_anchors) as in_progress
      from audit_anchors),
  accepted as (
    select segment, sum(n)::bigint as n, sha256(string_agg(digest, '' order by bucket)) as digest
      from (
        select substr(uuid_send(id), 1, 4) as bucket, segment, count(*) as n,
               sha256(string_agg(uuid_send(id) || request_hash || textsend(caller) || '\x00' || textsend(idempotency_key) || '\x00', '' order by id)) as digest
          from (
            select id, request_hash, caller, idempotency_key,
                   case when accepted_in = any (in_progress)
                     then coalesce((select min(a.seq) from audit_anchors a where pg_visible_in_snapshot(accepted_in, a.snapshot)), cardinality(ends) + 1)
                     else coalesce(width_bucket(accepted_in, ends), 0) + 1 end as segment
              from payments, edge) payment
         where segment >= first
         group by 1, 2) part
     group by 1),
  settled as (
    select segment, sum(n)::bigint as n, sha256(string_agg(digest, '' order by bucket)) as digest
      from (
        select substr(uuid_send(id), 1, 4) as bucket, segment, count(*) as n,
               sha256(string_agg(uuid_send(id) || textsend(result) || coalesce(textsend(notes), '') || '\x00' || timestamptz_send(created_at)
                 || coalesce(textsend(c.account_id) || int8send(c.account_version) || timestamptz_send(c.at)
                   || textsend(d.account_id) || int8send(d.account_version) || timestamptz_send(d.at), ''), '' order by id)) as digest
          from (
            select payment_id as id, status as result, notes, created_at,
                   case when settled_in = any (in_progress)
                     then coalesce((select min(a.seq) from audit_anchors a where pg_visible_in_snapshot(settled_in, a.snapshot)), cardinality(ends) + 1)
                     else coalesce(width_bucket(settled_in, ends), 0) + 1 end as segment
              from reconciliation_results, edge) result
          left join lateral (select account_id, account_version, e.created_at as at from ledger_entries e where e.payment_id = id and e.entry_type = 'credit') c on true
          left join lateral (select account_id, account_version, e.created_at as at from ledger_entries e where e.payment_id = id and e.entry_type = 'debit') d on true
         where segment >= first
         group by 1, 2) part
     group by 1)
  select s.seq, coalesce(p.n, 0), coalesce(r.n, 0), sha256(coalesce(p.digest, '') || coalesce(r.digest, ''))
    from edge
   cross join lateral generate_series(first, cardinality(ends) + 1) s(seq)
    left join accepted p on p.segment = s.seq
    left join settled r on r.segment = s.seq
$$;

-- 0016_jobs_finish_with_results.sql

-- Refuses a worker's login that finishes a job without its result; migration 0014 checks everybody else row by row. One check a
-- statement: a batch updates its jobs and inserts its results in one statement, and both are visible when this trigger runs.

-- Creating a trigger waits for the writers of the table and blocks new ones, so this waits for 300 ms at a time.
do $$
begin
  for attempt in 1..150 loop
    begin
      set local lock_timeout = '300ms';
      lock table recon_jobs in share row exclusive mode;
      set local lock_timeout = 0;
      return;
    exception when lock_not_available or deadlock_detected then
      perform pg_sleep(2);
    end;
  end loop;
  raise exception 'the tables were in use for too long: end long transactions, then migrate again' using errcode = 'lock_not_available';
end $$;

-- Only lookups: plpgsql keeps the plan of its first batch for batches of any size.
create function check_finished_jobs() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  if exists (
    select
      from new_rows job
     where job.status = 'completed'
       and not exists (select from reconciliation_results r where r.payment_id = job.payment_id))
  then
    raise exception '% on % is not allowed (%)', tg_op, tg_table_name, tg_name using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
revoke execute on function check_finished_jobs() from public;
create trigger recon_jobs_finish_with_results after update on recon_jobs referencing new table as new_rows
  for each statement when (current_user = 'payments_worker') execute function check_finished_jobs();

-- 0017_accounts_by_name.sql

-- Serves the list of customers' accounts and the search by the start of a name, both without regard to case: a person who looks for
-- ACC-001 types acc. The columns never change, so a new balance stays a heap-only (HOT) update.
create index accounts_by_name on accounts (lower(id), id) where kind = 'customer';

-- 0018_prover.sql

-- The console's proofs: a login that only checks the invariants (payments-api/invariants), for an API that asks for it. It
-- reads what they read, one run at a time, and gives up before it could be a burden.
do $$
declare
  setting text[];
begin
  begin
    create role payments_prover nologin;
  exception when duplicate_object or unique_violation then
    null;   -- roles belong to the whole cluster: another database of it has the role already
  end;
  begin
    alter role payments_prover set default_transaction_read_only = on;
    alter role payments_prover set lock_timeout = '1s';
    alter role payments_prover set statement_timeout = '30s';
    alter role payments_prover set idle_in_transaction_session_timeout = '5s';
    if current_setting('server_version_num')::int >= 170000 then
      alter role payments_prover set transaction_timeout = '240s';
    end if;
  exception when internal_error then
    null;   -- "tuple concurrently updated": another database of this cluster is setting the same values
  end;
  foreach setting slice 1 in array array[
    ['search_path', 'public'],
    ['DateStyle', 'ISO, MDY'],
    ['TimeZone', 'UTC'],
    ['bytea_output', 'hex']]
  loop
    execute format('alter role payments_prover in database %I set %s = %L', current_database(), setting[1], setting[2]);
  end loop;
end $$;

grant usage on schema public to payments_prover;
grant select on accounts, payments, recon_jobs, reconciliation_results, ledger_entries, recon_workers, recon_queue, audit_anchors
  to payments_prover;
grant execute on function audit_segments(int) to payments_prover;

-- 0019_bounded_transactions.sql

-- What a worker needs to pause a queue again that was resumed too early, and bounds on how long its transactions last.

-- Each claim reads the queue's row, so this waits for 300 ms at a time, as migration 0013 does.
do $$
begin
  for attempt in 1..150 loop
    begin
      set local lock_timeout = '300ms';
      lock table recon_queue in access exclusive mode;
      set local lock_timeout = 0;
      return;
    exception when lock_not_available or deadlock_detected then
      perform pg_sleep(2);
    end;
  end loop;
  raise exception 'the queue was in use for too long: end long transactions, then migrate again' using errcode = 'lock_not_available';
end $$;

-- When the queue was last resumed; null if it never was. Attempts that failed before do not count any more: a job that is still
-- refused has all its attempts again, and whether most are refused decides whether the queue pauses itself again.
alter table recon_queue add column resumed_at timestamptz;

create or replace function resume_queue() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.recon_queue set paused_at = null, paused_by = null, reason = null, resumed_at = now() where paused_at is not null;
  if found then
    notify recon_jobs;
  end if;
  return found;
end $$;

-- A worker's transaction lasts less than 5 s in all. These bound the claim, its first statement; the claim bounds the others
-- (recon-worker/src/sql/claim-jobs.ts).
do $$
begin
  alter role payments_worker set lock_timeout = '1500ms';
  alter role payments_worker set statement_timeout = '3500ms';
exception when internal_error then
  null;   -- "tuple concurrently updated": another database of this cluster is setting the same values
end $$;

-- 0020_no_forged_anchors.sql

-- Closes what data statements could still do to the books and to the anchors.

-- A new constraint and a new trigger wait for the writers of their tables and block new ones, so this waits for 300 ms at a time.
do $$
begin
  for attempt in 1..150 loop
    begin
      set local lock_timeout = '300ms';
      lock table recon_jobs, audit_anchors in access exclusive mode;
      set local lock_timeout = 0;
      return;
    exception when lock_not_available or deadlock_detected then
      perform pg_sleep(2);
    end;
  end loop;
  raise exception 'the tables were in use for too long: end long transactions, then migrate again' using errcode = 'lock_not_available';
end $$;

-- A job that is never due would keep its payment pending for ever. NOT VALID leaves older rows to the audit.
alter table recon_jobs add constraint recon_jobs_become_due check (isfinite(run_at)) not valid;

-- A payment is accepted at a finite time. coalesce, because a trigger's condition that is null refuses nothing.
create or replace function begins_soundly(p payments) returns boolean language plpgsql stable as $$
begin
  return coalesce(isfinite(p.created_at) and public.begins_pending(p) and public.has_its_decimals(p), false);
end $$;

-- As in 0014, and a discrepancy has the decimals of its payment's amount.
create or replace function post_results() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_memoize = off
set plan_cache_mode = force_generic_plan
as $$
declare
  results bigint;
  settled bigint;
  touched text[];
  moved   text[];
begin
  -- This function may insert entries; whether the login may is a grant on the table, as for any other statement.
  if not has_any_column_privilege(session_user, 'ledger_entries', 'insert') then
    raise exception 'permission denied for table ledger_entries' using errcode = 'insufficient_privilege';
  end if;

  with payment as (
    update payments p
       set status = case result.status when 'failed' then 'failed' else 'completed' end, updated_at = now()
      from (select payment_id, status, scale(discrepancy_amount) as decimals, row_number() over () as n from new_rows) result
     where p.id = result.payment_id and p.status = 'pending' and scale(p.amount) = result.decimals
    returning p.id, p.account_id, p.currency, p.amount, p.status, result.n),
  leg as materialized (
    select id, n, currency, amount, 'credit' as entry_type, account_id, amount as delta
      from payment
     where status = 'completed'
     union all
    select id, n, currency, amount, 'debit', 'settlement:' || currency || ':' || pg_backend_pid() % 8, -amount
      from payment
     where status = 'completed'),
  account as materialized (
    select locked.*, move.delta, move.entries, greatest(clock_timestamp(), now(), locked.updated_at) as posted_at
      from (select account_id, sum(delta) as delta, count(*) as entries from leg group by account_id order by account_id) move
     cross join lateral (
       select a.ctid as tid, a.id, a.currency, a.balance, a.version, a.updated_at
         from accounts a
        where a.id between move.account_id and move.account_id
        order by a.id desc
        limit 1
          for no key update) locked),
  moved_account as (
    update accounts a
       set balance = account.balance + account.delta, version = account.version + account.entries, updated_at = account.posted_at
      from account
     where a.ctid = account.tid
    returning a.id),
  entry as (
    insert into ledger_entries (payment_id, entry_type, account_id, currency, amount, balance_after, account_version, created_at)
    select id, entry_type, account_id, currency, amount, balance_after, account_version, posted_at
      from (
        select id, n, entry_type, account_id, currency, amount,
               case when currency = first_value(account_currency) over w then sum(delta) over w end as balance_after,
               coalesce(first_value(version) over w, 0) + row_number() over w - 1 as account_version,
               coalesce(first_value(posted_at) over w, now()) as posted_at
          from (
            select id as account_id, 0 as n, currency as account_currency, balance as delta, version, posted_at,
                   null::uuid as id, null as entry_type, null as currency, null::numeric as amount
              from account
             union all
            select account_id, n, null, delta, null, null, id, entry_type, currency, amount
              from leg) step
        window w as (partition by account_id order by n rows unbounded preceding)) balance
     where n > 0)
  select (select count(*) from new_rows), (select count(*) from payment),
         (select array_agg(id) from account), (select array_agg(id) from moved_account)
    into results, settled, touched, moved;

  -- The rows that another transaction changed after the statement above had begun are locked, but invisible to its update. They
  -- are visible now, and still locked.
  if cardinality(touched) > coalesce(cardinality(moved), 0) then
    update accounts a
       set balance = newest.balance_after, version = newest.account_version, updated_at = newest.created_at
      from (select unnest(touched) as id except select unnest(moved)) unmoved
     cross join lateral (
       select e.balance_after, e.account_version, e.created_at
         from ledger_entries e
        where e.account_id = unmoved.id
        order by e.account_version desc
        limit 1) newest
     cross join lateral (
       select locked.ctid as tid
         from accounts locked
        where locked.id between unmoved.id and unmoved.id
        order by locked.id desc
        limit 1) found
     where a.ctid = found.tid;
  end if;

  -- The rest were settled in this very statement by a worker of a version before 0014, or must not have this result.
  if settled <> results and exists (
    select
      from new_rows result
      left join payments p on p.id = result.payment_id
     where p.status is distinct from case result.status when 'failed' then 'failed' else 'completed' end
        or (p.status = 'completed') <> exists (select from ledger_entries e where e.payment_id = p.id)
        or scale(p.amount) <> scale(result.discrepancy_amount))
  then
    raise exception 'a result is not that of a pending payment, or its discrepancy has other decimals than the amount'
      using errcode = 'check_violation', constraint = 'reconciliation_results_settle';
  end if;
  return null;
end $$;

-- Computes every anchor from the rows, whatever values the statement gives: `insert into audit_anchors default values`. So nobody
-- can add an anchor of other rows, which would break the chain for good, because an anchor cannot be deleted. The digest also covers
-- the snapshot and the time, from which an incremental audit begins. (Digests from before this migration do not.)
create function make_anchor() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  digest_before bytea;
begin
  select coalesce(max(seq), 0) + 1 into new.seq from audit_anchors;
  select digest into digest_before from audit_anchors where seq = new.seq - 1;
  select pg_current_snapshot(), segment.payments, segment.results, segment.contents
    into new.snapshot, new.payments, new.results, new.contents
    from audit_segments(new.seq) segment;
  if not found then
    raise exception 'the chain of anchors has a gap: run make audit' using errcode = 'restrict_violation';
  end if;
  new.created_at := now();
  new.digest := sha256(coalesce(digest_before, '') || int4send(new.seq) || int8send(new.payments) || int8send(new.results) || new.contents
                         || textsend(new.snapshot::text) || timestamptz_send(new.created_at));
  return new;
end $$;
revoke execute on function make_anchor() from public;
create trigger audit_anchors_made before insert on audit_anchors
  for each row execute function make_anchor();

-- Adds an anchor that covers everything accepted and settled since the previous one. The lock orders concurrent callers, each of
-- which then sees the previous anchor.
create function add_anchor() returns audit_anchors
language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  added audit_anchors;
begin
  lock table audit_anchors in share row exclusive mode;
  insert into audit_anchors default values returning * into added;
  return added;
end $$;

-- Whether payments have waited for an anchor for over a day.
create function anchor_is_due() returns boolean
language sql stable set search_path = pg_catalog, public, pg_temp as $$
  select coalesce((select max(created_at) from audit_anchors), (select created_at from payments order by id limit 1), 'infinity')
         < now() - interval '1 day'
$$;

-- For the login that checks the invariants: it may add one anchor a day and nothing else. Returns null if none is due.
create function add_daily_anchor() returns audit_anchors
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  lock table audit_anchors in share row exclusive mode;
  return case when anchor_is_due() then add_anchor() end;
end $$;

revoke execute on function add_anchor(), anchor_is_due(), add_daily_anchor() from public;
grant execute on function anchor_is_due(), add_daily_anchor() to payments_prover;

-- A worker keeps its name. Column by column, so that a later column is not the workers' to write unless its migration grants it.
revoke insert, update on recon_workers from payments_worker;
grant insert (id, host, pid) on recon_workers to payments_worker;
grant update (host, pid, started_at, last_seen_at, stopped_at, settled, unclean_stops, held_alone, stopped_with, stopped_with_it)
  on recon_workers to payments_worker;

-- 0021_unknown_currencies.sql

-- How many decimals a currency has by ISO 4217. Before, an unknown code had two here and none in the API. Now it has none in both, so
-- no payment in it can be inserted. Withdrawn codes keep their decimals, and metals and test codes have 0.
create or replace function currency_decimals(currency text) returns int
language sql immutable parallel safe as $$
  select case
    when currency in (
      'AED', 'AFN', 'ALL', 'AMD', 'ANG', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BGN', 'BMD', 'BND',
      'BOB', 'BOV', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHE', 'CHF', 'CHW', 'CNY', 'COP', 'COU',
      'CRC', 'CUC', 'CUP', 'CVE', 'CZK', 'DKK', 'DOP', 'DZD', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL',
      'GHS', 'GIP', 'GMD', 'GTQ', 'GYD', 'HKD', 'HNL', 'HRK', 'HTG', 'HUF', 'IDR', 'ILS', 'INR', 'IRR', 'JMD', 'KES',
      'KGS', 'KHR', 'KPW', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'LTL', 'LVL', 'MAD', 'MDL', 'MGA', 'MKD',
      'MMK', 'MNT', 'MOP', 'MRO', 'MRU', 'MUR', 'MVR', 'MWK', 'MXN', 'MXV', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK',
      'NPR', 'NZD', 'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'QAR', 'RON', 'RSD', 'RUB', 'SAR', 'SBD', 'SCR', 'SDG',
      'SEK', 'SGD', 'SHP', 'SLE', 'SLL', 'SOS', 'SRD', 'SSP', 'STD', 'STN', 'SVC', 'SYP', 'SZL', 'THB', 'TJS', 'TMT',
      'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'USD', 'USN', 'USS', 'UYU', 'UZS', 'VED', 'VEF', 'VES', 'WST', 'XAD',
      'XCD', 'XCG', 'YER', 'ZAR', 'ZMW', 'ZWG', 'ZWL') then 2
    when currency in (
      'BIF', 'BYR', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF',
      'XAG', 'XAU', 'XBA', 'XBB', 'XBC', 'XBD', 'XDR', 'XOF', 'XPD', 'XPF', 'XPT', 'XSU', 'XTS', 'XUA', 'XXX') then 0
    when currency in (
      'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
    when currency in (
      'CLF', 'UYW') then 4 end
$$;

-- 0022_no_exit_on_error.sql

-- As migration 0012 does with the other settings: with exit_on_error, a refused row would end the connection, not its savepoint.
do $$
declare
  r text;
begin
  foreach r in array array['payments_api', 'payments_worker', 'payments_reader'] loop
    execute format('alter role %I in database %I set exit_on_error = off', r, current_database());
  end loop;
end $$;

-- 0023_refunds.sql

-- Refunds: docs/decisions/0015-a-refund-is-a-payment.md.
--
-- A refund is a payment in the other direction, and refund_of names the payment that it reverses. So it has a key, a job, a result
-- and a posting like any payment. Its posting debits the customer and credits a settlement account.
--
-- Releases before this migration keep running: they never insert a refund, and their workers settle refunds, because a result posts
-- itself. They do not know the two new statuses, so accept refunds only when every API knows them.

-- Running services use these tables, so this waits for 300 ms at a time, as migration 0013 does. Each index below reads all payments
-- under this lock: 0.1 s for a million.
do $$
begin
  for attempt in 1..150 loop
    begin
      set local lock_timeout = '300ms';
      lock table payments in access exclusive mode;
      set local lock_timeout = 0;
      return;
    exception when lock_not_available or deadlock_detected then
      perform pg_sleep(2);
    end;
  end loop;
  raise exception 'the payments were in use for too long: end long transactions, then migrate again' using errcode = 'lock_not_available';
end $$;

alter table payments
  add column refund_of        uuid,      -- the payment that this refund reverses; null for a payment
  add column refund_reserved  numeric,   -- the sum of a payment's refunds, settled or queued; null if it has none
  add column refunded         numeric;   -- the sum of its settled refunds; null if none has settled
create index payments_refunds on payments (refund_of, id) where refund_of is not null;
create index payments_refunds_by_id on payments (id) where refund_of is not null;   -- the list of all refunds

-- NOT VALID: the check before this one was narrower, and no older row has a refund.
alter table payments
  drop constraint payments_status_check,
  add constraint payments_status_check check (status in ('pending', 'completed', 'failed', 'partially_refunded', 'refunded')) not valid;

-- Refunds never exceed their payment, whose status follows from them. A refund itself never fails.
alter table payments add constraint payments_refunds_check check (case
  when refund_of is not null then
    status in ('pending', 'completed') and amount > 0 and refund_reserved is null and refunded is null
  when refund_reserved is null then
    status not in ('partially_refunded', 'refunded') and refunded is null
  else
    refund_reserved > 0 and refund_reserved <= amount and scale(refund_reserved) = scale(amount)
      and coalesce(refunded > 0 and refunded <= refund_reserved and scale(refunded) = scale(amount), true)
      and status = case when refunded is null then 'completed' when refunded = amount then 'refunded' else 'partially_refunded' end
  end) not valid;

drop trigger payments_facts on payments;
create trigger payments_facts before update of id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, refund_of on payments
  for each statement execute function refuse_change();

-- Reserves a new refund's amount on its payment, whoever inserts the refund. The payment's row lock orders concurrent refunds.
create function reserve_refund() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off
as $$
begin
  update payments p
     set refund_reserved = coalesce(p.refund_reserved, 0) + new.amount
   where p.id = new.refund_of and p.refund_of is null
     and p.account_id = new.account_id and p.currency = new.currency and scale(p.amount) = scale(new.amount)
     and p.status in ('completed', 'partially_refunded') and coalesce(p.refund_reserved, 0) + new.amount <= p.amount;
  if not found then
    raise exception 'a refund exceeds what is left of its payment, or there is nothing to refund'
      using errcode = 'check_violation', constraint = 'refunds_within_payment';
  end if;
  return null;
end $$;
revoke execute on function reserve_refund() from public;
create trigger payments_reserve_refund after insert on payments
  for each row when (new.refund_of is not null) execute function reserve_refund();

-- A payment's status changes only when it settles, or with its refunds: those changes come from reserve_refund and post_results.
create or replace function settles(old_payment payments, new_payment payments) returns boolean language sql stable as $$
  select old_payment.status = 'pending' and new_payment.status <> 'pending'
     and (new_payment.updated_at = old_payment.updated_at or public.is_now(new_payment.updated_at))
     and num_nonnulls(old_payment.refund_reserved, new_payment.refund_reserved, old_payment.refunded, new_payment.refunded) = 0
$$;
create function is_refunded(old_payment payments, new_payment payments) returns boolean language sql stable as $$
  select case
    when new_payment.refund_reserved is distinct from old_payment.refund_reserved then -- a refund is accepted
      new_payment.refund_reserved > coalesce(old_payment.refund_reserved, 0) and new_payment.refunded is not distinct from old_payment.refunded
        and new_payment.status = old_payment.status and new_payment.updated_at = old_payment.updated_at
    else -- refunds settle
      new_payment.refunded > coalesce(old_payment.refunded, 0) and new_payment.updated_at >= old_payment.updated_at
    end
$$;
create or replace function check_settled_payment() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
  allowed boolean;
begin
  execute 'select settles($1, $2)' into allowed using old, new;
  if allowed and exists (
    select from reconciliation_results r where r.payment_id = new.id and (r.status = 'failed') = (new.status = 'failed'))
  then
    return null;
  end if;
  if pg_trigger_depth() > 1 then
    execute 'select is_refunded($1, $2)' into allowed using old, new;
    if allowed then
      return null;
    end if;
  end if;
  raise exception '% on % is not allowed (%)', tg_op, tg_table_name, tg_name using errcode = 'restrict_violation';
end $$;

-- The digest of a refund's request. It covers the amount in any case, and whether the request named one or asked for all that was left.
create function refund_request_hash(of_payment uuid, amount numeric, is_rest boolean, reason text) returns bytea
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select sha256(convert_to('["refund-v1","' || of_payment || '","' || trunc(amount * 10::numeric ^ scale(amount)) || '",' || is_rest || ',' || to_json(reason) || ']', 'UTF8'))
$$;

-- Accepts a refund with its job. Without `wanted`, it takes all that is left of the payment. Returns what became of the request:
--   created         the refund's amount, and its account and currency
--   key-held        the key belongs to a payment or refund; this wins over the others, so that a refund is replayed for ever
--   not-found       there is no such payment, or it is a refund
--   not-refundable  the payment's status forbids refunds, or nothing is left
--   exceeds         `wanted` is more than is left
create function request_refund(
  refund_id uuid, by_caller text, key text, of_payment uuid, wanted numeric, reason text, accepted_at timestamptz, trace text,
  out outcome text, out amount numeric, out account_id text, out currency text, out payment_status text, out left_amount numeric)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  paid     numeric;
  reserved numeric;
begin
  -- Before the lock, so that a replay does not wait; and after it, for a rival that committed meanwhile.
  if exists (select from payments p where p.caller = by_caller and p.idempotency_key = key) then
    outcome := 'key-held';
    return;
  end if;
  select p.account_id, p.currency, p.status, p.amount, coalesce(p.refund_reserved, 0)
    into account_id, currency, payment_status, paid, reserved
    from payments p
   where p.id = of_payment and p.refund_of is null
     for no key update;
  if not found then
    outcome := 'not-found';
    return;
  end if;
  if exists (select from payments p where p.caller = by_caller and p.idempotency_key = key) then
    outcome := 'key-held';
    return;
  end if;

  left_amount := case when payment_status in ('completed', 'partially_refunded') then paid - reserved else 0 end;
  amount := coalesce(wanted, left_amount);
  outcome := case when left_amount <= 0 then 'not-refundable' when amount > left_amount then 'exceeds' end;
  if outcome is not null then
    return;
  end if;
  insert into payments (id, caller, idempotency_key, request_hash, account_id, amount, currency, description, created_at, updated_at, refund_of)
  values (refund_id, by_caller, key, refund_request_hash(of_payment, amount, wanted is null, reason), account_id, amount, currency, reason,
          accepted_at, accepted_at, of_payment)
      on conflict (caller, idempotency_key) do nothing;
  if not found then
    outcome := 'key-held';
    return;
  end if;
  insert into recon_jobs (payment_id, traceparent) values (refund_id, trace);
  outcome := 'created';
end $$;
revoke execute on function request_refund(uuid, text, text, uuid, numeric, text, timestamptz, text) from public;
grant execute on function request_refund(uuid, text, text, uuid, numeric, text, timestamptz, text) to payments_api;

-- Settles refunds of this transaction on their payments, which are locked last and in the order of their ids, and announces them.
-- Statements that follow the lock see the newest sums.
create function settle_refunds(refund_ids uuid[]) returns void
language plpgsql set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
begin
  perform p.id
     from payments p
    where p.id in (select r.refund_of from payments r where r.id = any (refund_ids))
    order by p.id
      for no key update;

  update payments p
     set refunded = coalesce(p.refunded, 0) + refund.amount,
         status = case when coalesce(p.refunded, 0) + refund.amount = p.amount then 'refunded' else 'partially_refunded' end,
         updated_at = greatest(p.updated_at, now())
    from (select r.refund_of, sum(r.amount) as amount from payments r where r.id = any (refund_ids) group by r.refund_of) refund
   where p.id = refund.refund_of;

  -- Postgres allows payloads of 7,999 bytes; one refund takes about 140.
  perform pg_notify('refund_events', json_agg(json_build_object('refundId', id, 'paymentId', refund_of, 'paymentStatus', status))::text)
     from (
       select r.id, r.refund_of, p.status, (row_number() over (order by r.id) - 1) / 50 as part
         from payments r
         join payments p on p.id = r.refund_of
        where r.id = any (refund_ids)) settled
    group by part
    order by part;
end $$;
revoke execute on function settle_refunds(uuid[]) from public;

-- As in 0020, and refunds swap the sides of their postings.
create or replace function post_results() returns trigger
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_memoize = off
set plan_cache_mode = force_generic_plan
as $$
declare
  results bigint;
  settled bigint;
  touched text[];
  moved   text[];
  refunds uuid[];
begin
  -- This function may insert entries; whether the login may is a grant on the table, as for any other statement.
  if not has_any_column_privilege(session_user, 'ledger_entries', 'insert') then
    raise exception 'permission denied for table ledger_entries' using errcode = 'insufficient_privilege';
  end if;

  with payment as (
    update payments p
       set status = case result.status when 'failed' then 'failed' else 'completed' end, updated_at = now()
      from (select payment_id, status, scale(discrepancy_amount) as decimals, row_number() over () as n from new_rows) result
     where p.id = result.payment_id and p.status = 'pending' and scale(p.amount) = result.decimals
    returning p.id, p.account_id, p.currency, p.amount, p.status, p.refund_of, result.n),
  leg as materialized (
    select id, n, currency, amount, case when refund_of is null then 'credit' else 'debit' end as entry_type,
           account_id, case when refund_of is null then amount else -amount end as delta
      from payment
     where status = 'completed'
     union all
    select id, n, currency, amount, case when refund_of is null then 'debit' else 'credit' end,
           'settlement:' || currency || ':' || pg_backend_pid() % 8, case when refund_of is null then -amount else amount end
      from payment
     where status = 'completed'),
  account as materialized (
    select locked.*, move.delta, move.entries, greatest(clock_timestamp(), now(), locked.updated_at) as posted_at
      from (select account_id, sum(delta) as delta, count(*) as entries from leg group by account_id order by account_id) move
     cross join lateral (
       select a.ctid as tid, a.id, a.currency, a.balance, a.version, a.updated_at
         from accounts a
        where a.id between move.account_id and move.account_id
        order by a.id desc
        limit 1
          for no key update) locked),
  moved_account as (
    update accounts a
       set balance = account.balance + account.delta, version = account.version + account.entries, updated_at = account.posted_at
      from account
     where a.ctid = account.tid
    returning a.id),
  entry as (
    insert into ledger_entries (payment_id, entry_type, account_id, currency, amount, balance_after, account_version, created_at)
    select id, entry_type, account_id, currency, amount, balance_after, account_version, posted_at
      from (
        select id, n, entry_type, account_id, currency, amount,
               case when currency = first_value(account_currency) over w then sum(delta) over w end as balance_after,
               coalesce(first_value(version) over w, 0) + row_number() over w - 1 as account_version,
               coalesce(first_value(posted_at) over w, now()) as posted_at
          from (
            select id as account_id, 0 as n, currency as account_currency, balance as delta, version, posted_at,
                   null::uuid as id, null as entry_type, null as currency, null::numeric as amount
              from account
             union all
            select account_id, n, null, delta, null, null, id, entry_type, currency, amount
              from leg) step
        window w as (partition by account_id order by n rows unbounded preceding)) balance
     where n > 0)
  select (select count(*) from new_rows), (select count(*) from payment),
         (select array_agg(id) from account), (select array_agg(id) from moved_account),
         (select array_agg(id) from payment where refund_of is not null)
    into results, settled, touched, moved, refunds;

  -- The rows that another transaction changed after the statement above had begun are locked, but invisible to its update. They
  -- are visible now, and still locked.
  if cardinality(touched) > coalesce(cardinality(moved), 0) then
    update accounts a
       set balance = newest.balance_after, version = newest.account_version, updated_at = newest.created_at
      from (select unnest(touched) as id except select unnest(moved)) unmoved
     cross join lateral (
       select e.balance_after, e.account_version, e.created_at
         from ledger_entries e
        where e.account_id = unmoved.id
        order by e.account_version desc
        limit 1) newest
     cross join lateral (
       select locked.ctid as tid
         from accounts locked
        where locked.id between unmoved.id and unmoved.id
        order by locked.id desc
        limit 1) found
     where a.ctid = found.tid;
  end if;
  if refunds is not null then
    perform settle_refunds(refunds);
  end if;

  -- The rest were settled in this very statement by a worker of a version before 0014, or must not have this result.
  if settled <> results and exists (
    select
      from new_rows result
      left join payments p on p.id = result.payment_id
     where p.status is distinct from case result.status when 'failed' then 'failed' else 'completed' end
        or (p.status = 'completed') <> exists (select from ledger_entries e where e.payment_id = p.id)
        or scale(p.amount) <> scale(result.discrepancy_amount)
        or p.refund_of is not null)
  then
    raise exception 'a result is not that of a pending payment, or its discrepancy has other decimals than the amount'
      using errcode = 'check_violation', constraint = 'reconciliation_results_settle';
  end if;
  return null;
end $$;

-- As in 0013, but it refuses a refund: only its result posts it, so that its payment's status follows.
create or replace function ledger_post() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_mergejoin = off set plan_cache_mode = force_generic_plan
as $$
declare
  postings bigint;
  sound    bigint;
  touched  bigint;
  moved    bigint;
  strays   text[];
begin
  -- 1. Each payment: completed, one credit on its own account and one equal debit, of its amount, decimals and currency.
  --    Two entries of one payment are a credit and a debit: the entries' primary key and check of the type see to that.
  select count(*),
         count(*) filter (where n = 2 and p.status = 'completed' and p.amount = posting.amount and scale(p.amount) = decimals
                            and p.currency = posting.currency and p.account_id = credited and p.refund_of is null)
    into postings, sound
    from (select payment_id, amount, currency, scale(amount) as decimals, count(*) as n,
                 min(account_id) filter (where entry_type = 'credit') as credited
            from new_rows
           group by payment_id, amount, currency, decimals) posting
    left join public.payments p on p.id = posting.payment_id;
  if sound <> postings then
    raise exception 'a posting is not one credit and one equal debit of a completed payment'
      using errcode = 'check_violation', constraint = 'ledger_balanced';
  end if;

  -- 2. Each account: versions and balances continue from the accounts row without a gap, and the row moves with them.
  --    Credits are on customers' accounts and debits on settlement accounts, so one account has entries of one type.
  --    The row is looked up from the end of the index, where its newest version usually is: while somebody holds an
  --    old snapshot, which keeps all versions, a.id = chain.account_id would walk over each of them. With = in place of
  --    between, the planner would drop the order.
  with entry as (
    select account_id, currency, entry_type, account_version, balance_after, created_at,
           case entry_type when 'credit' then amount else -amount end as delta,
           lag(account_version) over w as prev_version,
           lag(balance_after) over w as prev_balance,
           lag(created_at) over w as prev_at,
           lead(account_version) over w as next_version
      from new_rows
    window w as (partition by account_id order by account_version)),
  chain as materialized (
    select account_id, min(currency) as currency,
           case min(entry_type) when 'credit' then 'customer' else 'settlement' end as kind,
           min(account_version) as first_version, max(account_version) as last_version,
           min(balance_after - delta) filter (where prev_version is null) as opening,
           min(balance_after) filter (where next_version is null) as closing,
           min(created_at) as earliest, max(created_at) as latest, bool_and(prev_at is null or created_at >= prev_at) as in_time,
           min(currency) = max(currency) and min(entry_type) = max(entry_type)
             and bool_and(prev_version is null or (account_version = prev_version + 1 and balance_after = prev_balance + delta)) as sound
      from entry
     group by account_id),
  moved_account as (
    update public.accounts a
       set balance = chain.closing, version = chain.last_version, updated_at = greatest(least(chain.latest, clock_timestamp()), found.floor)
      from chain
     cross join lateral (
       select newest.ctid as at, greatest(newest.updated_at, now()) as floor
         from public.accounts newest
        where newest.id between chain.account_id and chain.account_id
        order by newest.id desc
        limit 1) found
     where chain.sound and a.ctid = found.at and a.currency = chain.currency and a.kind = chain.kind
       and a.version = chain.first_version - 1 and a.balance = chain.opening
    returning case when not chain.in_time or chain.earliest < found.floor or chain.latest > clock_timestamp() then a.id end as astray)
  select (select count(*) from chain), count(*), array_agg(astray) filter (where astray is not null)
    into touched, moved, strays
    from moved_account;
  if touched <> moved then
    raise exception 'entries do not continue their accounts'
      using errcode = 'check_violation', constraint = 'ledger_chained';
  end if;

  -- 3. An account's entries never go back in time, nor ahead of the clock. Where their times say so, the account's new entries
  --    get the time that its row has now: never before its previous entry or the start of this transaction.
  if strays is not null then
    update public.ledger_entries e
       set created_at = a.updated_at
      from new_rows n
      join public.accounts a on a.id = n.account_id
     where n.account_id = any (strays) and e.payment_id = n.payment_id and e.entry_type = n.entry_type;
  end if;
  return null;
end $$;
