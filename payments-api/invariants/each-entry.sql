-- Every ledger entry with its payment, its account and the previous entry of its account, in one pass. Together with the check of
-- each account's newest entry (each-account.sql), this proves the whole chain: every balance is the sum of the account's entries.
--
-- account-versions-have-no-gap: An account's entries are numbered 1, 2, 3 and so on up to the account's version.
-- running-balances-add-up: Each entry's balance is the previous balance plus the entry's amount; debits count as negative.
-- entries-are-in-the-order-of-time: An account's entries were written in the order of their versions.
-- entries-are-on-the-right-kind-of-account: A payment credits a customer's account and debits a settlement account, and a refund
--   debits a customer's account and credits a settlement account, each in its own currency.
-- entries-match-their-payment: An entry has its completed payment's or refund's amount and currency. The customer's entry is on the
--   payment's account.
--
-- It also compares entries with their payments for nothing-is-orphaned, one-posting-a-completed-payment, times-are-plausible,
-- amounts-keep-the-decimals-of-their-currency and payments-settle-in-one-transaction, which other files explain.
with chained as (
  select e.payment_id, e.entry_type, e.account_id, e.account_version, e.currency, e.amount, e.balance_after, e.created_at,
         before.balance_after as balance_before, before.created_at as created_before, a.version, a.kind, a.currency as account_currency,
         p.account_id as payment_account, p.amount as payment_amount, p.status as payment_status, p.refund_of, settled.at as settled_at,
         array_remove(array[
           case when (e.account_version > 1 and before.account_version is null) or e.account_version not between 1 and a.version
             then 'account-versions-have-no-gap' end,
           case when e.balance_after <> coalesce(before.balance_after, 0) + case e.entry_type when 'credit' then e.amount else -e.amount end
             then 'running-balances-add-up' end,
           case when e.created_at < before.created_at then 'entries-are-in-the-order-of-time' end,
           case when a.kind is distinct from case when (e.entry_type = 'credit') = (p.refund_of is null) then 'customer' else 'settlement' end or a.currency <> e.currency
             then 'entries-are-on-the-right-kind-of-account' end,
           case when e.amount <> p.amount or e.currency <> p.currency
                  or case when (e.entry_type = 'credit') = (p.refund_of is null)
                       then e.account_id <> p.account_id else not starts_with(e.account_id, 'settlement:' || p.currency || ':') end
             then 'entries-match-their-payment' end,
           case when p.id is null then 'nothing-is-orphaned' end,
           case when p.status in ('pending', 'failed') then 'one-posting-a-completed-payment' end,
           case when scale(e.amount) <> scale(p.amount) or scale(e.balance_after) <> scale(p.amount)
             then 'amounts-keep-the-decimals-of-their-currency' end,
           -- late, and not because the account's previous entry was, or its opening
           case when e.created_at < settled.at
                  or (e.created_at > settled.at + interval '5 minutes' and e.created_at is distinct from coalesce(before.created_at, a.created_at))
             then 'payments-settle-in-one-transaction' end,
           case when e.created_at > now() + interval '5 minutes' or e.created_at = '-infinity' then 'times-are-plausible' end], null) as broken
    from ledger_entries e
    left join payments p on p.id = e.payment_id
    left join ledger_entries before on before.account_id = e.account_id and before.account_version = e.account_version - 1
    left join accounts a on a.id = e.account_id
    left join lateral (
      select case when p.refunded is null then p.updated_at else (select r.created_at from reconciliation_results r where r.payment_id = p.id) end as at) settled on true
   where e.payment_id >= '00000000-0000-0000-0000-000000000000')
select *
  from chained
 where broken <> '{}';
