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
