-- Adds an anchor that covers everything accepted and settled since the previous anchor, and returns it. Run this as the owner, for
-- example with `make audit-anchor`.
select seq, payments, results, encode(digest, 'hex') as digest, created_at from add_anchor();
