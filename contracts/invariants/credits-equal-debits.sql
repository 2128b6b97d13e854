-- In each currency, what was credited equals what was debited.
select currency,
       sum(amount) filter (where entry_type = 'credit') as credits,
       sum(amount) filter (where entry_type = 'debit') as debits
  from ledger_entries
 group by currency
having sum(case entry_type when 'credit' then amount else -amount end) <> 0;
