-- References that no foreign key protects.
--
-- nothing-is-orphaned: Every entry, result and job belongs to an existing payment.
select array['nothing-is-orphaned'] as broken, part, payment_id
  from (select 'entry' as part, payment_id from ledger_entries where payment_id >= '00000000-0000-0000-0000-000000000000'
        union all
        select 'result', payment_id from reconciliation_results where payment_id >= '00000000-0000-0000-0000-000000000000'
        union all
        select 'job', payment_id from recon_jobs where payment_id >= '00000000-0000-0000-0000-000000000000') orphan
 where not exists (select from payments p where p.id = orphan.payment_id and p.id >= '00000000-0000-0000-0000-000000000000');
