-- Every account with its newest entry.
--
-- account-balance-is-the-sum-of-its-entries: An account's balance equals the balance after its newest entry, which is the sum of its entries.
-- accounts-have-their-newest-entry: An account's version is the number of its newest entry, or 0 without entries.
-- accounts-have-a-payment: A customer's account opens with its first payment. (Older ones may predate the first anchor.)
-- account-times-are-plausible: An account was opened before its newest entry changed it, and neither time is in the future.
with headed as (
  select a.*, head.balance_after, head.created_at as last_entry_at,
         array_remove(array[
           case when a.balance is distinct from case a.version when 0 then 0 else head.balance_after end
                  or scale(a.balance) <> case a.version when 0 then 0 else scale(head.balance_after) end
             then 'account-balance-is-the-sum-of-its-entries' end,
           case when (a.version = 0) <> (head.account_version is null)
                  or exists (select from ledger_entries later where later.account_id = a.id and later.account_version > a.version)
             then 'accounts-have-their-newest-entry' end,
           case when a.kind = 'customer' and a.version = 0 and a.created_at > (select min(created_at) from audit_anchors)
                  and not exists (select from payments p where p.account_id = a.id)
             then 'accounts-have-a-payment' end,
           case when not isfinite(a.created_at) or not isfinite(a.updated_at) or greatest(a.created_at, a.updated_at) > now() + interval '5 minutes'
                  or a.updated_at < greatest(a.created_at, head.created_at - interval '1 minute')
             then 'account-times-are-plausible' end], null) as broken
    from accounts a
    left join ledger_entries head on head.account_id = a.id and head.account_version = a.version)
select *
  from headed
 where broken <> '{}';
