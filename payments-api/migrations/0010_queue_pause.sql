-- Whether workers may claim jobs: one row, read by each claim. An operator pauses the queue, or a worker does when most
-- jobs are refused: then paused_by is 'recon-worker'. A pause takes effect with each worker's next claim.
create table recon_queue (
  singleton  boolean primary key default true check (singleton),
  paused_at  timestamptz,   -- null: running
  paused_by  text,
  reason     text,
  constraint recon_queue_says_who_and_why check (num_nulls(paused_at, paused_by, reason) in (0, 3))
);
insert into recon_queue default values;

-- Without its row, no worker would claim.
create trigger recon_queue_undeletable before delete or truncate on recon_queue
  for each statement execute function refuse_change();

-- Pauses the queue. Returns false if it was paused already: then the first pause keeps its author and its reason.
create function pause_queue(by text, why text) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with paused as (
    update public.recon_queue
       set paused_at = now(), paused_by = left(coalesce(by, ''), 100), reason = left(coalesce(why, ''), 1000)
     where paused_at is null
    returning 1)
  select exists (select from paused)
$$;

-- Lets workers claim again, and wakes them. Returns false if the queue was running.
create function resume_queue() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.recon_queue set paused_at = null, paused_by = null, reason = null where paused_at is not null;
  if found then
    notify recon_jobs;
  end if;
  return found;
end $$;

-- Puts up to max_jobs dead jobs back into the queue, oldest payment first: all of them, or those whose last_error is
-- exactly with_error. Skips jobs that another session is changing. Returns how many it put back, at most 10,000.
create function retry_dead_jobs(max_jobs int, with_error text default null) returns integer
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with dead as materialized (
    select payment_id
      from public.recon_jobs
     where status = 'dead' and (with_error is null or last_error = with_error)
     order by payment_id
     limit least(greatest(max_jobs, 0), 10000)
       for update skip locked),
  retried as (
    update public.recon_jobs j
       set status = 'pending', attempts = 0, run_at = now(), finished_at = null
      from dead
     where j.payment_id = dead.payment_id
    returning 1)
  select count(*)::integer from retried
$$;

-- What a worker that restarts under the same id must know of the one before it.
alter table recon_workers
  add column unclean_stops     int not null default 0,   -- consecutive starts that found no clean stop before them
  add column held_alone        uuid,                     -- the job that it takes alone, written before the attempt
  add column stopped_with      uuid,                     -- the job that it held alone at its last unclean stop
  add column stopped_with_it   int not null default 0;   -- consecutive unclean stops while it held that job alone

revoke execute on function pause_queue(text, text), resume_queue(), retry_dead_jobs(int, text) from public;
grant select on recon_queue to payments_api, payments_worker, payments_reader;
grant execute on function pause_queue(text, text), resume_queue(), retry_dead_jobs(int, text) to payments_api;
grant execute on function pause_queue(text, text) to payments_worker;
