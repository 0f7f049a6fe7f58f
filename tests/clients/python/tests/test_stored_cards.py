"""Stored cards: found, changed, copied and deleted."""
from craftgate.model import CardProvider
from craftgate.request import (
    CloneCardRequest, DeleteStoredCardRequest, RetrieveProviderCardRequest, SearchStoredCardsRequest, StoreCardRequest,
    UpdateCardRequest,
)
from craftgate.request.dto import Card
from support.stage import assert_broken_rule, payment, refusal

WORLD = "5258640000000001"


def kept(payments, **more):
    return payments.store_card(StoreCardRequest(
        card_holder_name="Haluk Demir", card_number=WORLD, expire_year="2044", expire_month="07", **more))


def test_a_card_is_found_changed_and_deleted(payments):
    stored = kept(payments, card_alias="mine & yours")
    keys = {"card_user_key": stored.card_user_key, "card_token": stored.card_token}
    found = payments.search_stored_cards(SearchStoredCardsRequest(card_alias="mine & yours", **keys))
    assert (found.total_size, found.page, found.size) == (1, 0, 10)
    assert found.items[0].to_dict() == stored.to_dict()
    changed = payments.update_card(UpdateCardRequest(expire_year="2045", expire_month="11", **keys))
    assert (changed.expire_year, changed.expire_month, changed.card_alias) == ("2045", "11", "mine & yours")
    assert payments.delete_stored_card(DeleteStoredCardRequest(**keys)) is None
    assert payments.search_stored_cards(SearchStoredCardsRequest(card_user_key=stored.card_user_key)).items == []
    assert_broken_rule(refusal(payments.create_payment, payment("10", Card(**keys))), 422)


def test_a_card_is_copied_to_no_other_merchant_and_none_of_a_former_provider_is_known(payments):
    stored = kept(payments)
    copy = CloneCardRequest(
        source_card_user_key=stored.card_user_key, source_card_token=stored.card_token, target_merchant_id=7)
    assert_broken_rule(refusal(payments.clone_card, copy), 422)
    asked = RetrieveProviderCardRequest(card_provider=CardProvider.IYZICO, provider_card_token="none")
    assert payments.retrieve_provider_cards(asked).items == []
