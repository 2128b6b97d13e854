-- The books as a whole.
--
-- customers-and-settlement-cancel-out: In each currency, the balances of the customers and of the settlement accounts add
--   up to zero.
-- eight-settlement-accounts-a-currency: A currency in use has settlement accounts 0 to 7, and no others.
-- workers-settle-what-was-settled: No worker has settled more payments than exist, and each was last seen after it started. A job
--   that a worker held when it stopped belongs to a payment, and is counted among the worker's unclean stops.
-- the-queue-is-running-or-paused: The queue has one row. A pause began at a finite time, and no payment was posted over an hour
--   after that.
select array['customers-and-settlement-cancel-out'] as broken, currency as subject,
       sum(balance) filter (where kind = 'customer') as customers, sum(balance) filter (where kind = 'settlement') as settlement
  from accounts
 group by currency
having sum(balance) <> 0
union all
select array['eight-settlement-accounts-a-currency'], currency, count(*) filter (where kind = 'settlement'), null
  from accounts
 group by currency
having array_agg(id::text order by id) filter (where kind = 'settlement')
       is distinct from array(select 'settlement:' || currency || ':' || shard from generate_series(0, 7) shard)
union all
select array['workers-settle-what-was-settled'], id, settled, null
  from recon_workers
 where settled < 0
    -- Only a full audit counts all results.
    or ('00000000-0000-0000-0000-000000000000' < '00000000-0000-0000-0000-000000000001'::uuid and settled > (select count(*) from reconciliation_results))
    or started_at > last_seen_at + interval '1 hour' or greatest(started_at, last_seen_at, stopped_at) > now() + interval '5 minutes'
    or unclean_stops < 0 or stopped_with_it not between 0 and unclean_stops or (stopped_with is null) <> (stopped_with_it = 0)
    or exists (
      select from unnest(array[held_alone, stopped_with]) held
       where held is not null and not exists (select from payments p where p.id = held))
union all
select array['the-queue-is-running-or-paused'], 'recon_queue', count(*), null
  from recon_queue
having count(*) <> 1
    or bool_or(not isfinite(paused_at) or paused_at > now() + interval '5 minutes'
                 or paused_at < (select max(updated_at) from accounts where version > 0) - interval '1 hour');
