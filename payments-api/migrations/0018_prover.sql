-- The console's proofs: a login that only checks the invariants (payments-api/invariants), for an API that asks for it. It
-- reads what they read, one run at a time, and gives up before it could be a burden.
do $$
declare
  setting text[];
begin
  begin
    create role payments_prover nologin;
  exception when duplicate_object or unique_violation then
    null;   -- roles belong to the whole cluster: another database of it has the role already
  end;
  begin
    alter role payments_prover set default_transaction_read_only = on;
    alter role payments_prover set lock_timeout = '1s';
    alter role payments_prover set statement_timeout = '30s';
    alter role payments_prover set idle_in_transaction_session_timeout = '5s';
    if current_setting('server_version_num')::int >= 170000 then
      alter role payments_prover set transaction_timeout = '240s';
    end if;
  exception when internal_error then
    null;   -- "tuple concurrently updated": another database of this cluster is setting the same values
  end;
  foreach setting slice 1 in array array[
    ['search_path', 'public'],
    ['DateStyle', 'ISO, MDY'],
    ['TimeZone', 'UTC'],
    ['bytea_output', 'hex']]
  loop
    execute format('alter role payments_prover in database %I set %s = %L', current_database(), setting[1], setting[2]);
  end loop;
end $$;

grant usage on schema public to payments_prover;
grant select on accounts, payments, recon_jobs, reconciliation_results, ledger_entries, recon_workers, recon_queue, audit_anchors
  to payments_prover;
grant execute on function audit_segments(int) to payments_prover;
