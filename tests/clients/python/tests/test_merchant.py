"""A merchant's own things: POSes, alternative methods, and what is known of card numbers."""
from decimal import Decimal

from craftgate.model import Currency, PaymentAuthenticationType, PosIntegrator, PosOperationType, PosStatus, PosUserType
from craftgate.request import (CreateMerchantPosRequest, DeleteMerchantPosRequest, SearchInstallmentsRequest,
                               SearchMerchantPosRequest, UpdateMerchantPosCommissionsRequest, UpdateMerchantPosRequest,
                               UpdateMerchantPosStatusRequest)
from craftgate.request.dto import CreateMerchantPosUser, UpdateMerchantPosCommission
from support.stage import assert_broken_rule, card, new_id, payment, refusal

PASSWORD = "S3cret-of-the-bank"


def create(merchant, **more):
    user = CreateMerchantPosUser(pos_username="PROVAUT", pos_password=PASSWORD, pos_user_type=PosUserType.API,
                                 pos_operation_type=PosOperationType.PROVAUT)
    refunder = CreateMerchantPosUser(pos_username="PROVRFN", pos_password=PASSWORD, pos_user_type=PosUserType.API,
                                     pos_operation_type=PosOperationType.PROVRFN)
    return merchant.create_merchant_pos(CreateMerchantPosRequest(**{
        "status": PosStatus.PASSIVE, "name": new_id("POS"), "client_id": "7000679", "terminal_id": "30691298",
        "threeds_key": "12345678", "currency": Currency.TRY, "pos_integrator": PosIntegrator.GARANTI,
        "enable_foreign_card": True, "enable_installment": True, "enable_payment_without_cvc": True, "enable_loyalty": True,
        "order_number": 99, "merchant_pos_users": [user, refunder],
        "enabled_payment_authentication_types": [PaymentAuthenticationType.THREE_DS, PaymentAuthenticationType.NON_THREE_DS],
        **more}))


def test_a_pos_is_created_read_back_and_found_without_its_secrets(stage):
    merchant = stage.client.merchant()
    made = create(merchant)
    assert made.bank_id == 62 and made.alias.startswith("62-garanti-") and made.hostname and made.path
    read = merchant.retrieve(made.id)
    assert read.to_dict() == made.to_dict()
    assert PASSWORD not in str(read.to_dict()) and "12345678" not in str(read.to_dict())
    for found_by in [{"name": made.name}, {"alias": made.alias}]:
        found = merchant.search_merchant_pos(SearchMerchantPosRequest(**found_by))
        assert [pos.id for pos in found.items] == [made.id]


def test_a_pos_changes_and_masks_change_nothing(stage, payments):
    merchant = stage.client.merchant()
    garanti = next(pos for pos in merchant.search_merchant_pos(SearchMerchantPosRequest(page=0, size=25)).items
                   if pos.pos_integrator == PosIntegrator.GARANTI and pos.status != PosStatus.PASSIVE)
    changed = merchant.update_merchant_pos(garanti.id, UpdateMerchantPosRequest(
        name="Renamed", hostname=garanti.hostname, client_id=garanti.client_id, mode=garanti.mode, path=garanti.path,
        port=garanti.port, terminal_id=garanti.terminal_id, threeds_key=garanti.threeds_key, threeds_path=garanti.threeds_path,
        enable_foreign_card=True, enable_installment=True, enable_payment_without_cvc=True, enable_loyalty=True,
        order_number=garanti.order_number, supported_card_associations=garanti.supported_card_associations,
        enabled_payment_authentication_types=garanti.enabled_payment_authentication_types,
        merchant_pos_users=garanti.merchant_pos_users))
    assert changed.name == "Renamed"
    made = payments.create_payment(payment("10", card("5209220000000002"), pos_alias=garanti.alias))
    assert (made.payment_status, made.pos.name) == ("SUCCESS", "Renamed")


def test_a_passive_pos_takes_no_payment(stage, payments):
    merchant = stage.client.merchant()
    made = create(merchant, status=PosStatus.ACTIVE)
    merchant.update_merchant_pos_status(UpdateMerchantPosStatusRequest(merchant_pos_id=made.id, pos_status=PosStatus.PASSIVE))
    assert merchant.retrieve(made.id).status == "PASSIVE"
    assert_broken_rule(refusal(payments.create_payment, payment("10", card("5209220000000002"), pos_alias=made.alias)), 422)


def test_a_commission_table_says_what_instalments_cost(stage):
    merchant, installment = stage.client.merchant(), stage.client.installment()
    made = create(merchant, status=PosStatus.ACTIVE)
    rows = [UpdateMerchantPosCommission(card_brand_name="Bonus", installment=count, blockage_day=count,
                                        bank_on_us_credit_card_commission_rate=Decimal("2.1"),
                                        merchant_commission_rate=Decimal(rate)) for count, rate in [(1, "0"), (3, "3.5")]]
    written = merchant.update_merchant_pos_commissions(made.id, UpdateMerchantPosCommissionsRequest(commissions=rows))
    read = merchant.retrieve_merchant_pos_commissions(made.id)
    assert [row.to_dict() for row in read.items] == [row.to_dict() for row in written.items]
    assert [(row.installment, row.blockage_day, row.status) for row in read.items] == [(1, 1, "ACTIVE"), (3, 3, "ACTIVE")]
    for beginning in (None, "52092200", "520922"):
        found = installment.search_installments(SearchInstallmentsRequest(
            bin_number=beginning, price=Decimal("1000"), currency=Currency.TRY, distinct_card_brands_with_lowest_commissions=False))
        of_pos = [item.installment_prices for item in found.items if item.installment_prices[0].pos_alias == made.alias]
        assert [[(float(price.total_price), float(price.installment_price)) for price in prices] for prices in of_pos] == [[(1000, 1000), (1035, 345)]]
    # A card of a bank in Turkey pays in lira alone.
    dollars = SearchInstallmentsRequest(bin_number="52092200", price=Decimal("1000"), currency=Currency.USD)
    assert installment.search_installments(dollars).items == []
    merchant.delete_merchant_pos(DeleteMerchantPosRequest(merchant_pos_id=made.id))
    assert_broken_rule(refusal(merchant.retrieve, made.id), 404)


def test_alternative_methods_list_maslak_active(stage):
    apms = stage.client.merchant_apm().retrieve_apms().items
    assert [(apm.apm_type, apm.status) for apm in apms] == [("MASLAK", "ACTIVE")]


def test_a_card_numbers_beginning_tells_bank_and_family(stage):
    for beginning in ("52586400", "525864"):
        found = stage.client.installment().retrieve_bin_number(beginning)
        assert (found.card_brand, found.card_type, found.card_association, found.bank_code) == ("World", "CREDIT_CARD", "MASTER_CARD", 67)
    assert_broken_rule(refusal(stage.client.installment().retrieve_bin_number, "00000000"), 404)
