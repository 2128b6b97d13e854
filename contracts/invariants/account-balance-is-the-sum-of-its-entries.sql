-- An account's balance is the sum of its entries: credits add, debits take away.
select a.id as account_id, a.balance, coalesce(e.sum, 0) as sum_of_entries
  from accounts a
  left join (
    select account_id, sum(case entry_type when 'credit' then amount else -amount end) as sum
      from ledger_entries
     group by account_id) e on e.account_id = a.id
 where a.balance <> coalesce(e.sum, 0);
