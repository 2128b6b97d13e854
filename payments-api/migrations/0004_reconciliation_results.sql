-- What the rules said of a payment: once, for ever. 'completed' matched; 'completed_with_discrepancy' was posted,
-- but the other side counts discrepancy_amount less; 'failed' was not posted.
create table reconciliation_results (
  payment_id          uuid primary key,
  status              text not null check (status in ('completed', 'completed_with_discrepancy', 'failed')),
  matched             boolean not null,
  discrepancy_amount  numeric not null check (discrepancy_amount >= 0 and discrepancy_amount < 1e15),
  notes               text,
  created_at          timestamptz not null default now(),
  check (matched = (status = 'completed')),
  check ((discrepancy_amount > 0) = (status = 'completed_with_discrepancy'))
);
create index reconciliation_results_exceptions on reconciliation_results (status, payment_id) where status <> 'completed';

create trigger reconciliation_results_immutable before update or delete or truncate on reconciliation_results
  for each statement execute function refuse_change();
