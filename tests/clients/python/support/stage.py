"""The stage: a sandbox, a shop, the bank's control, and clients. The helpers speak the shop's
language: a card, a basket, a cart."""
import json
import uuid
from dataclasses import dataclass
from decimal import Decimal

import requests
from craftgate import Craftgate
from craftgate.exception import CraftgateException
from craftgate.model import Currency, Loyalty, LoyaltyType, PaymentGroup, Reward
from craftgate.request import CreatePaymentRequest, InitThreeDSPaymentRequest, SearchPaymentsRequest, StoreCardRequest
from craftgate.request.dto import Card, PaymentItem

from .bank import Bank
from .sandbox import Sandbox
from .shop import Shop


class Stage:
    def __init__(self):
        self.sandbox = Sandbox()
        self.shop = Shop()
        self.bank = Bank(self.sandbox.simulator)
        self.client = self.client_with()
        self.merchant_id = str(json.loads(self.galata("merchant", "list", "--json"))[0]["id"])
        self.galata("merchant", "webhook", self.merchant_id, f"{self.shop.url}/webhook")

    def client_with(self, **options):
        return Craftgate({"api_key": "api-key", "secret_key": "secret-key", "base_url": self.sandbox.gateway,
                          "language": "en", **options})

    def galata(self, *arguments):
        return self.sandbox.galata(*arguments)

    def close(self):
        self.shop.close()
        self.sandbox.stop()

    def payments_of(self, conversation_id):
        """Payments stored under a conversation id."""
        return self.client.payment_reporting().search_payments(SearchPaymentsRequest(conversation_id=conversation_id)).items

    def order_of(self, payment):
        """The one order at the bank that belongs to a payment."""
        orders = self.bank.orders(payment.order_id)
        assert len(orders) == 1, orders
        return orders[0]

    def stored_card(self, number):
        """Stores a card and answers the card to pay with."""
        kept = self.client.payment().store_card(StoreCardRequest(
            card_holder_name="Haluk Demir", card_number=number, expire_year="2044", expire_month="07"))
        return Card(card_user_key=kept.card_user_key, card_token=kept.card_token)


def new_id(prefix="order"):
    return f"{prefix}-{uuid.uuid4()}"


def card(number, **more):
    """An open card that is valid for years."""
    return Card(**{"card_holder_name": "Haluk Demir", "card_number": number, "expire_year": "2044",
                   "expire_month": "07", "cvc": "000", **more})


def points(card_money=None, firm_money=None):
    def lira(text):
        return None if text is None else Decimal(text)
    return Loyalty(type=LoyaltyType.REWARD_MONEY,
                   reward=Reward(card_reward_money=lira(card_money), firm_reward_money=lira(firm_money)))


def _body(price, paid_with, more):
    price = Decimal(price)
    half = (price / 2).quantize(Decimal("0.01"))
    return {
        "price": price, "paid_price": price, "installment": 1, "currency": Currency.TRY,
        "payment_group": PaymentGroup.PRODUCT, "conversation_id": new_id("conversation"), "external_id": new_id("external"),
        "card": paid_with,
        "items": [PaymentItem(name="Item 1", price=half, external_id=new_id("item")),
                  PaymentItem(name="Item 2", price=price - half, external_id=new_id("item"))],
        **more,
    }


def payment(price, paid_with, **more):
    """A payment of `price` lira in two items."""
    return CreatePaymentRequest(**_body(price, paid_with, more))


def three_ds_payment(price, paid_with, shop, **more):
    body = _body(price, paid_with, more)
    return InitThreeDSPaymentRequest(callback_url=shop.callback_url(body["conversation_id"]), **body)


@dataclass
class Refusal:
    """What the client raised, and what it keeps to itself: the HTTP status and the payment's id."""
    status: int
    code: str
    text: str
    group: str
    payment_id: str
    provider_error: object


_last = {}
_send = requests.Session.send


def _noting_send(self, request, **kwargs):
    answer = _send(self, request, **kwargs)
    _last["answer"] = answer
    return answer


# Below the client, which stays as it is: the library that carries its requests.
requests.Session.send = _noting_send


def refusal(ask, *arguments):
    """The client's own error."""
    try:
        answer = ask(*arguments)
    except CraftgateException as error:
        answer = _last["answer"]
        errors = answer.json()["errors"]
        assert error.error_code == errors["errorCode"]
        return Refusal(answer.status_code, error.error_code, error.error_description, errors.get("errorGroup"),
                       errors.get("paymentId"), error.provider_error)
    raise AssertionError(f"expected a refusal, got {vars(answer)}")


def assert_broken_rule(found, status):
    """A refusal of the request itself: a code below 10000, no group."""
    assert found.status == status, found
    assert 0 < int(found.code) < 10_000, found
    assert found.group is None and found.text, found


def assert_group(found, group):
    """A refusal by the bank or the rules of payments: 422 with a group."""
    assert found.status == 422, found
    assert found.group == group, found
    assert int(found.code) > 10_000, found
