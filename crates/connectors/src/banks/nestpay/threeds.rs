//! 3DS at NestPay: the signed form, the browser's return, the sale after it.
//!
//! The hash of version 3 covers every value, in the order of their names, and no name: who changes names so that their
//! order stays keeps the hash, so what decides is also looked at for values that stand under their neighbours' names.
//! Stores of version 1 sign a list of values without their bounds; from them only a verification is believed, never a
//! sale.

use super::{
    GATEWAY, KNOWN_APPROVAL, KNOWN_ORDER, Question, currency, error_group, installment, named_code,
    rewards, sale, sale_type, sell,
};
use crate::bank::{
    Answer, BankContext, BankDay, BankForm, Begin3ds, Charged, Decline, Doubt, Finish3ds,
    FormMethod, Order, PageOutcome, Phase, Returned, ThreedsLevel, Verdict, Verified,
};
use crate::banks::{
    AUTH_CODE_MAX, auth_code, duplicate, message, not_supported, reference, refused_move,
    threeds_key, unauthentic, unreadable,
};
use crate::digest::{same, sha1_base64, sha512_base64};
use crate::xml::Writer;
use contract::card::Secret;

/// Fields that stand in a form or callback and not in its hash.
const UNSIGNED: [&str; 4] = ["hash", "encoding", "nationalidno", "countdown"];
/// A callback has fewer fields by far.
const FIELDS_MAX: usize = 200;
/// What a store of version 1 signs, as recorded.
const V1_NAMES: &str = "clientid:oid:mdStatus:cavv:eci:md:rnd:";

/// What the browser brought of a verified card, kept between checking and selling.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Proof {
    md: String,
    xid: String,
    eci: String,
    cavv: String,
}

impl Proof {
    /// The card's number is in `md`.
    pub(super) fn write(&self, w: &mut Writer) {
        w.leaf("Number", &self.md);
        w.leaf("PayerTxnId", &self.xid);
        w.leaf("PayerSecurityLevel", &self.eci);
        w.leaf("PayerAuthenticationCode", &self.cavv);
        w.leaf("CardholderPresentCode", "13");
    }
}

/// The form that the browser posts. Nothing is sent from here.
pub(super) fn form(context: BankContext<'_>, begin: &Begin3ds<'_>) -> Result<BankForm, Doubt> {
    let (account, order, card) = (context.account, begin.order, begin.card);
    if begin.sells_at.is_some() && order.phase == Phase::Hold {
        return Err(not_supported("the bank's page holds nothing by itself"));
    }
    let cvc = card.cvc.as_ref().map_or("", |cvc| cvc.expose());
    let mut fields: Vec<(String, String)> = [
        ("clientid", account.client_id.as_str()),
        ("storetype", store_type(begin.sells_at.is_some())),
        ("amount", &order.amount.decimal().to_string()),
        ("oid", &order.id),
        ("okUrl", begin.return_url),
        ("failUrl", begin.return_url),
        ("rnd", &context.now.timestamp().as_nanosecond().to_string()),
        ("lang", begin.language),
        ("currency", currency(order.amount)?),
        ("taksit", &installment(order.installment)),
        ("TranType", sale_type(order)),
        ("hashAlgorithm", "ver3"),
        ("pan", card.pan.expose()),
        (
            "Ecom_Payment_Card_ExpDate_Month",
            &format!("{:02}", card.expiry.month),
        ),
        (
            "Ecom_Payment_Card_ExpDate_Year",
            &format!("{:02}", card.expiry.year % 100),
        ),
        ("cv2", cvc),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    // After a page that only verifies the points stand in the sale.
    if begin.sells_at.is_some() {
        let spent = rewards::spend(account, order, begin.reward)?;
        fields.extend(
            spent
                .into_iter()
                .map(|(name, value)| (format!("EXTRA.{name}"), value)),
        );
    }
    let signed = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let hash = hash_v3(signed, account.threeds_key.expose());
    fields.push(("hash".to_owned(), hash));
    Ok(BankForm {
        method: FormMethod::Post,
        action: account.threeds_url.clone(),
        fields,
    })
}

fn store_type(sells: bool) -> &'static str {
    if sells { "3d_pay" } else { "3d" }
}

/// Every field but those that are left out, sorted by name whatever its case, and the key at the end.
pub(super) fn hash_v3<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>, key: &str) -> String {
    let mut signed: Vec<(String, &str)> = fields
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .filter(|(name, _)| !UNSIGNED.contains(&name.as_str()))
        .collect();
    signed.sort_by(|(one, _), (other, _)| natural(one).cmp(&natural(other)));
    let values = signed.into_iter().map(|(_, value)| value).chain([key]);
    let escaped: Vec<String> = values
        .map(|value| value.replace('\\', "\\\\").replace('|', "\\|"))
        .collect();
    sha512_base64(&escaped.join("|"))
}

/// How a name is sorted: letter by letter, and digits as the number that they write.
fn natural(mut name: &str) -> Vec<(char, usize, &str)> {
    let mut parts = Vec::new();
    while let Some(first) = name.chars().next() {
        let digits = name.find(|c: char| !c.is_ascii_digit());
        let (part, rest) = match digits.unwrap_or(name.len()) {
            0 => {
                let rest = &name[first.len_utf8()..];
                ((first, 0, ""), rest)
            }
            end => {
                let number = name[..end].trim_start_matches('0');
                (('0', number.len(), number), &name[end..])
            }
        };
        parts.push(part);
        name = rest;
    }
    parts
}

/// What the browser brought back: names and values, all of them hostile.
struct Callback<'a>(&'a [(String, String)]);

impl<'a> Callback<'a> {
    /// The field of this name, whatever its case; empty when there is none.
    fn field(&self, name: &str) -> &'a str {
        let mut fields = self.0.iter();
        let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    /// An element of `Extra`, in either spelling that the banks' pages have for it.
    fn extra(&self, name: &str) -> &'a str {
        ["EXTRA_", "EXTRA."]
            .map(|mark| self.field(&format!("{mark}{name}")).trim())
            .into_iter()
            .find(|value| !value.is_empty())
            .unwrap_or_default()
    }

    /// Two of one name could be read either way.
    fn has_each_once(&self) -> bool {
        let mut names: Vec<String> = self
            .0
            .iter()
            .map(|(name, _)| name.to_ascii_lowercase())
            .collect();
        names.sort();
        names.windows(2).all(|pair| pair[0] != pair[1])
    }

    /// Whether `currency` names what it named when the bank signed. The shopper types the values that follow it in our
    /// form, so that one of them could have been the currency of the page, and be another name's in the return: then
    /// a name stands there that banks do not have, or what follows stands a place further on, up to the commerce
    /// indicator, which is two digits.
    fn has_currency_in_place(&self) -> bool {
        const BETWEEN: [&str; 2] = ["digest", "dsid"];
        let names = self.0.iter().map(|(name, _)| name.to_ascii_lowercase());
        let mut between = names.filter(|name| ("currency".."eci").contains(&name.as_str()));
        let eci = self.field("eci");
        let is_indicator = eci.len() == 2 && eci.bytes().all(|byte| byte.is_ascii_digit());
        between.all(|name| name == "currency" || BETWEEN.contains(&name.as_str()))
            && (eci.is_empty() || is_indicator)
    }

    fn is_version_3(&self) -> bool {
        self.field("hashAlgorithm").eq_ignore_ascii_case("ver3")
    }

    fn status_digit(&self) -> u8 {
        match self.field("mdStatus").as_bytes() {
            [digit @ b'0'..=b'9'] => digit - b'0',
            _ => 0,
        }
    }
}

/// Checks what the browser brought back: that the bank signed it, that it is about our order, and that the
/// signature covers what we rely on.
pub(super) fn check(context: BankContext<'_>, returned: &Returned<'_>) -> Result<Verified, Doubt> {
    let callback = Callback(returned.fields);
    authenticate(context, returned.sale.order, &callback, false)?;
    let [md, xid, eci, cavv] =
        ["md", "xid", "eci", "cavv"].map(|name| callback.field(name).to_owned());
    let proof = Proof { md, xid, eci, cavv };
    let proof = serde_json::to_string(&proof).map_err(|_| not_supported("the proof"))?;
    Ok(Verified {
        md_status: callback.status_digit(),
        message: message(callback.field("mdErrorMsg")),
        page_points: None,
        proof: Secret::new(proof),
    })
}

/// Reads what a page that sells by itself says that it did.
pub(super) fn outcome(
    context: BankContext<'_>,
    returned: &Returned<'_>,
) -> Result<PageOutcome, Doubt> {
    let (callback, order) = (Callback(returned.fields), returned.sale.order);
    authenticate(context, order, &callback, true)?;
    let md_status = callback.status_digit();
    let said = |name| callback.field(name).trim();
    let response = said("Response").to_ascii_lowercase();
    let sale = match (said("ProcReturnCode"), response.as_str(), said("AuthCode")) {
        ("", "", "") => None,
        ("00", "approved", code)
            if code.len() == AUTH_CODE_MAX && ThreedsLevel::Half.takes(md_status) =>
        {
            let host_reference = reference(said("HostRefNum"))?;
            if host_reference.is_empty() {
                return Err(unreadable("an approval without HostRefNum"));
            }
            Some(Verdict::Approved(Charged {
                auth_code: auth_code(code)?,
                host_reference,
                transaction_id: message(said("TransId")),
                spent: rewards::points_spent(callback.extra("KULLANILANPUAN")),
                campaign: rewards::instalments_added(callback.extra("ARTITAKSIT")),
                ..Charged::default()
            }))
        }
        (code, "declined" | "error", "") if code != "00" => {
            Some(Verdict::Declined(refused(&callback, code)?))
        }
        _ => return Err(unreadable("the callback neither approves nor declines")),
    };
    Ok(PageOutcome { md_status, sale })
}

/// The bank's refusal. An order that it knows from before is asked about.
fn refused(callback: &Callback<'_>, code: &str) -> Result<Decline, Doubt> {
    let own = named_code(callback.extra("ERRORCODE"), callback.extra("NUMCODE"));
    let decline = Decline {
        group: error_group(code, &own),
        code: message(if own.is_empty() { code } else { &own }),
        message: message(callback.field("ErrMsg")),
        day: BankDay::Unsaid,
    };
    if code == GATEWAY && matches!(&*own, KNOWN_ORDER | KNOWN_APPROVAL) {
        return Err(duplicate(decline));
    }
    refused_move(decline)
}

/// The bank made the hash, and nothing speaks of another order.
fn authenticate(
    context: BankContext<'_>,
    order: &Order,
    callback: &Callback<'_>,
    sells: bool,
) -> Result<(), Doubt> {
    if callback.0.len() > FIELDS_MAX || !callback.has_each_once() {
        return Err(unauthentic("the callback names a field twice, or too many"));
    }
    let key = threeds_key(context.account)?;
    let is_signed = if callback.is_version_3() {
        let fields = callback
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        same(callback.field("hash"), &hash_v3(fields, key))
    } else {
        !sells && is_signed_v1(callback, key)
    };
    if !is_signed {
        return Err(unauthentic("the hash of the callback is wrong or missing"));
    }
    is_about(context, order, callback, sells)
}

/// The list of version 1 begins with merchant, order and status. The first two are compared with ours, and
/// the status is one digit, so that nothing of another value can become it.
fn is_signed_v1(callback: &Callback<'_>, key: &str) -> bool {
    let names = callback.field("hashparams");
    if !names.eq_ignore_ascii_case(V1_NAMES)
        && !names.eq_ignore_ascii_case(V1_NAMES.trim_end_matches(':'))
    {
        return false;
    }
    let values: String = names
        .split(':')
        .filter(|name| !name.is_empty())
        .map(|name| callback.field(name))
        .collect();
    let has_status = callback.field("mdStatus").len() == 1;
    has_status
        && same(
            callback.field("hash"),
            &sha1_base64(&format!("{values}{key}")),
        )
}

/// Whether what the callback echoes of our form is as we sent it. What version 3 signs must stand there.
fn is_about(
    context: BankContext<'_>,
    order: &Order,
    callback: &Callback<'_>,
    sells: bool,
) -> Result<(), Doubt> {
    let amount = order.amount.decimal().to_string();
    let count = installment(order.installment);
    let sent = [
        ("clientid", context.account.client_id.as_str(), true),
        ("oid", &order.id, true),
        ("amount", &amount, callback.is_version_3()),
        ("currency", currency(order.amount)?, callback.is_version_3()),
        ("storetype", store_type(sells), callback.is_version_3()),
        ("ReturnOid", &order.id, false),
        ("taksit", &count, false),
        ("islemtipi", sale_type(order), false),
        ("TranType", sale_type(order), false),
    ];
    if callback.is_version_3() && !callback.has_currency_in_place() {
        return Err(unauthentic("the callback's currency may be another field"));
    }
    let is_ours = sent.iter().all(|(name, value, is_needed)| {
        let echoed = callback.field(name);
        echoed == *value || echoed.is_empty() && !is_needed
    });
    if is_ours {
        Ok(())
    } else {
        Err(unauthentic("the callback is about another order"))
    }
}

pub(crate) async fn finish(context: BankContext<'_>, finish: Finish3ds<'_>) -> Answer<Charged> {
    let proof: Proof = serde_json::from_str(finish.proof.expose())
        .map_err(|_| not_supported("the proof of 3DS is not NestPay's"))?;
    let question = Question {
        client_ip: finish.client_ip,
        proof: Some(&proof),
        ..sale(context, finish.sale.order, finish.reward)?
    };
    sell(context, &question).await
}
