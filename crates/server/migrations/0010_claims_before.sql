-- The claims of versions before migration 7 are moved into request_signatures and request_keys by
-- `galata migrate` (store/before.rs). A process of such a version must not claim beside that: it no
-- longer finds its tables, so no commit of it that begins with a claim is taken.
alter table signatures rename to signatures_before;
alter table idempotency_keys rename to idempotency_keys_before;
