-- Every account with its newest entry.
--
-- account-balance-is-the-sum-of-its-entries: An account's balance equals the balance after its newest entry, which is the sum of its entries.
-- accounts-have-their-newest-entry: An account's version is the number of its newest entry, or 0 without entries.
-- customers-owe-nothing: No customer's balance is negative: an account holds its payments less their refunds, and no refund exceeds
--   its payment.
-- accounts-have-a-payment: A customer's account opens with its first payment. (Older ones may predate the first anchor.)
-- account-times-are-plausible: An account was opened at most a day before its first payment (older ones may have waited longer) and
--   before its first entry, and last changed by its newest entry. No account is older than the books, and no time is in the future.
--   (Within a day, an API's clock may have been wrong; within an hour, the database's may have been set.)
with books as materialized (
  select (select created_at from payments order by id limit 1) as begun_at, (select min(created_at) from audit_anchors) as anchored_at),
account as (
  select a.*, (select p.created_at from payments p where p.account_id = a.id order by p.id limit 1) as first_payment_at,
         (select e.created_at from ledger_entries e where e.account_id = a.id and e.account_version = 1) as first_entry_at
    from accounts a),
headed as (
  select a.*, head.balance_after, head.created_at as last_entry_at,
         array_remove(array[
           case when a.balance is distinct from case a.version when 0 then 0 else head.balance_after end
                  or scale(a.balance) <> case a.version when 0 then 0 else scale(head.balance_after) end
             then 'account-balance-is-the-sum-of-its-entries' end,
           case when (a.version = 0) <> (head.account_version is null)
                  or exists (select from ledger_entries later where later.account_id = a.id and later.account_version > a.version)
             then 'accounts-have-their-newest-entry' end,
           case when a.kind = 'customer' and a.balance < 0 then 'customers-owe-nothing' end,
           case when a.kind = 'customer' and a.first_payment_at is null and a.created_at > books.anchored_at
             then 'accounts-have-a-payment' end,
           case when not isfinite(a.created_at) or not isfinite(a.updated_at) or greatest(a.created_at, a.updated_at) > now() + interval '5 minutes'
                  or a.updated_at < greatest(a.created_at, head.created_at - interval '1 minute')
                  or a.created_at < books.begun_at - interval '1 day' or a.created_at > a.first_entry_at + interval '1 hour'
                  or (a.created_at < a.first_payment_at - interval '1 day' and a.created_at > books.anchored_at)
             then 'account-times-are-plausible' end], null) as broken
    from account a
   cross join books
    left join ledger_entries head on head.account_id = a.id and head.account_version = a.version)
select *
  from headed
 where broken <> '{}';
