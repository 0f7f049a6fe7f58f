//! The card that a request gives: open, or stored under `cardUserKey` and `cardToken`.

use super::Problem;
use super::check::At;
use crate::app::App;
use crate::bins::Bin;
use crate::engine::claims::Claims;
use crate::store::cards::{self, CardRef};
use crate::store::payments::CardShown;
use connectors::bank::CardData;
use contract::card::{CardText, Cvc, Expiry, Pan, Secret, SensitiveText};
use contract::enums::CardAssociation;
use contract::received::{Place, Received};
use contract::rules::Rule;
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// Digits that the shortest card number has.
const PAN_DIGITS_MIN: usize = 12;
/// Longest name on a card.
const HOLDER_MAX: usize = 100;

/// The parts of a request that name a card.
pub(super) struct Given {
    /// Name on an open card.
    pub holder: Option<String>,
    /// Number of an open card.
    pub number: Option<CardText>,
    /// Year of an open card.
    pub expire_year: Option<SensitiveText>,
    /// Month of an open card.
    pub expire_month: Option<SensitiveText>,
    /// Security code; allowed with a stored card too.
    pub cvc: Option<CardText>,
    /// Person of a stored card.
    pub user_key: Option<String>,
    /// Stored card.
    pub token: Option<String>,
    /// What else the request says.
    pub texts: Texts,
}

/// Texts beside a card that have enough digits to hold its number. They are stored, shown and handed
/// on as they came, so the number must not be among them. Order numbers may look like any card:
/// only the very card of the request counts.
pub(super) struct Texts(Vec<(String, Secret)>);

impl Texts {
    /// Of a request and of its idempotency key, which is stored beside what it made.
    pub(super) fn of(request: &impl Received, claims: &Claims) -> Texts {
        let mut texts = Texts(Vec::new());
        request.texts(&Place::Top, &mut |at, text| texts.add(at, text));
        if let Some(key) = &claims.key {
            texts.add("x-idempotency-key", &key.key);
        }
        texts
    }

    /// One more, at a place that is named.
    pub(super) fn add(&mut self, at: impl ToString, text: &str) {
        // As it stands, and as an address that is read: `%20` is no digit.
        let read = percent_decode_str(text).decode_utf8_lossy();
        for text in [text, &*read] {
            // Whatever stands between them: people write numbers in groups.
            let digits: String = text.chars().filter_map(digit).collect();
            if digits.len() >= PAN_DIGITS_MIN {
                self.0.push((at.to_string(), Secret::new(digits)));
            }
        }
    }

    /// Refuses a number that is among them.
    pub(super) fn refuse(&self, pan: &Pan) -> Result<(), Problem> {
        let holds = |(_, digits): &&(String, Secret)| digits.expose().contains(pan.expose());
        match self.0.iter().find(holds) {
            Some((at, _)) => Err(Problem::field(Rule::HoldsCardNumber, at)),
            None => Ok(()),
        }
    }
}

/// A digit of the scripts that keyboards of this part of the world write.
fn digit(character: char) -> Option<char> {
    /// Zero of ASCII, Arabic, Persian and full-width digits.
    const ZEROS: [u32; 4] = [0x30, 0x660, 0x6f0, 0xff10];
    let code = u32::from(character);
    let zero = ZEROS
        .into_iter()
        .find(|zero| (*zero..zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// A card that was read, with what its number tells.
pub(super) struct Card {
    /// For the bank.
    pub data: CardData,
    /// Of the number; `None` for an unknown one.
    pub bin: Option<Arc<Bin>>,
    /// The stored card that it is.
    pub stored_as: Option<CardRef>,
}

impl Card {
    /// The card as payments show it.
    pub(super) fn card_view(&self) -> CardShown {
        let bin = self.bin.as_ref();
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        CardShown {
            holder: given(&self.data.holder),
            bank_holder: None,
            issuer_id: bin.map(|b| b.bank_code).filter(|code| *code > 0),
            issuer_name: bin.and_then(|b| given(&b.bank_name)),
            card_type: bin.and_then(|b| b.card_type),
            association: bin
                .and_then(|b| b.association)
                .or_else(|| association_of(self.data.pan.expose())),
            brand: bin.and_then(|b| given(&b.brand)),
        }
    }

    /// A debit card.
    pub(super) fn is_debit(&self) -> bool {
        self.bin
            .as_ref()
            .is_some_and(|b| b.card_type == Some(contract::enums::CardType::DebitCard))
    }
}

/// Reads the card that a request gives `at` itself or in an object. A stored reference wins.
/// `needs_holder`: payments and stored cards need the name.
pub(super) async fn read(
    app: &App,
    merchant_id: i64,
    at: &At<'_>,
    given: Given,
    needs_holder: bool,
) -> Result<Card, Problem> {
    if let Some(token) = given.token.filter(|t| !t.is_empty()) {
        let token = at.required_text("cardToken", Some(token))?;
        let user = at.required_text("cardUserKey", given.user_key)?;
        let stored = cards::of_merchant(app, merchant_id, &user, &token).await?;
        let refused = || Problem::field(Rule::StoredCardNotFound, at.field("cardToken"));
        let stored = stored.ok_or_else(refused)?;
        given.texts.refuse(&stored.pan)?;
        let bin = app.bins.of(stored.pan.expose());
        let cvc = cvc(at, given.cvc, &stored.pan, bin.as_deref())?;
        require_unexpired(app, at, stored.expiry)?;
        let data = CardData {
            pan: stored.pan,
            expiry: stored.expiry,
            cvc,
            holder: stored.holder_name,
        };
        return Ok(Card {
            data,
            bin,
            stored_as: Some(CardRef {
                card_user_key: user,
                card_token: token,
            }),
        });
    }
    let pan = number(at, given.number)?;
    given.texts.refuse(&pan)?;
    let expiry = expiry(app, at, given.expire_year, given.expire_month)?;
    let bin = app.bins.of(pan.expose());
    let cvc = cvc(at, given.cvc, &pan, bin.as_deref())?;
    let holder = holder(at, given.holder, needs_holder)?;
    Ok(Card {
        data: CardData {
            pan,
            expiry,
            cvc,
            holder,
        },
        bin,
        stored_as: None,
    })
}

/// A card number.
fn number(at: &At<'_>, value: Option<CardText>) -> Result<Pan, Problem> {
    const NAME: &str = "cardNumber";
    let text = at.required(NAME, value.filter(|v| !v.expose().is_empty()))?;
    Pan::parse(text.expose()).map_err(|_| Problem::field(Rule::CardNumber, at.field(NAME)))
}

/// The field that is told when a card has expired.
const YEAR: &str = "expireYear";

/// Month and year of expiry, not in the past. A year of two digits is in this century.
pub(super) fn expiry(
    app: &App,
    at: &At<'_>,
    year: Option<SensitiveText>,
    month: Option<SensitiveText>,
) -> Result<Expiry, Problem> {
    const MONTH: &str = "expireMonth";
    let year = at.required(YEAR, year.filter(|v| !v.expose().is_empty()))?;
    let month = at.required(MONTH, month.filter(|v| !v.expose().is_empty()))?;
    let digits = |text: &str, longest: usize| {
        let fits = text.len() <= longest && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let month = digits(month.expose(), 2)
        .and_then(|m| u8::try_from(m).ok())
        .filter(|m| (1..=12).contains(m))
        .ok_or_else(|| Problem::field(Rule::ExpireMonth, at.field(MONTH)))?;
    let year = match (year.expose().len(), digits(year.expose(), 4)) {
        (2, Some(year)) => 2000 + year,
        (4, Some(year)) if (2000..2100).contains(&year) => year,
        // The documented text shows the year that was sent; only digits are shown back.
        (_, year) => {
            let year = year.map(|year| year.to_string()).unwrap_or_default();
            let field = at.field(YEAR);
            return Err(Problem::limit(Rule::ExpireYear, field, "year", year));
        }
    };
    let expiry = Expiry { year, month };
    require_unexpired(app, at, expiry)?;
    Ok(expiry)
}

fn require_unexpired(app: &App, at: &At<'_>, expiry: Expiry) -> Result<(), Problem> {
    let today = app.istanbul_now();
    let (year, month) = (i32::from(today.year()), i32::from(today.month()));
    let is_good = (i32::from(expiry.year), i32::from(expiry.month)) >= (year, month);
    at.require(YEAR, Rule::ExpiredCard, is_good)
}

fn cvc(
    at: &At<'_>,
    value: Option<CardText>,
    pan: &Pan,
    bin: Option<&Bin>,
) -> Result<Option<Cvc>, Problem> {
    let Some(text) = value.filter(|v| !v.expose().is_empty()) else {
        return Ok(None);
    };
    let amex = bin
        .and_then(|b| b.association)
        .or_else(|| association_of(pan.expose()))
        == Some(CardAssociation::Amex);
    let length = if amex { 4 } else { 3 };
    let cvc = Cvc::parse(text.expose()).filter(|cvc| cvc.expose().len() == length);
    at.require("cvc", Rule::Cvc, cvc.is_some())?;
    Ok(cvc)
}

/// The name on the card: no markup or arithmetic, not more than five digits
/// (platform-semantics section 3).
fn holder(at: &At<'_>, value: Option<String>, needed: bool) -> Result<String, Problem> {
    const NAME: &str = "cardHolderName";
    const DIGITS_MAX: usize = 5;
    let name = at.text_within(NAME, value, HOLDER_MAX)?;
    let name = name.or_else(|| (!needed).then(String::new));
    let name = at.required(NAME, name)?;
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let is_code = name.contains(['<', '>', '"', '%', ';', '&', '+', '(', ')', '|', '=', '!']);
    at.require(NAME, Rule::CardHolderName, !is_code && digits <= DIGITS_MAX)?;
    Ok(name)
}

/// The association that the first digits of any card in the world tell.
fn association_of(number: &str) -> Option<CardAssociation> {
    match number.get(..2)? {
        "34" | "37" => Some(CardAssociation::Amex),
        "36" | "38" | "30" => Some(CardAssociation::DinersClub),
        "35" => Some(CardAssociation::Jcb),
        "62" => Some(CardAssociation::UnionPay),
        two if two.starts_with('4') => Some(CardAssociation::Visa),
        "51" | "52" | "53" | "54" | "55" => Some(CardAssociation::MasterCard),
        "22" | "23" | "24" | "25" | "26" | "27" => Some(CardAssociation::MasterCard),
        _ if number.starts_with("9792") => Some(CardAssociation::Troy),
        _ => None,
    }
}
