-- A completed job's payment is settled, and a waiting or dead job's is not.
select j.payment_id, j.status as job_status, p.status as payment_status
  from recon_jobs j
  join payments p on p.id = j.payment_id
 where (j.status = 'completed') <> (p.status <> 'pending');
