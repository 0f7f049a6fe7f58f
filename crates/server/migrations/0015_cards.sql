-- What lists and rules ask of stored cards. Null in rows of the version before, and where the number's
-- range is not known; filled beside the traffic (store/cards.rs, `fill`).
-- A keyed hash of merchant and number: one card has one fingerprint, however often it is stored.
alter table stored_cards add column fingerprint text check (length(fingerprint) = 43);
alter table stored_cards add column card_type text check (card_type in ('CREDIT_CARD', 'DEBIT_CARD', 'PREPAID_CARD'));
alter table stored_cards add column association text;
alter table stored_cards add column brand text;
alter table stored_cards add column bank_name text;
-- The edition of the list of BINs that told the four above.
alter table stored_cards add column bins_edition bigint;
-- When a payment last used it.
alter table stored_cards add column used_at timestamptz;
create index stored_cards_by_age on stored_cards (created_at, card_token, merchant_id) where active;
create index stored_cards_by_edition on stored_cards (bins_edition, merchant_id, card_user_key, card_token);

-- People whose cards are stored: a key stays known when its last card is deleted, for the shop keeps it.
create table card_users (
  merchant_id bigint not null,
  card_user_key text not null,
  created_at timestamptz not null,
  primary key (merchant_id, card_user_key)
);
insert into card_users (merchant_id, card_user_key, created_at)
  select merchant_id, card_user_key, min(created_at) from stored_cards where active
  group by merchant_id, card_user_key;

-- Cards that a merchant had at a provider before, and what they are here.
create table card_mappings (
  merchant_id bigint not null,
  provider text not null check (provider in ('IYZICO', 'IPARA', 'BIRLESIK_ODEME', 'MEX')),
  provider_card_token text not null,
  provider_card_user_id text,
  external_id text,
  card_user_key text not null,
  card_token text not null,
  created_at timestamptz not null,
  primary key (merchant_id, provider, provider_card_token)
);
create index card_mappings_by_card on card_mappings (card_token, merchant_id);

-- The key of fingerprints, sealed. It stays when the sealing key changes. One row.
create table fingerprint_keys (
  id bigint not null primary key check (id = 1),
  key_sealed text not null
);

-- What each process of a lease could open, and what it seals with: the number of a key. Null in rows of
-- the version before.
alter table nodes add column newest_key bigint;
alter table nodes add column seals_with bigint;

-- The changes from one sealing key to the next: a row for each, by the number of the key that seals since.
create table key_rotations (
  id bigint not null primary key check (id between 1 and 255),
  began_at timestamptz not null,
  -- Since when no process seals with an older key.
  switched_at timestamptz,
  -- The walk through all sealed values: its number, its beginning, where it stands.
  walk bigint not null check (walk >= 1),
  walk_began_at timestamptz not null,
  table_name text not null,
  after_key text not null,
  -- Values that this walk looked at, and those that it found under an older key.
  looked_at bigint not null check (looked_at >= 0),
  older bigint not null check (older >= 0),
  -- Values that no key opens, in this walk.
  unreadable bigint not null check (unreadable >= 0),
  -- Values that were sealed anew, in all walks.
  resealed bigint not null check (resealed >= 0),
  -- Who walks.
  walker text not null,
  walker_until timestamptz not null,
  -- A whole walk, begun after the switch, found no value under an older key.
  proven_at timestamptz,
  constraint proof_needs_the_switch check (proven_at is null or switched_at is not null)
);
