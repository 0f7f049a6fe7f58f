-- When the lender was last asked to act: until it had its time nobody's word may cross that.
alter table loans add column asked_at timestamptz;
update loans set asked_at =
  (select p.created_at from payments p where p.merchant_id = loans.merchant_id and p.id = loans.payment_id);

-- What shops asked before their customers paid: a card's rewards, the offers for a cart. The page of a
-- payment shows what was asked about the same card or the same cart; nothing is decided by it.
create table inquiries (
  merchant_id bigint not null,
  id bigint not null,
  -- which card or cart, see store/inquiries.rs
  subject text not null,
  at timestamptz not null,
  found jsonb not null,
  primary key (merchant_id, id)
);

create index inquiries_by_subject on inquiries (merchant_id, subject, id);
create index inquiries_old on inquiries (at);
