-- An account's entries are numbered 1, 2, 3 and so on up to the account's version.
select a.id as account_id, a.version, coalesce(e.entries, 0) as entries, e.lowest, e.highest
  from accounts a
  left join (
    select account_id, count(distinct account_version) as entries, min(account_version) as lowest, max(account_version) as highest
      from ledger_entries
     group by account_id) e on e.account_id = a.id
 where a.version <> coalesce(e.entries, 0)
    or (e.entries > 0 and (e.lowest <> 1 or e.highest <> a.version));
