-- A result is what the rules say of the amount: not above zero fails, .13 has a discrepancy of 0.13, all else matches.
select p.id as payment_id, p.amount, r.status, r.discrepancy_amount
  from reconciliation_results r
  join payments p on p.id = r.payment_id
 where r.status <> case
         when p.amount <= 0 then 'failed'
         when p.amount % 1 = 0.13 then 'completed_with_discrepancy'
         else 'completed' end
    or r.discrepancy_amount <> case when r.status = 'completed_with_discrepancy' then 0.13 else 0 end;
