-- An entry has the amount and currency of its payment, and a credit its account.
select e.payment_id, e.entry_type, e.account_id, e.amount, e.currency, p.account_id as payment_account_id, p.amount as payment_amount
  from ledger_entries e
  join payments p on p.id = e.payment_id
 where e.amount <> p.amount
    or e.currency <> p.currency
    or (e.entry_type = 'credit' and e.account_id <> p.account_id);
