-- What a payment, refund or webhook has is read in the order of its ids. With the id in the index that order is free; without
-- it SQLite read all of a merchant's rows by their primary key, for the sake of the order.
drop index attempts_by_payment;
create index attempts_by_payment on attempts (payment_id, merchant_id, id);
drop index refunds_by_payment;
create index refunds_by_payment on refunds (payment_id, merchant_id, id);
drop index captures_by_payment;
create index captures_by_payment on captures (payment_id, merchant_id, id);
drop index refund_items_by_refund;
create index refund_items_by_refund on refund_items (refund_id, merchant_id, id);
drop index exchanges_by_payment;
create index exchanges_by_payment on exchanges (payment_id, merchant_id, id);
drop index webhooks_by_payment;
create index webhooks_by_payment on webhooks (payment_id, merchant_id, id);
drop index webhook_tries_by_webhook;
create index webhook_tries_by_webhook on webhook_tries (webhook_id, merchant_id, id);
