-- A settled payment has its result, a completed payment one that says completed, and a pending payment has none.
select p.id as payment_id, p.status, r.status as result_status
  from payments p
  left join reconciliation_results r on r.payment_id = p.id
 where p.status <> case r.status
         when 'completed' then 'completed'
         when 'completed_with_discrepancy' then 'completed'
         when 'failed' then 'failed'
         else 'pending' end;
