//! What would become of a payment: which POS would take it and why, and what leaves out each of the others. It
//! asks the function that payments ask, and keeps nothing.

use super::check::TOP;
use super::routing_rules::CONDITIONS;
use super::{Actor, Permission, Problem, card_plan};
use crate::app::App;
use crate::bins::{Bin, INSTALLMENTS_MAX};
use crate::engine::autopilot;
use crate::engine::routing::{self, Hindrance, Need, Route, Standing};
use crate::engine::routing_rules::{Fate, Occasion};
use crate::store::commissions;
use crate::store::payments::Amount;
use crate::store::poses::{self, Pos};
use crate::store::routing_rules::{self, RoutingRule};
use connectors::bank::RewardUse;
use contract::enums::{
    Currency, LoyaltyType, OrderingRule, PaymentAuthenticationType, PaymentPhase, PosStatus,
};
use contract::money::Decimal;
use contract::rules::Rule;
use jiff::Timestamp;
use std::sync::Arc;

/// Digits of a card's number that are looked at: what a payment with the whole number goes by.
pub const DIGITS_MAX: usize = 8;
const DIGITS_MIN: usize = 6;

/// A payment that could be.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The card's first digits. Of more than eight the rest is dropped: no whole number is needed.
    pub digits: String,
    /// What the card is asked for.
    pub amount: Option<Decimal>,
    /// In which currency; lira when it is not said.
    pub currency: Option<Currency>,
    /// In how many instalments; 1 when it is not said.
    pub installment: Option<i64>,
    /// With 3DS.
    pub threeds: bool,
    /// Without a security code.
    pub without_cvc: bool,
    /// A sale when it is not said.
    pub phase: Option<PaymentPhase>,
    /// When; now when it is not said.
    pub at: Option<Timestamp>,
    /// The shop's own id of the buyer.
    pub buyer: Option<i64>,
    /// The reward to use.
    pub reward: Option<LoyaltyType>,
    /// The points to spend, of REWARD_MONEY.
    pub points: Option<Decimal>,
    /// The POS that the shop pins.
    pub pos_alias: Option<String>,
    /// The POSes that it allows.
    pub pos_aliases: Vec<String>,
    /// How it wants them ordered.
    pub ordering: Option<OrderingRule>,
    /// It ignores the rules.
    pub ignores_rules: bool,
    /// The payment's id, by which splits go; a new one when it is not said.
    pub payment_id: Option<i64>,
}

/// What would become of it.
#[derive(Debug)]
pub struct DryRun {
    /// The digits that were looked at.
    pub digits: String,
    /// What they tell; `None` is a foreign card.
    pub card: Option<Arc<Bin>>,
    /// When it would be made.
    pub at: Timestamp,
    /// The id that splits went by.
    pub payment_id: i64,
    /// What became of each POS and rule.
    pub route: Route,
    /// The rules, in order.
    pub rules: Vec<RoutingRule>,
    /// Ids of POSes that can take it and that the autopilot leaves out just now.
    pub left_out: Vec<i64>,
    /// Why it would be refused.
    pub refusal: Option<Problem>,
}

impl DryRun {
    /// The POS that would be asked first.
    pub fn first(&self) -> Option<&Arc<Pos>> {
        let taken = self.route.taken.iter().map(|taken| &taken.pos);
        let mut asked = taken.filter(|pos| !self.left_out.contains(&pos.id));
        asked.next().filter(|_| self.refusal.is_none())
    }
}

/// Routes a payment that is not made.
pub async fn run(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    question: Question,
) -> Result<DryRun, Problem> {
    let permission = Permission::LookAtSettings;
    by.require(app, merchant_id, permission, "routing.look", "dry-run")
        .await?;
    let digits = digits(&question.digits)?;
    let currency = question.currency.unwrap_or(Currency::Try);
    let amount = TOP.positive("amount", question.amount, currency)?;
    let installment = question.installment.unwrap_or(1);
    let installment = TOP.within("installment", installment, 1..=INSTALLMENTS_MAX)?;
    let reward = reward(&question, amount, currency, installment)?;
    let commissions = commissions::of_merchant(app, merchant_id).await?;
    let rules = routing_rules::of_merchant(app, merchant_id).await?;
    let poses = poses::of_merchant(app, merchant_id).await?;
    let poses: Vec<Arc<Pos>> = poses.into_iter().map(Arc::new).collect();
    let card = app.bins.of(&digits);
    let phase = question.phase.unwrap_or(PaymentPhase::Auth);
    let need = Need {
        currency,
        phase,
        threeds: question.threeds,
        has_cvc: !question.without_cvc,
        installment,
        commissions: &commissions,
        bin: card.as_deref(),
        amount: amount.minor,
        reward,
        pinned: question.pos_alias.as_deref(),
        aliases: &question.pos_aliases,
        ordering: question.ordering,
    };
    let occasion = Occasion {
        digits: &digits,
        buyer: question.buyer,
        at: question.at.unwrap_or_else(|| app.now()),
        phase,
        payment_id: question.payment_id.unwrap_or_else(|| app.next_id()),
    };
    let asked = (!question.ignores_rules).then_some((&*rules, &occasion));
    let route = routing::route(&poses, &need, asked);
    let able: Vec<Arc<Pos>> = route
        .taken
        .iter()
        .map(|taken| Arc::clone(&taken.pos))
        .collect();
    // Before any POS is looked at, a payment is refused that no bank gives such a card.
    let of_card = card_plan::require_installments(app, card.as_deref(), installment).err();
    Ok(DryRun {
        card,
        at: occasion.at,
        payment_id: occasion.payment_id,
        left_out: autopilot::left_out(&able, question.threeds),
        refusal: of_card.or_else(|| route.refusal.clone()),
        route,
        digits,
        rules,
    })
}

/// The first digits of what was typed: a number may have blanks.
fn digits(typed: &str) -> Result<String, Problem> {
    const NAME: &str = "bin";
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    TOP.require(NAME, Rule::Required, !typed.is_empty())?;
    let are_digits = typed.bytes().all(|byte| byte.is_ascii_digit());
    TOP.require(NAME, Rule::WrongType, are_digits)?;
    let longest = typed.len().max(DIGITS_MIN);
    TOP.require_length(NAME, typed.len(), DIGITS_MIN..=longest)?;
    Ok(typed.chars().take(DIGITS_MAX).collect())
}

/// The reward as a payment would use it.
fn reward(
    question: &Question,
    amount: Amount,
    currency: Currency,
    installment: u8,
) -> Result<Option<RewardUse>, Problem> {
    const POINTS: &str = "points";
    let of_points = question.points.map(|_| LoyaltyType::RewardMoney);
    let Some(kind) = question.reward.or(of_points) else {
        return Ok(None);
    };
    if kind != LoyaltyType::RewardMoney {
        TOP.refuse(POINTS, Rule::RewardAmounts, &question.points)?;
        return card_plan::campaign(kind, installment).map(Some);
    }
    let card = TOP.positive(POINTS, question.points, currency)?.minor;
    TOP.require(POINTS, Rule::RewardAmounts, card <= amount.minor)?;
    let (firm, mile) = (0, 0);
    Ok(Some(RewardUse::Money { card, firm, mile }))
}

/// Something that is told of a dry run: a word for programs, and the same in Turkish and English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// For programs.
    pub code: &'static str,
    /// Turkish.
    pub tr: String,
    /// English.
    pub en: String,
}

fn told(code: &'static str, tr: impl Into<String>, en: impl Into<String>) -> Told {
    let (tr, en) = (tr.into(), en.into());
    Told { code, tr, en }
}

/// Why a POS has its place: what counted, the weightiest first.
pub fn reasons(standing: &Standing) -> Vec<Told> {
    let mut reasons = Vec::new();
    if let Some(percent) = standing.percent {
        let (tr, en) = (
            format!("kuraldaki payı %{percent}"),
            format!("its share by the rule is {percent}%"),
        );
        reasons.push(told("SHARE", tr, en));
    } else if standing.by_rule {
        reasons.push(told("RULE", "kural seçti", "named by the rule"));
    }
    if let Some(place) = standing.listed {
        let place = place + 1;
        let (tr, en) = (
            format!("posAliases içinde {place}."),
            format!("number {place} of posAliases"),
        );
        reasons.push(told("LISTED", tr, en));
    }
    if standing.on_us {
        reasons.push(told(
            "ON_US",
            "kart bu bankanın kartı",
            "the card is its bank’s own",
        ));
    }
    if standing.family {
        reasons.push(told(
            "FAMILY",
            "kart ailesi bu bankanın ailesi",
            "the card family is its bank’s",
        ));
    }
    reasons.push(match standing.bank_rate {
        Some(rate) => {
            let percent = rate.percent().to_string();
            let tr = format!("komisyon %{}", percent.replace('.', ","));
            told("RATE", tr, format!("commission {percent}%"))
        }
        None => told(
            "NO_RATE",
            "komisyonu bilinmiyor",
            "its commission is not known",
        ),
    });
    let number = standing.order_number;
    let (tr, en) = (
        format!("listedeki sıra numarası {number}"),
        format!("number {number} in the list of POSes"),
    );
    reasons.push(told("ORDER", tr, en));
    reasons
}

/// What became of a rule.
pub fn fate(fate: Fate) -> Told {
    match fate {
        Fate::Decided => told("DECIDED", "Bu kural karar verdi", "It decided"),
        Fate::Refused => told(
            "REFUSED",
            "Yalnızca kendi POS’larına izin veriyor ve hiçbiri bu ödemeyi alamıyor: ödeme reddedilir",
            "It allows its own POSes only and none of them can take this payment: it is refused",
        ),
        Fate::PassedOver => told(
            "PASSED_OVER",
            "Koşulları tutuyor ama POS’larından hiçbiri bu ödemeyi alamıyor: atlandı",
            "Its conditions hold, but none of its POSes can take this payment: passed over",
        ),
        Fate::Unmet(name) => {
            let known = CONDITIONS.iter().find(|(known, ..)| *known == name);
            let (_, tr, en) = known.copied().unwrap_or((name, name, name));
            let (tr, en) = (
                format!("Tutmayan koşul: {tr}"),
                format!("A condition does not hold: {en}"),
            );
            told("UNMET", tr, en)
        }
        Fate::Off => told("OFF", "Kapalı", "Switched off"),
        Fate::Unreadable => told(
            "UNREADABLE",
            "Okunamıyor, hiçbir ödemeyi yönlendirmez",
            "It cannot be read and decides nothing",
        ),
        Fate::NotAsked => told(
            "NOT_ASKED",
            "Önceki kural karar verdiği için sorulmadı",
            "Not asked, because one before it decided",
        ),
    }
}

/// What leaves out a POS.
pub fn hindrance(hindrance: Hindrance, pos: &Pos) -> Told {
    let currency = pos.currency.as_str();
    let (currency_tr, currency_en) = (
        format!("Yalnızca {currency} ile çalışıyor"),
        format!("It takes {currency} only"),
    );
    let (code, tr, en) = match hindrance {
        Hindrance::Status if pos.status == PosStatus::RefundOnly => (
            "STATUS",
            "Yalnızca iadeye açık",
            "It is open to refunds only",
        ),
        Hindrance::Status => ("STATUS", "Kullanım dışı", "It is out of use"),
        Hindrance::Currency => ("CURRENCY", &*currency_tr, &*currency_en),
        Hindrance::PinnedElsewhere => (
            "PINNED_ELSEWHERE",
            "İstek başka bir POS’u sabitliyor (posAlias)",
            "The request pins another POS (posAlias)",
        ),
        Hindrance::NotListed => (
            "NOT_LISTED",
            "İsteğin posAliases listesinde yok",
            "It is not in the posAliases of the request",
        ),
        Hindrance::Verb => (
            "VERB",
            "Galata bu bankayla bu tür ödeme yapamıyor",
            "Galata cannot make such a payment with its bank",
        ),
        Hindrance::Phase if pos.settings.payment_phases == [PaymentPhase::PreAuth] => (
            "PHASE",
            "Yalnızca ön provizyon alıyor",
            "It takes pre-authorisations only",
        ),
        Hindrance::Phase => (
            "PHASE",
            "Ön provizyon almıyor",
            "It takes no pre-authorisations",
        ),
        Hindrance::ForeignCard => (
            "FOREIGN_CARD",
            "Yurt dışı kart almıyor",
            "It takes no foreign cards",
        ),
        Hindrance::InstallmentsOff => (
            "INSTALLMENTS_OFF",
            "Taksit kapalı",
            "Instalments are switched off",
        ),
        Hindrance::Association => (
            "ASSOCIATION",
            "Kartın kuruluşunu (Visa, Troy …) almıyor",
            "It does not take the card’s association (Visa, Troy …)",
        ),
        Hindrance::InstallmentRow => (
            "INSTALLMENT_ROW",
            "Oran tablosunda bu kart ailesi ve taksit sayısı satışta değil",
            "Its rates have no row on sale for this family and number of instalments",
        ),
        Hindrance::Reward => (
            "REWARD",
            "Bu kartla bu ödülü kullanamıyor",
            "It cannot use this reward with this card",
        ),
        Hindrance::RewardCoversAll => (
            "REWARD_COVERS_ALL",
            "Bankası puanı yalnızca tutarın tamamı için alıyor",
            "Its bank takes points for the whole amount only",
        ),
        Hindrance::Authentication if pos.authenticates(PaymentAuthenticationType::ThreeDs) => (
            "AUTHENTICATION",
            "3D Secure olmadan ödeme almıyor",
            "It takes no payment without 3D Secure",
        ),
        Hindrance::Authentication => (
            "AUTHENTICATION",
            "3D Secure ile ödeme almıyor",
            "It takes no payment with 3D Secure",
        ),
        Hindrance::Cvc => (
            "CVC",
            "Güvenlik kodu olmadan ödeme almıyor",
            "It takes no payment without a security code",
        ),
        Hindrance::Rule => (
            "RULE",
            "Yönlendirme kuralı yalnızca başka POS’lara izin veriyor",
            "The routing rule allows other POSes only",
        ),
    };
    told(code, tr, en)
}
