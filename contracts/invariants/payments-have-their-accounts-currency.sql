-- A payment is in the currency of its account.
select p.id as payment_id, p.account_id, p.currency, a.currency as account_currency
  from payments p
  join accounts a on a.id = p.account_id
 where p.currency <> a.currency;
