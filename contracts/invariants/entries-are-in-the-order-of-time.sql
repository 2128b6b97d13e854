-- An account's entries were made in the order of their versions.
select payment_id, account_id, account_version, created_at, previous_at
  from (
    select payment_id, account_id, account_version, created_at,
           lag(created_at) over (partition by account_id order by account_version) as previous_at
      from ledger_entries) entry
 where created_at < previous_at;
