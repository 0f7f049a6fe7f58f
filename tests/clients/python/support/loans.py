"""Bodies of loan requests, and the way of a shopper through an application."""
from decimal import Decimal
from types import SimpleNamespace

from craftgate.model import ApmType, BnplCartItemType, Currency, PaymentGroup
from craftgate.request import BnplPaymentOfferRequest, InitBnplPaymentRequest
from craftgate.request.dto import BnplPaymentCartItem, PaymentItem

from .browser import visit
from .shop import is_second_hash_verified
from .stage import new_id

BUYER = {"buyerBirthdate": "1990-05-17", "buyerPhoneNumber": "5301234567", "buyerIdentityNumber": "12345678901"}


def line(kind, unit_price, quantity=1):
    """One product line; categories decide how long the loan may run."""
    return BnplPaymentCartItem(id=new_id("product"), name=f"A {kind}", brand_name="Brand", type=BnplCartItemType[kind],
                               unit_price=Decimal(unit_price), quantity=quantity)


def total(cart):
    return sum(item.unit_price * item.quantity for item in cart)


def offer_request(cart):
    return BnplPaymentOfferRequest(apm_type=ApmType.MASLAK, price=total(cart), currency=Currency.TRY, items=cart)


def application(shop, bank_code, cart=None, **more):
    cart = cart or [line("FURNITURE", 6000), line("OTHER", 2000, 2)]
    conversation_id = new_id("loan")
    return InitBnplPaymentRequest(**{
        "apm_type": ApmType.MASLAK, "price": total(cart), "paid_price": total(cart), "currency": Currency.TRY,
        "payment_group": PaymentGroup.PRODUCT, "conversation_id": conversation_id, "external_id": new_id("external"),
        "callback_url": shop.callback_url(conversation_id), "bank_code": bank_code, "cart_items": cart,
        "additional_params": {**BUYER, "fingate": {"isHostedPage": False, "totalTerm": 6}},
        "items": [PaymentItem(name=i.name, price=i.unit_price * i.quantity, external_id=i.id) for i in cart],
        **more,
    })


def apply(stage, bank_code, press="approve", values=None, **more):
    """Applies, walks through the bank's page, and answers what the shop was told on the way."""
    body = application(stage.shop, bank_code, **more)
    begun = stage.client.payment().init_bnpl_payment(body)
    assert begun.payment_status == "WAITING"
    assert begun.additional_action == "REDIRECT_TO_URL"
    if press:
        visit(begun.redirect_url, press, **(values or {}))
    callbacks = stage.shop.callbacks(body.callback_url)
    return SimpleNamespace(id=begun.payment_id, url=begun.redirect_url, body=body, callbacks=callbacks,
                           callback=callbacks[0] if callbacks else None)


def assert_callback(callback, loan, status, action):
    """A callback as the documents describe it: a form post whose hash the shop can check."""
    assert callback["type"].startswith("application/x-www-form-urlencoded")
    assert callback["paymentId"] == str(loan.id)
    assert callback["paymentStatus"] == status
    assert callback["additionalAction"] == callback["apmAdditionalAction"] == action
    assert callback["conversationId"] == loan.body.conversation_id
    assert callback.get("callbackStatus", "") == ""
    assert is_second_hash_verified(callback)


def announced(stage, payment_id, action, status="SUCCESS"):
    """The webhook of a change, with both names of the action."""
    event = stage.shop.webhook(payment_id, "BNPL_NOTIFICATION", lambda e: e["payload"]["additionalAction"] == action)
    assert event["status"] == status
    assert event["payload"]["apmAdditionalAction"] == action


def at_lender(stage, loan):
    """The application at the lender."""
    return next(known for known in stage.bank.loans() if known["pageUrl"] == loan.url)
