-- When the money was taken, where that was known only well after the payment was made: minutes in 3DS, days
-- in doubt. Reports tell a payment at the moment at which its money was taken, so that each is in the report
-- of one day and a day that is over does not change.
alter table payments add column taken_late_at timestamptz;
create index payments_taken_late on payments (taken_late_at, merchant_id) where taken_late_at is not null;
create index refunds_made on refunds ((coalesce(answered_at, created_at)), merchant_id) where state = 'APPROVED';

-- Where the next page of a search begins: behind the last row of the page before it. high and low are a
-- digest of who searched for what.
create table search_pages (
  merchant_id bigint not null,
  high bigint not null,
  low bigint not null,
  page bigint not null check (page > 0),
  behind_id bigint not null,
  expires_at timestamptz not null,
  primary key (merchant_id, high, low, page)
);

create index search_pages_expired on search_pages (expires_at);

-- Reports that were asked for. due_at makes the row a piece of due work until the report is ready.
create table report_demands (
  merchant_id bigint not null,
  id bigint not null,
  shard bigint not null,
  report_type text not null check (report_type in ('TRANSACTION', 'PAYMENT')),
  from_at timestamptz not null,
  before_at timestamptz not null,
  -- how far it is made: parts that are written, and the row behind which the next one begins
  parts bigint not null,
  step bigint not null,
  behind_id bigint not null,
  ready_at timestamptz,
  due_at timestamptz,
  primary key (merchant_id, id),
  constraint a_report_has_a_range check (from_at < before_at),
  constraint a_report_is_due_or_ready check ((ready_at is null) = (due_at is not null))
);

create index report_demands_due on report_demands (shard, due_at) where due_at is not null;

-- The rows of a demanded report, some hundred a part, packed.
create table report_parts (
  merchant_id bigint not null,
  report_id bigint not null,
  part bigint not null,
  packed text not null,
  primary key (merchant_id, report_id, part)
);
