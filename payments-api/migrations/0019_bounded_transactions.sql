-- What a worker needs to pause a queue again that was resumed too early, and bounds on how long its transactions last.

-- Each claim reads the queue's row, so this waits for 300 ms at a time, as migration 0013 does.
do $$
begin
  for attempt in 1..150 loop
    begin
      set local lock_timeout = '300ms';
      lock table recon_queue in access exclusive mode;
      set local lock_timeout = 0;
      return;
    exception when lock_not_available or deadlock_detected then
      perform pg_sleep(2);
    end;
  end loop;
  raise exception 'the queue was in use for too long: end long transactions, then migrate again' using errcode = 'lock_not_available';
end $$;

-- When the queue was last resumed; null if it never was. Attempts that failed before do not count any more: a job that is still
-- refused has all its attempts again, and whether most are refused decides whether the queue pauses itself again.
alter table recon_queue add column resumed_at timestamptz;

create or replace function resume_queue() returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.recon_queue set paused_at = null, paused_by = null, reason = null, resumed_at = now() where paused_at is not null;
  if found then
    notify recon_jobs;
  end if;
  return found;
end $$;

-- A worker's transaction lasts less than 5 s in all. These bound the claim, its first statement; the claim bounds the others
-- (recon-worker/src/sql/claim-jobs.ts).
do $$
begin
  alter role payments_worker set lock_timeout = '1500ms';
  alter role payments_worker set statement_timeout = '3500ms';
exception when internal_error then
  null;   -- "tuple concurrently updated": another database of this cluster is setting the same values
end $$;
