//! What a card payment is decided to be before anything of it is stored.

use super::check::{self, At, PARAMS, TOP};
use super::given_card::{self, Card, Given, Texts};
use super::insured_card;
use super::{Caller, Problem};
use crate::app::App;
use crate::bins::{Bin, INSTALLMENTS_MAX};
use crate::engine::autopilot;
use crate::engine::charge::Plan;
use crate::engine::routing::{self, Need};
use crate::engine::routing_rules::Occasion;
use crate::store::commissions::{self, Commissions};
use crate::store::payments::{Amount, CardShown, Item, Payment};
use crate::store::poses::{self, Pos};
use crate::store::routing_rules;
use connectors::bank::RewardUse;
use contract::card_loyalties::Loyalty;
use contract::card_payments::{CreatePaymentRequest, PaymentItem, RoutingOptions};
use contract::enums::{
    CardType, Currency, LoyaltyType, PaymentGroup, PaymentPhase, PaymentProvider, PaymentStatus,
    PaymentType,
};
use contract::errors::ErrorGroup;
use contract::money::Decimal;
use contract::rules::Rule;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use std::sync::Arc;

static CARD: At<'static> = TOP.field("card");
static LOYALTY: At<'static> = CARD.field("loyalty");
static REWARD: At<'static> = LOYALTY.field("reward");

/// What is not offered yet is told before any field is asked for: nothing that a shop could add would
/// help it. A reward beside a wallet has an error of its own, which comes later.
pub(super) fn require_offered(request: &CreatePaymentRequest) -> Result<(), Problem> {
    const AT_PROVIDER: &str = "paymentProvider";
    let kind = Rule::CardKindNotOffered;
    // A card that is stored at a provider of the merchant's comes without an object `card`.
    let params = request.additional_params.as_ref();
    let at_provider = params.and_then(|params| params.get(AT_PROVIDER));
    let at_provider = at_provider.filter(|value| is_something(value));
    PARAMS.refuse(AT_PROVIDER, kind, &at_provider)?;
    if let Some(sent) = &request.card {
        CARD.refuse("secureFieldsToken", kind, &sent.secure_fields_token)?;
        CARD.refuse("tokenizedCard", kind, &sent.tokenized_card)?;
        CARD.refuse("encryptedCard", kind, &sent.encrypted_card)?;
    }
    let is_begun = request.payment_phase != Some(PaymentPhase::PostAuth);
    TOP.require("paymentPhase", Rule::UnknownValue, is_begun)?;
    let wallet = request.wallet_price.unwrap_or(Decimal::ZERO);
    let card = request.card.as_ref();
    let has_reward = card.is_some_and(|card| card.loyalty.is_some());
    let is_offered = wallet <= Decimal::ZERO || has_reward;
    TOP.require("walletPrice", Rule::WalletNotOffered, is_offered)
}

/// Neither null nor empty.
fn is_something(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Array(entries) => !entries.is_empty(),
        Json::Object(map) => !map.is_empty(),
        _ => true,
    }
}

/// What a payment costs.
struct Amounts {
    currency: Currency,
    price: Amount,
    paid: Amount,
    wallet: Amount,
}

impl Amounts {
    fn read(request: &CreatePaymentRequest) -> Result<Amounts, Problem> {
        let currency = TOP.required("currency", request.currency)?;
        let price = TOP.positive("price", request.price, currency)?;
        let paid = TOP.positive("paidPrice", request.paid_price, currency)?;
        let wallet = request.wallet_price.unwrap_or(Decimal::ZERO);
        let wallet = TOP.amount("walletPrice", wallet, currency)?;
        let fits = wallet.minor <= paid.minor;
        TOP.require("walletPrice", Rule::PaidPriceTooLow, fits)?;
        Ok(Amounts {
            currency,
            price,
            paid,
            wallet,
        })
    }

    /// The items, whose sum is the price, with their shares.
    fn items(
        &self,
        app: &App,
        sent: Option<Vec<PaymentItem>>,
        group: Option<PaymentGroup>,
    ) -> Result<Vec<Item>, Problem> {
        let (price, paid, wallet) = (self.price, self.paid, self.wallet);
        let next_id = || app.next_id();
        let items = check::items(sent, price, paid, wallet, self.currency, next_id)?;
        check::sellers(&items, group, self.currency)?;
        Ok(items)
    }
}

/// The card of a payment, and what becomes of it.
struct PayingCard {
    card: Card,
    alias: Option<String>,
    user_key: Option<String>,
    /// It is stored once the payment succeeds.
    is_to_be_stored: bool,
}

impl PayingCard {
    async fn read(
        app: &App,
        merchant_id: i64,
        sent: contract::card_payments::Card,
        texts: Texts,
    ) -> Result<PayingCard, Problem> {
        insured_card::refuse(&CARD, &sent)?;
        let alias = CARD.text("cardAlias", sent.card_alias)?;
        let user_key = CARD.text("cardUserKey", sent.card_user_key.clone())?;
        let given = Given {
            holder: sent.card_holder_name,
            number: sent.card_number,
            expire_year: sent.expire_year,
            expire_month: sent.expire_month,
            cvc: sent.cvc,
            user_key: sent.card_user_key,
            token: sent.card_token,
            texts,
        };
        let card = given_card::read(app, merchant_id, &CARD, given, true).await?;
        let is_to_be_stored =
            sent.store_card_after_success_payment == Some(true) && card.stored_as.is_none();
        let user = user_key.as_deref().filter(|_| is_to_be_stored);
        super::cards::require_room(app, merchant_id, &CARD.field("cardUserKey"), user).await?;
        Ok(PayingCard {
            card,
            alias,
            user_key,
            is_to_be_stored,
        })
    }
}

/// Decides everything about a payment: its amounts, its card, its reward, and who can take it.
/// Nothing is stored before all of it is right.
pub(super) async fn plan(
    app: &App,
    caller: &Caller,
    request: CreatePaymentRequest,
    callback_url: Option<String>,
) -> Result<Plan, Problem> {
    let merchant_id = caller.merchant.id;
    let mut texts = Texts::of(&request, &caller.claims);
    if let Some(url) = &callback_url {
        texts.add("callbackUrl", url);
    }
    let amounts = Amounts::read(&request)?;
    let installment = installment(request.installment)?;
    let (loyalty, reward) = reward(&request, &amounts, installment)?;
    let no_wallet = amounts.wallet.minor == 0;
    TOP.require("walletPrice", Rule::WalletNotOffered, no_wallet)?;
    let phase = phase(&request, reward)?;
    let payment_id = app.next_id();
    let items = amounts.items(app, request.items, request.payment_group)?;
    let sent = TOP.required("card", request.card)?;
    let paying = PayingCard::read(app, merchant_id, sent, texts).await?;
    let card = paying.card;
    require_allowed(app, card.bin.as_deref(), amounts.currency, installment)?;

    let commissions = commissions::for_payment(app, merchant_id).await?;
    let payment = Payment {
        created_at: app.now(),
        phase,
        group: request.payment_group,
        channel: TOP.text("paymentChannel", request.payment_channel)?,
        conversation_id: TOP.unsigned_text("conversationId", request.conversation_id)?,
        external_id: TOP.unsigned_text("externalId", request.external_id)?,
        installment,
        threeds: callback_url.is_some(),
        buyer_member_id: request.buyer_member_id,
        client_ip: check::client_ip(request.client_ip)?,
        callback_url,
        requested_pos_alias: TOP.text("posAlias", request.pos_alias)?,
        bin_number: Some(card.data.pan.bin().to_owned()),
        last_four: Some(card.data.pan.last_four().to_owned()),
        card: card.card_view(),
        paid_with_stored_card: card.stored_as.is_some(),
        store_card: paying.is_to_be_stored,
        card_user_key: paying.user_key,
        loyalty,
        additional: additional(request.additional_params)?,
        ..unpaid(merchant_id, payment_id, &amounts)
    };
    let options = request.routing_options.unwrap_or_default();
    let poses = route(app, &payment, &card, reward, &commissions, options).await?;
    Ok(Plan {
        payment,
        items,
        card: card.data,
        bin: card.bin,
        stored_card: card.stored_as,
        card_alias: paying.alias,
        poses,
        commissions,
        reward,
        retry: request.retry.unwrap_or(true),
        bank_order_id: bank_order_id(request.bank_order_id)?,
    })
}

/// The POSes that can take a payment, best first, without those that the autopilot leaves out.
async fn route(
    app: &App,
    payment: &Payment,
    card: &Card,
    reward: Option<RewardUse>,
    commissions: &Commissions,
    options: RoutingOptions,
) -> Result<Vec<Arc<Pos>>, Problem> {
    let aliases = options.pos_aliases.unwrap_or_default();
    let need = Need {
        currency: payment.currency,
        phase: payment.phase,
        threeds: payment.threeds,
        has_cvc: card.data.cvc.is_some(),
        installment: payment.installment,
        commissions,
        bin: card.bin.as_deref(),
        amount: payment.paid_price.minor,
        reward,
        pinned: payment.requested_pos_alias.as_deref(),
        aliases: &aliases,
        ordering: options.ordering_rule,
    };
    let occasion = Occasion {
        digits: card.data.pan.bin(),
        buyer: payment.buyer_member_id,
        at: payment.created_at,
        phase: payment.phase,
        payment_id: payment.id,
    };
    let poses = poses::for_payment(app, payment.merchant_id).await?;
    let rules = routing_rules::for_payment(app, payment.merchant_id).await?;
    let ignores_rules = options.ignore_advanced_pos_routing_rules == Some(true);
    let rules = (!ignores_rules).then_some((&*rules, &occasion));
    let poses = routing::route(&poses, &need, rules).poses()?;
    Ok(autopilot::leave_out(app, poses, need.threeds))
}

/// Whether money is taken at once, or held. Products are not held, and points by no bank.
fn phase(
    request: &CreatePaymentRequest,
    reward: Option<RewardUse>,
) -> Result<PaymentPhase, Problem> {
    let phase = request.payment_phase.unwrap_or(PaymentPhase::Auth);
    let is_hold = phase == PaymentPhase::PreAuth;
    let is_of_products = request.payment_group == Some(PaymentGroup::Product);
    let can_be = !is_hold || !is_of_products;
    TOP.require("paymentGroup", Rule::HoldOfProducts, can_be)?;
    let has_points = matches!(reward, Some(RewardUse::Money { .. }));
    let can_be = !is_hold || !has_points;
    CARD.require("loyalty", Rule::HoldWithPoints, can_be)?;
    Ok(phase)
}

/// A card payment of which nothing is known but what it costs.
fn unpaid(merchant_id: i64, id: i64, amounts: &Amounts) -> Payment {
    Payment {
        merchant_id,
        id,
        version: 1,
        created_at: Timestamp::UNIX_EPOCH,
        payment_type: PaymentType::CardPayment,
        provider: PaymentProvider::Bank,
        status: PaymentStatus::Waiting,
        phase: PaymentPhase::Auth,
        group: None,
        channel: None,
        conversation_id: None,
        external_id: None,
        currency: amounts.currency,
        price: amounts.price,
        paid_price: amounts.paid,
        wallet_price: Amount {
            minor: 0,
            ..amounts.wallet
        },
        captured: 0,
        hold: None,
        taken_late_at: None,
        given_up_at: None,
        refunded: 0,
        refund_pending: 0,
        installment: 1,
        threeds: false,
        verification: false,
        buyer_member_id: None,
        client_ip: None,
        callback_url: None,
        requested_pos_alias: None,
        pos: None,
        order_id: None,
        bin_number: None,
        last_four: None,
        card: CardShown::default(),
        paid_with_stored_card: false,
        store_card: false,
        card_user_key: None,
        card_token: None,
        auth_code: None,
        host_reference: None,
        trans_id: None,
        md_status: None,
        loyalty: None,
        error: None,
        additional: Map::new(),
        bank_rate: None,
        blockage_days: None,
    }
}

fn installment(sent: Option<i32>) -> Result<u8, Problem> {
    let installment = sent.unwrap_or(1);
    TOP.within("installment", installment, 1..=INSTALLMENTS_MAX)
}

/// Refuses what no bank allows such a card: it would say so after it was asked. A card of a bank in Turkey pays
/// in lira alone, by the law that protects its value; how many instalments a card may have is known too.
fn require_allowed(
    app: &App,
    card: Option<&Bin>,
    currency: Currency,
    installment: u8,
) -> Result<(), Problem> {
    let may_pay = currency == Currency::Try || card.is_none();
    TOP.require("currency", Rule::CardCurrency, may_pay)?;
    require_installments(app, card, installment)
}

/// Refuses instalments that no bank gives to such a card.
pub(super) fn require_installments(
    app: &App,
    card: Option<&Bin>,
    installment: u8,
) -> Result<(), Problem> {
    if installment <= app.bins.installments_max(card) {
        return Ok(());
    }
    let is_debit = card.is_some_and(|card| card.card_type == Some(CardType::DebitCard));
    Err(Problem::failed(if is_debit {
        ErrorGroup::DebitCardsInstallmentNotAllowed
    } else {
        ErrorGroup::NotPermittedToInstallment
    }))
}

/// The reward that a shop chose, as it is shown and as it is used.
fn reward(
    request: &CreatePaymentRequest,
    amounts: &Amounts,
    installment: u8,
) -> Result<(Option<Loyalty>, Option<RewardUse>), Problem> {
    let loyalty = request.card.as_ref().and_then(|card| card.loyalty.clone());
    let loyalty = loyalty.map(loyalty_texts).transpose()?;
    let used = loyalty
        .as_ref()
        .map(|loyalty| reward_use(loyalty, amounts, installment));
    let used = used.transpose()?;
    Ok((loyalty, used))
}

/// Reads the reward that a shop chose.
fn reward_use(loyalty: &Loyalty, amounts: &Amounts, installment: u8) -> Result<RewardUse, Problem> {
    let (paid, wallet) = (amounts.paid.minor, amounts.wallet.minor);
    let pays_all = wallet > 0 && wallet == paid;
    CARD.require("loyalty", Rule::WalletWithReward, !pays_all)?;
    let kind = LOYALTY.required("type", loyalty.r#type)?;
    match kind {
        LoyaltyType::RewardMoney => points(loyalty, amounts),
        campaign => self::campaign(campaign, installment),
    }
}

/// The use of a campaign in a payment of so many instalments.
pub(super) fn campaign(kind: LoyaltyType, installment: u8) -> Result<RewardUse, Problem> {
    match kind {
        LoyaltyType::PostponingPayment => Err(Problem::rule(Rule::NoPosForReward)),
        // An issuer adds or skips instalments of an instalment sale only.
        LoyaltyType::AdditionalInstallment | LoyaltyType::PostponingInstallment
            if installment < 2 =>
        {
            Err(Problem::with(
                Rule::RewardNeedsInstallment,
                &[("field", "installment"), ("type", kind.as_str())],
            ))
        }
        campaign => Ok(RewardUse::Campaign(campaign)),
    }
}

fn points(loyalty: &Loyalty, amounts: &Amounts) -> Result<RewardUse, Problem> {
    const TOTAL: &str = "totalRewardMoney";
    let reward = LOYALTY.required("reward", loyalty.reward.as_ref())?;
    let minor = |name: &str, value: Option<Decimal>| {
        let value = value.unwrap_or(Decimal::ZERO);
        let amount = REWARD.amount(name, value, amounts.currency);
        amount.map(|amount| amount.minor)
    };
    let card = minor("cardRewardMoney", reward.card_reward_money)?;
    let firm = minor("firmRewardMoney", reward.firm_reward_money)?;
    let mile = minor("mileRewardMoney", reward.mile_reward_money)?;
    let sum = card + firm + mile;
    let total = minor(TOTAL, reward.total_reward_money)?;
    let adds_up = reward.total_reward_money.is_none() || total == sum;
    REWARD.require(TOTAL, Rule::RewardAmounts, adds_up)?;
    LOYALTY.require("reward", Rule::NotPositive, sum != 0)?;
    if sum > amounts.paid.minor {
        // The bank would refuse with the same group; asking it gains nothing.
        return Err(Problem::failed(ErrorGroup::SalesAmountLessThanAward));
    }
    Ok(RewardUse::Money { card, firm, mile })
}

/// The texts of a reward, which is kept with its payment and shown back, within their bounds.
fn loyalty_texts(mut loyalty: Loyalty) -> Result<Loyalty, Problem> {
    loyalty.message = LOYALTY.text("message", loyalty.message)?;
    if let Some(params) = &mut loyalty.loyalty_params {
        let at = LOYALTY.field("loyaltyParams");
        params.code = at.text("code", params.code.take())?;
    }
    if let Some(data) = &mut loyalty.loyalty_data {
        let at = LOYALTY.field("loyaltyData");
        data.code = at.text("code", data.code.take())?;
        let direction = data.due_date_shift_direction.take();
        data.due_date_shift_direction = at.text("dueDateShiftDirection", direction)?;
    }
    Ok(loyalty)
}

/// What Galata reads of `additionalParams`: which callback the shop understands. The phone number is a
/// Paycell POS's, which no protocol that is spoken is, so it is checked and goes nowhere; `paymentProvider` is
/// refused before ([`require_offered`]). What is not known is ignored, as the platform does.
fn additional(sent: Option<Map<String, Json>>) -> Result<Map<String, Json>, Problem> {
    const CALLBACK_VERSION: &str = "threeDSCallbackVersion";
    const PHONE: &str = "msisdn";
    let mut sent = sent.unwrap_or_default();
    if let Some(phone) = PARAMS.of_map::<String>(PHONE, &sent)? {
        PARAMS.require(PHONE, Rule::WrongType, is_phone(&phone))?;
    }
    let mut kept = Map::new();
    let version = sent.remove(CALLBACK_VERSION);
    if let Some(version) = version.filter(|version| !version.is_null()) {
        let text = version
            .as_str()
            .map_or_else(|| version.to_string(), str::to_owned);
        let is_known = matches!(text.as_str(), "1" | "2");
        PARAMS.require(CALLBACK_VERSION, Rule::UnknownValue, is_known)?;
        kept.insert(CALLBACK_VERSION.to_owned(), Json::String(text));
    }
    Ok(kept)
}

/// Ten digits, or more with the country's before them; an empty one counts as absent.
fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    text.is_empty() || (is_number && (10..=15).contains(&digits.len()))
}

/// The shop's own order id goes to the bank, so it must be one that every bank takes: 1 to 20
/// letters and digits.
fn bank_order_id(value: Option<String>) -> Result<Option<String>, Problem> {
    const NAME: &str = "bankOrderId";
    const LONGEST: usize = 20;
    let id = TOP.text_within(NAME, value, LONGEST)?;
    let is_plain = |id: &str| id.bytes().all(|b| b.is_ascii_alphanumeric());
    TOP.require(NAME, Rule::WrongType, id.as_deref().is_none_or(is_plain))?;
    Ok(id)
}
