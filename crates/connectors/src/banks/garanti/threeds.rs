//! The 3DS steps of Garanti, model `3D`: a form with the card goes to the bank by the browser,
//! the browser comes back with a signed proof, and an ordinary sale carries the proof.
//!
//! The models in which the bank's page sells by itself are deliberately not here.

use super::{
    Question, VERSION, client_ip, currency, installment, mode, rewards, sale_type, security_data,
    sell, user,
};
use crate::bank::{
    Answer, BankContext, BankForm, Begin3ds, Charged, Doubt, Finish3ds, Order, Returned, Verified,
};
use crate::banks::{message, not_supported, unauthentic};
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
        ("secure3dsecuritylevel", "3D"),
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
    let names = callback.listed();
    let text: String = names.iter().map(|name| callback.field(name)).collect();
    let expected = sha512_hex(&format!("{text}{}", context.account.threeds_key.expose()));
    if !same(callback.field("hash"), &expected) {
        return Err(unauthentic("the hash of the callback is wrong or missing"));
    }
    if !is_ours(context, returned.order, &callback)? {
        return Err(unauthentic("the callback is about another order"));
    }
    let md_status = signed_status(&callback, &names, returned.order)?;
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
    let md_status = match callback.field("mdstatus").as_bytes() {
        [digit @ b'0'..=b'9'] => digit - b'0',
        _ => 0,
    };
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
        ..Question::about(sale_type(finish.order), seller, finish.order)
    };
    sell(context, &question).await
}
