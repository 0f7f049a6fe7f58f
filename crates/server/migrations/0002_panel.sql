-- People who use the panel, what they did, and what the panel shows of exchanges and requests.
-- The exceptions to merchant_id first: users, user_links and sessions (a person may serve several
-- merchants, and is found by e-mail, link or cookie), and entries of audit_log with merchant 0 (what
-- concerns no merchant, such as a sign-in that failed).

create table users (
  id bigint primary key,
  -- lower case
  email text not null unique,
  name text not null,
  -- argon2id in PHC form; null until a link was used
  password_hash text,
  totp_sealed text,
  -- the last time step whose code was used: no code works twice
  totp_step bigint not null,
  failures bigint not null,
  locked_until timestamptz,
  created_at timestamptz not null,
  version bigint not null
);

create table memberships (
  merchant_id bigint not null,
  user_id bigint not null,
  role text not null check (role in ('OWNER', 'FINANCE', 'SUPPORT', 'DEVELOPER', 'READ_ONLY')),
  primary key (merchant_id, user_id)
);

create index memberships_by_user on memberships (user_id, merchant_id);

-- One-time links: the SHA-256 of the token, so that a stolen database opens no door.
create table user_links (
  digest text primary key,
  user_id bigint not null,
  kind text not null check (kind in ('PASSWORD', 'SIGN_IN')),
  expires_at timestamptz not null
);

create index user_links_expired on user_links (expires_at);

-- The SHA-256 of the cookie.
create table sessions (
  digest text primary key,
  user_id bigint not null,
  -- the merchant whose panel is open
  merchant_id bigint not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

create index sessions_by_user on sessions (user_id);
create index sessions_expired on sessions (expires_at);

-- Append-only: the program holds no statement that changes or deletes a row.
create table audit_log (
  merchant_id bigint not null,
  id bigint not null,
  at timestamptz not null,
  actor_kind text not null check (actor_kind in ('USER', 'API_KEY', 'OPERATOR', 'NOBODY')),
  actor text not null,
  role text,
  address text not null,
  action text not null,
  target text not null,
  outcome text not null check (outcome in ('DONE', 'REFUSED')),
  before jsonb,
  after jsonb,
  primary key (merchant_id, id)
);

-- What was done with one payment.
create index audit_log_by_target on audit_log (target, merchant_id, id);

-- A key may be given a last moment, so that an old and a new one overlap.
alter table api_keys add column expires_at timestamptz;
create index api_keys_by_merchant on api_keys (merchant_id);

-- What was said to banks and lenders, scrubbed.
create table exchanges (
  merchant_id bigint not null,
  id bigint not null,
  payment_id bigint not null,
  party text not null,
  operation text not null,
  url text not null,
  sent_at timestamptz not null,
  took_ms bigint not null,
  request text not null,
  -- null when none came
  status bigint,
  response text,
  failure text,
  primary key (merchant_id, id)
);

create index exchanges_by_payment on exchanges (payment_id, merchant_id);

-- Each call of a webhook.
create table webhook_tries (
  merchant_id bigint not null,
  id bigint not null,
  webhook_id bigint not null,
  at timestamptz not null,
  took_ms bigint not null,
  url text not null,
  -- header lines, an empty line, the body
  request text not null,
  status bigint,
  response text,
  failure text,
  primary key (merchant_id, id)
);

create index webhook_tries_by_webhook on webhook_tries (webhook_id, merchant_id);
create index webhooks_by_payment on webhooks (payment_id, merchant_id);

-- What API keys asked for. signing: for a refused signature, what was expected beside what came.
create table request_log (
  merchant_id bigint not null,
  id bigint not null,
  at timestamptz not null,
  api_key text not null,
  address text not null,
  method text not null,
  path text not null,
  status bigint not null,
  took_ms bigint not null,
  error_code text,
  error_text text,
  signing jsonb,
  primary key (merchant_id, id)
);

create index request_log_old on request_log (at);
create index request_log_by_key on request_log (api_key, id);

-- Pages are turned by id: with the id behind them these also give the order.
drop index payments_by_conversation;
drop index payments_by_external;
create index payments_by_conversation on payments (conversation_id, merchant_id, id);
create index payments_by_external on payments (external_id, merchant_id, id);

-- The queue of doubts.
create index attempts_open on attempts (merchant_id, id)
  where state in ('DOUBT', 'REVERSING', 'REVIEW');
