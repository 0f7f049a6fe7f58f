//! The messages of the lender protocol, from `docs/lender-protocol.yaml`, and their checks.

use serde::{Deserialize, Serialize};

const ITEMS_MAX: usize = 500;
const TEXT_BYTES_MAX: usize = 1024;
const URL_BYTES_MAX: usize = 2048;
const AMOUNT_MAX: i64 = 999_999_999_999_999;
const TIME_LIMIT_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;

/// The categories of the protocol. A cart with any other is refused.
const CATEGORIES: [&str; 26] = [
    "MOBILE_PHONE_PRICE_ABOVE_REGULATION_LIMIT",
    "MOBILE_PHONE_PRICE_BELOW_REGULATION_LIMIT",
    "MOBILE_PHONE_REFURBISHED",
    "TABLET",
    "TABLET_WITH_CAMPAIGN",
    "COMPUTER",
    "CONSTRUCTION_MARKET",
    "GOLD",
    "DIGITAL_PRODUCTS",
    "SUPERMARKET",
    "WHITE_GOODS",
    "WEARABLE_TECHNOLOGY",
    "SMALL_HOME_APPLIANCES",
    "TV",
    "GAMES_CONSOLES",
    "AIR_CONDITIONER_AND_HEATER",
    "ELECTRONICS",
    "ACCESSORIES",
    "MOM_AND_BABY_AND_KIDS",
    "SHOES",
    "CLOTHING",
    "COSMETICS_AND_PERSONAL_CARE",
    "FURNITURE",
    "HOME_LIVING",
    "AUTOMOBILE_MOTORCYCLE",
    "OTHER",
];

/// One line of a cart; prices in kuruş.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CartItem {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) brand: String,
    pub(crate) category: String,
    pub(crate) unit_price: i64,
    pub(crate) quantity: u32,
}

/// Body of `POST /v1/offers`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OffersRequest {
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) items: Vec<CartItem>,
}

/// What the shop knows of the buyer.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Buyer {
    pub(crate) identity_number: Option<String>,
    pub(crate) phone_number: Option<String>,
    pub(crate) birth_date: Option<String>,
}

/// Who turns an approval into money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum ApprovalMode {
    /// The bank.
    Auto,
    /// The merchant, by confirming.
    Manual,
}

/// Body of `POST /v1/applications`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApplicationRequest {
    pub(crate) order_id: String,
    pub(crate) bank_code: Option<String>,
    pub(crate) term: Option<u16>,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) items: Vec<CartItem>,
    #[serde(default)]
    pub(crate) buyer: Buyer,
    pub(crate) return_url: String,
    pub(crate) notification_url: String,
    pub(crate) time_limit_seconds: u32,
    pub(crate) approval_mode: Option<ApprovalMode>,
}

/// Body of `POST …/void` and `POST …/refunds`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefundRequest {
    pub(crate) refund_id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
}

impl RefundRequest {
    /// Checks everything that needs no loan.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if !is_order_id(&self.refund_id) {
            return Err(Refusal::invalid("refundId is out of bounds"));
        }
        if !(1..=AMOUNT_MAX).contains(&self.amount) {
            return Err(Refusal::invalid("amount is not positive"));
        }
        require_lira(&self.currency)
    }
}

/// Why something was not done: a status, a code of the document, and words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Refusal {
    /// A refusal by the rules of lending.
    pub(crate) fn business(code: &str, message: &str) -> Refusal {
        Refusal {
            status: 422,
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }

    /// A request that breaks the document.
    pub(crate) fn invalid(message: &str) -> Refusal {
        Refusal {
            status: 400,
            code: "REQUEST_INVALID".to_owned(),
            message: message.to_owned(),
        }
    }
}

/// Checks a cart against its amount. A cart may sum as unit price times quantity, or as unit
/// prices alone: shops send both.
pub(crate) fn check_cart(amount: i64, currency: &str, items: &[CartItem]) -> Result<(), Refusal> {
    if !(1..=AMOUNT_MAX).contains(&amount) {
        return Err(Refusal::invalid("amount is not positive"));
    }
    require_lira(currency)?;
    if items.is_empty() || items.len() > ITEMS_MAX {
        return Err(Refusal::invalid("items has no line, or too many"));
    }
    let (mut priced, mut counted) = (0_i64, 0_i64);
    for item in items {
        let texts = [&item.id, &item.name, &item.brand];
        if !CATEGORIES.contains(&item.category.as_str()) {
            return Err(Refusal::invalid("category is not known"));
        }
        let price_ok = (0..=AMOUNT_MAX).contains(&item.unit_price) && item.quantity > 0;
        if !price_ok || texts.iter().any(|text| text.len() > TEXT_BYTES_MAX) {
            return Err(Refusal::invalid("an item is out of bounds"));
        }
        let line = item.unit_price.saturating_mul(i64::from(item.quantity));
        priced = priced.saturating_add(item.unit_price);
        counted = counted.saturating_add(line);
    }
    if amount != priced && amount != counted {
        return Err(Refusal::business(
            "CART_MISMATCH",
            "the items do not sum to the amount",
        ));
    }
    Ok(())
}

fn require_lira(currency: &str) -> Result<(), Refusal> {
    if currency == "TRY" {
        return Ok(());
    }
    let words = "only TRY is lent";
    Err(Refusal::business("CURRENCY_NOT_SUPPORTED", words))
}

/// An id that Galata makes.
fn is_order_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}

impl ApplicationRequest {
    /// Checks everything that needs no bank.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if !is_order_id(&self.order_id) {
            return Err(Refusal::invalid("orderId is out of bounds"));
        }
        if !is_web_address(&self.return_url) || !is_web_address(&self.notification_url) {
            return Err(Refusal::invalid(
                "returnUrl or notificationUrl is not a web address",
            ));
        }
        if !(1..=TIME_LIMIT_SECONDS_MAX).contains(&self.time_limit_seconds) {
            return Err(Refusal::invalid("timeLimitSeconds is out of bounds"));
        }
        check_cart(self.amount, &self.currency, &self.items)
    }
}

/// Absolute http or https, printable ASCII: it is sent as a header and called.
fn is_web_address(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    url.len() <= URL_BYTES_MAX
        && url.bytes().all(|byte| byte.is_ascii_graphic())
        && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}
