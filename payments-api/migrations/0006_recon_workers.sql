-- A heartbeat of each worker, for people. No lock or lease depends on it.
create table recon_workers (
  id            text primary key,
  host          text not null,
  pid           int not null,
  started_at    timestamptz not null default now(),
  last_seen_at  timestamptz not null default now(),
  stopped_at    timestamptz,
  settled       bigint not null default 0   -- payments settled since started_at
);
