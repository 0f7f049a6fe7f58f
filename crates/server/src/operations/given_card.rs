//! The card that a request gives: open, or stored under `cardUserKey` and `cardToken`.

use super::{Problem, check};
use crate::app::App;
use crate::bins::Bin;
use crate::engine::claims::Claims;
use crate::store::cards;
use crate::store::payments::CardShown;
use connectors::bank::CardData;
use contract::card::{CardText, Cvc, Expiry, Pan, Secret, SensitiveText};
use contract::enums::CardAssociation;
use contract::received::{Place, Received};
use contract::rules::Rule;
use percent_encoding::percent_decode_str;

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

    fn refuse(&self, pan: &Pan) -> Result<(), Problem> {
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
    pub bin: Option<Bin>,
    /// It is a stored card.
    pub stored: bool,
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

/// Reads the card that a request gives. A stored reference wins; field names are prefixed with
/// `at` (`card.` in payments). `needs_holder`: payments and stored cards need the name.
pub(super) async fn read(
    app: &App,
    merchant_id: i64,
    at: &str,
    given: Given,
    needs_holder: bool,
) -> Result<Card, Problem> {
    let field = |name: &str| format!("{at}{name}");
    if let Some(token) = given.token.filter(|t| !t.is_empty()) {
        let token = check::text(&field("cardToken"), Some(token), check::TEXT_MAX)?;
        let token = check::required(&field("cardToken"), token)?;
        let user = check::text(&field("cardUserKey"), given.user_key, check::TEXT_MAX)?;
        let user = check::required(&field("cardUserKey"), user)?;
        let Some(stored) = cards::of_merchant(app, merchant_id, &user, &token).await? else {
            return Err(Problem::field(Rule::StoredCardNotFound, field("cardToken")));
        };
        given.texts.refuse(&stored.pan)?;
        let bin = app.bins.of(stored.pan.expose()).cloned();
        let cvc = cvc(&field("cvc"), given.cvc, &stored.pan, bin.as_ref())?;
        require_unexpired(app, &field("expireYear"), stored.expiry)?;
        let data = CardData {
            pan: stored.pan,
            expiry: stored.expiry,
            cvc,
            holder: stored.holder_name,
        };
        return Ok(Card {
            data,
            bin,
            stored: true,
        });
    }
    let pan = number(&field("cardNumber"), given.number)?;
    given.texts.refuse(&pan)?;
    let expiry = expiry(app, at, given.expire_year, given.expire_month)?;
    let bin = app.bins.of(pan.expose()).cloned();
    let cvc = cvc(&field("cvc"), given.cvc, &pan, bin.as_ref())?;
    let holder = holder(&field("cardHolderName"), given.holder, needs_holder)?;
    Ok(Card {
        data: CardData {
            pan,
            expiry,
            cvc,
            holder,
        },
        bin,
        stored: false,
    })
}

/// A card number.
pub(super) fn number(field: &str, value: Option<CardText>) -> Result<Pan, Problem> {
    let text = check::required(field, value.filter(|v| !v.expose().is_empty()))?;
    Pan::parse(text.expose()).map_err(|_| Problem::field(Rule::CardNumber, field))
}

/// Month and year of expiry, not in the past. A year of two digits is in this century.
pub(super) fn expiry(
    app: &App,
    at: &str,
    year: Option<SensitiveText>,
    month: Option<SensitiveText>,
) -> Result<Expiry, Problem> {
    let (year_field, month_field) = (format!("{at}expireYear"), format!("{at}expireMonth"));
    let year = check::required(&year_field, year.filter(|v| !v.expose().is_empty()))?;
    let month = check::required(&month_field, month.filter(|v| !v.expose().is_empty()))?;
    let digits = |text: &str, longest: usize| {
        let fits = text.len() <= longest && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let month = digits(month.expose(), 2)
        .and_then(|m| u8::try_from(m).ok())
        .filter(|m| (1..=12).contains(m))
        .ok_or_else(|| Problem::field(Rule::ExpireMonth, &month_field))?;
    let year = match (year.expose().len(), digits(year.expose(), 4)) {
        (2, Some(year)) => 2000 + year,
        (4, Some(year)) if (2000..2100).contains(&year) => year,
        // The documented text shows the year that was sent; only digits are shown back.
        (_, Some(year)) => return Err(Problem::limit(Rule::ExpireYear, &year_field, "year", year)),
        (_, None) => return Err(Problem::limit(Rule::ExpireYear, &year_field, "year", "")),
    };
    let expiry = Expiry { year, month };
    require_unexpired(app, &year_field, expiry)?;
    Ok(expiry)
}

fn require_unexpired(app: &App, field: &str, expiry: Expiry) -> Result<(), Problem> {
    let today = app.istanbul_now();
    let (year, month) = (i32::from(today.year()), i32::from(today.month()));
    if (i32::from(expiry.year), i32::from(expiry.month)) < (year, month) {
        Err(Problem::field(Rule::ExpiredCard, field))
    } else {
        Ok(())
    }
}

fn cvc(
    field: &str,
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
    match Cvc::parse(text.expose()).filter(|cvc| cvc.expose().len() == length) {
        Some(cvc) => Ok(Some(cvc)),
        None => Err(Problem::field(Rule::Cvc, field)),
    }
}

/// The name on the card: no markup or arithmetic, not more than five digits
/// (platform-semantics section 3).
fn holder(field: &str, value: Option<String>, needed: bool) -> Result<String, Problem> {
    let Some(name) = check::text(field, value, HOLDER_MAX)? else {
        return if needed {
            Err(Problem::field(Rule::Required, field))
        } else {
            Ok(String::new())
        };
    };
    const DIGITS_MAX: usize = 5;
    let digits = name.chars().filter(char::is_ascii_digit).count();
    if name.contains(['<', '>', '"', '%', ';', '&', '+', '(', ')', '|', '=', '!'])
        || digits > DIGITS_MAX
    {
        Err(Problem::field(Rule::CardHolderName, field))
    } else {
        Ok(name)
    }
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
