-- Nothing is settled before it was accepted: by the database's clock, results and entries come after their job.
select j.payment_id, j.created_at, r.created_at as reconciled_at, j.finished_at, e.created_at as posted_at
  from recon_jobs j
  left join reconciliation_results r on r.payment_id = j.payment_id
  left join ledger_entries e on e.payment_id = j.payment_id and e.entry_type = 'credit'
 where j.created_at > least(r.created_at, j.finished_at, e.created_at);
