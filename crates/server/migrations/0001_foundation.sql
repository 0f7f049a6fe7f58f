-- The common dialect of SQLite and PostgreSQL: bigint, text, boolean, timestamptz, jsonb.
-- merchant_id leads the keys of everything that belongs to a merchant, so that the schema can be
-- distributed by merchant; the exceptions are api_keys (found by key), page_tokens (found by
-- token), nodes and shards (who does the work).
-- Columns named *_sealed hold AES-256-GCM ciphertext bound to merchant and row.

create table merchants (
  id bigint primary key,
  name text not null,
  demo boolean not null,
  features jsonb not null,
  threeds_policy text not null check (threeds_policy in ('FULL_THREEDS', 'HALF_THREEDS')),
  -- a payment without 3DS that the bank took although the shop was told of doubt: complete it,
  -- or reverse it
  completes_doubt boolean not null,
  callback_key_sealed text not null,
  webhook_key_sealed text not null,
  webhook_url text not null,
  webhook_events jsonb not null,
  created_at timestamptz not null,
  version bigint not null
);

create table api_keys (
  api_key text primary key,
  merchant_id bigint not null references merchants (id),
  secret_sealed text not null,
  active boolean not null,
  created_at timestamptz not null
);

create table merchant_poses (
  merchant_id bigint not null,
  id bigint not null,
  alias text not null,
  name text not null,
  integrator text not null,
  bank_id bigint not null,
  status text not null check (status in ('DELETED', 'PASSIVE', 'ACTIVE', 'REFUND_ONLY', 'AUTOPILOT')),
  currency text not null,
  order_number bigint not null,
  -- switches, endpoints, associations, authentication types
  settings jsonb not null,
  -- terminal numbers, keys, users and passwords
  credentials_sealed text not null,
  created_at timestamptz not null,
  version bigint not null,
  primary key (merchant_id, id),
  unique (merchant_id, alias)
);

create table merchant_apms (
  merchant_id bigint not null,
  id bigint not null,
  apm_type text not null,
  name text not null,
  active boolean not null,
  api_url text not null,
  loan_type text not null check (loan_type in ('CONSUMER', 'COMMERCIAL')),
  -- bank code -> AUTO | MANUAL; a bank that is not named keeps its published behaviour
  approval_modes jsonb not null,
  time_limit_seconds bigint not null check (time_limit_seconds between 60 and 86400),
  credentials_sealed text not null,
  created_at timestamptz not null,
  version bigint not null,
  primary key (merchant_id, id)
);

create table stored_cards (
  merchant_id bigint not null,
  card_user_key text not null,
  card_token text not null,
  pan_sealed text not null,
  bin_number text not null,
  last_four text not null,
  holder_name text not null,
  expire_year bigint not null,
  expire_month bigint not null,
  alias text not null,
  -- false while the payment that stores it is undecided
  active boolean not null,
  created_at timestamptz not null,
  primary key (merchant_id, card_user_key, card_token)
);

create table payments (
  merchant_id bigint not null,
  id bigint not null,
  version bigint not null,
  created_at timestamptz not null,
  payment_type text not null,
  provider text not null,
  status text not null check (status in ('FAILURE', 'SUCCESS', 'INIT_THREEDS', 'CALLBACK_THREEDS', 'WAITING')),
  phase text not null,
  payment_group text,
  channel text,
  conversation_id text,
  external_id text,
  currency text not null,
  price bigint not null check (price >= 0),
  price_scale bigint not null,
  paid_price bigint not null check (paid_price >= 0),
  paid_price_scale bigint not null,
  wallet_price bigint not null check (wallet_price >= 0 and wallet_price <= paid_price),
  wallet_price_scale bigint not null,
  -- the books: what was taken, given back, and is being given back
  captured bigint not null
    constraint captured_within_paid check (captured >= 0 and captured <= paid_price),
  refunded bigint not null check (refunded >= 0),
  refund_pending bigint not null check (refund_pending >= 0),
  installment bigint not null,
  threeds boolean not null,
  buyer_member_id bigint,
  client_ip text,
  callback_url text,
  requested_pos_alias text,
  pos_id bigint,
  -- id, name, alias and bank as they were when it was asked
  pos jsonb,
  order_id text,
  bin_number text,
  last_four text,
  -- holder, issuer, type, association, brand as shown
  card jsonb not null,
  paid_with_stored_card boolean not null,
  store_card boolean not null,
  card_user_key text,
  card_token text,
  auth_code text,
  host_reference text,
  trans_id text,
  md_status bigint,
  loyalty jsonb,
  error jsonb,
  additional jsonb not null,
  primary key (merchant_id, id),
  constraint refunds_within_captured check (captured >= refunded + refund_pending),
  constraint captured_needs_success check (captured = 0 or status = 'SUCCESS')
);

-- Secondary indexes lead with the narrower column: one that led with merchant_id would be taken for
-- look-ups by primary key while a table has no statistics, and read all of a merchant's rows.
create index payments_by_conversation on payments (conversation_id, merchant_id);
create index payments_by_external on payments (external_id, merchant_id);

create table payment_items (
  merchant_id bigint not null,
  payment_id bigint not null,
  position bigint not null,
  id bigint not null,
  name text,
  external_id text,
  price bigint not null check (price >= 0),
  price_scale bigint not null,
  paid_price bigint not null check (paid_price >= 0),
  wallet_price bigint not null check (wallet_price >= 0),
  sub_merchant_member_id bigint,
  sub_merchant_price bigint,
  sub_merchant_price_scale bigint,
  blockage_day bigint,
  primary key (merchant_id, payment_id, position)
);

create index payment_items_by_id on payment_items (id, merchant_id);

-- One order at one bank or lender. inquire_at makes the row a piece of due work: the moment when
-- somebody must ask what became of it, null when the outcome is known.
create table attempts (
  merchant_id bigint not null,
  id bigint not null,
  payment_id bigint not null,
  shard bigint not null,
  pos_id bigint not null,
  order_id text not null,
  -- the shop chose the order id: another sale may have used it before, outside Galata
  order_id_chosen boolean not null,
  threeds boolean not null,
  state text not null check (state in
    ('ASKED', 'PAGE', 'VERIFIED', 'APPROVED', 'DECLINED', 'DOUBT', 'NOT_SENT', 'REVERSING', 'REVERSED', 'REVIEW')),
  amount bigint not null check (amount > 0),
  installment bigint not null,
  reward jsonb,
  proof_sealed text,
  answer jsonb,
  asked_at timestamptz not null,
  answered_at timestamptz,
  inquiries bigint not null,
  inquire_at timestamptz,
  primary key (merchant_id, id)
);

create index attempts_by_payment on attempts (payment_id, merchant_id);
create index attempts_due on attempts (shard, inquire_at) where inquire_at is not null;

-- A bank order id is used once by a merchant; released when the bank declined it.
create table bank_orders (
  merchant_id bigint not null,
  order_id text not null,
  payment_id bigint not null,
  primary key (merchant_id, order_id)
);

create table loans (
  merchant_id bigint not null,
  payment_id bigint not null,
  shard bigint not null,
  apm_id bigint not null,
  order_id text not null,
  bank_code text,
  term bigint,
  approval_mode text,
  application_id text,
  redirect_url text,
  -- the apmAdditionalAction that the merchant sees
  action text not null,
  -- what the lender last said; ASKED while the application itself is in doubt
  state text not null check (state in
    ('ASKED', 'PENDING', 'ASSESSING', 'READY', 'CONFIRMING', 'DISBURSED', 'REJECTED', 'EXPIRED', 'CANCELLED')),
  items jsonb not null,
  returned boolean not null,
  expires_at timestamptz not null,
  inquiries bigint not null,
  inquire_at timestamptz,
  primary key (merchant_id, payment_id)
);

create index loans_due on loans (shard, inquire_at) where inquire_at is not null;

-- Addresses that browsers and lenders are given: 128 random bits, never an id.
create table page_tokens (
  token text primary key,
  merchant_id bigint not null,
  payment_id bigint not null,
  kind text not null check (kind in ('THREEDS_PAGE', 'THREEDS_RETURN', 'LOAN_RETURN', 'LOAN_NOTIFY')),
  expires_at timestamptz not null
);

create index page_tokens_expired on page_tokens (expires_at);

-- Outbox: written in the commit of the change that it announces, due until a 2xx or the last try.
create table webhooks (
  merchant_id bigint not null,
  id bigint not null,
  shard bigint not null,
  payment_id bigint not null,
  event_type text not null,
  event_at timestamptz not null,
  status text not null,
  payload_id text not null,
  payload jsonb,
  state text not null check (state in ('PENDING', 'DELIVERED', 'DROPPED')),
  tries bigint not null,
  last_result text,
  due_at timestamptz,
  primary key (merchant_id, id)
);

create index webhooks_due on webhooks (shard, due_at) where due_at is not null;

-- Request signatures that were used. A write's is kept for good, a read's until expires_at.
create table signatures (
  merchant_id bigint not null,
  signature text not null,
  expires_at timestamptz,
  primary key (merchant_id, signature)
);

create index signatures_expired on signatures (expires_at) where expires_at is not null;

create table idempotency_keys (
  merchant_id bigint not null,
  key text not null,
  -- SHA-256 of method, path and body
  fingerprint text not null,
  payment_id bigint,
  status bigint,
  -- the answer, sealed; null while undecided, or when it is made again from the request
  answer_sealed text,
  created_at timestamptz not null,
  primary key (merchant_id, key)
);

create index idempotency_by_payment on idempotency_keys (payment_id, merchant_id) where payment_id is not null;

-- Node numbers inside ids, leased.
create table nodes (
  node bigint primary key,
  owner text not null,
  until timestamptz not null
);

-- Who does the due work of which shard; the fence grows with each new owner.
create table shards (
  shard bigint primary key,
  owner text not null,
  fence bigint not null,
  until timestamptz not null
);
