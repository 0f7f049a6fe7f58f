-- When the shop gave up a payment that was not at its end (decision 0033): whatever is taken then goes back.
alter table payments add column given_up_at timestamptz;
