-- A payment as the caller asked for it. Everything but its status is fixed when it is accepted.
create table payments (
  id               uuid primary key,   -- version 7: ordered by time, so lists walk this key
  caller           text collate "C" not null,
  idempotency_key  text collate "C" not null check (octet_length(idempotency_key) between 1 and 255),
  request_hash     bytea not null check (octet_length(request_hash) = 32),
  account_id       text collate "C" not null check (position(':' in account_id) = 0),   -- never a settlement account
  currency         text not null check (currency ~ '^[A-Z]{3}$'),
  amount           numeric not null check (amount > -1e15 and amount < 1e15),   -- NaN and Infinity fail this too
  description      text not null check (char_length(description) <= 500),
  status           text not null default 'pending' check (status in ('pending', 'completed', 'failed')),
  created_at       timestamptz not null,   -- the time in the id, so that the order of ids is the order in time
  updated_at       timestamptz not null,
  unique (caller, idempotency_key)   -- keys are kept for ever
) with (fillfactor = 50);
-- Room beside each row, and no index on status or updated_at: so the one status change stays a heap-only
-- (HOT) update. With an index on status, settling costs 1.8 times the CPU.
create index payments_by_account on payments (account_id, id);

-- No foreign key to accounts: its row lock would make every accept wait for a worker that posts to the account.

create trigger payments_undeletable before delete or truncate on payments
  for each statement execute function refuse_change();
create trigger payments_facts before update of id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at on payments
  for each statement execute function refuse_change();
-- A payment leaves pending once. AFTER with WHEN: no function call and no row lock for the change that is allowed.
create trigger payments_settle_once after update of status on payments
  for each row when (old.status <> 'pending' or new.status = 'pending') execute function refuse_change();
