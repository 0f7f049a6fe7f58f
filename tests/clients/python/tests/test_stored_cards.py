"""Stored cards: found, changed, copied and deleted."""
from decimal import Decimal

from craftgate.model import CardProvider, CardVerificationAuthType, CardVerifyStatus, Currency, RefundStatus
from craftgate.request import (
    CloneCardRequest, DeleteStoredCardRequest, RetrieveProviderCardRequest, SearchStoredCardsRequest, StoreCardRequest,
    UpdateCardRequest, VerifyCardRequest,
)
from craftgate.request.dto import Card, VerifyCard
from support.browser import show
from support.shop import is_second_hash_verified
from support.stage import assert_broken_rule, new_id, payment, refusal

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


def verification(kind, **more):
    card = VerifyCard(card_holder_name="Haluk Demir", card_number=WORLD, expire_year="2044", expire_month="07", cvc="000")
    return VerifyCardRequest(card=card, payment_authentication_type=kind, verification_price=Decimal("10.00"),
                             currency=Currency.TRY, **more)


def test_a_card_is_verified_by_money_that_goes_back(stage, payments):
    conversation = new_id("verify")
    verified = payments.verify_card(verification(CardVerificationAuthType.NON_THREE_DS, conversation_id=conversation))
    assert verified.card_verify_status == CardVerifyStatus.SUCCESS
    assert verified.refund_status == RefundStatus.SUCCESS
    [made] = stage.payments_of(conversation)
    assert stage.order_of(made)["state"] == "voided"
    keys = {"card_user_key": verified.card_user_key, "card_token": verified.card_token}
    assert payments.create_payment(payment("10", Card(**keys))).payment_status == "SUCCESS"
    stored = payments.verify_card(verification(CardVerificationAuthType.NONE))
    assert (stored.card_verify_status, stored.refund_status) == (CardVerifyStatus.SUCCESS, None)


def test_a_card_that_is_verified_with_3ds_comes_with_the_callback(stage, payments):
    url = stage.shop.callback_url(new_id("verify"))
    begun = payments.verify_card(verification(CardVerificationAuthType.THREE_DS, callback_url=url))
    assert begun.card_verify_status == CardVerifyStatus.THREE_DS_PENDING
    assert begun.merchant_callback_url == url
    show(begun.html_content)
    [callback] = stage.shop.callbacks(url)
    assert is_second_hash_verified(callback)
    assert (callback["status"], callback["refundStatus"]) == ("SUCCESS", "SUCCESS")
    keys = {"card_user_key": callback["cardUserKey"], "card_token": callback["cardToken"]}
    assert payments.create_payment(payment("10", Card(**keys))).payment_status == "SUCCESS"
