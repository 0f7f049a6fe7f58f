"""Pre-authorisations: held, captured, cancelled."""
from craftgate.model import PaymentGroup, PaymentPhase
from craftgate.request import PostAuthPaymentRequest, RefundPaymentRequest
from support.stage import assert_broken_rule, assert_group, card, payment, refusal

YKB = "5258640000000001"
CAPTURE_FAILS = "4043150000006662"


def held(payments, number=YKB):
    return payments.create_payment(payment(
        "100", card(number), payment_phase=PaymentPhase.PRE_AUTH, payment_group=PaymentGroup.LISTING_OR_SUBSCRIPTION))


def test_an_amount_is_held_and_a_larger_one_captured(stage, payments):
    made = held(payments)
    assert (made.payment_status, made.payment_phase) == ("SUCCESS", "PRE_AUTH")
    assert stage.order_of(made)["state"] == "held"
    taken = payments.post_auth_payment(made.id, PostAuthPaymentRequest(paid_price="110"))
    assert (taken.id, taken.payment_phase, taken.paid_price) == (made.id, "POST_AUTH", 110)
    assert stage.order_of(made)["captured"] == 11_000


def test_a_refused_capture_leaves_the_hold_which_is_cancelled(stage, payments):
    made = held(payments, CAPTURE_FAILS)
    above = PostAuthPaymentRequest(paid_price="150.01")
    assert_broken_rule(refusal(payments.post_auth_payment, made.id, above), 422)
    wanted = PostAuthPaymentRequest(paid_price="100")
    assert_group(refusal(payments.post_auth_payment, made.id, wanted), "INVALID_TRANSACTION")
    back = payments.refund_payment(RefundPaymentRequest(payment_id=made.id))
    assert (back.status, back.refund_type, back.refund_price) == ("SUCCESS", "CANCEL", 100)
    assert stage.order_of(made)["state"] == "voided"
