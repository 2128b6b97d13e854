-- Every payment with a refund, and its refunds. A payment may be older than what an incremental audit reads, and its refund not.
--
-- refunds-reverse-a-payment: A refund names an existing payment that is no refund, of the same account, currency and decimals, and
--   was accepted after that payment had settled. (Within the hour, a clock may have been set.)
-- refunds-stay-within-their-payment: A payment's refunds add up to what is reserved for them, which is at most its amount, and
--   the settled ones to what is refunded.
-- statuses-follow-the-refunds: A payment is partially refunded once a refund has settled, and refunded once nothing is left. It
--   changed last when it settled or when its last refund did, whichever is later: the clock may have gone back in between.
with refund as materialized (
  select distinct f.refund_of as id
    from payments f
   where f.refund_of is not null and f.id >= '00000000-0000-0000-0000-000000000000'),
judged as (
  select refund.id, p.account_id, p.amount, p.status, p.refund_reserved, p.refunded, p.updated_at, sums.*,
         array_remove(array[
           case when p.id is null or p.refund_of is not null or sums.strangers > 0 or sums.first_at < r.created_at - interval '1 hour'
             then 'refunds-reverse-a-payment' end,
           case when p.refund_reserved is distinct from sums.accepted or sums.accepted > p.amount or p.refunded is distinct from sums.settled
             then 'refunds-stay-within-their-payment' end,
           case when p.status is distinct from case when sums.settled is null then 'completed' when sums.settled = p.amount then 'refunded' else 'partially_refunded' end
                  or (sums.settled is not null and p.updated_at <> greatest(r.created_at, sums.last_at))
             then 'statuses-follow-the-refunds' end], null) as broken
    from refund
    left join payments p on p.id = refund.id
    left join reconciliation_results r on r.payment_id = refund.id
   cross join lateral (
     select sum(f.amount) as accepted, sum(f.amount) filter (where f.status = 'completed') as settled, min(f.created_at) as first_at,
            max(f.updated_at) filter (where f.status = 'completed') as last_at,
            count(*) filter (where f.account_id is distinct from p.account_id or f.currency <> p.currency or scale(f.amount) <> scale(p.amount) or f.amount <= 0) as strangers
       from payments f
      where f.refund_of = refund.id) sums)
select *
  from judged
 where broken <> '{}';
