-- A payment without an external id, or without a conversation id, needs no place in their indexes.
drop index payments_by_external;
create index payments_by_external on payments (external_id, merchant_id, id) where external_id is not null;
drop index payments_by_conversation;
create index payments_by_conversation on payments (conversation_id, merchant_id, id) where conversation_id is not null;
