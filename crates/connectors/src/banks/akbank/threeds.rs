//! 3DS at Akbank: the signed form, the browser's return, the sale after it.
//!
//! A callback names the fields that its hash covers, and their values stand in it without bounds and without an
//! amount. So the list must begin with code and outcome, whose lengths are known, and name the order right behind the
//! account; and a page's word that it sold is believed once the history tells of the sale.

use super::{
    APPROVED, NOT_VERIFIED, Question, currency, decline, expiry, explained, known_before, moment,
    number_once, record, rewards, sell, why,
};
use crate::bank::{
    Answer, BankContext, BankForm, Begin3ds, Charged, Doubt, Finish3ds, FormMethod, Order,
    OrderStatus, PageOutcome, Phase, Returned, Verdict, Verified,
};
use crate::banks::{
    message, not_supported, other_sale, refusal_of_move, sent, unauthentic, unreadable,
};
use crate::digest::{hmac_sha512_base64, same};
use contract::card::Secret;
use serde_json::{Value, json};

/// A callback has fewer fields by far.
const FIELDS_MAX: usize = 200;
/// What every callback signs first.
const BEGINNING: [&str; 2] = ["txnCode", "responseCode"];
/// What it signs side by side.
const WHOSE: [&str; 3] = ["merchantSafeId", "terminalSafeId", "orderId"];
/// What proves a shopper.
const PROVEN: [&str; 4] = ["secureId", "secureEcomInd", "secureData", "secureMd"];

/// What a form signs, in this order; what is absent is signed as nothing.
const SIGNED: [&str; 22] = [
    "paymentModel",
    "txnCode",
    "merchantSafeId",
    "terminalSafeId",
    "orderId",
    "lang",
    "amount",
    "ccbRewardAmount",
    "pcbRewardAmount",
    "xcbRewardAmount",
    "currencyCode",
    "installCount",
    "okUrl",
    "failUrl",
    "emailAddress",
    "subMerchantId",
    "creditCard",
    "expiredDate",
    "cvv",
    "randomNumber",
    "requestDateTime",
    "b2bIdentityNumber",
];

/// What the browser brought of a verified card, kept between checking and selling.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Proof {
    id: String,
    ecom: String,
    data: String,
    md: String,
}

impl Proof {
    pub(super) fn fields(&self) -> Value {
        json!({
            "secureId": self.id,
            "secureEcomInd": self.ecom,
            "secureData": self.data,
            "secureMd": self.md,
        })
    }
}

/// The form that the browser posts. Nothing is sent from here.
pub(super) fn form(context: BankContext<'_>, begin: &Begin3ds<'_>) -> Result<BankForm, Doubt> {
    let (account, order, card) = (context.account, begin.order, begin.card);
    let code = match (order.phase, begin.sells_at) {
        (Phase::Hold, Some(_)) => {
            return Err(not_supported("the bank's page holds nothing by itself"));
        }
        (Phase::Hold, None) => "3004",
        (Phase::Sale, _) => "3000",
    };
    let spent = rewards::spend(order, begin.reward)?;
    let reward = |name: &str| {
        let found = spent.iter().find(|(known, _)| *known == name);
        found.map_or_else(String::new, |(_, amount)| amount.to_string())
    };
    let model = if begin.sells_at.is_some() {
        "3D_PAY"
    } else {
        "3D"
    };
    let fields = [
        ("paymentModel", model.to_owned()),
        ("txnCode", code.to_owned()),
        ("merchantSafeId", account.client_id.clone()),
        ("terminalSafeId", account.terminal_id.clone()),
        ("orderId", order.id.clone()),
        ("lang", begin.language.to_ascii_uppercase()),
        ("amount", order.amount.decimal().to_string()),
        ("ccbRewardAmount", reward("ccbRewardAmount")),
        ("pcbRewardAmount", reward("pcbRewardAmount")),
        ("currencyCode", currency(order.amount)?.to_string()),
        ("installCount", order.installment.max(1).to_string()),
        ("okUrl", begin.return_url.to_owned()),
        ("failUrl", begin.return_url.to_owned()),
        ("creditCard", card.pan.expose().to_owned()),
        ("expiredDate", expiry(card)),
        (
            "cvv",
            card.cvc.as_ref().map_or("", |cvc| cvc.expose()).to_owned(),
        ),
        ("randomNumber", number_once(context, &order.id)),
        ("requestDateTime", moment(context)),
    ];
    let mut fields: Vec<(String, String)> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let hash = form_hash(&fields, account.threeds_key.expose());
    fields.push(("hash".to_owned(), hash));
    Ok(BankForm {
        method: FormMethod::Post,
        action: account.threeds_url.clone(),
        fields,
    })
}

pub(super) fn form_hash(fields: &[(String, String)], key: &str) -> String {
    let values = SIGNED.iter().filter_map(|name| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    });
    hmac_sha512_base64(key, values.collect::<String>().as_bytes())
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

    /// Two of one name could be read either way.
    fn has_each_once(&self) -> bool {
        let names = self.0.iter().map(|(name, _)| name.to_ascii_lowercase());
        is_distinct(names.collect())
    }

    /// The names that the hash covers, in order. A recording has something behind the last one.
    fn covered(&self) -> Vec<&'a str> {
        let names = self.field("hashParams").split('+');
        names.map(str::trim).collect()
    }
}

fn is_distinct(mut names: Vec<String>) -> bool {
    names.sort();
    names.windows(2).all(|pair| pair[0] != pair[1])
}

/// Checks what the browser brought back of a shopper who was verified, or was not.
pub(super) fn check(context: BankContext<'_>, returned: &Returned<'_>) -> Result<Verified, Doubt> {
    let callback = Callback(returned.fields);
    let covered = authenticate(context, returned.sale.order, &callback)?;
    // A page that sells answers a sale.
    if !callback.field("txnCode").starts_with('3') {
        return Err(unauthentic("the callback is not of a verification"));
    }
    let is_proven = callback.field("responseCode") == APPROVED;
    if is_proven && !PROVEN.iter().all(|name| covered.contains(name)) {
        return Err(unauthentic(
            "the hash does not cover what proves the shopper",
        ));
    }
    let [id, ecom, data, md] = PROVEN.map(|name| callback.field(name).to_owned());
    let md_status = if is_proven {
        md_status(&callback, &covered, &ecom)
    } else {
        0
    };
    let proof = Proof { id, ecom, data, md };
    let proof = serde_json::to_string(&proof).map_err(|_| not_supported("the proof"))?;
    Ok(Verified {
        md_status,
        message: message(callback.field("responseMessage")),
        page_points: None,
        proof: Secret::new(proof),
    })
}

/// How well the shopper was verified: by `mdStatus` where the hash covers it, else by the indicator of the card's
/// scheme, which a status beside it can only make worse. Recorded callbacks have the indicator alone.
fn md_status(callback: &Callback<'_>, covered: &[&str], ecom: &str) -> u8 {
    let told = match callback.field("mdStatus").as_bytes() {
        [] => None,
        [digit @ b'0'..=b'9'] => Some(digit - b'0'),
        _ => Some(0),
    };
    let by_scheme = match ecom {
        "02" | "05" => 1,
        "01" | "06" => 4,
        _ => 0,
    };
    match told {
        Some(told) if covered.contains(&"mdStatus") => told,
        None | Some(1) => by_scheme,
        Some(_) if by_scheme == 0 => 0,
        Some(told) => told,
    }
}

/// Reads what a page that sells by itself says that it did, and has the history confirm that it sold.
pub(super) async fn outcome(
    context: BankContext<'_>,
    returned: &Returned<'_>,
) -> Result<PageOutcome, Doubt> {
    let (callback, order) = (Callback(returned.fields), returned.sale.order);
    let covered = authenticate(context, order, &callback)?;
    let (code, kind) = (callback.field("responseCode"), callback.field("txnCode"));
    if code == APPROVED {
        let host = callback.field("hostResponseCode");
        if kind != "1000" || host != "00" || !covered.contains(&"hostResponseCode") {
            return Err(unauthentic("the callback does not prove a sale"));
        }
        let charged = confirmed(context, order, &callback).await?;
        return Ok(PageOutcome {
            md_status: 1,
            sale: Some(Verdict::Approved(charged)),
        });
    }
    let words = why(|name| message(callback.field(name)));
    let host = if covered.contains(&"hostResponseCode") {
        callback.field("hostResponseCode")
    } else {
        ""
    };
    let decline = known_before(decline(code, host, words)?)?;
    if code == NOT_VERIFIED || kind != "1000" {
        return Ok(PageOutcome {
            md_status: 0,
            sale: None,
        });
    }
    let refusal = refusal_of_move(Some(decline))?;
    Ok(PageOutcome {
        md_status: 1,
        sale: refusal.map(explained).transpose()?.map(Verdict::Declined),
    })
}

/// The sale as the history has it, with what the callback adds.
async fn confirmed(
    context: BankContext<'_>,
    order: &Order,
    callback: &Callback<'_>,
) -> Result<Charged, Doubt> {
    match record::confirm(context, order).await.map_err(sent)?.status {
        OrderStatus::Captured(charged) => {
            let same = charged.auth_code == callback.field("authCode")
                && charged.host_reference == callback.field("rrn");
            if !same {
                return Err(other_sale(
                    "the history tells of another sale than the page",
                ));
            }
            Ok(Charged {
                holder_name: message(callback.field("cardHolderName")),
                campaign: rewards::campaign(|name| message(callback.field(name))),
                ..charged
            })
        }
        _ => Err(unreadable("the history does not tell of the page's sale")),
    }
}

/// The bank made the hash, it covers what it must, and nothing speaks of another order. Answers the names that it
/// covers.
fn authenticate<'a>(
    context: BankContext<'_>,
    order: &Order,
    callback: &Callback<'a>,
) -> Result<Vec<&'a str>, Doubt> {
    if callback.0.len() > FIELDS_MAX || !callback.has_each_once() {
        return Err(unauthentic("the callback names a field twice, or too many"));
    }
    let mut covered = callback.covered();
    if covered.len() > FIELDS_MAX {
        return Err(unauthentic("the callback signs too many fields"));
    }
    if let Some(last) = covered.last_mut() {
        // As it was recorded once: a mark that is no part of the name.
        *last = last.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    }
    let is_sound = covered.starts_with(&BEGINNING)
        && covered.windows(WHOSE.len()).any(|names| names == WHOSE)
        && is_distinct(
            covered
                .iter()
                .map(|name| name.to_ascii_lowercase())
                .collect(),
        );
    let values: String = covered.iter().map(|name| callback.field(name)).collect();
    let key = context.account.threeds_key.expose();
    let expected = hmac_sha512_base64(key, values.as_bytes());
    if !is_sound || !same(callback.field("hash"), &expected) {
        return Err(unauthentic("the hash of the callback is wrong or missing"));
    }
    // Fields of a known length at the beginning: nothing of another value can stand in them.
    let [kind, code] = BEGINNING.map(|name| callback.field(name));
    let account = context.account;
    let whose = [&account.client_id, &account.terminal_id, &order.id];
    let is_ours = kind.len() == 4
        && code.len() == APPROVED.len()
        && WHOSE
            .iter()
            .zip(whose)
            .all(|(name, ours)| callback.field(name) == ours);
    if is_ours {
        Ok(covered)
    } else {
        Err(unauthentic("the callback is about another order"))
    }
}

pub(crate) async fn finish(context: BankContext<'_>, finish: Finish3ds<'_>) -> Answer<Charged> {
    let proof: Proof = serde_json::from_str(finish.proof.expose())
        .map_err(|_| not_supported("the proof of 3DS is not Akbank's"))?;
    let question = Question {
        client_ip: finish.client_ip,
        proof: Some(&proof),
        ..Question::sale(finish.sale.order, finish.reward)?
    };
    sell(context, &question, finish.sale.order).await
}
