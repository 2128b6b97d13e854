-- Adds an anchor that covers everything accepted and settled since the previous anchor, and returns it.
-- Run this as the owner, for example with `make audit-anchor`.
insert into audit_anchors (seq, snapshot, payments, results, contents, digest)
select segment.seq, pg_current_snapshot(), segment.payments, segment.results, segment.contents,
       sha256(coalesce(before.digest, '') || int4send(segment.seq) || int8send(segment.payments) || int8send(segment.results) || segment.contents)
  from (select coalesce(max(seq), 0) + 1 as next from audit_anchors) last
 cross join lateral audit_segments(last.next) segment
  left join audit_anchors before on before.seq = last.next - 1
returning seq, payments, results, encode(digest, 'hex') as digest, created_at;
