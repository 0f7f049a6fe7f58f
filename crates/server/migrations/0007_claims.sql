-- What a request claims, small enough to be kept for good. Digests are cut to 128 bits, as two
-- halves. The tables of before, signatures and idempotency_keys, stay: while processes of the older
-- version may run both are written, then their rows are moved here in steps (store/older.rs).

-- Request signatures that were used: a write's for good, a read's until expires_at.
create table request_signatures (
  merchant_id bigint not null,
  high bigint not null,
  low bigint not null,
  -- of the idempotency key that came with it
  key_digest bigint,
  expires_at timestamptz,
  primary key (merchant_id, high, low)
);

create index request_signatures_expired on request_signatures (expires_at) where expires_at is not null;

-- Idempotency keys, as the halves of their digest.
create table request_keys (
  merchant_id bigint not null,
  high bigint not null,
  low bigint not null,
  -- of method, path and body
  fingerprint bigint not null,
  payment_id bigint,
  -- seconds since 1970
  claimed_at bigint not null,
  primary key (merchant_id, high, low)
);

-- A key that moved nothing is forgotten.
create index request_keys_idle on request_keys (claimed_at) where payment_id is null;

-- Answers to keys, deflated and sealed, for some days.
create table kept_answers (
  merchant_id bigint not null,
  high bigint not null,
  low bigint not null,
  status bigint not null,
  body_sealed text not null,
  -- seconds since 1970
  forget_at bigint not null,
  primary key (merchant_id, high, low)
);

create index kept_answers_old on kept_answers (forget_at);

-- Written and read to learn whether the database takes writes.
create table probes (
  id bigint primary key,
  at timestamptz not null
);
