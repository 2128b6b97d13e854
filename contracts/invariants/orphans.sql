-- References that no foreign key protects, from the side that the other files do not see. Counting finds most of them: only if the
-- counts differ does a query look for the rows.
--
-- nothing-is-orphaned: Every entry, result and job belongs to an existing payment.
-- one-posting-a-completed-payment: A completed payment or refund has exactly one credit and one debit; any other has no entry.
with counted as materialized (
  select (select count(*) from payments where status <> 'pending' and id >= '00000000-0000-0000-0000-000000000000') as settled,
         (select count(*) from reconciliation_results where payment_id >= '00000000-0000-0000-0000-000000000000') as results,
         (select count(*) from payments where status not in ('pending', 'failed') and id >= '00000000-0000-0000-0000-000000000000') as completed,
         (select count(*) from ledger_entries where payment_id >= '00000000-0000-0000-0000-000000000000') as entries)
-- each-payment.sql finds a settled payment without its result, so an orphan makes one result too many
select array['nothing-is-orphaned'] as broken, 'result' as part, r.payment_id
  from reconciliation_results r
 where (select results <> settled from counted)
   and r.payment_id >= '00000000-0000-0000-0000-000000000000'
   and not exists (select from payments p where p.id = r.payment_id)
union all
-- each-entry.sql finds an entry whose payment is not completed, so a missing one makes an entry too few
select array['one-posting-a-completed-payment'], 'payment', p.id
  from payments p
 where (select entries <> 2 * completed from counted)
   and p.id >= '00000000-0000-0000-0000-000000000000' and p.status not in ('pending', 'failed')
   and (select count(*) from ledger_entries e where e.payment_id = p.id) <> 2
union all
select array['nothing-is-orphaned'], 'job', j.payment_id
  from recon_jobs j
 where j.payment_id >= '00000000-0000-0000-0000-000000000000'
   and not exists (select from payments p where p.id = j.payment_id);
