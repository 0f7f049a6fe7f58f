-- What a card family pays in a number of instalments at a POS. Rates are whole millionths: 2.30 % is
-- 23000. A rate that is null was not given.
create table pos_commissions (
  merchant_id bigint not null,
  pos_id bigint not null,
  family text not null,
  installment bigint not null check (installment between 1 and 36),
  id bigint not null,
  status text not null check (status in ('ACTIVE', 'PASSIVE')),
  label text,
  blockage_days bigint check (blockage_days between 0 and 365),
  on_us_credit bigint check (on_us_credit between 0 and 1000000),
  on_us_debit bigint check (on_us_debit between 0 and 1000000),
  not_on_us_credit bigint check (not_on_us_credit between 0 and 1000000),
  not_on_us_debit bigint check (not_on_us_debit between 0 and 1000000),
  foreign_card bigint check (foreign_card between 0 and 1000000),
  -- what the shopper pays on top; a discount is below zero
  merchant_rate bigint check (merchant_rate between -990000 and 10000000),
  primary key (merchant_id, pos_id, family, installment)
);

-- What the POS's table said when the payment was planned; null where it said nothing.
alter table payments add column bank_rate bigint check (bank_rate between 0 and 1000000);
alter table payments add column blockage_days bigint check (blockage_days between 0 and 365);
