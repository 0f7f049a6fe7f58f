-- How often the bank was asked to give the money back; a person's word is written on condition that
-- nobody began a reversal since.
alter table attempts add column reversals bigint not null default 0;
-- When a shop's call or a person last made Galata ask. The schedule is inquire_at alone.
alter table attempts add column caller_inquired_at timestamptz;
-- Since when a person is told; inquiries go on.
alter table attempts add column review_since timestamptz;

alter table loans add column caller_inquired_at timestamptz;
alter table loans add column review_since timestamptz;
-- Until when the call by which the lender was last asked to act may still have no answer.
alter table loans add column acting_until timestamptz;
