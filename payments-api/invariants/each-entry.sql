-- Every ledger entry with the previous entry of its account, in one pass. Together with the check of each account's newest entry
-- (each-account.sql), this proves the whole chain: every balance is the sum of the account's entries.
--
-- account-versions-have-no-gap: An account's entries are numbered 1, 2, 3 and so on up to the account's version.
-- running-balances-add-up: Each entry's balance is the previous balance plus the entry's amount; debits count as negative.
-- entries-are-in-the-order-of-time: An account's entries were written in the order of their versions.
-- entries-are-on-the-right-kind-of-account: Customers' accounts are only credited and settlement accounts only debited, each in
--   its own currency.
with chained as (
  select e.payment_id, e.entry_type, e.account_id, e.account_version, e.currency, e.amount, e.balance_after, e.created_at,
         before.balance_after as balance_before, before.created_at as created_before, a.version, a.kind, a.currency as account_currency,
         array_remove(array[
           case when (e.account_version > 1 and before.account_version is null) or e.account_version not between 1 and a.version
             then 'account-versions-have-no-gap' end,
           case when e.balance_after <> coalesce(before.balance_after, 0) + case e.entry_type when 'credit' then e.amount else -e.amount end
             then 'running-balances-add-up' end,
           case when e.created_at < before.created_at then 'entries-are-in-the-order-of-time' end,
           case when a.kind is distinct from case e.entry_type when 'credit' then 'customer' else 'settlement' end or a.currency <> e.currency
             then 'entries-are-on-the-right-kind-of-account' end], null) as broken
    from ledger_entries e
    left join ledger_entries before on before.account_id = e.account_id and before.account_version = e.account_version - 1
    left join accounts a on a.id = e.account_id
   where e.payment_id >= '00000000-0000-0000-0000-000000000000')
select *
  from chained
 where broken <> '{}';
