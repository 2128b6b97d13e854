-- What the services' statements rely on, for every session of their roles in this database: these values beat the defaults
-- of the server, the database and the role. A service also sets them on each connection that it opens. Behind a transaction
-- pooler that is not enough: statements run on server connections that the pooler has opened. Those start with these values.
do $$
declare
  r       text;
  setting text[];
begin
  foreach r in array array['payments_api', 'payments_worker', 'payments_reader'] loop
    foreach setting slice 1 in array array[
      ['search_path', 'public'],
      ['DateStyle', 'ISO, MDY'],
      ['IntervalStyle', 'postgres'],
      ['TimeZone', 'UTC'],
      ['extra_float_digits', '1'],
      ['bytea_output', 'hex'],
      ['standard_conforming_strings', 'on'],
      ['array_nulls', 'on'],
      ['transform_null_equals', 'off'],
      ['default_transaction_isolation', 'read committed'],
      ['default_transaction_deferrable', 'off'],
      ['client_min_messages', 'warning']]
    loop
      execute format('alter role %I in database %I set %s = %L', r, current_database(), setting[1], setting[2]);
    end loop;
  end loop;
end $$;
