//! The 3DS steps of Garanti. Model `3D`: a form with the card goes to the bank by the browser, the
//! browser comes back with a signed proof, and an ordinary sale carries the proof. Models `3D_FULL` and
//! `3D_HALF`: the same form, and the bank's page sells by itself when the shopper is verified so well.
//!
//! Models in which the bank's page asks for the card are deliberately not here.

use super::{
    GATEWAY, Question, VERSION, client_ip, currency, error_group, installment, mode, rewards,
    sale_type, security_data, sell, user,
};
use crate::bank::{
    Answer, BankContext, BankDay, BankForm, Begin3ds, Charged, Decline, Doubt, Finish3ds,
    FormMethod, Order, PageOutcome, Phase, Returned, ThreedsLevel, Verdict, Verified,
};
use crate::banks::{
    AUTH_CODE_MAX, auth_code, duplicate, message, not_supported, reference, refusal_of_move,
    unauthentic, unreadable,
};
use crate::digest::{same, sha512_hex};
use crate::xml::Writer;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use contract::card::Secret;
use contract::enums::PosOperationType;

/// Names that a callback's hash list may hold; recorded ones hold ten.
const HASH_NAMES_MAX: usize = 64;

/// Names whose values are compared with ours, and so may stand before the status in the list.
const KNOWN_BEFORE: [&str; 4] = ["clientid", "terminalid", "oid", "orderid"];

/// What the sale will rely on, as it follows the status in every recorded list.
const PROOF_NAMES: [&str; 3] = ["cavv", "eci", "md"];

/// What the list of a page that sells holds behind the order, in this order, as every recorded one does.
const SALE_NAMES: [&str; 7] = [
    "authcode",
    "procreturncode",
    "response",
    "mdstatus",
    "cavv",
    "eci",
    "md",
];

/// Characters of an order id that Galata made.
const OWN_ID_LENGTH: usize = 20;

/// What the browser brought of a verified card, kept between checking and selling.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Proof {
    cavv: String,
    eci: String,
    xid: String,
    md: String,
}

impl Proof {
    pub(super) fn write(&self, w: &mut Writer) {
        w.element("Secure3D", |w| {
            w.leaf("AuthenticationCode", &self.cavv);
            w.leaf("SecurityLevel", &self.eci);
            w.leaf("TxnID", &self.xid);
            w.leaf("Md", &self.md);
        });
    }
}

/// The form that the browser posts. Nothing is sent from here.
pub(super) fn form(context: BankContext<'_>, begin: &Begin3ds<'_>) -> Result<BankForm, Doubt> {
    let (account, order, card) = (context.account, begin.order, begin.card);
    if begin.sells_at.is_some() && order.phase == Phase::Hold {
        return Err(not_supported("the bank's page holds nothing by itself"));
    }
    // The bank's own sample of a page that sells offers these two beside `3D_PAY`, whose demands on the
    // verification are not public.
    let level = match begin.sells_at {
        None => "3D",
        Some(ThreedsLevel::Full) => "3D_FULL",
        Some(ThreedsLevel::Half) => "3D_HALF",
    };
    let seller = user(context, PosOperationType::Provaut)?;
    let currency = currency(order.amount)?;
    let kind = sale_type(order);
    let rewards = rewards(kind, begin.reward)?;
    let (amount, installment) = (
        order.amount.minor.to_string(),
        installment(order.installment),
    );
    let (month, year) = (card.expiry.month, card.expiry.year % 100);
    let hash = sha512_hex(&format!(
        "{}{}{amount}{currency}{url}{url}{kind}{installment}{}{}",
        account.terminal_id,
        order.id,
        account.threeds_key.expose(),
        security_data(context, seller),
        url = begin.return_url,
    ));
    let cvc = card.cvc.as_ref().map_or("", |cvc| cvc.expose());
    let mut fields: Vec<(String, String)> = [
        ("secure3dsecuritylevel", level),
        ("mode", mode(context)),
        ("apiversion", VERSION),
        ("terminalprovuserid", &seller.name),
        ("terminaluserid", &seller.name),
        ("terminalmerchantid", &account.client_id),
        ("terminalid", &account.terminal_id),
        ("txntype", kind),
        ("txnamount", &amount),
        ("txncurrencycode", currency),
        ("txninstallmentcount", &installment),
        ("orderid", &order.id),
        ("successurl", begin.return_url),
        ("errorurl", begin.return_url),
        ("customeripaddress", client_ip(begin.client_ip)),
        ("lang", begin.language),
        ("cardnumber", card.pan.expose()),
        ("cardexpiredatemonth", &format!("{month:02}")),
        ("cardexpiredateyear", &format!("{year:02}")),
        ("cardcvv2", cvc),
        ("secure3dhash", &hash),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    if !rewards.is_empty() {
        fields.push(("txnrewardcount".to_owned(), rewards.len().to_string()));
    }
    for (number, (code, used)) in (1..).zip(&rewards) {
        fields.push((format!("txnrewardtype{number}"), (*code).to_owned()));
        fields.push((format!("txnrewardusedamount{number}"), used.to_string()));
        fields.push((format!("txnrewardgainedamount{number}"), "0".to_owned()));
    }
    Ok(BankForm {
        method: FormMethod::Post,
        action: account.threeds_url.clone(),
        fields,
    })
}

/// What the browser brought back: names and values, all of them hostile.
struct Callback<'a>(&'a [(String, String)]);

impl<'a> Callback<'a> {
    /// The first field of this name, whatever its case; empty when there is none.
    fn field(&self, name: &str) -> &'a str {
        let mut fields = self.0.iter();
        let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// The names that the callback says its hash covers.
    fn listed(&self) -> Vec<&'a str> {
        let names = self.field("hashparams").split(':');
        names
            .filter(|name| !name.is_empty())
            .take(HASH_NAMES_MAX)
            .collect()
    }
}

/// Checks what the browser brought back: that the bank signed it, that it is about our order, and
/// that the signature covers what we rely on.
pub(super) fn check(context: BankContext<'_>, returned: &Returned<'_>) -> Result<Verified, Doubt> {
    let callback = Callback(returned.fields);
    let names = authentic(context, returned.sale.order, &callback)?;
    let md_status = signed_status(&callback, &names, returned.sale.order)?;
    let proof = Proof {
        cavv: callback.field("cavv").to_owned(),
        eci: callback.field("eci").to_owned(),
        xid: callback.field("xid").to_owned(),
        md: callback.field("md").to_owned(),
    };
    let proof = serde_json::to_string(&proof).map_err(|_| not_supported("the proof"))?;
    let words = match callback.field("mderrormessage") {
        "" => callback.field("errmsg"),
        words => words,
    };
    Ok(Verified {
        md_status,
        message: message(words),
        page_points: None,
        proof: Secret::new(proof),
    })
}

/// The names that the hash covers, when the bank made it and nothing speaks of another order.
fn authentic<'a>(
    context: BankContext<'_>,
    order: &Order,
    callback: &Callback<'a>,
) -> Result<Vec<&'a str>, Doubt> {
    let names = callback.listed();
    let text: String = names.iter().map(|name| callback.field(name)).collect();
    let expected = sha512_hex(&format!("{text}{}", context.account.threeds_key.expose()));
    if !same(callback.field("hash"), &expected) {
        return Err(unauthentic("the hash of the callback is wrong or missing"));
    }
    if is_ours(context, order, callback)? {
        Ok(names)
    } else {
        Err(unauthentic("the callback is about another order"))
    }
}

/// Reads what a page that sells by itself says that it did. The hash covers neither amount nor currency,
/// so both must be there and be ours; the form that named them was signed with the same key. Nor does it
/// cover the bank's reference, on which nothing of ours relies: later moves ask the bank for it.
pub(super) fn outcome(
    context: BankContext<'_>,
    returned: &Returned<'_>,
) -> Result<PageOutcome, Doubt> {
    let (callback, order) = (Callback(returned.fields), returned.sale.order);
    let names = authentic(context, order, &callback)?;
    let named = |name| !callback.field(name).is_empty();
    if !["txnamount", "txncurrencycode"].into_iter().all(named) {
        return Err(unauthentic("the callback does not say what was sold"));
    }
    if !is_set_apart(&callback, &names, order) {
        return Err(unauthentic("the callback's hash leaves out what matters"));
    }
    let md_status = status_digit(&callback);
    // Recorded refusals have a blank for the approval code.
    let said = |name| callback.field(name).trim();
    let sale = match (said("procreturncode"), said("response"), said("authcode")) {
        ("", "", "") => None,
        ("00", "Approved", code) if is_auth_code(code) && ThreedsLevel::Half.takes(md_status) => {
            Some(Verdict::Approved(Charged {
                auth_code: code.to_owned(),
                host_reference: sale_reference(said("hostrefnum"))?,
                ..Charged::default()
            }))
        }
        (code, "Declined", "") if is_refusal(code) => {
            Some(Verdict::Declined(refused(&callback, code)?))
        }
        _ => return Err(unreadable("the callback neither approves nor declines")),
    };
    Ok(PageOutcome { md_status, sale })
}

/// Whether the hash fixes where each value ends that a sale is judged by: before the order stands nothing
/// that is not known, behind it what every recorded list holds.
fn is_set_apart(callback: &Callback<'_>, names: &[&str], order: &Order) -> bool {
    let is = |name: &&str, known: &str| name.eq_ignore_ascii_case(known);
    let order_at = names
        .iter()
        .position(|name| is(name, "oid") || is(name, "orderid"));
    let Some((before, [ours, behind @ ..])) = order_at.and_then(|at| names.split_at_checked(at))
    else {
        return false;
    };
    let known = |name: &&str| KNOWN_BEFORE.iter().any(|known| is(name, known));
    callback.field(ours) == order.id
        && before.iter().all(known)
        && behind.len() >= SALE_NAMES.len()
        && behind
            .iter()
            .zip(SALE_NAMES)
            .all(|(name, known)| is(name, known))
}

/// The hash does not fix where the code ends, so a shorter one is none.
fn is_auth_code(code: &str) -> bool {
    code.len() == AUTH_CODE_MAX && auth_code(code).is_ok()
}

/// Two characters of an issuer or the gateway; the simulator's own have up to four.
fn is_refusal(code: &str) -> bool {
    (2..=4).contains(&code.len()) && code != "00" && code.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// An approval without the reference of its sale is no answer.
fn sale_reference(text: &str) -> Result<String, Doubt> {
    match reference(text)? {
        text if text.is_empty() => Err(unreadable("an approval without hostrefnum")),
        text => Ok(text),
    }
}

/// The bank's refusal. That of its gateway names its reason in words alone, so the order may be refused
/// because it was sold before: that is asked.
fn refused(callback: &Callback<'_>, code: &str) -> Result<Decline, Doubt> {
    let words = match callback.field("errmsg").trim() {
        "" => callback.field("hostmsg"),
        words => words,
    };
    let decline = Decline {
        group: error_group(code, "", words),
        code: message(code),
        message: message(words),
        day: BankDay::Unsaid,
    };
    if code == GATEWAY {
        return Err(duplicate(decline));
    }
    let refusal = refusal_of_move(Some(decline))?;
    refusal.ok_or_else(|| unreadable("a refusal that refuses nothing"))
}

/// Whether everything that the callback echoes of our form is as we sent it. Not all of it is
/// signed, but none of it may differ.
fn is_ours(
    context: BankContext<'_>,
    order: &Order,
    callback: &Callback<'_>,
) -> Result<bool, Doubt> {
    let sent = [
        ("clientid", context.account.terminal_id.as_str()),
        ("terminalid", &context.account.terminal_id),
        ("terminalmerchantid", &context.account.client_id),
        ("oid", &order.id),
        ("orderid", &order.id),
        ("txnamount", &order.amount.minor.to_string()),
        ("txncurrencycode", currency(order.amount)?),
        ("txninstallmentcount", &installment(order.installment)),
        ("txntype", sale_type(order)),
    ];
    Ok(sent.iter().all(|(name, value)| {
        let echoed = callback.field(name);
        echoed.is_empty() || echoed == *value
    }))
}

/// The status, when the hash really vouches for it.
///
/// The hash is over a plain concatenation of values that the callback itself lists, so whoever
/// carries it could cut the same text elsewhere: some `1` of a failed callback's `md` could become
/// its `mdstatus`, or the last digit of a longer order id (100 and 1001). Therefore the list must name
/// our order, and a status that lets the card through only counts when everything before it is known
/// or empty, the proof follows it at once, and a wrong cut would show: a full authentication has its
/// cryptogram, and one without it is believed of order ids that no other one extends, which are ours.
fn signed_status(callback: &Callback<'_>, names: &[&str], order: &Order) -> Result<u8, Doubt> {
    let at = |name: &str| {
        names
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name))
    };
    let order_at = at("oid").or(at("orderid"));
    let order_at = order_at.filter(|at| callback.field(names[*at]) == order.id);
    let (Some(order_at), Some(status_at)) = (order_at, at("mdstatus")) else {
        return Err(unauthentic("the callback's hash leaves out what matters"));
    };
    let followed = PROOF_NAMES.iter().enumerate().all(|(place, name)| {
        let listed = names.get(status_at + 1 + place);
        listed.is_some_and(|listed| listed.eq_ignore_ascii_case(name))
    });
    if !followed {
        return Err(unauthentic("the callback's hash leaves out what matters"));
    }
    let md_status = status_digit(callback);
    let known = |name: &&str| {
        let compared = |known: &&str| known.eq_ignore_ascii_case(name);
        callback.field(name).is_empty() || KNOWN_BEFORE.iter().any(compared)
    };
    let set_apart = order_at < status_at && names[..status_at].iter().all(known);
    let cut_shows = match md_status {
        1 => is_cryptogram(callback.field("cavv")) && is_eci(callback.field("eci")),
        _ => order.id.len() == OWN_ID_LENGTH,
    };
    match (md_status, set_apart && cut_shows) {
        (1..=4, false) => Err(unauthentic("the callback's hash does not fix its status")),
        _ => Ok(md_status),
    }
}

fn status_digit(callback: &Callback<'_>) -> u8 {
    match callback.field("mdstatus").as_bytes() {
        [digit @ b'0'..=b'9'] => digit - b'0',
        _ => 0,
    }
}

/// 20 bytes in base64: its end tells where it ends.
fn is_cryptogram(cavv: &str) -> bool {
    BASE64.decode(cavv).is_ok_and(|bytes| bytes.len() == 20)
}

fn is_eci(eci: &str) -> bool {
    eci.len() == 2 && eci.bytes().all(|b| b.is_ascii_digit())
}

pub(crate) async fn finish(context: BankContext<'_>, finish: Finish3ds<'_>) -> Answer<Charged> {
    let seller = user(context, PosOperationType::Provaut)?;
    let proof: Proof = serde_json::from_str(finish.proof.expose())
        .map_err(|_| not_supported("the proof of 3DS is not Garanti's"))?;
    let question = Question {
        client_ip: finish.client_ip,
        reward: finish.reward,
        proof: Some(&proof),
        ..Question::about(sale_type(finish.sale.order), seller, finish.sale.order)
    };
    sell(context, &question).await
}
