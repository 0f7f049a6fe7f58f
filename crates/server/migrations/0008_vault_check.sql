-- A value that everybody may know, sealed under the key with which this database is used: whoever
-- comes with another key is told so before anything else is read or written. One row.
create table vault_checks (
  id bigint not null primary key,
  sealed text not null,
  sealed_at timestamptz not null
);
