-- Money back. One row of refunds is one question to a bank; its items say of what. What is
-- being given back is reserved in payments and payment_items by the commit that writes the row.
alter table payment_items add column refunded bigint not null default 0 check (refunded >= 0);
alter table payment_items add column refund_pending bigint not null default 0
  constraint item_refunds_within_paid check (refund_pending >= 0 and refunded + refund_pending <= paid_price);

create table refunds (
  merchant_id bigint not null,
  id bigint not null,
  payment_id bigint not null,
  version bigint not null,
  shard bigint not null,
  -- the POS whose bank is asked; null when none is
  pos_id bigint,
  kind text not null check (kind in ('CANCEL', 'REFUND')),
  -- asked for by naming an item
  by_item boolean not null,
  -- it was made outside, and no bank was asked
  marked boolean not null,
  state text not null check (state in ('ASKED', 'APPROVED', 'DECLINED', 'DOUBT', 'NOT_SENT', 'REVIEW')),
  -- minor units of the payment's currency, points included
  amount bigint not null check (amount > 0),
  points jsonb,
  -- what the bank said, before it was asked, that it had given back of the order
  noted bigint,
  conversation_id text,
  charge_from_me boolean not null,
  answer jsonb,
  error jsonb,
  created_at timestamptz not null,
  asked_at timestamptz not null,
  answered_at timestamptz,
  inquiries bigint not null,
  inquire_at timestamptz,
  caller_inquired_at timestamptz,
  review_since timestamptz,
  primary key (merchant_id, id),
  constraint a_mark_is_settled check (not marked or state = 'APPROVED')
);

create index refunds_by_payment on refunds (payment_id, merchant_id);
-- While one refund of a payment has no outcome, there is no other.
create unique index refunds_open on refunds (payment_id, merchant_id) where state in ('ASKED', 'DOUBT', 'REVIEW');
create index refunds_due on refunds (shard, inquire_at) where inquire_at is not null;

create table refund_items (
  merchant_id bigint not null,
  id bigint not null,
  refund_id bigint not null,
  payment_id bigint not null,
  item_id bigint not null,
  amount bigint not null check (amount > 0),
  primary key (merchant_id, id)
);

create index refund_items_by_refund on refund_items (refund_id, merchant_id);
