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
