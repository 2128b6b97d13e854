-- A pending payment has a job that is waiting or dead. (Finished jobs may have been pruned.)
select p.id as payment_id, p.created_at, j.status as job_status
  from payments p
  left join recon_jobs j on j.payment_id = p.id
 where p.status = 'pending'
   and (j.payment_id is null or j.status = 'completed');
