-- Card payments without an idempotency key that a merchant wants to take only once in so many seconds; 0 is off.
alter table merchants add column double_submit_seconds bigint not null default 0
  check (double_submit_seconds between 0 and 3600);

-- The last payment of a card, amount, currency and conversation, while another one like it is refused.
-- high and low are a digest of what is the same.
create table submits (
  merchant_id bigint not null,
  high bigint not null,
  low bigint not null,
  payment_id bigint not null,
  until timestamptz not null,
  primary key (merchant_id, high, low)
);

create index submits_over on submits (until);
