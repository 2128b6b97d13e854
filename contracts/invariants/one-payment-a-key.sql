-- A caller's idempotency key has one payment.
select caller, idempotency_key, count(*) as payments
  from payments
 group by caller, idempotency_key
having count(*) > 1;
