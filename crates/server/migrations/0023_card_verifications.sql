-- A payment that verifies a card: what it takes is given back.
alter table payments add column verification boolean not null default false;
-- When such a payment verified a stored card.
alter table stored_cards add column verified_at timestamptz;
