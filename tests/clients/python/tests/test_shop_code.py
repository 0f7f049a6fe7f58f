"""The code that the demo shop offers beside each call does what the call did: pasted as it stands,
with the published Python client and with curl."""
import html
import json
import re
import subprocess
import sys

import pytest
import requests

CARD = {"number": "4043080000000003", "expiry": "07/44", "cvc": "000", "holder": "Işıl Çağrı Öztürk", "instalments": "1"}


class Visitor:
    """Somebody in the shop, without scripts."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.session = requests.Session()

    def post(self, path, **fields):
        reply = self.session.post(self.gateway + path, data=fields)
        assert reply.status_code == 200, reply.text
        return reply

    def order(self, product):
        """The path of a new order's page."""
        self.post("/shop/cart", product=product)
        return self.post("/shop/checkout").url.removeprefix(self.gateway).split("?")[0]

    def code(self, order, path):
        """The snippets beside the newest call of this path, by language."""
        page = html.unescape(self.session.get(self.gateway + order).text)
        calls = re.split(r'<details class="call call"', page)[1:]
        [call, *_] = [one for one in calls if f'<span class="path">{path}</span>' in one]
        found = re.findall(r'<summary>(Node|Python|curl)</summary><div class="snippet"><pre tabindex="0">(.*?)</pre>', call, re.S)
        return dict(found)


def run(program, code):
    done = subprocess.run([program, "/dev/stdin"], input=code, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{done.stderr}\n{code}"
    return done.stdout


@pytest.fixture
def visitor(stage):
    return Visitor(stage.sandbox.gateway)


def test_rewards_and_payment(stage, visitor):
    order = visitor.order("book")
    visitor.post(f"{order}/rewards", **CARD)
    code = visitor.code(order, "/payment/v1/card-loyalties/retrieve")
    assert "REWARD_MONEY" in run(sys.executable, code["Python"])
    data = json.loads(run("bash", code["curl"]))["data"]
    assert data["loyalties"][0]["reward"]["totalRewardMoney"] == 17.55

    visitor.post(f"{order}/card", **CARD, threeds="no", reward="0")
    code = visitor.code(order, "/payment/v1/card-payments")
    taken = len(stage.bank.all_orders())
    assert re.search(r"'payment_status': \S*SUCCESS", run(sys.executable, code["Python"]))
    again = json.loads(run("bash", code["curl"]))["data"]
    assert (again["paymentStatus"], again["loyalty"]["type"]) == ("SUCCESS", "REWARD_MONEY")
    assert len(stage.bank.all_orders()) == taken + 2


def test_loan_offers(visitor):
    order = visitor.order("coffee")
    visitor.session.get(f"{visitor.gateway}{order}?way=loan")
    code = visitor.code(order, "/payment/v1/bnpl-payments/offers")
    assert "offer_id" in run(sys.executable, code["Python"])
    offers = json.loads(run("bash", code["curl"]))["data"]["bankOffers"]
    assert {offer["bankCode"] for offer in offers} == {"064", "046", "032", "103", "134"}
