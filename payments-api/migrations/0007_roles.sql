-- Least privilege. The owner of the schema only migrates; the API takes payments and opens accounts through a
-- function; a worker settles; a reader reads. They cannot log in until the operator says so
-- (alter role payments_api login password ...), so no password is ever in a migration.
-- Roles belong to the whole cluster: two databases of one cluster may be migrated at the same time.
do $$
declare
  r text;
begin
  foreach r in array array['payments_api', 'payments_worker', 'payments_reader'] loop
    begin
      execute format('create role %I nologin', r);
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;
  execute format('revoke temporary, create on database %I from public', current_database());
end $$;

revoke create on schema public from public;
grant usage on schema public to payments_api, payments_worker, payments_reader;
grant select on accounts, payments, recon_jobs, reconciliation_results, ledger_entries, recon_workers
  to payments_api, payments_worker, payments_reader;

revoke execute on function open_account(text, text), retry_dead_job(uuid), ledger_post(), refuse_change() from public;

grant insert (id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, updated_at) on payments to payments_api;
grant insert (payment_id, traceparent) on recon_jobs to payments_api;
grant execute on function open_account(text, text), retry_dead_job(uuid) to payments_api;

grant update (status, updated_at) on payments to payments_worker;
grant update (status, attempts, run_at, locked_by, locked_at, last_error, finished_at) on recon_jobs to payments_worker;
grant insert on reconciliation_results, ledger_entries to payments_worker;
grant update (updated_at) on accounts to payments_worker;   -- only so that it may lock rows: balances move by the trigger
grant insert, update, delete on recon_workers to payments_worker;

-- Nothing waits for ever. A worker that is stopped or cut off in the middle of a transaction loses its locks 5 s after its
-- statement has ended.
do $$
declare
  r text;
begin
  foreach r in array array['payments_api', 'payments_worker', 'payments_reader'] loop
    begin
      execute format('alter role %I set lock_timeout = %L', r, case r when 'payments_api' then '2s' else '5s' end);
      execute format('alter role %I set statement_timeout = %L', r, case r when 'payments_reader' then '60s' else '10s' end);
      execute format('alter role %I set idle_in_transaction_session_timeout = %L', r, '5s');
      if current_setting('server_version_num')::int >= 170000 then
        execute format('alter role %I set transaction_timeout = %L', r, case r when 'payments_reader' then '120s' else '30s' end);
      end if;
      if r = 'payments_reader' then
        alter role payments_reader set default_transaction_read_only = on;
      end if;
    exception when internal_error then
      null;   -- "tuple concurrently updated": another database of this cluster is setting the same values
    end;
  end loop;
end $$;
