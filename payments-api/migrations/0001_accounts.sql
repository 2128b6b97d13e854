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
