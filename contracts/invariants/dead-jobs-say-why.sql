-- A dead job has its last error, and its payment is still pending.
select j.payment_id, j.attempts, j.last_error, p.status
  from recon_jobs j
  left join payments p on p.id = j.payment_id
 where j.status = 'dead'
   and (j.last_error is null or j.attempts < 1 or p.status is distinct from 'pending');
