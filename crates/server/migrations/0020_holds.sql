-- An amount that is only held on the card: what of it is being released, was released, or is being taken, in minor
-- units, and until when it may be taken. All null: the payment is no hold. What was taken stands in captured.
alter table payments add column hold_amount bigint
  constraint a_hold_needs_success check (hold_amount is null or (hold_amount > 0 and status = 'SUCCESS'));
alter table payments add column hold_releasing bigint check (hold_releasing >= 0);
alter table payments add column hold_released bigint
  constraint releases_within_hold check (hold_released is null or (hold_released >= 0
    and hold_releasing + hold_released <= hold_amount and (captured = 0 or hold_releasing + hold_released = 0)));
-- While a capture has no outcome nothing else moves; no bank takes more than half as much again as is held.
alter table payments add column hold_capturing bigint
  constraint captures_within_hold check (hold_capturing is null or (hold_capturing >= 0
    and 2 * hold_capturing <= 3 * hold_amount and 2 * captured <= 3 * hold_amount
    and (hold_capturing = 0 or captured + hold_releasing + hold_released = 0)));
alter table payments add column hold_expires_at timestamptz;

-- It releases a hold that was not taken: the books of the hold change, not those of what was taken.
alter table refunds add column release boolean not null default false
  constraint a_release_is_whole check (not release or not by_item);

-- One row is one question to a bank to take what is held.
create table captures (
  merchant_id bigint not null,
  id bigint not null,
  payment_id bigint not null,
  version bigint not null,
  shard bigint not null,
  pos_id bigint not null,
  state text not null check (state in ('ASKED', 'APPROVED', 'DECLINED', 'DOUBT', 'NOT_SENT', 'REVIEW')),
  amount bigint not null check (amount > 0),
  amount_scale bigint not null,
  answer jsonb,
  error jsonb,
  created_at timestamptz not null,
  asked_at timestamptz not null,
  answered_at timestamptz,
  inquiries bigint not null,
  inquire_at timestamptz,
  caller_inquired_at timestamptz,
  review_since timestamptz,
  primary key (merchant_id, id)
);

create index captures_by_payment on captures (payment_id, merchant_id);
-- While one capture of a payment has no outcome there is no other, and a hold is taken once.
create unique index captures_open on captures (payment_id, merchant_id)
  where state in ('ASKED', 'DOUBT', 'REVIEW', 'APPROVED');
create index captures_due on captures (shard, inquire_at) where inquire_at is not null;
