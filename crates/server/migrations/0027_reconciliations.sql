-- A POS's day compared with its bank's list: one row for a POS and day, written anew when it is compared again.
create table reconciliations (
  merchant_id bigint not null,
  id bigint not null,
  version bigint not null,
  shard bigint not null,
  pos_id bigint not null,
  -- in Istanbul, as 2026-11-27
  day text not null check (length(day) = 10),
  state text not null check (state in ('DUE', 'COMPARED', 'GIVEN_UP')),
  -- what it was compared with last, and when
  source text check (source in ('BANK', 'FILE')),
  compared_at timestamptz,
  -- moves of the list, and differences of the last comparison, with those that were too many to be kept
  moves bigint not null check (moves >= 0),
  differences bigint not null check (differences >= 0),
  -- how often the bank gave no list since it last gave one, what was heard, and when it is asked next
  tries bigint not null check (tries >= 0),
  message text,
  due_at timestamptz,
  primary key (merchant_id, id),
  constraint a_comparison_has_a_moment check ((state = 'COMPARED') = (compared_at is not null)),
  constraint a_comparison_has_a_source check ((source is null) = (compared_at is null)),
  constraint what_is_due_has_a_moment check (state <> 'DUE' or due_at is not null)
);

create unique index reconciliations_of_day on reconciliations (pos_id, merchant_id, day);
create index reconciliations_due on reconciliations (shard, due_at) where due_at is not null;

-- What the list of a day says otherwise than the books. Amounts in minor units of the currency.
create table reconciliation_differences (
  merchant_id bigint not null,
  id bigint not null,
  pos_id bigint not null,
  day text not null check (length(day) = 10),
  order_id text not null,
  kind text not null check (kind in ('TAKEN_UNKNOWN', 'TAKEN_FAILED', 'TAKEN_IN_DOUBT', 'HELD', 'CAPTURED_AT_BANK',
    'CAPTURED_HERE', 'NOT_AT_BANK', 'AMOUNT', 'GIVEN_BACK_AT_BANK', 'GIVEN_BACK_HERE', 'UNCLEAR')),
  -- null: no payment has the order
  payment_id bigint,
  currency text not null,
  their_currency text,
  ours bigint check (ours >= 0),
  theirs bigint check (theirs >= 0),
  -- the bank's reference and the ends of the card, where the list has them
  reference text not null,
  card text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  -- GONE: the list and the books agree by now; BY_HAND: a person says why it is none
  closing text check (closing in ('GONE', 'BY_HAND')),
  closed_at timestamptz,
  closed_by text,
  note text,
  primary key (merchant_id, id),
  constraint what_is_closed_has_a_moment check ((closing is null) = (closed_at is null)),
  constraint a_person_says_why check ((coalesce(closing, '') = 'BY_HAND') = (note is not null)),
  constraint a_person_has_a_name check ((note is null) = (closed_by is null))
);

create unique index reconciliation_differences_of_day
  on reconciliation_differences (pos_id, merchant_id, day, order_id, kind);
create index reconciliation_differences_open on reconciliation_differences (merchant_id, id) where closing is null;
