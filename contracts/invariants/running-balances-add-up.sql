-- Each entry's balance_after is that of the entry before it on the account, and its own amount.
select payment_id, entry_type, account_id, account_version, amount, balance_before, balance_after
  from (
    select payment_id, entry_type, account_id, account_version, amount, balance_after,
           lag(balance_after, 1, 0) over (partition by account_id order by account_version) as balance_before
      from ledger_entries) entry
 where balance_after <> balance_before + case entry_type when 'credit' then amount else -amount end;
