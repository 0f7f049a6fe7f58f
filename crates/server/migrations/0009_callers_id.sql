-- The id that the caller or a proxy sent along as x-request-id and read in the answer.
alter table request_log add column callers_id text;
