-- As migration 0012 does with the other settings: with exit_on_error, a refused row would end the connection, not its savepoint.
do $$
declare
  r text;
begin
  foreach r in array array['payments_api', 'payments_worker', 'payments_reader'] loop
    execute format('alter role %I in database %I set exit_on_error = off', r, current_database());
  end loop;
end $$;
