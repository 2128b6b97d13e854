-- Refuses a worker's login that finishes a job without its result; migration 0014 checks everybody else row by row. One check a
-- statement: a batch updates its jobs and inserts its results in one statement, and both are visible when this trigger runs.

-- Creating a trigger waits for the writers of the table and blocks new ones, so this waits for 300 ms at a time.
do $$
begin
  for attempt in 1..150 loop
    begin
      set local lock_timeout = '300ms';
      lock table recon_jobs in share row exclusive mode;
      set local lock_timeout = 0;
      return;
    exception when lock_not_available or deadlock_detected then
      perform pg_sleep(2);
    end;
  end loop;
  raise exception 'the tables were in use for too long: end long transactions, then migrate again' using errcode = 'lock_not_available';
end $$;

-- Only lookups: plpgsql keeps the plan of its first batch for batches of any size.
create function check_finished_jobs() returns trigger
language plpgsql set search_path = pg_catalog, public, pg_temp
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  if exists (
    select
      from new_rows job
     where job.status = 'completed'
       and not exists (select from reconciliation_results r where r.payment_id = job.payment_id))
  then
    raise exception '% on % is not allowed (%)', tg_op, tg_table_name, tg_name using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
revoke execute on function check_finished_jobs() from public;
create trigger recon_jobs_finish_with_results after update on recon_jobs referencing new table as new_rows
  for each statement when (current_user = 'payments_worker') execute function check_finished_jobs();
