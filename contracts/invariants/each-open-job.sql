-- Every unfinished job.
--
-- dead-jobs-say-why: A dead job has its last error, and its payment is still pending.
-- tried-jobs-say-who-failed: A job with a failed attempt names the worker, the time and the error.
-- no-job-is-overdue: A waiting job became due less than a day ago, or will be due within the hour. (Not checked while the
--   queue is paused. After a pause of over a day, jobs are overdue until they settle.)
-- job-times-are-in-order: A job was queued before its last attempt, and neither time is in the future. (each-payment.sql finds a
--   job that is older than its payment or its account.)
with open_job as (
  select j.payment_id, j.status, j.attempts, j.run_at, j.locked_by, j.locked_at, j.last_error, j.created_at, j.finished_at, p.status as payment_status,
         array_remove(array[
           case when j.status = 'dead' and (j.last_error is null or j.attempts < 1 or p.status is distinct from 'pending') then 'dead-jobs-say-why' end,
           case when j.attempts > 0 and num_nulls(j.locked_by, j.locked_at, j.last_error) > 0 then 'tried-jobs-say-who-failed' end,
           case when j.status = 'pending' and coalesce((select paused_at is null from recon_queue), true)
                  and (j.run_at < now() - interval '1 day' or j.run_at > now() + interval '1 hour')
             then 'no-job-is-overdue' end,
           case when greatest(j.created_at, j.locked_at, j.finished_at) > now() + interval '5 minutes'
                  or least(j.locked_at, j.finished_at) < j.created_at - interval '1 hour' or not isfinite(j.created_at)
             then 'job-times-are-in-order' end], null) as broken
    from recon_jobs j
    left join payments p on p.id = j.payment_id
   where j.status <> 'completed')
select *
  from open_job
 where broken <> '{}';
