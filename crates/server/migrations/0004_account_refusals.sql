-- When and how the bank last refused the account itself: a password that expired, an address that it
-- does not know. Null once the account works again.
alter table merchant_poses add column account_refusal jsonb;
