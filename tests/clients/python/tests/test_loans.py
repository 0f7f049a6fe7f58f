"""Shopping loans: offers, applications at the five banks, and how their results are told."""
from decimal import Decimal

import pytest
from craftgate.request import (ApproveBnplPaymentRequest, RefundPaymentRequest, RefundPaymentTransactionRequest,
                               VerifyBnplPaymentRequest)
from support.loans import announced, application, apply, assert_callback, at_lender, line, offer_request, total
from support.stage import assert_group, refusal


def approve(payments, payment_id):
    return payments.approve_bnpl_payment(ApproveBnplPaymentRequest(payment_id=payment_id))


def verify(payments, payment_id):
    return payments.verify_bnpl_payment(VerifyBnplPaymentRequest(payment_id=payment_id))


def read(stage, payment_id):
    return stage.client.payment_reporting().retrieve_payment(payment_id)


def test_offers_list_the_five_banks_with_plans_that_repay_the_loan(payments):
    offers = payments.retrieve_bnpl_payment_offers(offer_request([line("FURNITURE", 3000, 2), line("OTHER", 4000)]))
    assert offers.offer_id
    assert offers.price == 10_000
    assert [offer.bank_code for offer in offers.bank_offers] == ["064", "046", "032", "103", "134"]
    for offer in offers.bank_offers:
        for plan in offer.bank_offer_terms:
            assert plan.total_amount == plan.amount * plan.term >= 10_000
            assert plan.annual_interest_rate > plan.interest_rate > 0


def test_a_bank_that_shows_its_plans_itself_names_none(payments):
    offers = payments.retrieve_bnpl_payment_offers(offer_request([line("OTHER", 10_000)]))
    silent = [offer.bank_code for offer in offers.bank_offers if not offer.bank_offer_terms]
    assert silent == ["134"]
    assert offers.bank_offers[-1].is_payment_plan_calculated_by_bank is True


@pytest.mark.parametrize("bank", ["064", "046", "032"])
def test_a_bank_that_approves_by_itself_ends_the_payment(stage, payments, bank):
    loan = apply(stage, bank)
    assert_callback(loan.callback, loan, "SUCCESS", "NONE")
    announced(stage, loan.id, "NONE")
    payment = read(stage, loan.id)
    assert (payment.payment_status, payment.payment_type, payment.payment_provider) == ("SUCCESS", "APM", "MASLAK")
    assert payment.price == total(loan.body.cart_items)
    assert at_lender(stage, loan)["state"] == "disbursed"
    verified = verify(payments, loan.id)
    assert (verified.payment_status, verified.response_status) == ("SUCCESS", "APPROVED")


def test_fibabanka_waits_for_approval_and_a_second_approval_answers_alike(stage, payments):
    loan = apply(stage, "103")
    assert_callback(loan.callback, loan, "WAITING", "APPROVAL_REQUIRED")
    announced(stage, loan.id, "APPROVAL_REQUIRED")
    first = approve(payments, loan.id)
    assert (first.id, first.payment_status) == (loan.id, "SUCCESS")
    announced(stage, loan.id, "NONE")
    assert at_lender(stage, loan)["state"] == "disbursed"
    assert approve(payments, loan.id).to_dict() == first.to_dict()


def test_a_rejected_application_fails(stage, payments):
    loan = apply(stage, "064", press="decline")
    assert_callback(loan.callback, loan, "FAILURE", "NONE")
    announced(stage, loan.id, "NONE", "FAILURE")
    payment = read(stage, loan.id)
    assert payment.payment_status == "FAILURE"
    assert_group(refusal(approve, payments, loan.id), payment.payment_error.error_group)


def test_on_the_hosted_page_the_shopper_chooses_the_bank(stage):
    loan = apply(stage, None, values={"bankCode": "046", "term": "12"}, additional_params={"fingate": {"isHostedPage": True}})
    assert_callback(loan.callback, loan, "SUCCESS", "NONE")
    standing = at_lender(stage, loan)
    assert (standing["bankCode"], standing["term"]) == ("046", 12)


def test_snake_case_parameters_arrive_as_the_client_spells_them(stage):
    loan = apply(stage, "032", additional_params={"buyer_birthdate": "1990-05-17", "fingate": {"total_term": 3}})
    assert_callback(loan.callback, loan, "SUCCESS", "NONE")
    assert at_lender(stage, loan)["term"] == 3


def test_an_approval_whose_answer_is_lost_is_completed(stage, payments):
    loan = apply(stage, "103")
    stage.bank.lender_fault(operation="confirm", fault={"kind": "lose_reply"})
    told = refusal(approve, payments, loan.id)
    assert_group(told, "COMMUNICATION_OR_SYSTEM_ERROR")
    assert str(told.payment_id) == str(loan.id)
    announced(stage, loan.id, "NONE")
    assert read(stage, loan.id).payment_status == "SUCCESS"


def test_unit_prices_alone_may_sum_to_the_price(stage):
    cart = [line("FURNITURE", 6000, 2), line("OTHER", 4000)]
    loan = apply(stage, "064", cart=cart, price=Decimal(10_000), paid_price=Decimal(10_000), items=[
        item for item in application(stage.shop, "064", [line("OTHER", 10_000)]).items])
    assert_callback(loan.callback, loan, "SUCCESS", "NONE")


def test_a_loan_goes_back_in_part_and_then_whole(stage, payments):
    loan = apply(stage, "064")
    item = read(stage, loan.id).payment_transactions[0].id
    part = payments.refund_payment_transaction(RefundPaymentTransactionRequest(payment_transaction_id=item, refund_price="12.50"))
    assert (part.status, part.refund_price) == ("SUCCESS", Decimal("12.5"))
    assert payments.retrieve_payment_transaction_refund(part.id).to_dict() == part.to_dict()
    rest = payments.refund_payment(RefundPaymentRequest(payment_id=loan.id))
    assert (rest.status, rest.refund_type) == ("SUCCESS", "REFUND")
    assert at_lender(stage, loan)["left"] == 0
    assert read(stage, loan.id).refund_status == "FULLY_REFUNDED"


def test_a_loan_is_called_off_before_its_approval(stage, payments):
    loan = apply(stage, "103")
    back = payments.refund_payment(RefundPaymentRequest(payment_id=loan.id))
    assert (back.status, back.refund_type, back.id) == ("SUCCESS", "CANCEL", None)
    assert read(stage, loan.id).payment_status == "FAILURE"
    assert at_lender(stage, loan)["state"] == "cancelled"
