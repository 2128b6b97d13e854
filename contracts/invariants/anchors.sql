-- The chain of anchors. An incremental audit checks that the chain is intact; a full audit also checks the rows each anchor covers.
--
-- the-chain-of-anchors-is-whole: Anchors are numbered 1, 2, 3 and so on, in the order of their times, and each is chained to the
--   previous anchor.
-- anchored-payments-are-unchanged: Everything accepted and settled before an anchor still exists, unchanged.
with chained as (
  select a.*, lag(a.created_at) over w as created_before,
         coalesce(lag(a.digest) over w, '') || int4send(a.seq) || int8send(a.payments) || int8send(a.results) || a.contents as content
    from audit_anchors a
  window w as (order by a.seq)),
link as (
  select a.seq, a.payments, a.results, a.contents,
         a.seq <> row_number() over (order by a.seq)
           or a.created_at > now() + interval '5 minutes' or a.created_at < a.created_before - interval '1 hour' -- the clock may have been set
           or a.digest not in (sha256(a.content || textsend(a.snapshot::text) || timestamptz_send(a.created_at)),
                               sha256(a.content)) as is_torn -- as it was before migration 0020
    from chained a)
select array['the-chain-of-anchors-is-whole'] as broken, seq, null::bigint as payments_then, null::bigint as payments_now, null::bigint as results_then, null::bigint as results_now
  from link
 where is_torn
union all
select array['anchored-payments-are-unchanged'], link.seq, link.payments, segment.payments, link.results, segment.results
  from link
  join audit_segments(1) segment on segment.seq = link.seq
 where '00000000-0000-0000-0000-000000000000' < '00000000-0000-0000-0000-000000000001'::uuid -- in a full audit
   and (segment.payments, segment.results, segment.contents) <> (link.payments, link.results, link.contents);
