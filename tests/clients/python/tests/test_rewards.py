"""Rewards and points: what a card has, and paying with each kind. Amounts at the bank are kuruş."""
from decimal import Decimal

import pytest
from craftgate.model import Loyalty, LoyaltyParams, LoyaltyType
from craftgate.request import CompleteThreeDSPaymentRequest, RefundPaymentRequest, RetrieveLoyaltiesRequest
from support.browser import show
from support.stage import assert_broken_rule, card, payment, points, refusal, three_ds_payment

# The simulator's own reward cards: published ones hold the same every day, these spend.
BONUS, WORLD = "4043080000060007", "4048090000060001"
PURSES = {BONUS: {"card": 1235, "firm": 520}, WORLD: {"card": 3382, "firm": 2500}}


@pytest.fixture(autouse=True)
def full_purses(stage):
    for number, purse in PURSES.items():
        stage.bank.fill(number, **purse)


def ask(payments, number):
    return payments.retrieve_loyalties(RetrieveLoyaltiesRequest(card_number=number, expire_year="2044", expire_month="07", cvc="000"))


def paid_card(stage, kind, number):
    return card(number) if kind == "open" else stage.stored_card(number)


def assert_spent(stage, made, number, spent):
    """Points spent at the bank for a payment, once; the prices stay."""
    assert made.payment_status == "SUCCESS"
    assert made.price == made.paid_price == 100
    order = stage.order_of(made)
    assert (order["state"], order["captured"], order["pointsSpent"], order["pointsReturned"]) == ("captured", 10_000, spent, 0)
    purse = stage.bank.purse(number)
    assert purse["card"] + purse["firm"] == sum(PURSES[number].values()) - spent


@pytest.mark.parametrize("number, brand, card_money, firm_money, whole", [
    (BONUS, "Bonus", "12.35", "5.2", "17.55"),
    ("5188961939192544", "Bonus", "12.35", "5.2", "17.55"),
    ("4032800000000007", "Garanti BBVA CC", "11.22", "45.58", "56.8"),
    ("4024580000000005", "Bonus", "50.4", "100", "150.4"),
    ("4090700000000008", "Bonus", "22.82", "0", "22.82"),
    (WORLD, "World", "33.82", "25", "58.82"),
    ("4329540000080110", "Shop&Fly", "0", "0", "10"),
])
def test_an_inquiry_tells_the_published_points(payments, number, brand, card_money, firm_money, whole):
    answer = ask(payments, number)
    assert answer.card_brand == brand
    assert answer.force3ds is False
    assert answer.pos.id and answer.pos.alias and answer.pos.name and answer.pos.bank_id
    money = next(one for one in answer.loyalties if one.type == LoyaltyType.REWARD_MONEY).reward
    told = ((money.card_reward_money or 0), (money.firm_reward_money or 0), money.total_reward_money)
    assert told == (Decimal(card_money), Decimal(firm_money), Decimal(whole))


def test_an_inquiry_tells_the_campaigns_of_a_world_card(payments):
    kinds = sorted(one.type for one in ask(payments, WORLD).loyalties)
    assert kinds == ["ADDITIONAL_INSTALLMENT", "POSTPONING_INSTALLMENT", "REWARD_MONEY"]


def test_an_inquiry_of_a_stored_card_needs_no_number(stage, payments):
    kept = stage.stored_card(BONUS)
    answer = payments.retrieve_loyalties(RetrieveLoyaltiesRequest(card_user_key=kept.card_user_key, card_token=kept.card_token))
    assert answer.loyalties[0].reward.total_reward_money == Decimal("17.55")


@pytest.mark.parametrize("kind", ["open", "stored"])
@pytest.mark.parametrize("number", [BONUS, WORLD])
def test_points_pay_a_part_once(stage, payments, number, kind):
    paid_with = paid_card(stage, kind, number)
    paid_with.loyalty = points("1.36", "3.88")
    made = payments.create_payment(payment("100", paid_with))
    reward = made.loyalty.reward
    assert (reward.card_reward_money, reward.firm_reward_money) == (Decimal("1.36"), Decimal("3.88"))
    assert_spent(stage, made, number, 524)
    assert payments.retrieve_payment(made.id).loyalty.to_dict() == made.loyalty.to_dict()


@pytest.mark.parametrize("kind", ["open", "stored"])
@pytest.mark.parametrize("number", [BONUS, WORLD])
def test_points_pay_a_part_with_3ds_once(stage, payments, number, kind):
    paid_with = paid_card(stage, kind, number)
    paid_with.loyalty = points("1.36", "3.88")
    begun = payments.init_3ds_payment(three_ds_payment("100", paid_with, stage.shop))
    show(begun.html_content)
    made = payments.complete_3ds_payment(CompleteThreeDSPaymentRequest(payment_id=begun.payment_id))
    reward = made.loyalty.reward
    told = (reward.card_reward_money or 0, reward.firm_reward_money or 0)
    # Yapı Kredi decides which of its points it takes; the sum is the shop's.
    assert told == (Decimal("1.36"), Decimal("3.88")) if number == BONUS else sum(told) == Decimal("5.24")
    assert made.is_three_ds is True
    assert_spent(stage, made, number, 524)


@pytest.mark.parametrize("bank, number, card_money, firm_money", [
    ("İş Bankası", "4183420000060005", "45", "0"), ("Ziraat", "4132260000060007", "27.5", "0"),
    ("Halkbank", "4920950000060009", "30", "0"), ("TEB", "4024580000000005", "50.4", "100"),
    ("ING", "4006840000060009", "15", "6"), ("QNB", "4022770000060008", "36.5", "0"),
    ("Akbank", "4355080000000005", "24.24", "40"), ("DenizBank", "4090700000060002", "22.82", "0"),
    ("Param", "4059180000060006", "46.2", "0"),
])
def test_points_of_every_bank_are_told_and_spent_and_go_back_with_the_payment(stage, payments, bank, number, card_money, firm_money):
    money = next(one for one in ask(payments, number).loyalties if one.type == LoyaltyType.REWARD_MONEY).reward
    assert (money.card_reward_money or 0, money.firm_reward_money or 0) == (Decimal(card_money), Decimal(firm_money))
    total = money.total_reward_money
    made = payments.create_payment(payment(total, card(number, loyalty=points(card_money, firm_money))))
    assert stage.order_of(made)["pointsSpent"] == int(total * 100)
    back = payments.refund_payment(RefundPaymentRequest(payment_id=made.id, conversation_id="points"))
    assert (back.status, back.refund_type) == ("SUCCESS", "CANCEL")
    assert stage.order_of(made)["pointsReturned"] == int(total * 100)


@pytest.mark.parametrize("kind, number, campaign, installment", [
    ("ADDITIONAL_INSTALLMENT", WORLD, 1, 3),
    ("POSTPONING_INSTALLMENT", WORLD, 2, 3),
    ("EXTRA_POINTS", "5400630000030006", 3, 1),
    ("GAINING_MINUTES", "4048090000040003", 4, 1),
    ("POSTPONING_STATEMENT", "5526590000050009", 5, 1),
])
def test_a_campaign_of_yapi_kredi_is_offered_applied_and_told(stage, payments, kind, number, campaign, installment):
    chosen = next(one for one in ask(payments, number).loyalties if one.type == kind)
    made = payments.create_payment(payment("300", card(number, loyalty=chosen), installment=installment))
    assert (made.payment_status, made.loyalty.type, made.paid_price) == ("SUCCESS", kind, 300)
    order = stage.order_of(made)
    assert (int(order["campaign"]), order["pointsSpent"], order["captured"]) == (campaign, 0, 30_000)


def test_an_additional_instalment_of_garanti_is_told(stage, payments):
    number = "5209222154820003"
    chosen = ask(payments, number).loyalties[0]
    made = payments.create_payment(payment("300", card(number, loyalty=chosen), installment=3))
    assert (made.payment_status, made.loyalty.type) == ("SUCCESS", "ADDITIONAL_INSTALLMENT")
    assert stage.order_of(made)["captured"] == 30_000


@pytest.mark.parametrize("number, loyalty", [
    (BONUS, Loyalty(type=LoyaltyType.POSTPONING_PAYMENT, loyalty_params=LoyaltyParams(postponing_payment_count=90))),
    ("4029400000000001", points("1")),
    ("4059130000000007", points("1")),
])
def test_a_reward_without_a_suitable_pos_is_refused_and_nothing_is_stored(stage, payments, number, loyalty):
    body = payment("100", card(number, loyalty=loyalty))
    told = refusal(payments.create_payment, body)
    assert_broken_rule(told, 422)
    assert "reward" in told.text
    assert not stage.payments_of(body.conversation_id)
