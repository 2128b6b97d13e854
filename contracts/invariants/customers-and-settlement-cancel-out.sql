-- In each currency, the customers' balances and the settlement accounts' balances add up to zero.
select currency,
       sum(balance) filter (where kind = 'customer') as customers,
       sum(balance) filter (where kind = 'settlement') as settlement
  from accounts
 group by currency
having sum(balance) <> 0;
