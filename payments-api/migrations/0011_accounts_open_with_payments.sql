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
