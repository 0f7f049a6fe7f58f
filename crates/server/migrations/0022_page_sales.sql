-- Where the bank's 3DS page sells by itself: until when the shopper may come back from it. Null where the
-- page only verifies, and without 3DS.
alter table attempts add column page_sells_until timestamptz
  check (page_sells_until is null or (threeds and state <> 'VERIFIED'));

-- What was verified and never completed ends some days after it was begun (decision 0010): it is looked at
-- once, and then at its end.
update attempts set inquire_at = asked_at where state = 'VERIFIED' and inquire_at is null;
