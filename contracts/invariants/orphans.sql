-- References that no foreign key protects.
--
-- nothing-is-orphaned: Every entry, result and job has its payment.
select array['nothing-is-orphaned'] as broken, fault, payment_id
  from (
    select 'entry without payment' as fault, e.payment_id
      from ledger_entries e
     where not exists (select from payments p where p.id = e.payment_id)
       and e.payment_id >= coalesce(nullif(current_setting('audit.since', true), ''), '00000000-0000-0000-0000-000000000000')::uuid
    union all
    select 'result without payment', r.payment_id
      from reconciliation_results r
     where not exists (select from payments p where p.id = r.payment_id)
       and r.payment_id >= coalesce(nullif(current_setting('audit.since', true), ''), '00000000-0000-0000-0000-000000000000')::uuid
    union all
    select 'job without payment', j.payment_id
      from recon_jobs j
     where not exists (select from payments p where p.id = j.payment_id)
       and j.payment_id >= coalesce(nullif(current_setting('audit.since', true), ''), '00000000-0000-0000-0000-000000000000')::uuid) orphan;
