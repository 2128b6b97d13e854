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
