//! 3DS at PayFor: the signed form, the browser's return, the sale after it.
//!
//! A return's hash covers merchant, order, approval code, outcome and 3DS status, and neither amount nor currency; the
//! form's hash covers the amount, and neither currency nor card. So what was sold after 3DS is compared with the bank's
//! record before it counts. At Ziraat Katılım no recipe fits the return's hash: there the record alone proves anything.

use super::record::{self, look_up, stand};
use super::{
    APPROVED, KNOWN_ORDER, NOT_VERIFIED, VERIFIED, charged, currency, error_group, expiry,
    explained, installment, is_ziraat_katilim, member, minor_of, points, refused_sale, request,
    sale_type, send_move, user_code,
};
use crate::bank::{
    Answer, BankContext, BankDay, BankForm, Begin3ds, Charged, Decline, Doubt, Finish3ds,
    FormMethod, OrderRef, OrderStatus, PageOutcome, Phase, Returned, ThreedsLevel, Verdict,
    Verified,
};
use crate::banks::{
    AUTH_CODE_MAX, duplicate, is_card, message, not_supported, other_sale, refusal_of_move, sent,
    threeds_key, unauthentic, unreadable,
};
use crate::digest::{same, sha1_base64};
use contract::card::Secret;

/// A callback has about 110 fields.
const FIELDS_MAX: usize = 250;
/// The bank's number of a request; recorded ones have 16 digits.
const GUID_MAX: usize = 36;

/// What the browser brought of a verified card, kept between checking and selling.
#[derive(serde::Serialize, serde::Deserialize)]
struct Proof {
    guid: String,
}

/// The form that the browser posts. Nothing is sent from here.
pub(super) fn form(context: BankContext<'_>, begin: &Begin3ds<'_>) -> Result<BankForm, Doubt> {
    let (account, order, card) = (context.account, begin.order, begin.card);
    let sells = begin.sells_at.is_some();
    if sells && order.phase == Phase::Hold {
        return Err(not_supported("the bank's page holds nothing by itself"));
    }
    let points = points(order, begin.reward)?.unwrap_or_default();
    // It follows the instalments in the signed text, so it begins with no digit that could be one of theirs.
    let rnd = format!("r{}", context.now.timestamp().as_nanosecond());
    let amount = order.amount.decimal().to_string();
    let count = installment(order.installment);
    let hash = form_hash(
        [
            member(account),
            &order.id,
            &amount,
            begin.return_url,
            begin.return_url,
            sale_type(order),
            &count,
            &rnd,
        ],
        account.threeds_key.expose(),
    );
    let mut fields = vec![
        ("MbrId", member(account)),
        ("MerchantID", &account.client_id),
        ("UserCode", user_code(account)),
        ("OrderId", &order.id),
        ("Lang", if begin.language == "en" { "EN" } else { "TR" }),
        ("SecureType", secure_type(sells)),
        ("TxnType", sale_type(order)),
        ("PurchAmount", &amount),
        ("InstallmentCount", &count),
        ("Currency", currency(order.amount)?),
        ("OkUrl", begin.return_url),
        ("FailUrl", begin.return_url),
        ("Rnd", &rnd),
        ("CardHolderName", &card.holder),
        ("Pan", card.pan.expose()),
    ];
    let expiry = expiry(card.expiry);
    fields.push(("Expiry", &expiry));
    fields.push(("Cvv2", card.cvc.as_ref().map_or("", |cvc| cvc.expose())));
    if !points.is_empty() {
        fields.push(("BonusAmount", &points));
    }
    fields.push(("Hash", &hash));
    Ok(BankForm {
        method: FormMethod::Post,
        action: account.threeds_url.clone(),
        fields: fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    })
}

fn secure_type(sells: bool) -> &'static str {
    if sells { "3DPay" } else { "3DModel" }
}

/// Member, order, amount, both addresses, type, instalments, a random text, and the merchant's password.
pub(super) fn form_hash(values: [&str; 8], key: &str) -> String {
    sha1_base64(&format!("{}{key}", values.concat()))
}

/// What the browser brought back: names and values, all of them hostile.
pub(super) struct Callback<'a>(pub(super) &'a [(String, String)]);

impl<'a> Callback<'a> {
    /// The field of this name, whatever its case; empty when there is none.
    fn field(&self, name: &str) -> &'a str {
        let mut fields = self.0.iter();
        let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
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

    /// What the bank signs.
    pub(super) fn hash(&self, user: &str, key: &str) -> String {
        let said = |name| self.field(name);
        sha1_base64(&format!(
            "{}{key}{}{}{}{}{}{user}",
            said("MerchantID"),
            said("OrderId"),
            said("AuthCode"),
            said("ProcReturnCode"),
            said("3DStatus"),
            said("ResponseRnd"),
        ))
    }

    fn md_status(&self) -> u8 {
        md_status(["3DStatus", "D3Stat", "Eci"].map(|name| self.field(name)))
    }
}

/// How the shopper was verified: status, the server's letter and the commerce indicator. Where only the status is
/// signed the other two can only make it less.
fn md_status([status, letter, eci]: [&str; 3]) -> u8 {
    const TRIED: u8 = 4;
    let status = match status {
        "1" => 1,
        "2" => 2,
        "3" => 3,
        "4" => 4,
        _ => return 0,
    };
    match (letter, eci) {
        ("N" | "U" | "R", _) => 0,
        ("A", _) | (_, "06" | "01") if status == 1 => TRIED,
        _ => status,
    }
}

/// Checks what the browser brought back: that the bank signed it, or knows it, and that it is about our order.
pub(crate) async fn check(context: BankContext<'_>, returned: Returned<'_>) -> Answer<Verified> {
    let (callback, sale) = (Callback(returned.fields), &returned.sale);
    authenticate(context, sale, &callback, false)?;
    // It follows the order's id in the signed text, and only what is sold has one.
    if !callback.field("AuthCode").is_empty() {
        return Err(unauthentic("the callback is of a page that sells"));
    }
    let guid = callback.field("RequestGuid");
    let is_number = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if guid.len() > GUID_MAX || !guid.bytes().all(is_number) {
        return Err(unreadable("the callback's RequestGuid cannot be one"));
    }
    let is_verified = callback.field("ProcReturnCode") == VERIFIED && !guid.is_empty();
    let mut status = if is_verified { callback.md_status() } else { 0 };
    if is_ziraat_katilim(context.account) && status != 0 {
        status = known_status(context, sale, guid).await?;
    }
    let proof = Proof {
        guid: guid.to_owned(),
    };
    let proof = serde_json::to_string(&proof).map_err(|_| not_supported("the proof"))?;
    Ok(Verdict::Approved(Verified {
        md_status: status,
        message: message(callback.field("ErrMsg")),
        page_points: None,
        proof: Secret::new(proof),
    }))
}

/// How well the shopper was verified by the bank's own record of this request.
async fn known_status(
    context: BankContext<'_>,
    sale: &OrderRef<'_>,
    guid: &str,
) -> Result<u8, Doubt> {
    let row = record::own(context, sale).await?;
    let row = row.filter(|row| row.guid == guid && row.is_verified);
    let row = row.filter(|row| row.secure_type == secure_type(false));
    let row = row.ok_or_else(|| unauthentic("the bank's record does not know the callback"))?;
    stand(sale.order, std::slice::from_ref(&row))?;
    Ok(row.md_status())
}

impl record::Row {
    /// Its record may say the status in the server's letter or number alone.
    fn md_status(&self) -> u8 {
        let [status, letter, eci] = self.threeds.each_ref().map(String::as_str);
        match (status, letter) {
            ("", "1" | "2" | "3" | "4") => md_status([letter, "", eci]),
            ("", "Y" | "A") => md_status(["1", letter, eci]),
            _ => md_status([status, letter, eci]),
        }
    }
}

/// Reads what a page that sells by itself says that it did, and compares a sale with the bank's record.
pub(crate) async fn outcome(
    context: BankContext<'_>,
    returned: Returned<'_>,
) -> Result<PageOutcome, Doubt> {
    let (callback, sale) = (Callback(returned.fields), &returned.sale);
    authenticate(context, sale, &callback, true)?;
    let said = |name| callback.field(name);
    if is_ziraat_katilim(context.account) {
        return recorded_outcome(context, sale).await;
    }
    let md_status = callback.md_status();
    let sale = match (said("ProcReturnCode"), said("TxnResult"), said("AuthCode")) {
        (APPROVED, "Success", code)
            if code.len() == AUTH_CODE_MAX && ThreedsLevel::Half.takes(md_status) =>
        {
            let charged = sold(context, sale).await?;
            if charged.auth_code != code {
                return Err(other_sale("the bank's record has another approval code"));
            }
            Some(Verdict::Approved(charged))
        }
        (NOT_VERIFIED, "Failed", _) if md_status == 0 => None,
        (code, "Failed", "") if !matches!(code, "" | APPROVED | VERIFIED) => {
            Some(Verdict::Declined(refused(code, said("ErrMsg"))?))
        }
        _ => return Err(unreadable("the callback neither approves nor declines")),
    };
    Ok(PageOutcome { md_status, sale })
}

/// What a page's sale came to by the bank's record, where its callback proves nothing.
async fn recorded_outcome(
    context: BankContext<'_>,
    sale: &OrderRef<'_>,
) -> Result<PageOutcome, Doubt> {
    let row = record::own(context, sale).await;
    let row = row.map_err(sent)?;
    let row = row.ok_or_else(|| unreadable("the bank knows no such sale"))?;
    if row.secure_type != secure_type(true) {
        return Err(other_sale("the bank's record is of another kind of sale"));
    }
    let md_status = row.md_status();
    let sale = match stand(sale.order, std::slice::from_ref(&row))?.status {
        OrderStatus::Captured(charged) => Some(Verdict::Approved(charged)),
        OrderStatus::Refused(decline) if decline.code == NOT_VERIFIED => None,
        OrderStatus::Refused(decline) => {
            let refusal = refusal_of_move(Some(decline))?;
            refusal.map(Verdict::Declined)
        }
        _ => return Err(unreadable("the bank does not tell what its page did")),
    };
    Ok(PageOutcome { md_status, sale })
}

/// The bank's refusal. An order that it knows from before is asked about.
fn refused(code: &str, words: &str) -> Result<Decline, Doubt> {
    let decline = Decline {
        group: error_group(code),
        code: message(code),
        message: message(words),
        day: BankDay::Unsaid,
    };
    if code == KNOWN_ORDER {
        return Err(duplicate(decline));
    }
    let refusal = refusal_of_move(Some(decline))?;
    explained(refusal.ok_or_else(|| unreadable("a refusal that refuses nothing"))?)
}

/// The bank made the hash, where it fits at all, and nothing speaks of another order.
fn authenticate(
    context: BankContext<'_>,
    sale: &OrderRef<'_>,
    callback: &Callback<'_>,
    sells: bool,
) -> Result<(), Doubt> {
    let order = sale.order;
    if callback.0.len() > FIELDS_MAX || !callback.has_each_once() {
        return Err(unauthentic("the callback names a field twice, or too many"));
    }
    let account = context.account;
    let expected = callback.hash(user_code(account), threeds_key(account)?);
    if !is_ziraat_katilim(account) && !same(callback.field("ResponseHash"), &expected) {
        return Err(unauthentic("the hash of the callback is wrong or missing"));
    }
    let count = installment(order.installment);
    let sent = [
        ("MbrId", member(account)),
        ("MerchantID", &account.client_id),
        ("OrderId", &order.id),
        ("Currency", currency(order.amount)?),
        ("InstallmentCount", &count),
        ("TxnType", sale_type(order)),
        ("SecureType", secure_type(sells)),
    ];
    let is_ours = sent
        .iter()
        .all(|(name, value)| callback.field(name) == *value);
    let amount = minor_of(callback.field("PurchAmount"));
    if !is_ours || amount != Some(order.amount.minor) {
        return Err(unauthentic("the callback is about another order"));
    }
    // Unsigned: who changes it meets the bank's record when the order is sold.
    if is_card(sale.card, callback.field("CardMask")) == Some(false) {
        return Err(other_sale("the callback is about another card"));
    }
    Ok(())
}

/// Sells what was verified: the bank knows the rest by its number of the request.
pub(crate) async fn finish(context: BankContext<'_>, finish: Finish3ds<'_>) -> Answer<Charged> {
    let proof: Proof = serde_json::from_str(finish.proof.expose())
        .map_err(|_| not_supported("the proof of 3DS is not PayFor's"))?;
    let order = finish.sale.order;
    let question = request(context, ("3DModelPayment", ""), |w| {
        w.leaf("RequestGuid", &proof.guid);
        w.leaf("OrderId", &order.id);
    })?;
    let (reply, refusal) = send_move(context, order, question).await?;
    if let Some(decline) = refusal {
        return Ok(Verdict::Declined(refused_sale(&reply, decline)?));
    }
    let made = charged(&reply)?;
    // The request's number is ours alone, and its record may be as old as the shopper's way through 3DS.
    let known = OrderRef {
        id_chosen: false,
        ..finish.sale
    };
    let known = sold(context, &known).await?;
    if known.auth_code != made.auth_code {
        return Err(other_sale("the bank's record has another approval code"));
    }
    // The browser posted how many points are spent, and no hash covers it.
    Ok(Verdict::Approved(Charged {
        spent: known.spent,
        ..made
    }))
}

/// The sale or hold as the bank's record has it, of our card, amount and currency. Whatever else it says is doubt.
async fn sold(context: BankContext<'_>, sale: &OrderRef<'_>) -> Result<Charged, Doubt> {
    let record = look_up(context, sale).await;
    match record.map_err(sent)? {
        record::Record {
            status: OrderStatus::Captured(charged) | OrderStatus::Held(charged),
            ..
        } => Ok(charged),
        _ => Err(unreadable("the bank's record does not know the sale")),
    }
}
