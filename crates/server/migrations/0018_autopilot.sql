-- Since when the autopilot keeps payments away from a POS; null while it does not. With and without 3DS apart.
alter table merchant_poses add column threeds_down_since timestamptz;
alter table merchant_poses add column non_threeds_down_since timestamptz;

-- What the autopilot did, for people.
create table autopilot_changes (
  merchant_id bigint not null,
  id bigint not null,
  pos_id bigint not null,
  at timestamptz not null,
  threeds boolean not null,
  is_up boolean not null,
  -- of the window that it went by
  failures bigint not null,
  answers bigint not null,
  primary key (merchant_id, id)
);

create index autopilot_changes_at on autopilot_changes (at);
