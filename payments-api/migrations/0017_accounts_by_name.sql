-- Serves the list of customers' accounts and the search by the start of a name, both without regard to case: a person who looks for
-- ACC-001 types acc. The columns never change, so a new balance stays a heap-only (HOT) update.
create index accounts_by_name on accounts (lower(id), id) where kind = 'customer';
