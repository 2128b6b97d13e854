-- Creates the database, its owner and the logins of the services, with passwords from the environment. Runs at each start,
-- before the migrations, so that the database always agrees with the password files. The schema's owner may administer the
-- roles of the services, but does not inherit their rights.
\set QUIET on
\set ON_ERROR_STOP on
\getenv owner OWNER_PASSWORD
\getenv api API_PASSWORD
\getenv worker WORKER_PASSWORD
\getenv reader READER_PASSWORD
\getenv prover PROVER_PASSWORD
set pg_stat_statements.track = none;   -- it would record the passwords
set client_min_messages = warning;

select format('create role %I', name)
  from unnest(array['payments_owner', 'payments_api', 'payments_worker', 'payments_reader', 'payments_prover']) as name
 where not exists (select from pg_roles where rolname = name)
\gexec
alter role payments_owner login createrole password :'owner';
alter role payments_api login password :'api';
alter role payments_worker login password :'worker';
alter role payments_reader login connection limit 8 password :'reader';
alter role payments_prover login connection limit 1 password :'prover';
grant payments_api, payments_worker, payments_reader, payments_prover to payments_owner with admin true, inherit false, set false;

select 'create database payments owner payments_owner'
 where not exists (select from pg_database where datname = 'payments')
\gexec
