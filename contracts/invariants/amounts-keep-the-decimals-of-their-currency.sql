-- Every amount and balance of one currency has the same number of decimals, so that "250.00" is "250.00" everywhere.
select payment_id, account_id, currency, amount, balance_after
  from (
    select e.payment_id, e.account_id, e.currency, e.amount, e.balance_after, scale(p.amount) as decimals
      from ledger_entries e
      join payments p on p.id = e.payment_id) entry
 where scale(amount) <> decimals or scale(balance_after) <> decimals;
