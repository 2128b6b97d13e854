-- The queue: one job a payment, written with it in one statement. Workers take jobs with FOR UPDATE SKIP LOCKED
-- and hold the row locks until they commit, so nothing here says that a job is running: a crash just unlocks it.
create table recon_jobs (
  payment_id   uuid primary key references payments,
  status       text not null default 'pending' check (status in ('pending', 'completed', 'dead')),
  attempts     smallint not null default 0 check (attempts >= 0),
  run_at       timestamptz not null default now(),
  locked_by    text,          -- the worker that settled it or last failed to, and when
  locked_at    timestamptz,
  last_error   text,
  traceparent  text,          -- W3C trace context of the request that made the job
  created_at   timestamptz not null default now(),
  finished_at  timestamptz,
  check ((status = 'pending') = (finished_at is null)),
  check (status <> 'dead' or last_error is not null)
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0.05);
create index recon_jobs_ready on recon_jobs (run_at, payment_id) where status = 'pending';
create index recon_jobs_dead on recon_jobs (payment_id) where status = 'dead';
-- The payments that are still pending, in their order: the list that payments itself must have no index for.
create index recon_jobs_open on recon_jobs (payment_id) where status <> 'completed';

create trigger recon_jobs_untruncatable before truncate on recon_jobs
  for each statement execute function refuse_change();
-- Finished jobs may be pruned by the owner; an unfinished one is a payment that would stay pending for ever.
create trigger recon_jobs_prune_finished before delete on recon_jobs
  for each row when (old.status <> 'completed') execute function refuse_change();
create trigger recon_jobs_finish_once after update on recon_jobs
  for each row when (old.status = 'completed') execute function refuse_change();

-- The only change that the API may make to a job: a dead one back into the queue. Answers whether it was dead.
create function retry_dead_job(job uuid) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with r as (
    update public.recon_jobs set status = 'pending', attempts = 0, run_at = now(), finished_at = null
     where payment_id = job and status = 'dead'
    returning 1)
  select exists (select from r)
$$;
