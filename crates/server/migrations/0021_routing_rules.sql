-- What a merchant wants of routing: in order, which POSes take which payments. What a rule says is JSON as
-- text, read strictly by store/routing_rules.rs; a rule that it cannot read is told and decides nothing.
create table routing_rules (
  merchant_id bigint not null,
  id bigint not null,
  place bigint not null check (place >= 1),
  name text not null,
  active boolean not null,
  instruction text not null,
  version bigint not null,
  created_at timestamptz not null,
  primary key (merchant_id, id)
);
