-- The moment up to which ids of the number may have been made: its next holder begins there. Null in
-- rows of versions that did not note it; their ids ended with the lease.
alter table nodes add column ids_before timestamptz;

-- What is due of one merchant is left out of a look without reading its rows.
drop index webhooks_due;
create index webhooks_due on webhooks (shard, due_at, merchant_id, id) where due_at is not null;
