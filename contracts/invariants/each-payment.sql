-- Every payment with its account, result and job, in one pass. each-entry.sql compares each entry with its payment.
--
-- request-hashes-are-those-of-their-payments: A payment's request hash is the hash of its account, amount, currency and
--   description, and a refund's is the hash of its payment, amount and reason.
-- payment-ids-hold-their-time: A payment's id is a version 7 UUID that contains the time at which the payment was accepted.
-- amounts-keep-the-decimals-of-their-currency: All amounts and balances in one currency have the same number of decimals,
--   so "250.00" is "250.00" everywhere.
-- payments-have-their-accounts-currency: A payment is in the currency of its customer's account.
-- one-result-a-settled-payment: A settled payment has a result that agrees with its status, and a pending payment has
--   none.
-- results-follow-the-rules: A result follows from the amount: zero or less fails, .13 has a discrepancy of 0.13, and any other
--   amount matches. Every result except a match gives its reason in notes.
-- jobs-and-payments-agree: A completed job's payment is settled, and a waiting or dead job's payment is not.
-- pending-payments-have-a-job: A pending payment has a job that is waiting or dead. (Finished jobs may have been pruned.)
-- finished-jobs-say-who-settled-them: A finished job names its worker, counts its attempt, has the error of any attempt before
--   that, and finished at the time its payment settled. The workers of the last six days are known.
-- payments-settle-in-one-transaction: A payment, its result and its job have the same time, until a refund of it settles. Its entries
--   have that time or, if the account was busy or the clock had gone back, a later time.
-- settling-comes-after-accepting: No payment settled over an hour before it was accepted. (Within the hour, a clock may have been set.)
-- times-are-plausible: No time is infinite or over five minutes in the future.
--
-- It also compares payments with their refunds for refunds-stay-within-their-payment and statuses-follow-the-refunds, which
-- each-refund.sql explains: that file does not see a payment whose refunds vanished.
with payment as (
  select p.id, p.account_id, p.currency, p.amount, p.status, p.created_at, p.updated_at,
         p.refund_of, p.refund_reserved, p.refunded,
         case when p.refund_of is null
           then p.request_hash is distinct from sha256(convert_to('["v1","' || p.account_id || '","' ||
             trunc(p.amount * case scale(p.amount) when 2 then 100 when 0 then 1 when 3 then 1000 else 10000 end) ||
             '","' || p.currency || '",' || to_json(p.description) || ']', 'UTF8'))
           else p.request_hash not in (refund_request_hash(p.refund_of, p.amount, true, p.description), refund_request_hash(p.refund_of, p.amount, false, p.description))
           end as hash_differs,
         -- the worker's rules, from reconcile.ts
         case when p.amount <= 0 then 'failed'
              when p.amount % 1 = 0.13 then 'completed_with_discrepancy'
              else 'completed' end as outcome
    from payments p
   where p.id >= '00000000-0000-0000-0000-000000000000'),
judged as (
  select p.*, r.status as result, r.notes, r.discrepancy_amount, r.created_at as settled_at,
         j.status as job, j.attempts, j.last_error, j.locked_by, j.locked_at, j.finished_at, j.created_at as queued_at, a.currency as account_currency,
         array_remove(array[
           case when hash_differs then 'request-hashes-are-those-of-their-payments' end,
           case when case when p.created_at between '1970-01-01' and '10000-01-01'
                       then substr(uuid_send(p.id), 1, 6) <> substr(int8send((date_part('epoch', p.created_at) * 1000)::bigint), 3)
                         or p.created_at::timestamptz(3) <> p.created_at or get_byte(uuid_send(p.id), 6) >> 4 <> 7
                       else true end
             then 'payment-ids-hold-their-time' end,
           case when scale(p.amount) <> currency_decimals(p.currency) or scale(r.discrepancy_amount) <> scale(p.amount)
             then 'amounts-keep-the-decimals-of-their-currency' end,
           case when p.currency is distinct from a.currency or a.kind <> 'customer' then 'payments-have-their-accounts-currency' end,
           case when case when p.refunded is null then p.status else 'completed' end <> case r.status when 'completed' then 'completed' when 'completed_with_discrepancy' then 'completed' when 'failed' then 'failed' else 'pending' end
             then 'one-result-a-settled-payment' end,
           case when r.status <> p.outcome or r.matched <> (p.outcome = 'completed') or (r.notes is null) <> (p.outcome = 'completed')
                  or r.discrepancy_amount <> case p.outcome when 'completed_with_discrepancy' then 0.13 else 0 end
             then 'results-follow-the-rules' end,
           case when (j.status = 'completed') <> (p.status <> 'pending') then 'jobs-and-payments-agree' end,
           case when p.status = 'pending' and (j.status is null or j.status = 'completed') then 'pending-payments-have-a-job' end,
           case when j.status = 'completed' and (j.attempts < 1 or j.locked_by is null or j.locked_at is distinct from r.created_at or j.finished_at <> r.created_at
                  or (j.attempts > 1 and j.last_error is null)
                  or (r.created_at > now() - interval '6 days' and j.locked_by not in (select w.id from recon_workers w)))
             then 'finished-jobs-say-who-settled-them' end,
           case when p.updated_at <> coalesce(r.created_at, p.created_at) and p.refunded is null then 'payments-settle-in-one-transaction' end,
           case when p.refund_reserved is not null
                  and (p.refund_reserved > p.amount
                       or (p.refund_reserved, coalesce(p.refunded, 0)) is distinct from (
                            select (sum(f.amount), coalesce(sum(f.amount) filter (where f.status = 'completed'), 0)) from payments f where f.refund_of = p.id))
             then 'refunds-stay-within-their-payment' end,
           case when p.status in ('partially_refunded', 'refunded') <> (p.refunded is not null) or (p.status = 'refunded') <> coalesce(p.refunded = p.amount, false)
             then 'statuses-follow-the-refunds' end,
           case when least(r.created_at, j.finished_at) < j.created_at - interval '1 hour' then 'settling-comes-after-accepting' end,
           case when j.created_at < greatest(p.created_at - interval '1 day', a.created_at - interval '1 hour') then 'job-times-are-in-order' end,
           case when greatest(p.created_at, p.updated_at, r.created_at, j.created_at, j.locked_at, j.finished_at) > now() + interval '5 minutes'
                  or least(p.created_at, p.updated_at, r.created_at, j.created_at, j.locked_at, j.finished_at) = '-infinity'
             then 'times-are-plausible' end], null) as broken
    from payment p
    left join accounts a on a.id = p.account_id
    left join reconciliation_results r on r.payment_id = p.id
    left join recon_jobs j on j.payment_id = p.id)
select *
  from judged
 where broken <> '{}';
