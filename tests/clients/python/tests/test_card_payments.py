"""Card payments, with and without 3DS: success, the published failures, reading back, and doubt."""
from datetime import date, datetime, timedelta
from decimal import Decimal
from time import sleep

import pytest
from craftgate.model import Currency
from craftgate.model.report_file_type import ReportFileType
from craftgate.model.report_type import ReportType
from craftgate.request import CompleteThreeDSPaymentRequest, SearchMerchantPosRequest, SearchPaymentsRequest, StoreCardRequest
from craftgate.request.create_report_request import CreateReportRequest
from craftgate.request.retrieve_daily_payment_report_request import RetrieveDailyPaymentReportRequest
from craftgate.request.retrieve_daily_transaction_report_request import RetrieveDailyTransactionReportRequest
from craftgate.request.retrieve_report_request import RetrieveReportRequest
from craftgate.request.common import HeaderOptions
from craftgate.request.dto import Card
from support.browser import show
from support.shop import CALLBACK_KEY, is_second_hash_verified
from support.stage import assert_broken_rule, assert_group, card, new_id, payment, refusal, three_ds_payment

GARANTI, YKB = "5209220000000002", "5258640000000001"
# A card of a bank in Turkey pays in lira alone.
FOREIGN = "4111111111111111"
BANKS = [("garanti", GARANTI), ("posnet", YKB)]
# A card of the bank behind each other POS of the sandbox.
OTHER_BANKS = [
    ("İş Bankası", "4183420000000001"), ("Ziraat", "4132260000000003"), ("Halkbank", "5528790000000008"),
    ("TEB", "4024580000000005"), ("ING", "5400240000000007"), ("QNB", "4022770000000004"), ("Akbank", "5209320000000000"),
    ("VakıfBank", "4426710000000002"), ("Kuveyt Türk", "5125950000000005"), ("Vakıf Katılım", "4837030000000008"),
    ("DenizBank", "4086250000000000"),
]


def complete(payments, payment_id):
    return payments.complete_3ds_payment(CompleteThreeDSPaymentRequest(payment_id=payment_id))


def verify(stage, payments, number, press=None, **more):
    """Begins a payment and walks through the bank's page: the payment's id and the callbacks."""
    body = three_ds_payment("100", card(number), stage.shop, **more)
    begun = payments.init_3ds_payment(body)
    assert "<form" in begun.get_decoded_html_content()
    show(begun.html_content, press)
    return begun.payment_id, stage.shop.callbacks(body.callback_url)


def test_a_payment_succeeds_and_tells_card_pos_and_items(stage, payments):
    body = payment("100", card(YKB))
    made = payments.create_payment(body)
    assert (made.payment_status, made.payment_type, made.is_three_ds) == ("SUCCESS", "CARD_PAYMENT", False)
    assert (made.price, made.paid_price, made.wallet_price) == (100, 100, 0)
    assert (made.bin_number, made.last_four_digits, made.card_brand) == ("52586400", "0001", "World")
    assert made.conversation_id == body.conversation_id
    assert made.created_date.tzinfo is None
    assert [item.external_id for item in made.payment_transactions] == [item.external_id for item in body.items]
    assert stage.order_of(made)["captured"] == 10_000
    assert stage.shop.webhook(made.id, "API_AUTH")["status"] == "SUCCESS"
    assert payments.retrieve_payment(made.id).to_dict() == made.to_dict()


def test_a_decline_brings_the_banks_own_code(payments):
    told = refusal(payments.create_payment, payment("100", card("5100050000006661")))
    assert told.code == "10051"
    assert told.provider_error.error_code.endswith("51")


@pytest.mark.parametrize("bank, number", BANKS + OTHER_BANKS)
def test_with_3ds_the_client_verifies_the_callback_and_completes(stage, payments, bank, number):
    payment_id, callbacks = verify(stage, payments, number)
    [callback] = callbacks
    assert (callback["status"], callback["completeStatus"], callback["paymentId"]) == ("SUCCESS", "WAITING", str(payment_id))
    assert payments.is_3d_secure_callback_verified(CALLBACK_KEY, callback)
    assert not payments.is_3d_secure_callback_verified(CALLBACK_KEY, {**callback, "status": "FAILURE"})
    assert payments.retrieve_payment(payment_id).payment_status == "CALLBACK_THREEDS"
    made = complete(payments, payment_id)
    assert (made.payment_status, made.is_three_ds, made.md_status) == ("SUCCESS", True, 1)
    assert stage.order_of(made)["threeDS"] is True
    for event in ("THREEDS_VERIFY", "API_AUTH"):
        assert stage.shop.webhook(payment_id, event)["status"] == "SUCCESS"


@pytest.fixture(scope="module")
def dollars_sold_by_page(stage):
    """The 3DS page of Garanti's POS for dollars takes the money by itself."""
    found = stage.client.merchant().search_merchant_pos(SearchMerchantPosRequest(currency=Currency.USD)).items
    edit = ("pos", "edit", "--merchant", stage.merchant_id, "--id", found[0].id, "--threeds-model")
    stage.galata(*edit, "pay")
    # A server is at most a second behind what a command changed.
    sleep(1.5)
    yield
    stage.galata(*edit, "model")


@pytest.mark.parametrize("version", [1, 2])
def test_with_a_3ds_page_that_sells_by_itself_nothing_is_left_to_complete(stage, payments, dollars_sold_by_page, version):
    more = {"currency": Currency.USD, "additional_params": {"threeDSCallbackVersion": version}}
    payment_id, [callback] = verify(stage, payments, FOREIGN, **more)
    assert (callback["status"], callback["completeStatus"], callback["paymentId"]) == ("SUCCESS", "COMPLETED", str(payment_id))
    if version == 1:
        assert payments.is_3d_secure_callback_verified(CALLBACK_KEY, callback)
    else:
        assert is_second_hash_verified(callback)
    assert payments.retrieve_payment(payment_id).payment_status == "SUCCESS"
    assert complete(payments, payment_id).payment_status == "SUCCESS"
    assert stage.shop.webhook(payment_id, "API_VERIFY_AND_AUTH")["status"] == "SUCCESS"


@pytest.mark.parametrize("bank, number", BANKS)
def test_with_3ds_version_2_of_the_callback_names_what_it_hashes(stage, payments, bank, number):
    payment_id, [callback] = verify(stage, payments, number, additional_params={"threeDSCallbackVersion": 2})
    assert callback["mdStatus"] == "1"
    assert is_second_hash_verified(callback)
    assert complete(payments, payment_id).payment_status == "SUCCESS"


@pytest.mark.parametrize("bank, number", BANKS)
def test_with_3ds_a_shopper_who_cancels_fails(stage, payments, bank, number):
    payment_id, [callback] = verify(stage, payments, number, press="cancel")
    assert callback["status"] == "FAILURE"
    assert payments.is_3d_secure_callback_verified(CALLBACK_KEY, callback)
    assert_broken_rule(refusal(complete, payments, payment_id), 422)


def test_a_stored_card_pays_and_its_number_is_not_shown(stage, payments):
    kept = payments.store_card(StoreCardRequest(card_holder_name="Haluk Demir", card_number=YKB, expire_year="2044", expire_month="07", card_alias="Mine"))
    assert (kept.bin_number, kept.last_four_digits, kept.card_alias, kept.card_brand) == ("52586400", "0001", "Mine", "World")
    assert YKB not in str(kept.to_dict())
    paid_with = Card(card_user_key=kept.card_user_key, card_token=kept.card_token)
    assert payments.create_payment(payment("30", paid_with)).paid_with_stored_card is True
    begun = payments.init_3ds_payment(three_ds_payment("100", paid_with, stage.shop))
    assert YKB not in begun.get_decoded_html_content()
    show(begun.html_content)
    assert complete(payments, begun.payment_id).payment_status == "SUCCESS"


def test_an_idempotency_key_gives_the_first_payment_again(stage, payments):
    body = payment("55", card(YKB)).with_header_options(HeaderOptions(idempotency_key=new_id("key")))
    first, second = payments.create_payment(body), payments.create_payment(body)
    assert second.to_dict() == first.to_dict()
    assert len(stage.payments_of(body.conversation_id)) == 1
    assert stage.order_of(first)["captured"] == 5500


def test_an_idempotency_key_gives_the_first_decline_again(stage, payments):
    body = payment("55", card("5100050000006661")).with_header_options(HeaderOptions(idempotency_key=new_id("key")))
    first, second = refusal(payments.create_payment, body), refusal(payments.create_payment, body)
    assert (first.code, first.payment_id) == (second.code, second.payment_id)
    assert len(stage.payments_of(body.conversation_id)) == 1


def test_an_idempotency_key_belongs_to_one_request(payments):
    key = HeaderOptions(idempotency_key=new_id("key"))
    payments.create_payment(payment("55", card(YKB)).with_header_options(key))
    assert_broken_rule(refusal(payments.create_payment, payment("56", card(YKB)).with_header_options(key)), 422)


@pytest.mark.parametrize("bank, number", BANKS)
def test_a_sale_whose_answer_is_lost_waits_and_is_voided(stage, payments, bank, number):
    amount = 8_801 if bank == "garanti" else 8_802
    stage.bank.fault(bank=bank, operation="sale", match={"amount": amount}, fault={"kind": "lose_reply"})
    stage.bank.fault(bank=bank, operation="inquire", fault={"kind": "http_500"}, times=1000)
    body = payment(str(Decimal(amount) / 100), card(number))
    told = refusal(payments.create_payment, body)
    assert_group(told, "COMMUNICATION_OR_SYSTEM_ERROR")
    [waiting] = stage.payments_of(body.conversation_id)
    assert (str(waiting.id), waiting.payment_status) == (str(told.payment_id), "WAITING")
    assert stage.order_of(waiting)["state"] == "captured"
    stage.bank.forget_faults()
    assert stage.shop.webhook(waiting.id, "API_AUTH")["status"] == "FAILURE"
    assert payments.retrieve_payment(waiting.id).payment_status == "FAILURE"
    assert stage.order_of(waiting)["state"] == "voided"


def test_payments_are_found_by_every_filter(stage, payments):
    made = payments.create_payment(payment("43.21", card(YKB), payment_channel="python-search"))
    for found_by in [{"payment_id": made.id}, {"conversation_id": made.conversation_id}, {"external_id": made.external_id},
                     {"order_id": made.order_id}, {"payment_status": "SUCCESS"}, {"bin_number": "52586400"},
                     {"last_four_digits": "0001"}, {"min_paid_price": Decimal("43"), "max_paid_price": Decimal("43.21")},
                     {"is_three_ds": False}, {"currency": "TRY"}, {"min_created_date": made.created_date}, {"installment": 1}]:
        request = SearchPaymentsRequest(payment_channel="python-search", page=0, size=10, **found_by)
        found = stage.client.payment_reporting().search_payments(request)
        assert ([one.id for one in found.items], found.total_size) == ([made.id], 1), found_by
    for missed_by in [{"payment_status": "FAILURE"}, {"currency": "USD"}, {"is_three_ds": True}, {"installment": 2}]:
        request = SearchPaymentsRequest(payment_channel="python-search", **missed_by)
        assert stage.client.payment_reporting().search_payments(request).items == [], missed_by


def test_reports_are_files_and_refusals_are_told(stage):
    files = stage.client.file_reporting()
    day = date.today() - timedelta(days=2)
    request = RetrieveDailyTransactionReportRequest(report_date=day, file_type=ReportFileType.CSV)
    head = files.retrieve_daily_transaction_report(request)
    assert head.startswith(b"\xef\xbb\xbftransactionType;transactionDate;paymentId;")
    request = RetrieveDailyPaymentReportRequest(report_date=day, file_type=ReportFileType.XLSX)
    assert files.retrieve_daily_payment_report(request).startswith(b"PK")
    coming = RetrieveDailyPaymentReportRequest(report_date=day + timedelta(days=9), file_type=ReportFileType.CSV)
    assert_broken_rule(refusal(files.retrieve_daily_payment_report, coming), 422)
    start = datetime.combine(day, datetime.min.time())
    demand = CreateReportRequest(start_date=start, end_date=start + timedelta(hours=1), report_type=ReportType.PAYMENT)
    made = files.create_report(demand)
    stage.shop.webhook(made.id, "REPORT_GENERATED")
    told = files.retrieve_report(RetrieveReportRequest(file_type=ReportFileType.CSV), made.id)
    assert told.startswith(b"\xef\xbb\xbfpaymentId;createdDate;")


def test_an_unknown_payment_is_not_found(payments):
    assert_broken_rule(refusal(payments.retrieve_payment, 1), 404)


def test_a_wrong_secret_says_so(stage):
    stranger = stage.client_with(secret_key="not-the-secret").payment()
    told = refusal(stranger.create_payment, payment("100", card(YKB)))
    assert_broken_rule(told, 401)
    assert "Signature is not equal!" in told.text


def test_a_base_url_with_a_slash_at_its_end_works(stage):
    client = stage.client_with(base_url=stage.sandbox.gateway + "/")
    assert client.installment().retrieve_bin_number("52586400").bank_code == 67
