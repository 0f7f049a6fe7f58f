-- Money back of loans: the account at the lender that is asked, in place of a POS, and the lender's own id of
-- what it gave back without being asked, which is booked once.
alter table refunds add column apm_id bigint
  constraint one_party_is_asked check (apm_id is null or pos_id is null);
alter table refunds add column lender_reference text
  constraint what_a_lender_gave_back_was_not_asked_for check (lender_reference is null or (marked and apm_id is not null));
create unique index refunds_by_lender on refunds (payment_id, merchant_id, lender_reference)
  where lender_reference is not null;
