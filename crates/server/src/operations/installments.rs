//! `/installment/v1/installments`: what a basket costs in how many instalments, by the POSes' commission
//! tables. What is shown for a card is what a payment with it can be.

use super::{Caller, Problem, TOP, bins};
use crate::app::App;
use crate::bins::Bin;
use crate::engine::routing::{self, Need};
use crate::engine::{commissions as table, rewards};
use crate::store::commissions::{self, Commission, Commissions};
use crate::store::payments::Amount;
use crate::store::poses::{self, Pos};
use connectors::directory;
use contract::enums::{CardType, Currency, PaymentPhase, Status};
use contract::envelope::Items;
use contract::installments::{Installment, InstallmentPrice, SearchInstallmentsRequest};
use contract::money::{Money, Rate, in_parts};
use contract::rules::Rule;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `GET /installment/v1/installments`: for a card, or for every card family of the POSes' tables.
pub async fn search(
    app: &App,
    caller: &Caller,
    request: SearchInstallmentsRequest,
) -> Result<Items<Installment>, Problem> {
    let currency = request.currency.unwrap_or(Currency::Try);
    let bin_number = request.bin_number.as_deref();
    bin_number.map(bins::require_bin).transpose()?;
    let phase = request.payment_phase.unwrap_or(PaymentPhase::Auth);
    let is_begun = phase != PaymentPhase::PostAuth;
    TOP.require("paymentPhase", Rule::UnknownValue, is_begun)?;
    let basket = Basket {
        app,
        currency,
        price: TOP.positive("price", request.price, currency)?,
        tables: commissions::for_payment(app, caller.merchant.id).await?,
        with_rewards: request.loyalty_exists == Some(true),
        phase,
    };
    let poses = poses::for_payment(app, caller.merchant.id).await?;
    let is_distinct = request.distinct_card_brands_with_lowest_commissions == Some(true);
    let items = match bin_number {
        Some(bin_number) => basket.of_card(&poses, bin_number, is_distinct)?,
        None if is_distinct => basket.of_families(&poses)?,
        None => basket.of_tables(&poses)?,
    };
    let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
    Ok(Items {
        items,
        page: 0,
        size: count,
        total_size: count,
    })
}

/// What is asked about.
struct Basket<'a> {
    app: &'a App,
    currency: Currency,
    price: Amount,
    tables: Arc<Commissions>,
    /// Points are to be used.
    with_rewards: bool,
    phase: PaymentPhase,
}

/// A price with what decides between equal numbers of instalments.
struct Offer {
    merchant_rate: Rate,
    bank_rate: Option<Rate>,
    price: InstallmentPrice,
}

impl Basket<'_> {
    /// A card's prices: one answer a POS, or one with each number of instalments where it costs least.
    fn of_card(
        &self,
        poses: &[Arc<Pos>],
        bin_number: &str,
        is_distinct: bool,
    ) -> Result<Vec<Installment>, Problem> {
        let card = self.app.bins.of(bin_number);
        let card = card.as_deref();
        let able = routing::able(poses, &self.need(card));
        let able = able.iter().filter(|pos| self.suits(pos, card));
        let offers = able.map(|pos| self.offers(pos, card));
        let mut offers: Vec<Vec<Offer>> = offers.collect::<Result<_, _>>()?;
        if is_distinct && !offers.is_empty() {
            offers = vec![cheapest(offers.into_iter().flatten())];
        }
        let shown = card.map(bins::shown).unwrap_or_default();
        let answer = |offers| Installment {
            bin_number: Some(bin_number.to_owned()),
            card_type: shown.card_type,
            card_association: shown.card_association,
            card_brand: shown.card_brand.clone(),
            bank_name: shown.bank_name.clone(),
            bank_code: shown.bank_code,
            commercial: shown.commercial,
            ..self.answer(offers)
        };
        Ok(offers.into_iter().map(answer).collect())
    }

    /// One answer for each family of each POS's table.
    fn of_tables(&self, poses: &[Arc<Pos>]) -> Result<Vec<Installment>, Problem> {
        let mut answers = Vec::new();
        for pos in poses {
            for (family, offers) in self.families(pos)? {
                answers.push(Installment {
                    card_brand: Some(family.to_owned()),
                    bank_name: directory::row(pos.integrator).map(|row| row.bank_name().to_owned()),
                    bank_code: Some(pos.bank_id),
                    ..self.answer(offers)
                });
            }
        }
        Ok(answers)
    }

    /// One answer for each family, with each number of instalments where it costs least.
    fn of_families(&self, poses: &[Arc<Pos>]) -> Result<Vec<Installment>, Problem> {
        let mut families: BTreeMap<&str, Vec<Offer>> = BTreeMap::new();
        for pos in poses {
            for (family, offers) in self.families(pos)? {
                families.entry(family).or_default().extend(offers);
            }
        }
        let answer = |(family, offers): (&str, Vec<Offer>)| Installment {
            card_brand: Some(family.to_owned()),
            ..self.answer(cheapest(offers))
        };
        Ok(families.into_iter().map(answer).collect())
    }

    /// What the families of a POS's table cost.
    fn families(&self, pos: &Pos) -> Result<BTreeMap<&str, Vec<Offer>>, Problem> {
        let mut families = BTreeMap::new();
        for row in self.tables.of(pos) {
            let card = typical_card(pos, &row.family);
            let is_known = families.contains_key(row.family.as_str());
            if !is_known
                && routing::takes(pos, &self.need(Some(&card)))
                && self.suits(pos, Some(&card))
            {
                families.insert(row.family.as_str(), self.offers(pos, Some(&card))?);
            }
        }
        Ok(families)
    }

    /// A single payment of the basket with a card.
    fn need<'a>(&'a self, card: Option<&'a Bin>) -> Need<'a> {
        Need {
            currency: self.currency,
            phase: self.phase,
            threeds: true,
            has_cvc: true,
            installment: 1,
            commissions: &self.tables,
            bin: card,
            amount: self.price.minor,
            reward: None,
            pinned: None,
            aliases: &[],
            ordering: None,
        }
    }

    /// Whether a POS can use the card's rewards, where that is wanted.
    fn suits(&self, pos: &Pos, card: Option<&Bin>) -> bool {
        // A card of a bank in Turkey pays in lira alone.
        let pays = self.currency == Currency::Try || card.is_none();
        pays && (!self.with_rewards || rewards::can_inquire(pos, card))
    }

    /// A single payment, and the active rows of the card's family as far as the card goes.
    fn offers(&self, pos: &Pos, card: Option<&Bin>) -> Result<Vec<Offer>, Problem> {
        let rows = self.tables.of(pos);
        let family = card.map_or("", |card| card.family.as_str());
        let most = if pos.settings.enable_installment {
            self.app.bins.installments_max(card)
        } else {
            1
        };
        let mut offers = vec![self.offer(pos, card, 1)?];
        let listed = rows.iter().filter(|row| {
            let is_active = row.status == Status::Active && row.family == family;
            is_active && (2..=most).contains(&row.installment)
        });
        for row in listed {
            offers.push(self.offer(pos, card, row.installment)?);
        }
        Ok(offers)
    }

    fn offer(&self, pos: &Pos, card: Option<&Bin>, installment: u8) -> Result<Offer, Problem> {
        let rows = self.tables.of(pos);
        let family = card.map_or("", |card| card.family.as_str());
        // What the shopper pays on top is said of the family itself, never of another one.
        let own = rows.iter().find(|row| row.is_of(family, installment));
        let merchant_rate = own.and_then(|row: &Commission| row.merchant_rate);
        let merchant_rate = merchant_rate.unwrap_or(Rate::of_millionths(0));
        let bank_rate = table::terms(pos, rows, card, installment).bank_rate;
        let total = merchant_rate.on_top(self.price.minor);
        let total = total.ok_or_else(|| Problem::field(Rule::AmountTooLarge, "price"))?;
        let spelled = |minor| Some(Money::new(minor, self.currency).decimal());
        let is_debit = card.is_some_and(|card| card.card_type == Some(CardType::DebitCard));
        let price = InstallmentPrice {
            pos_alias: Some(pos.alias.clone()),
            installment_number: Some(i32::from(installment)),
            installment_price: spelled(in_parts(total, installment)),
            bank_commission_rate: bank_rate.map(Rate::percent),
            merchant_commission_rate: Some(merchant_rate.percent()),
            total_price: spelled(total),
            installment_label: own.and_then(|row| row.label.clone()),
            loyalty_supported: Some(rewards::can_inquire(pos, card)),
            force3ds: Some(pos.forces_threeds() || is_debit),
            cvc_required: Some(!pos.settings.enable_payment_without_cvc),
        };
        Ok(Offer {
            merchant_rate,
            bank_rate,
            price,
        })
    }

    /// What every answer has. A shop that looks no further than the answer itself does right at every
    /// POS of it.
    fn answer(&self, offers: Vec<Offer>) -> Installment {
        let any = |of: fn(&InstallmentPrice) -> Option<bool>| {
            let mut offers = offers.iter();
            Some(offers.any(|offer| of(&offer.price) == Some(true)))
        };
        Installment {
            price: Some(self.price.decimal(self.currency)),
            force3ds: any(|price| price.force3ds),
            cvc_required: any(|price| price.cvc_required),
            installment_prices: offers.into_iter().map(|offer| offer.price).collect(),
            ..Installment::default()
        }
    }
}

/// Of each number of instalments the offer that costs the shopper least, then the one that costs the
/// merchant least, then the POS that is tried first.
fn cheapest(offers: impl IntoIterator<Item = Offer>) -> Vec<Offer> {
    let cost = |offer: &Offer| {
        let bank = offer.bank_rate;
        (offer.merchant_rate, bank.is_none(), bank)
    };
    let mut best: BTreeMap<Option<i32>, Offer> = BTreeMap::new();
    for offer in offers {
        let number = offer.price.installment_number;
        let is_dearer = best
            .get(&number)
            .is_some_and(|one| cost(one) <= cost(&offer));
        if !is_dearer {
            best.insert(number, offer);
        }
    }
    best.into_values().collect()
}

/// A consumer's credit card of a family: the bank's own where the family is one of its families.
fn typical_card(pos: &Pos, family: &str) -> Bin {
    let is_own = table::is_own_family(pos, family);
    Bin {
        bank_code: if is_own { pos.bank_id } else { 0 },
        bank_name: String::new(),
        card_type: Some(CardType::CreditCard),
        association: None,
        brand: family.to_owned(),
        family: family.to_owned(),
        commercial: Some(false),
    }
}
