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
