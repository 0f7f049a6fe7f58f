-- A card of a former provider is asked for by the person there and by the shop's own name for it, too.
create index card_mappings_by_user on card_mappings (provider_card_user_id, merchant_id, provider)
  where provider_card_user_id is not null;
create index card_mappings_by_external on card_mappings (external_id, merchant_id, provider)
  where external_id is not null;
