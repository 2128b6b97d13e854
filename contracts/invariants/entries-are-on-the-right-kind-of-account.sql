-- Customers' accounts are credited and settlement accounts debited, each in its own currency.
select e.payment_id, e.entry_type, e.account_id, e.currency, a.kind, a.currency as account_currency
  from ledger_entries e
  join accounts a on a.id = e.account_id
 where a.kind <> case e.entry_type when 'credit' then 'customer' else 'settlement' end
    or a.currency <> e.currency;
