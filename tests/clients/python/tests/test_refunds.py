"""Money back: whole payments, items and marks."""
from craftgate.model import RefundDestinationType
from craftgate.request import (RefundPaymentRequest, RefundPaymentTransactionMarkAsRefundedRequest,
                               RefundPaymentTransactionRequest)
from craftgate.request.search_payment_refunds_request import SearchPaymentRefundsRequest
from craftgate.request.search_payment_transaction_refunds_request import SearchPaymentTransactionRefundsRequest
from support.stage import assert_broken_rule, assert_group, card, payment, refusal

YKB = "5258640000000001"


def test_a_payment_of_today_is_cancelled(stage, payments):
    made = payments.create_payment(payment("100", card(YKB)))
    refund = payments.refund_payment(RefundPaymentRequest(
        payment_id=made.id, conversation_id="back-1", refund_destination_type=RefundDestinationType.PROVIDER))
    assert (refund.status, refund.refund_type, refund.refund_price) == ("SUCCESS", "CANCEL", 100)
    assert payments.retrieve_payment_refund(refund.id).to_dict() == refund.to_dict()
    assert stage.order_of(made)["state"] == "voided"
    stage.shop.webhook(refund.id, "REFUND")


def test_items_go_back_in_parts_and_what_is_left_as_a_whole(stage, payments):
    made = payments.create_payment(payment("100", card(YKB)))
    stage.bank.close_day()
    first, second = [item.id for item in made.payment_transactions]
    part = payments.refund_payment_transaction(RefundPaymentTransactionRequest(payment_transaction_id=first, refund_price="12.50"))
    assert (part.status, part.payment_transaction_id) == ("SUCCESS", first)
    assert payments.retrieve_payment_transaction_refund(part.id).to_dict() == part.to_dict()
    marked = payments.refund_payment_transaction_mark_as_refunded(
        RefundPaymentTransactionMarkAsRefundedRequest(payment_transaction_id=second, refund_price=1))
    assert marked.status == "SUCCESS"
    above = RefundPaymentTransactionRequest(payment_transaction_id=first, refund_price="100")
    assert_broken_rule(refusal(payments.refund_payment_transaction, above), 422)
    rest = payments.refund_payment(RefundPaymentRequest(payment_id=made.id))
    assert rest.refund_type == "REFUND" and len(rest.payment_transaction_refunds) == 2
    assert stage.order_of(made)["refunded"] == 9_900


def test_refunds_are_listed_by_payment_by_item_and_by_search(stage, payments):
    reports = stage.client.payment_reporting()
    made = payments.create_payment(payment("100", card(YKB)))
    stage.bank.close_day()
    first = made.payment_transactions[0].id
    part = payments.refund_payment_transaction(RefundPaymentTransactionRequest(payment_transaction_id=first, refund_price="12.50"))
    payments.refund_payment(RefundPaymentRequest(payment_id=made.id))
    assert [item.id for item in reports.retrieve_payment_transactions(made.id).items] == [item.id for item in made.payment_transactions]
    assert sorted(one.refund_price for one in reports.retrieve_payment_refunds(made.id).items) == [12.5, 87.5]
    assert len(reports.retrieve_payment_transaction_refunds(made.id, first).items) == 2
    found = reports.search_payment_refunds(SearchPaymentRefundsRequest(page=0, size=10, payment_id=made.id, min_refund_price=87.5))
    assert [one.refund_price for one in found.items] == [87.5]
    found = reports.search_payment_transaction_refunds(SearchPaymentTransactionRefundsRequest(page=0, size=10, id=part.id))
    assert [one.id for one in found.items] == [part.id]


def test_a_payment_is_marked_and_a_wallet_is_not_offered(stage, payments):
    made = payments.create_payment(payment("100", card(YKB)))
    wallet = RefundPaymentRequest(payment_id=made.id, refund_destination_type=RefundDestinationType.WALLET)
    assert_broken_rule(refusal(payments.refund_payment, wallet), 400)
    assert len(payments.refund_payment_mark_as_refunded(RefundPaymentRequest(payment_id=made.id)).items) == 2
    assert stage.order_of(made)["state"] == "captured"


def test_a_refusal_has_the_banks_group(payments):
    made = payments.create_payment(payment("100", card("5530900000006667")))
    assert_group(refusal(payments.refund_payment, RefundPaymentRequest(payment_id=made.id)), "EXPIRED_PROVISION")
