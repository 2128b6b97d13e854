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
