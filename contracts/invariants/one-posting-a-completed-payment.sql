-- A completed payment has exactly one credit and one debit; any other payment has no entry.
select p.id as payment_id, p.status, coalesce(e.credits, 0) as credits, coalesce(e.debits, 0) as debits
  from payments p
  left join (
    select payment_id,
           count(*) filter (where entry_type = 'credit') as credits,
           count(*) filter (where entry_type = 'debit') as debits
      from ledger_entries
     group by payment_id) e on e.payment_id = p.id
 where (coalesce(e.credits, 0), coalesce(e.debits, 0))
       <> case p.status when 'completed' then (1::bigint, 1::bigint) else (0::bigint, 0::bigint) end;
