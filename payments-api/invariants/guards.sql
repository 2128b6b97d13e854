-- The database's guards against those that its migrations install.
-- Written by `npm run schema` in payments-api; a test there fails when it is out of date.
--
-- guards-are-as-installed: Columns, constraints, indexes, triggers, functions, grants and the logins' rights are those that
--   the migrations install.
-- one-payment-a-key: A caller's idempotency key has one payment.
with guarded as (
  select * from pg_class
   where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm') and relname in ('accounts', 'audit_anchors', 'ledger_entries', 'payments', 'recon_jobs', 'recon_queue', 'recon_workers', 'reconciliation_results')),
expected (kind, name, definition) as (
  values
    ('column', 'accounts.balance', 'numeric not null default 0'),
    ('column', 'accounts.created_at', 'timestamp with time zone not null default now()'),
    ('column', 'accounts.currency', 'text not null'),
    ('column', 'accounts.id', 'text collate C not null'),
    ('column', 'accounts.kind', 'text not null default ''customer''::text'),
    ('column', 'accounts.updated_at', 'timestamp with time zone not null default now()'),
    ('column', 'accounts.version', 'bigint not null default 0'),
    ('column', 'audit_anchors.contents', 'bytea not null'),
    ('column', 'audit_anchors.created_at', 'timestamp with time zone not null default now()'),
    ('column', 'audit_anchors.digest', 'bytea not null'),
    ('column', 'audit_anchors.payments', 'bigint not null'),
    ('column', 'audit_anchors.results', 'bigint not null'),
    ('column', 'audit_anchors.seq', 'integer not null'),
    ('column', 'audit_anchors.snapshot', 'pg_snapshot not null'),
    ('column', 'ledger_entries.account_id', 'text collate C not null'),
    ('column', 'ledger_entries.account_version', 'bigint not null'),
    ('column', 'ledger_entries.amount', 'numeric not null'),
    ('column', 'ledger_entries.balance_after', 'numeric not null'),
    ('column', 'ledger_entries.created_at', 'timestamp with time zone not null default clock_timestamp()'),
    ('column', 'ledger_entries.currency', 'text not null'),
    ('column', 'ledger_entries.entry_type', 'text collate C not null'),
    ('column', 'ledger_entries.payment_id', 'uuid not null'),
    ('column', 'payments.accepted_in', 'xid8 default pg_current_xact_id()'),
    ('column', 'payments.account_id', 'text collate C not null'),
    ('column', 'payments.amount', 'numeric not null'),
    ('column', 'payments.caller', 'text collate C not null'),
    ('column', 'payments.created_at', 'timestamp with time zone not null'),
    ('column', 'payments.currency', 'text not null'),
    ('column', 'payments.description', 'text not null'),
    ('column', 'payments.id', 'uuid not null'),
    ('column', 'payments.idempotency_key', 'text collate C not null'),
    ('column', 'payments.refund_of', 'uuid'),
    ('column', 'payments.refund_reserved', 'numeric'),
    ('column', 'payments.refunded', 'numeric'),
    ('column', 'payments.request_hash', 'bytea not null'),
    ('column', 'payments.status', 'text not null default ''pending''::text'),
    ('column', 'payments.updated_at', 'timestamp with time zone not null'),
    ('column', 'recon_jobs.attempts', 'smallint not null default 0'),
    ('column', 'recon_jobs.created_at', 'timestamp with time zone not null default now()'),
    ('column', 'recon_jobs.finished_at', 'timestamp with time zone'),
    ('column', 'recon_jobs.last_error', 'text'),
    ('column', 'recon_jobs.locked_at', 'timestamp with time zone'),
    ('column', 'recon_jobs.locked_by', 'text'),
    ('column', 'recon_jobs.payment_id', 'uuid not null'),
    ('column', 'recon_jobs.run_at', 'timestamp with time zone not null default now()'),
    ('column', 'recon_jobs.status', 'text not null default ''pending''::text'),
    ('column', 'recon_jobs.traceparent', 'text'),
    ('column', 'recon_queue.paused_at', 'timestamp with time zone'),
    ('column', 'recon_queue.paused_by', 'text'),
    ('column', 'recon_queue.reason', 'text'),
    ('column', 'recon_queue.resumed_at', 'timestamp with time zone'),
    ('column', 'recon_queue.singleton', 'boolean not null default true'),
    ('column', 'recon_workers.held_alone', 'uuid'),
    ('column', 'recon_workers.host', 'text not null'),
    ('column', 'recon_workers.id', 'text not null'),
    ('column', 'recon_workers.last_seen_at', 'timestamp with time zone not null default now()'),
    ('column', 'recon_workers.pid', 'integer not null'),
    ('column', 'recon_workers.settled', 'bigint not null default 0'),
    ('column', 'recon_workers.started_at', 'timestamp with time zone not null default now()'),
    ('column', 'recon_workers.stopped_at', 'timestamp with time zone'),
    ('column', 'recon_workers.stopped_with', 'uuid'),
    ('column', 'recon_workers.stopped_with_it', 'integer not null default 0'),
    ('column', 'recon_workers.unclean_stops', 'integer not null default 0'),
    ('column', 'reconciliation_results.created_at', 'timestamp with time zone not null default now()'),
    ('column', 'reconciliation_results.discrepancy_amount', 'numeric not null'),
    ('column', 'reconciliation_results.matched', 'boolean not null'),
    ('column', 'reconciliation_results.notes', 'text'),
    ('column', 'reconciliation_results.payment_id', 'uuid not null'),
    ('column', 'reconciliation_results.settled_in', 'xid8 default pg_current_xact_id()'),
    ('column', 'reconciliation_results.status', 'text not null'),
    ('constraint', 'accounts.accounts_balance_check', 'CHECK (((balance > ''-Infinity''::numeric) AND (balance < ''Infinity''::numeric)))'),
    ('constraint', 'accounts.accounts_currency_check', 'CHECK ((currency ~ ''^[A-Z]{3}$''::text))'),
    ('constraint', 'accounts.accounts_id_check', 'CHECK (
CASE kind
    WHEN ''customer''::text THEN ((length(id) <= 64) AND (id ~ ''^[A-Za-z0-9][A-Za-z0-9._-]*$''::text))
    ELSE ((id ~ ''^settlement:[A-Z]{3}:[0-9]{1,3}$''::text) AND (split_part(id, '':''::text, 2) = currency))
END)'),
    ('constraint', 'accounts.accounts_kind_check', 'CHECK ((kind = ANY (ARRAY[''customer''::text, ''settlement''::text])))'),
    ('constraint', 'accounts.accounts_pkey', 'PRIMARY KEY (id)'),
    ('constraint', 'accounts.accounts_version_check', 'CHECK ((version >= 0))'),
    ('constraint', 'audit_anchors.audit_anchors_contents_check', 'CHECK ((octet_length(contents) = 32))'),
    ('constraint', 'audit_anchors.audit_anchors_digest_check', 'CHECK ((octet_length(digest) = 32))'),
    ('constraint', 'audit_anchors.audit_anchors_payments_check', 'CHECK ((payments >= 0))'),
    ('constraint', 'audit_anchors.audit_anchors_pkey', 'PRIMARY KEY (seq)'),
    ('constraint', 'audit_anchors.audit_anchors_results_check', 'CHECK ((results >= 0))'),
    ('constraint', 'audit_anchors.audit_anchors_seq_check', 'CHECK ((seq > 0))'),
    ('constraint', 'ledger_entries.ledger_entries_account_id_account_version_key', 'UNIQUE (account_id, account_version)'),
    ('constraint', 'ledger_entries.ledger_entries_account_version_check', 'CHECK ((account_version > 0))'),
    ('constraint', 'ledger_entries.ledger_entries_amount_check', 'CHECK (((amount > (0)::numeric) AND (amount < ''1000000000000000''::numeric)))'),
    ('constraint', 'ledger_entries.ledger_entries_decimals', 'CHECK (((scale(amount) <= 4) AND (scale(balance_after) = scale(amount)))) NOT VALID not validated'),
    ('constraint', 'ledger_entries.ledger_entries_entry_type_check', 'CHECK ((entry_type = ANY (ARRAY[''credit''::text, ''debit''::text])))'),
    ('constraint', 'ledger_entries.ledger_entries_pkey', 'PRIMARY KEY (payment_id, entry_type)'),
    ('constraint', 'payments.payments_account_id_check', 'CHECK ((POSITION(('':''::text) IN (account_id)) = 0))'),
    ('constraint', 'payments.payments_amount_check', 'CHECK (((amount > ''-1000000000000000''::numeric) AND (amount < ''1000000000000000''::numeric)))'),
    ('constraint', 'payments.payments_caller_idempotency_key_key', 'UNIQUE (caller, idempotency_key)'),
    ('constraint', 'payments.payments_currency_check', 'CHECK ((currency ~ ''^[A-Z]{3}$''::text))'),
    ('constraint', 'payments.payments_description_check', 'CHECK ((char_length(description) <= 500))'),
    ('constraint', 'payments.payments_idempotency_key_check', 'CHECK (((octet_length(idempotency_key) >= 1) AND (octet_length(idempotency_key) <= 255)))'),
    ('constraint', 'payments.payments_pkey', 'PRIMARY KEY (id)'),
    ('constraint', 'payments.payments_refunds_check', 'CHECK (
CASE
    WHEN (refund_of IS NOT NULL) THEN ((status = ANY (ARRAY[''pending''::text, ''completed''::text])) AND (amount > (0)::numeric) AND (refund_reserved IS NULL) AND (refunded IS NULL))
    WHEN (refund_reserved IS NULL) THEN ((status <> ALL (ARRAY[''partially_refunded''::text, ''refunded''::text])) AND (refunded IS NULL))
    ELSE ((refund_reserved > (0)::numeric) AND (refund_reserved <= amount) AND (scale(refund_reserved) = scale(amount)) AND COALESCE(((refunded > (0)::numeric) AND (refunded <= refund_reserved) AND (scale(refunded) = scale(amount))), true) AND (status =
    CASE
        WHEN (refunded IS NULL) THEN ''completed''::text
        WHEN (refunded = amount) THEN ''refunded''::text
        ELSE ''partially_refunded''::text
    END))
END) NOT VALID not validated'),
    ('constraint', 'payments.payments_request_hash_check', 'CHECK ((octet_length(request_hash) = 32))'),
    ('constraint', 'payments.payments_status_check', 'CHECK ((status = ANY (ARRAY[''pending''::text, ''completed''::text, ''failed''::text, ''partially_refunded''::text, ''refunded''::text]))) NOT VALID not validated'),
    ('constraint', 'recon_jobs.recon_jobs_attempts_check', 'CHECK ((attempts >= 0))'),
    ('constraint', 'recon_jobs.recon_jobs_become_due', 'CHECK (isfinite(run_at)) NOT VALID not validated'),
    ('constraint', 'recon_jobs.recon_jobs_check', 'CHECK (((status = ''pending''::text) = (finished_at IS NULL)))'),
    ('constraint', 'recon_jobs.recon_jobs_check1', 'CHECK (((status <> ''dead''::text) OR (last_error IS NOT NULL)))'),
    ('constraint', 'recon_jobs.recon_jobs_payment_id_fkey', 'FOREIGN KEY (payment_id) REFERENCES payments(id)'),
    ('constraint', 'recon_jobs.recon_jobs_pkey', 'PRIMARY KEY (payment_id)'),
    ('constraint', 'recon_jobs.recon_jobs_status_check', 'CHECK ((status = ANY (ARRAY[''pending''::text, ''completed''::text, ''dead''::text])))'),
    ('constraint', 'recon_queue.recon_queue_pkey', 'PRIMARY KEY (singleton)'),
    ('constraint', 'recon_queue.recon_queue_says_who_and_why', 'CHECK ((num_nulls(paused_at, paused_by, reason) = ANY (ARRAY[0, 3])))'),
    ('constraint', 'recon_queue.recon_queue_singleton_check', 'CHECK (singleton)'),
    ('constraint', 'recon_workers.recon_workers_pkey', 'PRIMARY KEY (id)'),
    ('constraint', 'reconciliation_results.reconciliation_results_check', 'CHECK ((matched = (status = ''completed''::text)))'),
    ('constraint', 'reconciliation_results.reconciliation_results_check1', 'CHECK (((discrepancy_amount > (0)::numeric) = (status = ''completed_with_discrepancy''::text)))'),
    ('constraint', 'reconciliation_results.reconciliation_results_decimals', 'CHECK ((scale(discrepancy_amount) <= 4)) NOT VALID not validated'),
    ('constraint', 'reconciliation_results.reconciliation_results_discrepancy_amount_check', 'CHECK (((discrepancy_amount >= (0)::numeric) AND (discrepancy_amount < ''1000000000000000''::numeric)))'),
    ('constraint', 'reconciliation_results.reconciliation_results_pkey', 'PRIMARY KEY (payment_id)'),
    ('constraint', 'reconciliation_results.reconciliation_results_status_check', 'CHECK ((status = ANY (ARRAY[''completed''::text, ''completed_with_discrepancy''::text, ''failed''::text])))'),
    ('foreign key triggers', 'payments', 'OO'),
    ('foreign key triggers', 'recon_jobs', 'OO'),
    ('function', 'add_anchor()', 'returns audit_anchors plpgsql v search_path=pg_catalog, public, pg_temp 23537136a1c5d755cc8be28e735dfab5d86266d95730561807ddb341a9d2a1a9'),
    ('function', 'add_daily_anchor()', 'returns audit_anchors plpgsql v security definer search_path=pg_catalog, public, pg_temp f14258d014f01ddf742dab09f16ad492f0ca2a0ec3290c01bf950839f3b73a49'),
    ('function', 'anchor_is_due()', 'returns boolean sql s search_path=pg_catalog, public, pg_temp ddcb3111db8051e0c8ecc28f11371b69bdb3177f9068bf9263173e3990b5c5cd'),
    ('function', 'audit_segments(integer)', 'returns TABLE(seq integer, payments bigint, results bigint, contents bytea) sql s search_path=pg_catalog, public, pg_temp enable_hashjoin=off 607e04545d703b6654cc5757b92feb30b6cd9aa054e43e35722e277d8c73e757'),
    ('function', 'begins_empty(accounts)', 'returns boolean sql s 16db72323f2e8b6c1c994b6da017f75dfca02826499c0dd437661a9290d1aad0'),
    ('function', 'begins_now(reconciliation_results)', 'returns boolean sql s 63b45c1fcc43670149d0d2162e59533b5aab2f6e4947c18a1c62798c73e99224'),
    ('function', 'begins_pending(payments)', 'returns boolean sql s 1ac52f85089d5d5d2f6436e2f2c4fc564bb050e302f35fe3709ea56fccd21856'),
    ('function', 'begins_pending(recon_jobs)', 'returns boolean sql s 0fd9849fba4eac2419e766e08a607ac3bec0523f02d5b07052196e3c9b35104a'),
    ('function', 'begins_soundly(payments)', 'returns boolean plpgsql s 345d3a8b8961934c743845bc15e3a68349af68a65126901f1fde616aa1a144ab'),
    ('function', 'check_changed_account()', 'returns trigger plpgsql v search_path=pg_catalog, public, pg_temp 8398a6e0e5daf8112d14cd5b755dbfacd2fcc40b413ced3d9bb2c9d2fda14c7b'),
    ('function', 'check_changed_job()', 'returns trigger plpgsql v search_path=pg_catalog, public, pg_temp 7beaa011051198da3975407975a7bc4c584279c2d5c5cf4f65240ab3ef90b733'),
    ('function', 'check_finished_jobs()', 'returns trigger plpgsql v search_path=pg_catalog, public, pg_temp enable_seqscan=off enable_hashjoin=off enable_mergejoin=off 9bb8a02692c4d02f8a42d8472d1ce71fe282c6b148da0c4e4bc3ca1f6946df41'),
    ('function', 'check_new_job()', 'returns trigger plpgsql v search_path=pg_catalog, public, pg_temp 673a938c8ced54dc269003ca4c060e1d7d2702840dd1912da73efa275dfc4b42'),
    ('function', 'check_new_result()', 'returns trigger plpgsql v search_path=pg_catalog, public, pg_temp 1438231f2b88c2aea27e49b0eb6c881eb15200f5512be2bf26ce500495631a55'),
    ('function', 'check_settled_payment()', 'returns trigger plpgsql v search_path=pg_catalog, public, pg_temp 7453492d518bf67ab113d41634e3b6e479e5df944067f749c86e2c2806647c64'),
    ('function', 'currency_decimals(text)', 'returns integer sql i a6dfd101208380a5f6912b37b471f0e90a34823635465b869dd70bda6ff15ee6'),
    ('function', 'has_its_decimals(payments)', 'returns boolean sql i 0dd47fcaef723251e60809641f2dc25221fcd8935c573a1d0e81e76028af3800'),
    ('function', 'is_now(timestamp with time zone)', 'returns boolean sql s 6607a16461212a4c494718ec52d0b3cdead45e99e1ad630e9f5805a808ca5ae0'),
    ('function', 'is_refunded(payments,payments)', 'returns boolean sql s e33b787f4318423d085f1ab575f532c42d1d7401d5c6b770bde027f1dd0e1c18'),
    ('function', 'keeps_its_facts(recon_jobs,recon_jobs)', 'returns boolean sql i 448450d4823fd1d0e0d2d6b18d817539550adf93778f758f417efd72fe4d7fc4'),
    ('function', 'ledger_post()', 'returns trigger plpgsql v security definer search_path=pg_catalog, pg_temp enable_seqscan=off enable_mergejoin=off plan_cache_mode=force_generic_plan 031714ace9895dcd7d2332f28ec638cd6163cbe17404e6f4c0d10707ea89cc14'),
    ('function', 'make_anchor()', 'returns trigger plpgsql v search_path=pg_catalog, public, pg_temp 3ecb48e0cba0172da3a24fb20cbf47a06814cde618faccc60c7a089efe80dfdf'),
    ('function', 'open_account(text,text)', 'returns text plpgsql v security definer search_path=pg_catalog, pg_temp 4e921ee665f6571f2681c4f2c89f77fe91da39592341446d7ecec002514a0c64'),
    ('function', 'open_accounts_of(uuid[])', 'returns void plpgsql v security definer search_path=pg_catalog, pg_temp enable_seqscan=off enable_hashjoin=off enable_mergejoin=off 6109d0392ebe5cdc3a458e227753bda5b906218ec139d5d3ab4e7f55440aaed1'),
    ('function', 'pause_queue(text,text)', 'returns boolean sql v security definer search_path=pg_catalog, pg_temp 7d3488d2d6a385e38c3959e2c95df1f456434f837139e5d278c9f421a71a0395'),
    ('function', 'post_results()', 'returns trigger plpgsql v security definer search_path=pg_catalog, public, pg_temp enable_seqscan=off enable_hashjoin=off enable_mergejoin=off enable_memoize=off plan_cache_mode=force_generic_plan 34049ea8c022a83d38678c1c8ec52ec381a345f75eef11a6cf243dafbd2e5f8a'),
    ('function', 'refund_request_hash(uuid,numeric,boolean,text)', 'returns bytea sql i search_path=pg_catalog, pg_temp 5f197f62d22b6500a57b20f093e4b5a11c597153fb69579c01ea542d4ad2f59e'),
    ('function', 'refuse_change()', 'returns trigger plpgsql v search_path=pg_catalog 7865c15b796976a4059b80d4206ed53340e443afda47fa6390df631fcff4b936'),
    ('function', 'request_refund(uuid,text,text,uuid,numeric,text,timestamp with time zone,text)', 'returns record plpgsql v security definer search_path=pg_catalog, public, pg_temp enable_seqscan=off 4c6632711c81da5f41f5d45aba3eeb20a27213fc4ed3796d5c91146ae02bd315'),
    ('function', 'reserve_refund()', 'returns trigger plpgsql v security definer search_path=pg_catalog, public, pg_temp enable_seqscan=off 5af12a03101c6335fa4461e8bafda5056d9b572f457219b7fb4c5358d713065d'),
    ('function', 'resume_queue()', 'returns boolean plpgsql v security definer search_path=pg_catalog, pg_temp 5fa87b8bb78e6e2643ad90300379a7ad59dbabe68d75749c49a8214549fd559d'),
    ('function', 'retry_dead_job(uuid)', 'returns boolean sql v security definer search_path=pg_catalog, pg_temp 916b99f92699b97b9d0ec621d0f49473825e9fcfebad6b5d78f1b13153057cae'),
    ('function', 'retry_dead_jobs(integer,text)', 'returns integer sql v security definer search_path=pg_catalog, pg_temp 00c835e52b3f5467791b1c12168e50201c30dc5c70f4d4e8df27f31976f3a300'),
    ('function', 'settle_one_by_one(uuid[],text[],numeric[],text[],text,integer)', 'returns TABLE(payment_id uuid, error text) plpgsql v search_path=pg_catalog, public, pg_temp 0bb8465d6b9dcd3dbf748047b39dc01bedb4434bae27f93706d4cec0d05420ee'),
    ('function', 'settle_refunds(uuid[])', 'returns void plpgsql v search_path=pg_catalog, public, pg_temp enable_seqscan=off enable_hashjoin=off enable_mergejoin=off plan_cache_mode=force_generic_plan 6c66b4f24caa669282fdb79e60015abc30a44ada6f4d1b4e9b04c2f9109d8310'),
    ('function', 'settles(payments,payments)', 'returns boolean sql s 39249f91eaf259cbb075fae77b45c4e39cd5aa634625d81f970675237dc44215'),
    ('function', 'time_ascends(accounts,accounts)', 'returns boolean sql v 5f62330cf3770e9708120d2c46150493364d94f4a4a7b3ad0a6accc62547676f'),
    ('grant', 'accounts to payments_api', 'SELECT'),
    ('grant', 'accounts to payments_prover', 'SELECT'),
    ('grant', 'accounts to payments_reader', 'SELECT'),
    ('grant', 'accounts to payments_worker', 'SELECT'),
    ('grant', 'accounts.updated_at to payments_worker', 'UPDATE'),
    ('grant', 'add_daily_anchor() to payments_prover', 'EXECUTE'),
    ('grant', 'anchor_is_due() to payments_prover', 'EXECUTE'),
    ('grant', 'audit_anchors to payments_api', 'SELECT'),
    ('grant', 'audit_anchors to payments_prover', 'SELECT'),
    ('grant', 'audit_anchors to payments_reader', 'SELECT'),
    ('grant', 'audit_anchors to payments_worker', 'SELECT'),
    ('grant', 'audit_segments(integer) to payments_prover', 'EXECUTE'),
    ('grant', 'audit_segments(integer) to payments_reader', 'EXECUTE'),
    ('grant', 'begins_empty(accounts) to public', 'EXECUTE'),
    ('grant', 'begins_now(reconciliation_results) to public', 'EXECUTE'),
    ('grant', 'begins_pending(payments) to public', 'EXECUTE'),
    ('grant', 'begins_pending(recon_jobs) to public', 'EXECUTE'),
    ('grant', 'begins_soundly(payments) to public', 'EXECUTE'),
    ('grant', 'check_changed_account() to public', 'EXECUTE'),
    ('grant', 'check_changed_job() to public', 'EXECUTE'),
    ('grant', 'check_new_job() to public', 'EXECUTE'),
    ('grant', 'check_new_result() to public', 'EXECUTE'),
    ('grant', 'check_settled_payment() to public', 'EXECUTE'),
    ('grant', 'currency_decimals(text) to public', 'EXECUTE'),
    ('grant', 'database to public', 'CONNECT'),
    ('grant', 'has_its_decimals(payments) to public', 'EXECUTE'),
    ('grant', 'is_now(timestamp with time zone) to public', 'EXECUTE'),
    ('grant', 'is_refunded(payments,payments) to public', 'EXECUTE'),
    ('grant', 'keeps_its_facts(recon_jobs,recon_jobs) to public', 'EXECUTE'),
    ('grant', 'ledger_entries to payments_api', 'SELECT'),
    ('grant', 'ledger_entries to payments_prover', 'SELECT'),
    ('grant', 'ledger_entries to payments_reader', 'SELECT'),
    ('grant', 'ledger_entries to payments_worker', 'SELECT'),
    ('grant', 'ledger_entries.account_id to payments_worker', 'INSERT'),
    ('grant', 'ledger_entries.account_version to payments_worker', 'INSERT'),
    ('grant', 'ledger_entries.amount to payments_worker', 'INSERT'),
    ('grant', 'ledger_entries.balance_after to payments_worker', 'INSERT'),
    ('grant', 'ledger_entries.currency to payments_worker', 'INSERT'),
    ('grant', 'ledger_entries.entry_type to payments_worker', 'INSERT'),
    ('grant', 'ledger_entries.payment_id to payments_worker', 'INSERT'),
    ('grant', 'open_account(text,text) to payments_api', 'EXECUTE'),
    ('grant', 'open_accounts_of(uuid[]) to payments_api', 'EXECUTE'),
    ('grant', 'pause_queue(text,text) to payments_api', 'EXECUTE'),
    ('grant', 'pause_queue(text,text) to payments_worker', 'EXECUTE'),
    ('grant', 'payments to payments_api', 'SELECT'),
    ('grant', 'payments to payments_prover', 'SELECT'),
    ('grant', 'payments to payments_reader', 'SELECT'),
    ('grant', 'payments to payments_worker', 'SELECT'),
    ('grant', 'payments.account_id to payments_api', 'INSERT'),
    ('grant', 'payments.amount to payments_api', 'INSERT'),
    ('grant', 'payments.caller to payments_api', 'INSERT'),
    ('grant', 'payments.created_at to payments_api', 'INSERT'),
    ('grant', 'payments.currency to payments_api', 'INSERT'),
    ('grant', 'payments.description to payments_api', 'INSERT'),
    ('grant', 'payments.id to payments_api', 'INSERT'),
    ('grant', 'payments.idempotency_key to payments_api', 'INSERT'),
    ('grant', 'payments.request_hash to payments_api', 'INSERT'),
    ('grant', 'payments.status to payments_worker', 'UPDATE'),
    ('grant', 'payments.updated_at to payments_api', 'INSERT'),
    ('grant', 'payments.updated_at to payments_worker', 'UPDATE'),
    ('grant', 'recon_jobs to payments_api', 'SELECT'),
    ('grant', 'recon_jobs to payments_prover', 'SELECT'),
    ('grant', 'recon_jobs to payments_reader', 'SELECT'),
    ('grant', 'recon_jobs to payments_worker', 'SELECT'),
    ('grant', 'recon_jobs.attempts to payments_worker', 'UPDATE'),
    ('grant', 'recon_jobs.finished_at to payments_worker', 'UPDATE'),
    ('grant', 'recon_jobs.last_error to payments_worker', 'UPDATE'),
    ('grant', 'recon_jobs.locked_at to payments_worker', 'UPDATE'),
    ('grant', 'recon_jobs.locked_by to payments_worker', 'UPDATE'),
    ('grant', 'recon_jobs.payment_id to payments_api', 'INSERT'),
    ('grant', 'recon_jobs.run_at to payments_worker', 'UPDATE'),
    ('grant', 'recon_jobs.status to payments_worker', 'UPDATE'),
    ('grant', 'recon_jobs.traceparent to payments_api', 'INSERT'),
    ('grant', 'recon_queue to payments_api', 'SELECT'),
    ('grant', 'recon_queue to payments_prover', 'SELECT'),
    ('grant', 'recon_queue to payments_reader', 'SELECT'),
    ('grant', 'recon_queue to payments_worker', 'SELECT'),
    ('grant', 'recon_workers to payments_api', 'SELECT'),
    ('grant', 'recon_workers to payments_prover', 'SELECT'),
    ('grant', 'recon_workers to payments_reader', 'SELECT'),
    ('grant', 'recon_workers to payments_worker', 'DELETE, SELECT'),
    ('grant', 'recon_workers.held_alone to payments_worker', 'UPDATE'),
    ('grant', 'recon_workers.host to payments_worker', 'INSERT, UPDATE'),
    ('grant', 'recon_workers.id to payments_worker', 'INSERT'),
    ('grant', 'recon_workers.last_seen_at to payments_worker', 'UPDATE'),
    ('grant', 'recon_workers.pid to payments_worker', 'INSERT, UPDATE'),
    ('grant', 'recon_workers.settled to payments_worker', 'UPDATE'),
    ('grant', 'recon_workers.started_at to payments_worker', 'UPDATE'),
    ('grant', 'recon_workers.stopped_at to payments_worker', 'UPDATE'),
    ('grant', 'recon_workers.stopped_with to payments_worker', 'UPDATE'),
    ('grant', 'recon_workers.stopped_with_it to payments_worker', 'UPDATE'),
    ('grant', 'recon_workers.unclean_stops to payments_worker', 'UPDATE'),
    ('grant', 'reconciliation_results to payments_api', 'SELECT'),
    ('grant', 'reconciliation_results to payments_prover', 'SELECT'),
    ('grant', 'reconciliation_results to payments_reader', 'SELECT'),
    ('grant', 'reconciliation_results to payments_worker', 'SELECT'),
    ('grant', 'reconciliation_results.discrepancy_amount to payments_worker', 'INSERT'),
    ('grant', 'reconciliation_results.matched to payments_worker', 'INSERT'),
    ('grant', 'reconciliation_results.notes to payments_worker', 'INSERT'),
    ('grant', 'reconciliation_results.payment_id to payments_worker', 'INSERT'),
    ('grant', 'reconciliation_results.status to payments_worker', 'INSERT'),
    ('grant', 'refund_request_hash(uuid,numeric,boolean,text) to public', 'EXECUTE'),
    ('grant', 'request_refund(uuid,text,text,uuid,numeric,text,timestamp with time zone,text) to payments_api', 'EXECUTE'),
    ('grant', 'resume_queue() to payments_api', 'EXECUTE'),
    ('grant', 'retry_dead_job(uuid) to payments_api', 'EXECUTE'),
    ('grant', 'retry_dead_jobs(integer,text) to payments_api', 'EXECUTE'),
    ('grant', 'schema public to payments_api', 'USAGE'),
    ('grant', 'schema public to payments_prover', 'USAGE'),
    ('grant', 'schema public to payments_reader', 'USAGE'),
    ('grant', 'schema public to payments_worker', 'USAGE'),
    ('grant', 'schema public to public', 'USAGE'),
    ('grant', 'settle_one_by_one(uuid[],text[],numeric[],text[],text,integer) to payments_worker', 'EXECUTE'),
    ('grant', 'settles(payments,payments) to public', 'EXECUTE'),
    ('grant', 'time_ascends(accounts,accounts) to public', 'EXECUTE'),
    ('index', 'accounts_by_name', 'CREATE INDEX accounts_by_name ON public.accounts USING btree (lower(id), id) WHERE (kind = ''customer''::text)'),
    ('index', 'accounts_pkey', 'CREATE UNIQUE INDEX accounts_pkey ON public.accounts USING btree (id)'),
    ('index', 'audit_anchors_pkey', 'CREATE UNIQUE INDEX audit_anchors_pkey ON public.audit_anchors USING btree (seq)'),
    ('index', 'ledger_entries_account_id_account_version_key', 'CREATE UNIQUE INDEX ledger_entries_account_id_account_version_key ON public.ledger_entries USING btree (account_id, account_version)'),
    ('index', 'ledger_entries_pkey', 'CREATE UNIQUE INDEX ledger_entries_pkey ON public.ledger_entries USING btree (payment_id, entry_type)'),
    ('index', 'payments_by_account', 'CREATE INDEX payments_by_account ON public.payments USING btree (account_id, id)'),
    ('index', 'payments_caller_idempotency_key_key', 'CREATE UNIQUE INDEX payments_caller_idempotency_key_key ON public.payments USING btree (caller, idempotency_key)'),
    ('index', 'payments_pkey', 'CREATE UNIQUE INDEX payments_pkey ON public.payments USING btree (id)'),
    ('index', 'payments_refunds', 'CREATE INDEX payments_refunds ON public.payments USING btree (refund_of, id) WHERE (refund_of IS NOT NULL)'),
    ('index', 'payments_refunds_by_id', 'CREATE INDEX payments_refunds_by_id ON public.payments USING btree (id) WHERE (refund_of IS NOT NULL)'),
    ('index', 'recon_jobs_dead', 'CREATE INDEX recon_jobs_dead ON public.recon_jobs USING btree (payment_id) WHERE (status = ''dead''::text)'),
    ('index', 'recon_jobs_open', 'CREATE INDEX recon_jobs_open ON public.recon_jobs USING btree (payment_id) WHERE (status <> ''completed''::text)'),
    ('index', 'recon_jobs_pkey', 'CREATE UNIQUE INDEX recon_jobs_pkey ON public.recon_jobs USING btree (payment_id)'),
    ('index', 'recon_jobs_ready', 'CREATE INDEX recon_jobs_ready ON public.recon_jobs USING btree (run_at, payment_id) WHERE (status = ''pending''::text)'),
    ('index', 'recon_queue_pkey', 'CREATE UNIQUE INDEX recon_queue_pkey ON public.recon_queue USING btree (singleton)'),
    ('index', 'recon_workers_pkey', 'CREATE UNIQUE INDEX recon_workers_pkey ON public.recon_workers USING btree (id)'),
    ('index', 'reconciliation_results_exceptions', 'CREATE INDEX reconciliation_results_exceptions ON public.reconciliation_results USING btree (status, payment_id) WHERE (status <> ''completed''::text)'),
    ('index', 'reconciliation_results_pkey', 'CREATE UNIQUE INDEX reconciliation_results_pkey ON public.reconciliation_results USING btree (payment_id)'),
    ('role', 'payments_api', ''),
    ('role', 'payments_prover', ''),
    ('role', 'payments_reader', ''),
    ('role', 'payments_worker', ''),
    ('table', 'accounts', 'r p'),
    ('table', 'audit_anchors', 'r p'),
    ('table', 'ledger_entries', 'r p'),
    ('table', 'payments', 'r p'),
    ('table', 'recon_jobs', 'r p'),
    ('table', 'recon_queue', 'r p'),
    ('table', 'recon_workers', 'r p'),
    ('table', 'reconciliation_results', 'r p'),
    ('trigger', 'accounts.accounts_balance_from_ledger', 'CREATE TRIGGER accounts_balance_from_ledger BEFORE UPDATE OF balance, version ON public.accounts FOR EACH STATEMENT WHEN ((pg_trigger_depth() = 0)) EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'accounts.accounts_identity', 'CREATE TRIGGER accounts_identity BEFORE UPDATE OF id, currency, kind, created_at ON public.accounts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'accounts.accounts_open_empty', 'CREATE TRIGGER accounts_open_empty AFTER INSERT ON public.accounts FOR EACH ROW WHEN ((NOT begins_empty(new.*))) EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'accounts.accounts_time_ascends', 'CREATE TRIGGER accounts_time_ascends AFTER UPDATE ON public.accounts FOR EACH ROW WHEN ((pg_trigger_depth() = 0)) EXECUTE FUNCTION check_changed_account()'),
    ('trigger', 'accounts.accounts_undeletable', 'CREATE TRIGGER accounts_undeletable BEFORE DELETE OR TRUNCATE ON public.accounts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'audit_anchors.audit_anchors_immutable', 'CREATE TRIGGER audit_anchors_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_anchors FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'audit_anchors.audit_anchors_made', 'CREATE TRIGGER audit_anchors_made BEFORE INSERT ON public.audit_anchors FOR EACH ROW EXECUTE FUNCTION make_anchor()'),
    ('trigger', 'ledger_entries.ledger_entries_immutable', 'CREATE TRIGGER ledger_entries_immutable BEFORE DELETE OR TRUNCATE ON public.ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'ledger_entries.ledger_entries_time_from_ledger', 'CREATE TRIGGER ledger_entries_time_from_ledger BEFORE UPDATE ON public.ledger_entries FOR EACH STATEMENT WHEN ((pg_trigger_depth() = 0)) EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'ledger_entries.ledger_post', 'CREATE TRIGGER ledger_post AFTER INSERT ON public.ledger_entries REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN ((pg_trigger_depth() = 0)) EXECUTE FUNCTION ledger_post()'),
    ('trigger', 'payments.payments_accepted_in', 'CREATE TRIGGER payments_accepted_in BEFORE UPDATE OF accepted_in ON public.payments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'payments.payments_begin_pending', 'CREATE TRIGGER payments_begin_pending AFTER INSERT ON public.payments FOR EACH ROW WHEN ((NOT begins_soundly(new.*))) EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'payments.payments_facts', 'CREATE TRIGGER payments_facts BEFORE UPDATE OF id, caller, idempotency_key, request_hash, account_id, currency, amount, description, created_at, refund_of ON public.payments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'payments.payments_reserve_refund', 'CREATE TRIGGER payments_reserve_refund AFTER INSERT ON public.payments FOR EACH ROW WHEN ((new.refund_of IS NOT NULL)) EXECUTE FUNCTION reserve_refund()'),
    ('trigger', 'payments.payments_settle_once', 'CREATE TRIGGER payments_settle_once AFTER UPDATE ON public.payments FOR EACH ROW WHEN (((pg_trigger_depth() = 0) OR (old.status <> ''pending''::text) OR (new.status = ''pending''::text))) EXECUTE FUNCTION check_settled_payment()'),
    ('trigger', 'payments.payments_undeletable', 'CREATE TRIGGER payments_undeletable BEFORE DELETE OR TRUNCATE ON public.payments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'recon_jobs.recon_jobs_begin_pending', 'CREATE TRIGGER recon_jobs_begin_pending AFTER INSERT ON public.recon_jobs FOR EACH ROW WHEN ((CURRENT_USER <> ''payments_api''::name)) EXECUTE FUNCTION check_new_job()'),
    ('trigger', 'recon_jobs.recon_jobs_facts', 'CREATE TRIGGER recon_jobs_facts AFTER UPDATE ON public.recon_jobs FOR EACH ROW WHEN ((CURRENT_USER <> ''payments_worker''::name)) EXECUTE FUNCTION check_changed_job()'),
    ('trigger', 'recon_jobs.recon_jobs_finish_once', 'CREATE TRIGGER recon_jobs_finish_once AFTER UPDATE ON public.recon_jobs FOR EACH ROW WHEN ((old.status = ''completed''::text)) EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'recon_jobs.recon_jobs_finish_with_results', 'CREATE TRIGGER recon_jobs_finish_with_results AFTER UPDATE ON public.recon_jobs REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT WHEN ((CURRENT_USER = ''payments_worker''::name)) EXECUTE FUNCTION check_finished_jobs()'),
    ('trigger', 'recon_jobs.recon_jobs_prune_finished', 'CREATE TRIGGER recon_jobs_prune_finished BEFORE DELETE ON public.recon_jobs FOR EACH ROW WHEN ((old.status <> ''completed''::text)) EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'recon_jobs.recon_jobs_untruncatable', 'CREATE TRIGGER recon_jobs_untruncatable BEFORE TRUNCATE ON public.recon_jobs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'recon_queue.recon_queue_undeletable', 'CREATE TRIGGER recon_queue_undeletable BEFORE DELETE OR TRUNCATE ON public.recon_queue FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'reconciliation_results.reconciliation_results_begin_now', 'CREATE TRIGGER reconciliation_results_begin_now AFTER INSERT ON public.reconciliation_results FOR EACH ROW WHEN ((CURRENT_USER <> ''payments_worker''::name)) EXECUTE FUNCTION check_new_result()'),
    ('trigger', 'reconciliation_results.reconciliation_results_immutable', 'CREATE TRIGGER reconciliation_results_immutable BEFORE DELETE OR UPDATE OR TRUNCATE ON public.reconciliation_results FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()'),
    ('trigger', 'reconciliation_results.reconciliation_results_post', 'CREATE TRIGGER reconciliation_results_post AFTER INSERT ON public.reconciliation_results REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION post_results()')),
actual as (
  select kind, name, definition
    from (
      -- columns, with their types and defaults
      select 'column' as kind, t.relname || '.' || a.attname as name,
             concat_ws(' ', format_type(a.atttypid, a.atttypmod), case when c.collname <> 'default' then 'collate ' || c.collname end,
               case when a.attnotnull then 'not null' end, 'default ' || pg_get_expr(d.adbin, d.adrelid)) as definition
        from guarded t
        join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
        left join pg_collation c on c.oid = a.attcollation
      union all
      -- tables: ordinary, logged, without row security
      select 'table', relname, concat_ws(' ', relkind, relpersistence, case when relrowsecurity then 'row security' end, case when relhasrules then 'rules' end,
               case when relowner <> (select relowner from guarded where relname = 'payments') then 'owned by ' || relowner::regrole end)
        from guarded
      union all
      -- a table that inherits from one of these adds its rows to it
      select 'inheritance', i.inhrelid::regclass || ' from ' || i.inhparent::regclass, ''
        from pg_inherits i
        join guarded t on t.oid in (i.inhrelid, i.inhparent) and t.relkind = 'r'
      union all
      -- constraints, and indexes that must be unique or serve a promise; Postgres 18 lists NOT NULL as a constraint, 15 does not
      select 'constraint', t.relname || '.' || c.conname, concat_ws(' ', pg_get_constraintdef(c.oid), case when not c.convalidated then 'not validated' end)
        from guarded t
        join pg_constraint c on c.conrelid = t.oid and c.contype <> 'n'
      union all
      select 'index', c.relname, concat_ws(' ', pg_get_indexdef(i.indexrelid), case when not (i.indisvalid and i.indisready and i.indislive) then 'invalid' end)
        from guarded t
        join pg_index i on i.indrelid = t.oid
        join pg_class c on c.oid = i.indexrelid
      union all
      -- triggers, and those that keep foreign keys
      select 'trigger', t.relname || '.' || g.tgname, concat_ws(' ', pg_get_triggerdef(g.oid), case when g.tgenabled <> 'O' then 'enabled ' || g.tgenabled::text end)
        from guarded t
        join pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
      union all
      select 'foreign key triggers', t.relname, string_agg(g.tgenabled::text, '' order by g.oid)
        from guarded t
        join pg_trigger g on g.tgrelid = t.oid and g.tgisinternal
       group by t.relname
      union all
      -- functions, by a digest of their text, and who may run them
      select 'function', p.oid::regprocedure::text,
             concat_ws(' ', 'returns', pg_get_function_result(p.oid), l.lanname, p.provolatile, case when p.prosecdef then 'security definer' end,
               case when p.proowner <> (select relowner from guarded where relname = 'payments') then 'owned by ' || p.proowner::regrole end,
               array_to_string(p.proconfig, ' '), encode(sha256(convert_to(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), 'UTF8')), 'hex'))
        from pg_proc p
        join pg_language l on l.oid = p.prolang
       where p.pronamespace = 'public'::regnamespace and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
      union all
      -- grants: to anybody but the owner of the thing
      select 'grant', granted.name || ' to ' || coalesce(r.rolname, 'public'), string_agg(g.privilege_type || case when g.is_grantable then ' with grant option' else '' end, ', ' order by g.privilege_type)
        from (
          select relname::text as name, relowner as owner, relacl as acl from guarded
          union all
          select t.relname || '.' || a.attname, t.relowner, a.attacl
            from guarded t join pg_attribute a on a.attrelid = t.oid and a.attacl is not null
          union all
          select p.oid::regprocedure::text, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner)) from pg_proc p
           where p.pronamespace = 'public'::regnamespace and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
          union all
          select 'schema public', nspowner, coalesce(nspacl, acldefault('n', nspowner)) from pg_namespace where nspname = 'public'
          union all
          select 'database', datdba, coalesce(datacl, acldefault('d', datdba)) from pg_database where datname = current_database()) granted
       cross join lateral aclexplode(granted.acl) g
        left join pg_roles r on r.oid = g.grantee
       where g.grantee <> granted.owner and r.rolname is distinct from 'pg_database_owner'
       group by granted.name, r.rolname
      union all
      -- roles: what they may do, what they are members of and what they own. (Whether they may log in is the operator's to say.)
      select 'role', r.rolname,
             concat_ws(' ', case when r.rolsuper then 'superuser' end, case when r.rolcreaterole then 'createrole' end, case when r.rolcreatedb then 'createdb' end,
               case when r.rolreplication then 'replication' end, case when r.rolbypassrls then 'bypassrls' end,
               (select 'member of ' || string_agg(m.roleid::regrole::text, ', ' order by 1) from pg_auth_members m where m.member = r.oid),
               (select 'owns ' || string_agg(t.relname, ', ' order by t.relname) from guarded t where t.relowner = r.oid))
        from pg_roles r
       where r.rolname in ('payments_api', 'payments_worker', 'payments_reader', 'payments_prover')
      union all
      -- parameters that a role other than a superuser may set, such as the one that turns triggers off; sessions that begin so
      select 'parameter', s.parname || ' to ' || coalesce(r.rolname, 'public'), string_agg(g.privilege_type, ', ' order by g.privilege_type)
        from pg_parameter_acl s
       cross join lateral aclexplode(s.paracl) g
        left join pg_roles r on r.oid = g.grantee
       where r.rolsuper is not true
       group by s.parname, r.rolname
      union all
      select 'setting', coalesce(r.rolname, 'everybody'), setting
        from pg_db_role_setting s
       cross join unnest(s.setconfig) setting
        left join pg_roles r on r.oid = s.setrole
       where s.setdatabase in (0, (select oid from pg_database where datname = current_database())) and setting like 'session_replication_role=%'
      union all
      -- event triggers run at any DDL or login
      select 'event trigger', evtname, concat_ws(' ', evtevent, evtfoid::regprocedure, evtenabled) from pg_event_trigger) guard)
select case when coalesce(e.name, a.name) like 'payments%caller_idempotency_key%' and a.name is null
         then array['guards-are-as-installed', 'one-payment-a-key']
         else array['guards-are-as-installed'] end as broken,
       coalesce(e.kind, a.kind) as kind, coalesce(e.name, a.name) as name, e.definition as installed, a.definition as found
  from expected e
  full join actual a on a.kind = e.kind and a.name = e.name
 where a.definition is distinct from e.definition;
