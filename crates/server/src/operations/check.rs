//! Checks of request fields. Each answers the value in its checked type, or names the field's path.

use super::Problem;
use crate::store::payments::{Amount, Item};
use contract::card_payments::PaymentItem;
use contract::enums::Currency;
use contract::money::{AmountError, Decimal};
use contract::rules::Rule;

/// Characters that a text field may have, where no other limit is known.
pub(super) const TEXT_MAX: usize = 255;
/// Characters of an address.
pub(super) const URL_MAX: usize = 2000;
/// Items that a payment may have.
pub(super) const ITEMS_MAX: usize = 500;

/// A field that must be there.
pub(super) fn required<T>(field: &str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::field(Rule::Required, field))
}

/// An optional text of at most `longest` characters. An empty one counts as absent.
pub(super) fn text(
    field: &str,
    value: Option<String>,
    longest: usize,
) -> Result<Option<String>, Problem> {
    match value {
        Some(text) if text.is_empty() => Ok(None),
        Some(text) if text.chars().count() > longest => {
            Err(Problem::limit(Rule::TooLong, field, "max", longest))
        }
        // PostgreSQL's text cannot hold it.
        Some(text) if text.contains('\0') => Err(Problem::field(Rule::WrongType, field)),
        other => Ok(other),
    }
}

/// Characters of a name that people give to a merchant, an account, themselves.
const NAME_MAX: usize = 100;

/// A name for people, on one line and without blanks around it; `None` when it is absent or empty.
pub(crate) fn optional_name(field: &str, value: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(name) = value.map(str::trim).filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    if name.chars().count() > NAME_MAX {
        return Err(Problem::limit(Rule::TooLong, field, "max", NAME_MAX));
    }
    if name.chars().any(char::is_control) {
        Err(Problem::field(Rule::ControlCharacter, field))
    } else {
        Ok(Some(name.to_owned()))
    }
}

/// A name for people that must be there.
pub(crate) fn name(field: &str, value: Option<&str>) -> Result<String, Problem> {
    required(field, optional_name(field, value)?)
}

/// An optional text that must not begin with a sign (spreadsheets would run it as a formula).
pub(super) fn unsigned_text(field: &str, value: Option<String>) -> Result<Option<String>, Problem> {
    match text(field, value, TEXT_MAX)? {
        Some(text) if text.starts_with(['+', '-']) => Err(Problem::field(Rule::LeadingSign, field)),
        other => Ok(other),
    }
}

/// An amount of at least zero.
pub(super) fn amount(field: &str, value: Decimal, currency: Currency) -> Result<Amount, Problem> {
    if value.is_negative() {
        return Err(Problem::field(Rule::Negative, field));
    }
    let minor = value.to_minor(currency).map_err(|error| match error {
        AmountError::TooPrecise => Problem::with(
            Rule::TooManyDecimals,
            &[
                ("field", field),
                ("currency", currency.as_str()),
                ("digits", &currency.exponent().to_string()),
            ],
        ),
        AmountError::TooLarge => Problem::field(Rule::AmountTooLarge, field),
    })?;
    Ok(Amount {
        minor,
        scale: value.scale(),
    })
}

/// An amount above zero.
pub(super) fn positive(
    field: &str,
    value: Option<Decimal>,
    currency: Currency,
) -> Result<Amount, Problem> {
    let checked = amount(field, required(field, value)?, currency)?;
    match checked.minor {
        0 => Err(Problem::field(Rule::NotPositive, field)),
        _ => Ok(checked),
    }
}

/// An absolute http or https address.
pub(super) fn url(field: &str, value: Option<String>) -> Result<String, Problem> {
    let text = required(field, text(field, value, URL_MAX)?)?;
    if is_url(&text) {
        Ok(text)
    } else {
        Err(Problem::field(Rule::NotAUrl, field))
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
        && url::Url::parse(text).is_ok_and(|url| url.has_host())
}

/// Whether an address, read from `text`, can have paths put behind it: no password, query or fragment,
/// nothing above its folder, and no character that reading it skipped.
pub(crate) fn is_base(url: &url::Url, text: &str) -> bool {
    let bare = url.username().is_empty() && url.password().is_none();
    let ends = url.query().is_none() && url.fragment().is_none();
    let path = text.splitn(4, '/').nth(3).unwrap_or("");
    let kept = url.path().strip_prefix('/') == Some(path) && !url.path().contains("//");
    bare && ends
        && kept
        && url.has_host()
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// A list with more than `max` entries.
pub(super) fn too_many(field: &str, max: usize) -> Problem {
    Problem::limit(Rule::TooManyItems, field, "max", max)
}

/// The shopper's address, when it is one. Shops send proxies' lists and ports too; what is not an
/// address is kept out of bank messages and otherwise ignored.
pub(super) fn client_ip(value: Option<String>) -> Result<Option<String>, Problem> {
    let Some(ip) = text("clientIp", value, TEXT_MAX)? else {
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
) -> Result<Vec<Item>, Problem> {
    let sent = required("items", value)?;
    if sent.is_empty() {
        return Err(Problem::field(Rule::Required, "items"));
    }
    if sent.len() > ITEMS_MAX {
        return Err(too_many("items", ITEMS_MAX));
    }
    let mut items = Vec::with_capacity(sent.len());
    for (position, item) in sent.into_iter().enumerate() {
        items.push(one_item(
            &format!("items[{position}]"),
            item,
            currency,
            next_id(),
        )?);
    }
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

fn one_item(path: &str, item: PaymentItem, currency: Currency, id: i64) -> Result<Item, Problem> {
    let field = |name: &str| format!("{path}.{name}");
    let price = amount(
        &field("price"),
        required(&field("price"), item.price)?,
        currency,
    )?;
    let sub_merchant_price = item
        .sub_merchant_member_price
        .map(|value| amount(&field("subMerchantMemberPrice"), value, currency))
        .transpose()?;
    if sub_merchant_price.is_some_and(|share| share.minor > price.minor) {
        return Err(Problem::field(
            Rule::ShareAbovePrice,
            field("subMerchantMemberPrice"),
        ));
    }
    if item.blockage_day.is_some_and(|days| days < 0) {
        return Err(Problem::field(Rule::Negative, field("blockageDay")));
    }
    Ok(Item {
        id,
        name: text(&field("name"), item.name, TEXT_MAX)?,
        external_id: unsigned_text(&field("externalId"), item.external_id)?,
        price,
        paid_price: 0,
        wallet_price: 0,
        sub_merchant_member_id: item.sub_merchant_member_id,
        sub_merchant_price,
        blockage_day: item.blockage_day.map(i64::from),
    })
}

/// Page and size of a list: from 0, and 1 to 100 a page.
pub(super) fn paging(page: Option<i32>, size: Option<i32>) -> Result<(i64, i64), Problem> {
    const SIZE_DEFAULT: i32 = 10;
    const SIZE_MAX: i32 = 100;
    let (page, size) = (page.unwrap_or(0), size.unwrap_or(SIZE_DEFAULT));
    if page < 0 {
        return Err(Problem::field(Rule::Negative, "page"));
    }
    if !(1..=SIZE_MAX).contains(&size) {
        return Err(Problem::range(
            Rule::OutOfRange,
            "size",
            1,
            i64::from(SIZE_MAX),
        ));
    }
    Ok((i64::from(page), i64::from(size)))
}
