//! 3DS at Param: the page that it hands out, the browser's return, the sale after it.
//!
//! The return's hash puts values end to end. It ends in the order's id and the key, and the status before them is one
//! digit: only the return of an id that begins with a digit could be read as one of the rest of that id, with a `md` that
//! Param does not know. Neither amount nor `dcURL` is under it.

use super::{
    Question, Sale, charged, check_order, comma, exchange, first_message, hash, page, refusal,
    refusal_to_move, void,
};
use crate::bank::{
    Answer, BankContext, BankForm, Begin3ds, CardEnds, Charged, Doubt, Finish3ds, Order, OrderRef,
    Returned, Verdict, Verified,
};
use crate::banks::{message, not_supported, unauthentic, unreadable};
use crate::digest::same;
use crate::xml::Element;
use contract::card::Secret;

/// A return has fewer fields by far.
const FIELDS_MAX: usize = 200;
/// An address of a data centre has fewer characters.
const ADDRESS_MAX: usize = 200;

/// Where Param's service lies on its hosts: what goes there has the account's password.
const SERVICE: &str = "turkpos.ws/";

/// What the browser brought of a verified card, kept between checking and selling.
#[derive(serde::Serialize, serde::Deserialize)]
struct Proof {
    md: String,
    guid: String,
    /// Where the sale is finished, when it is not the account's address.
    address: String,
}

/// Asks for the page, and takes its form: the browser posts it as it stands.
pub(super) async fn begin(context: BankContext<'_>, begin: Begin3ds<'_>) -> Answer<BankForm> {
    let (account, order) = (context.account, begin.order);
    if begin.sells_at.is_some() {
        return Err(not_supported("Param's page that sells is not spoken to"));
    }
    let sale = Sale {
        card: begin.card,
        reward: begin.reward,
        client_ip: begin.client_ip,
        return_url: Some(begin.return_url),
    };
    let question = first_message(account, order, &sale)?;
    let reply = exchange(context, &account.api_url, &question).await?;
    if let Some(decline) = refusal(&reply)? {
        return Ok(Verdict::Declined(decline));
    }
    if !reply.exact(&["Siparis_ID"])?.is_empty() {
        check_order(&reply, order)?;
    }
    let page = reply.only("UCD_HTML")?;
    if page.is_some_and(|page| page.value() == "NONSECURE") {
        return Err(undo(context, order, &begin, &reply).await);
    }
    let found = page.and_then(|html| page::form(html.value()));
    let form = found.ok_or_else(|| unreadable("the bank's page holds no form that is known"))?;
    // Plain HTTP only where the account's own address is plain, as that of a bank's test system may be.
    let is_plain = account.api_url.starts_with("http://") && form.action.starts_with("http://");
    if is_plain || form.action.starts_with("https://") {
        Ok(Verdict::Approved(form))
    } else {
        Err(unreadable("the bank's page leads nowhere"))
    }
}

/// A sale was made at once, though the shopper was to be verified first: it is undone, unless it has an id that is not ours.
async fn undo(
    context: BankContext<'_>,
    order: &Order,
    begin: &Begin3ds<'_>,
    reply: &Element,
) -> Doubt {
    let about = OrderRef {
        order,
        threeds: false,
        sent_at: context.now,
        host_reference: None,
        card: CardEnds::default(),
        id_chosen: false,
        with_points: begin.reward.is_some(),
    };
    let is_undone = check_order(reply, order).is_ok()
        && matches!(void(context, about).await, Ok(Verdict::Approved(_)));
    unauthentic(if is_undone {
        "Param sold without 3DS, and the sale was undone"
    } else {
        "Param sold without 3DS, and the sale could not be undone: it stands in Param's panel"
    })
}

/// Checks what the browser brought back: that Param signed it, and that it is about our order.
pub(super) fn check(context: BankContext<'_>, returned: &Returned<'_>) -> Result<Verified, Doubt> {
    let (account, order) = (context.account, returned.sale.order);
    let field = |name: &str| {
        let fields = returned.fields.iter();
        let mut named = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name));
        match (named.next(), named.next()) {
            (None, _) => Ok(""),
            (Some((_, value)), None) => Ok(value.as_str()),
            _ => Err(unauthentic("the return names a field twice")),
        }
    };
    if returned.fields.len() > FIELDS_MAX {
        return Err(unauthentic("the return has too many fields"));
    }
    let (guid, md, status) = (field("islemGUID")?, field("md")?, field("mdStatus")?);
    // Recorded in small letters.
    let key = account.threeds_key.expose().to_ascii_lowercase();
    let expected = hash(&[guid, md, status, field("orderId")?, &key]);
    if !same(field("islemHash")?, &expected) || field("orderId")? != order.id {
        return Err(unauthentic("the return is not signed, or of another order"));
    }
    let [digit @ b'0'..=b'9'] = status.as_bytes() else {
        return Err(unauthentic("the return has no status"));
    };
    let amount = field("transactionAmount")?;
    if !amount.is_empty() && amount.replace('.', "") != comma(order.amount) {
        return Err(unauthentic("the return is about another amount"));
    }
    let proof = Proof {
        md: md.to_owned(),
        guid: guid.to_owned(),
        address: node(&account.api_url, field("dcURL")?)
            .unwrap_or_default()
            .to_owned(),
    };
    let proof = serde_json::to_string(&proof).map_err(|_| not_supported("the proof"))?;
    // Param takes no attempt for a verification.
    let is_full = *digit == b'1';
    Ok(Verified {
        md_status: u8::from(is_full),
        message: message(field("bankResult")?),
        page_points: None,
        proof: Secret::new(proof),
    })
}

/// The data centre that holds the 3DS session, where it is one of Param's: of its test system for an account
/// there, and of the real one for all others.
pub(super) fn node<'a>(own: &str, address: &'a str) -> Option<&'a str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
    let rest = address.strip_prefix("https://")?;
    let (host, path) = rest.split_once('/')?;
    let is_service = path.starts_with(SERVICE) && path.ends_with(".asmx");
    let own = own.strip_prefix("https://")?;
    let is_param = host.to_ascii_lowercase().ends_with(".param.com.tr");
    let same_system = host.starts_with("test") == own.starts_with("test");
    let is_sound = address.len() <= ADDRESS_MAX && rest.bytes().all(plain);
    (is_param && same_system && is_service && is_sound).then_some(address)
}

/// Sells after a verified 3DS. Where the answer names another node than was asked, the session is not there.
pub(crate) async fn finish(context: BankContext<'_>, finish: Finish3ds<'_>) -> Answer<Charged> {
    let (account, order) = (context.account, finish.sale.order);
    let proof: Proof = serde_json::from_str(finish.proof.expose())
        .map_err(|_| not_supported("the proof of 3DS is not Param's"))?;
    let fields = [
        ("GUID", account.threeds_key.expose()),
        ("UCD_MD", &proof.md),
        ("Islem_GUID", &proof.guid),
        ("Siparis_ID", &order.id),
    ];
    let url = match proof.address.as_str() {
        "" => &account.api_url,
        address => address,
    };
    let question = Question::new("TP_WMD_Pay", &fields);
    let reply = exchange(context, url, &question).await?;
    if let Some(decline) = refusal_to_move(&reply)? {
        return Ok(Verdict::Declined(decline));
    }
    check_order(&reply, order)?;
    Ok(Verdict::Approved(charged(&reply, "Dekont_ID")?))
}
