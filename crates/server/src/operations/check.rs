//! Checks of request fields. Each answers the value in its checked type, or names the field's path.

use super::Problem;
use crate::store::payments::{Amount, Item};
use contract::card_payments::PaymentItem;
use contract::enums::{Currency, PaymentGroup};
use contract::money::{AmountError, Decimal};
use contract::received::{Place, Received, of_json};
use contract::rules::Rule;
use serde_json::{Map, Value as Json};
use std::fmt;
use std::ops::RangeInclusive;
use url::Url;

/// What a check answers.
type Result<T> = std::result::Result<T, Problem>;

/// Characters that a text field may have, where no other limit is known.
const TEXT_MAX: usize = 255;
/// Characters of a name that people give to a merchant, an account, themselves.
const NAME_MAX: usize = 100;
/// Characters of an address that a request gives.
pub(super) const URL_MAX: usize = 2000;
/// Characters of an address that an account or a merchant is set up with.
pub(crate) const ADDRESS_MAX: usize = 2048;
/// Items that a payment may have.
const ITEMS_MAX: usize = 500;

/// Where in a request a check stands. Checks are told the name of the field below it, so that no
/// path is spelled by hand.
#[derive(Clone, Copy)]
pub(crate) struct At<'a>(Place<'a>);

/// The request itself.
pub(crate) static TOP: At<'static> = At(Place::Top);
/// What a request says beyond the contract's own fields.
pub(super) static PARAMS: At<'static> = TOP.field("additionalParams");

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl At<'_> {
    /// A field of the object here.
    pub(super) const fn field<'b>(&'b self, name: &'b str) -> At<'b> {
        At(Place::Field(&self.0, name))
    }

    /// An entry of the list here, from 0.
    pub(super) const fn item(&self, index: usize) -> At<'_> {
        At(Place::Entry(&self.0, index))
    }

    /// Refuses a field of which the rule does not hold.
    pub(crate) fn require(&self, name: &str, rule: Rule, holds: bool) -> Result<()> {
        if holds {
            Ok(())
        } else {
            Err(Problem::field(rule, self.field(name)))
        }
    }

    /// Refuses a field that is there.
    pub(super) fn refuse<T>(&self, name: &str, rule: Rule, value: &Option<T>) -> Result<()> {
        self.require(name, rule, value.is_none())
    }

    /// A field that must be there.
    pub(super) fn required<T>(&self, name: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| Problem::field(Rule::Required, self.field(name)))
    }

    /// A whole number within bounds, in their type.
    pub(crate) fn within<N: Copy + PartialOrd + Into<i64> + TryFrom<i64>>(
        &self,
        name: &str,
        value: impl Into<i64>,
        bounds: RangeInclusive<N>,
    ) -> Result<N> {
        let value = N::try_from(value.into()).ok();
        value.filter(|value| bounds.contains(value)).ok_or_else(|| {
            let (min, max) = bounds.into_inner();
            Problem::range(Rule::OutOfRange, self.field(name), min.into(), max.into())
        })
    }

    /// Refuses a text whose length, of characters or bytes, is out of bounds.
    pub(crate) fn require_length(
        &self,
        name: &str,
        length: usize,
        bounds: RangeInclusive<usize>,
    ) -> Result<()> {
        let field = self.field(name);
        let (least, most) = bounds.into_inner();
        if length < least {
            Err(Problem::limit(Rule::TooShort, field, "min", least))
        } else if length > most {
            Err(Problem::limit(Rule::TooLong, field, "max", most))
        } else {
            Ok(())
        }
    }

    /// Refuses a text that is too long or has a control character, which no header can hold.
    pub(crate) fn require_line(&self, name: &str, text: &str, longest: usize) -> Result<()> {
        self.require_length(name, text.chars().count(), 0..=longest)?;
        let is_line = !text.chars().any(char::is_control);
        self.require(name, Rule::ControlCharacter, is_line)
    }

    /// An optional text of at most `longest` characters. An empty one counts as absent.
    pub(super) fn text_within(
        &self,
        name: &str,
        value: Option<String>,
        longest: usize,
    ) -> Result<Option<String>> {
        let Some(text) = value.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        self.require_length(name, text.chars().count(), 0..=longest)?;
        // PostgreSQL's text cannot hold it.
        self.require(name, Rule::WrongType, !text.contains('\0'))?;
        Ok(Some(text))
    }

    /// An optional text.
    pub(super) fn text(&self, name: &str, value: Option<String>) -> Result<Option<String>> {
        self.text_within(name, value, TEXT_MAX)
    }

    /// A text that must be there.
    pub(super) fn required_text(&self, name: &str, value: Option<String>) -> Result<String> {
        self.required(name, self.text(name, value)?)
    }

    /// An optional text that must not begin with a sign (spreadsheets would run it as a formula).
    pub(super) fn unsigned_text(
        &self,
        name: &str,
        value: Option<String>,
    ) -> Result<Option<String>> {
        let text = self.text(name, value)?;
        let is_signed = text.as_deref().is_some_and(|t| t.starts_with(['+', '-']));
        self.require(name, Rule::LeadingSign, !is_signed)?;
        Ok(text)
    }

    /// A name for people, on one line and without blanks around it; `None` when it is absent or empty.
    pub(super) fn optional_name(&self, field: &str, value: Option<&str>) -> Result<Option<String>> {
        let Some(name) = value.map(str::trim).filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        self.require_line(field, name, NAME_MAX)?;
        Ok(Some(name.to_owned()))
    }

    /// A name for people that must be there.
    pub(crate) fn name(&self, field: &str, value: Option<&str>) -> Result<String> {
        self.required(field, self.optional_name(field, value)?)
    }

    /// An amount of at least zero, which must be there.
    pub(super) fn amount(
        &self,
        name: &str,
        value: impl Into<Option<Decimal>>,
        currency: Currency,
    ) -> Result<Amount> {
        let value = self.required(name, value.into())?;
        self.require(name, Rule::Negative, !value.is_negative())?;
        let minor = value.to_minor(currency).map_err(|error| match error {
            AmountError::TooPrecise => Problem::with(
                Rule::TooManyDecimals,
                &[
                    ("field", &self.field(name).to_string()),
                    ("currency", currency.as_str()),
                    ("digits", &currency.exponent().to_string()),
                ],
            ),
            AmountError::TooLarge => Problem::field(Rule::AmountTooLarge, self.field(name)),
        })?;
        Ok(Amount {
            minor,
            scale: value.scale(),
        })
    }

    /// An amount above zero.
    pub(super) fn positive(
        &self,
        name: &str,
        value: Option<Decimal>,
        currency: Currency,
    ) -> Result<Amount> {
        let amount = self.amount(name, value, currency)?;
        self.require(name, Rule::NotPositive, amount.minor != 0)?;
        Ok(amount)
    }

    /// An absolute http or https address.
    pub(super) fn url(&self, name: &str, value: Option<String>) -> Result<String> {
        let text = self.required(name, self.text_within(name, value, URL_MAX)?)?;
        self.require(name, Rule::NotAUrl, is_url(&text))?;
        Ok(text)
    }

    /// An address that can have paths put behind it.
    pub(crate) fn base(&self, name: &str, text: &str) -> Result<Url> {
        self.require_length(name, text.chars().count(), 0..=ADDRESS_MAX)?;
        let url = Url::parse(text).ok().filter(|url| is_base(url, text));
        url.ok_or_else(|| Problem::field(Rule::NotAUrl, self.field(name)))
    }

    /// The items of a payment, at least one and not too many; `read` is told where each stands.
    pub(super) fn items<T, I>(
        &self,
        name: &str,
        value: Option<Vec<T>>,
        mut read: impl FnMut(&At<'_>, T) -> Result<I>,
    ) -> Result<Vec<I>> {
        let list = self.field(name);
        let sent = self.required(name, value.filter(|items| !items.is_empty()))?;
        if sent.len() > ITEMS_MAX {
            return Err(Problem::limit(Rule::TooManyItems, list, "max", ITEMS_MAX));
        }
        let sent = sent.into_iter().enumerate();
        sent.map(|(position, item)| read(&list.item(position), item))
            .collect()
    }

    /// A value of the free map here, read by the rules of a field.
    pub(super) fn of_map<T: Received>(
        &self,
        name: &str,
        map: &Map<String, Json>,
    ) -> Result<Option<T>> {
        let value = map.get(name).map_or(Ok(None), of_json);
        value.map_err(|_| Problem::field(Rule::WrongType, self.field(name)))
    }
}

/// Whether a browser can be sent there: an absolute http or https address, written so that no page
/// reads it as one of its own, with no character that reading it skips.
pub(super) fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    let is_web = scheme.is_some_and(|scheme| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    });
    is_web
        && !text.chars().any(char::is_control)
        && Url::parse(text).is_ok_and(|url| url.has_host())
}

/// Whether an address, read from `text`, can have paths put behind it: no password, query or fragment,
/// nothing above its folder, and no character that reading it skipped.
fn is_base(url: &Url, text: &str) -> bool {
    let bare = url.username().is_empty() && url.password().is_none();
    let ends = url.query().is_none() && url.fragment().is_none();
    let path = text.splitn(4, '/').nth(3).unwrap_or("");
    let kept = url.path().strip_prefix('/') == Some(path) && !url.path().contains("//");
    bare && ends
        && kept
        && url.has_host()
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// The shopper's address, when it is one. Shops send proxies' lists and ports too; what is not an
/// address is kept out of bank messages and otherwise ignored.
pub(super) fn client_ip(value: Option<String>) -> Result<Option<String>> {
    let Some(ip) = TOP.text("clientIp", value)? else {
        return Ok(None);
    };
    Ok(ip.parse::<std::net::IpAddr>().is_ok().then_some(ip))
}

/// The items of a payment: at least one, summing to `price`; each gets its share of `paid` and
/// `wallet`. Ids come from `next_id`.
pub(super) fn items(
    value: Option<Vec<PaymentItem>>,
    price: Amount,
    paid: Amount,
    wallet: Amount,
    currency: Currency,
    mut next_id: impl FnMut() -> i64,
) -> Result<Vec<Item>> {
    let read = |at: &At<'_>, sent| item(at, sent, currency, next_id());
    let mut items = TOP.items("items", value, read)?;
    let weights: Vec<i64> = items.iter().map(|item| item.price.minor).collect();
    // At most 500 of them, each within AMOUNT_MINOR_MAX: no overflow.
    if weights.iter().sum::<i64>() != price.minor {
        return Err(Problem::with(
            Rule::ItemsSum,
            &[("field", "items"), ("total", "price")],
        ));
    }
    let paid_shares = crate::engine::split::proportionally(paid.minor, &weights);
    // In proportion to what is paid for each, so that no item gets more from the wallet than that.
    let wallet_shares = crate::engine::split::proportionally(wallet.minor, &paid_shares);
    for ((item, paid), wallet) in items.iter_mut().zip(paid_shares).zip(wallet_shares) {
        item.paid_price = paid;
        item.wallet_price = wallet;
    }
    Ok(items)
}

/// Whose items may be a seller's: those of products, in lira (platform-semantics section 20+.2). A seller comes
/// with a share, and a share with its seller. A payment that names no group is of products.
pub(super) fn sellers(
    items: &[Item],
    group: Option<PaymentGroup>,
    currency: Currency,
) -> Result<()> {
    const SELLER: &str = "subMerchantMemberId";
    const SHARE: &str = "subMerchantMemberPrice";
    let list = TOP.field("items");
    for (position, item) in items.iter().enumerate() {
        let at = list.item(position);
        match (item.sub_merchant_member_id, item.sub_merchant_price) {
            (None, None) => continue,
            (None, Some(_)) => return Err(Problem::field(Rule::Required, at.field(SELLER))),
            (Some(_), None) => return Err(Problem::field(Rule::Required, at.field(SHARE))),
            (Some(_), Some(_)) => {}
        }
        let is_product = group.is_none_or(|group| group == PaymentGroup::Product);
        at.require(SELLER, Rule::SellerGroup, is_product)?;
        at.require(SELLER, Rule::SellerCurrency, currency == Currency::Try)?;
    }
    Ok(())
}

fn item(at: &At<'_>, item: PaymentItem, currency: Currency, id: i64) -> Result<Item> {
    const SHARE: &str = "subMerchantMemberPrice";
    let price = at.amount("price", item.price, currency)?;
    let share = item.sub_merchant_member_price;
    let share = share.map(|value| at.amount(SHARE, value, currency));
    let share = share.transpose()?;
    let fits = share.is_none_or(|share| share.minor <= price.minor);
    at.require(SHARE, Rule::ShareAbovePrice, fits)?;
    let is_future = item.blockage_day.is_none_or(|days| days >= 0);
    at.require("blockageDay", Rule::Negative, is_future)?;
    Ok(Item {
        id,
        name: at.text("name", item.name)?,
        external_id: at.unsigned_text("externalId", item.external_id)?,
        price,
        paid_price: 0,
        wallet_price: 0,
        refunded: 0,
        refund_pending: 0,
        sub_merchant_member_id: item.sub_merchant_member_id,
        sub_merchant_price: share,
        blockage_day: item.blockage_day.map(i64::from),
    })
}

/// Page and size of a list: from 0, and 1 to 100 a page.
pub(super) fn paging(page: Option<i32>, size: Option<i32>) -> Result<(i64, i64)> {
    const SIZE_DEFAULT: i32 = 10;
    const SIZE_MAX: i64 = 100;
    let page = page.unwrap_or(0);
    TOP.require("page", Rule::Negative, page >= 0)?;
    let size = TOP.within("size", size.unwrap_or(SIZE_DEFAULT), 1..=SIZE_MAX)?;
    Ok((page.into(), size))
}
