-- What has no foreign key has its target all the same: entries and results a payment, entries and payments an account.
select 'entry without payment' as fault, e.payment_id::text as id
  from ledger_entries e where not exists (select from payments p where p.id = e.payment_id)
union all
select 'entry without account', e.payment_id || ' ' || e.account_id
  from ledger_entries e where not exists (select from accounts a where a.id = e.account_id)
union all
select 'result without payment', r.payment_id::text
  from reconciliation_results r where not exists (select from payments p where p.id = r.payment_id)
union all
select 'job without payment', j.payment_id::text
  from recon_jobs j where not exists (select from payments p where p.id = j.payment_id)
union all
select 'payment without account', p.id::text
  from payments p where not exists (select from accounts a where a.id = p.account_id);
