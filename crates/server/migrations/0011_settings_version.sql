-- Counts the changes of what servers keep in memory: merchants, their API keys and their POSes. Every
-- commit that changes one of them counts here, in the same transaction. One row.
create table settings_version (
  id bigint not null primary key,
  version bigint not null
);
insert into settings_version (id, version) values (1, 1);
