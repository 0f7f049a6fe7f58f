//! 3DS at InterVPOS: the signed form, the browser's return, the sale after it.
//!
//! A return names what its hash covers, and puts the values end to end. Who chose the names could cut the text anew, and
//! make a "1" of any digit in it, so only the recorded list counts, which ends with the 3DS status. Approval code, proof
//! and commerce indicator are not in it: the sale of a page is looked up, and what the proof is worth the bank knows when
//! it sells.

use super::record::{Record, look_up};
use super::{
    APPROVED, bonus, currency, error_group, expiry, installment, minor_of, refusal_of_sale,
    request, sale_fields, sale_type, sell,
};
use crate::bank::{
    Answer, BankContext, BankDay, BankForm, Begin3ds, Charged, Decline, Doubt, Finish3ds,
    FormMethod, OrderRef, OrderStatus, PageOutcome, Phase, Returned, ThreedsLevel, Verdict,
    Verified,
};
use crate::banks::{
    is_card, message, not_supported, other_sale, sent, threeds_key, unauthentic, unreadable,
};
use crate::digest::{same, sha1_base64};
use contract::card::Secret;

/// A callback has about 45 fields.
const FIELDS_MAX: usize = 150;
/// Proofs and the bank's own data are base64 of some dozens of bytes.
const PROOF_MAX: usize = 1_024;
/// What a return's hash covers, in this order.
const SIGNED: [&str; 11] = [
    "Version",
    "PurchAmount",
    "Exponent",
    "Currency",
    "OkUrl",
    "FailUrl",
    "MD",
    "OrderId",
    "ProcReturnCode",
    "Response",
    "mdStatus",
];

/// What the browser brought of a verified card, kept between checking and selling.
#[derive(serde::Serialize, serde::Deserialize)]
struct Proof {
    md: String,
    transaction: String,
    eci: String,
    authentication: String,
}

/// The form that the browser posts. Nothing is sent from here.
pub(super) fn form(context: BankContext<'_>, begin: &Begin3ds<'_>) -> Result<BankForm, Doubt> {
    let (account, order, card) = (context.account, begin.order, begin.card);
    let sells = begin.sells_at.is_some();
    if sells && order.phase == Phase::Hold {
        return Err(not_supported("the bank's page holds nothing by itself"));
    }
    let (currency, bonus) = (currency(order.amount)?, bonus(order, begin.reward)?);
    // It follows the instalments in the signed text, so it begins with no digit that could be one of theirs.
    let rnd = format!("r{}", context.now.timestamp().as_nanosecond());
    let (amount, count) = (
        order.amount.decimal().to_string(),
        installment(order.installment),
    );
    let expiry = expiry(card.expiry);
    let hash = form_hash(
        [
            &account.client_id,
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
        ("ShopCode", account.client_id.as_str()),
        ("TxnType", sale_type(order)),
        ("SecureType", if sells { "3DPay" } else { "3DModel" }),
    ];
    let card = [
        ("Pan", card.pan.expose()),
        ("Expiry", &expiry),
        ("Cvv2", card.cvc.as_ref().map_or("", |cvc| cvc.expose())),
    ];
    fields.extend(sale_fields(
        order,
        [&amount, currency, &count, &bonus],
        card,
    ));
    fields.extend([
        ("OkUrl", begin.return_url),
        ("FailUrl", begin.return_url),
        ("Rnd", rnd.as_str()),
        ("Lang", if begin.language == "en" { "en" } else { "tr" }),
        ("Hash", hash.as_str()),
    ]);
    Ok(BankForm {
        method: FormMethod::Post,
        action: account.threeds_url.clone(),
        fields: fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    })
}

/// Shop, order, amount, both addresses, type, instalments, a random text, and the shop's 3D password.
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

    /// Whether the callback says that its hash covers what it must.
    fn is_signed_as_recorded(&self) -> bool {
        let names = self.field("HASHPARAMS").trim_end_matches(':').split(':');
        names.eq(SIGNED)
    }

    /// What the bank signs.
    pub(super) fn hash(&self, key: &str) -> String {
        let values = SIGNED.map(|name| self.field(name)).concat();
        sha1_base64(&format!("{values}{key}"))
    }

    /// How the shopper was verified. The status is signed; what is not can only make it less.
    fn md_status(&self) -> u8 {
        const TRIED: u8 = 4;
        let status = match self.field("mdStatus") {
            "1" => 1,
            "2" => 2,
            "3" => 3,
            "4" => 4,
            _ => return 0,
        };
        match (self.field("TxnStat"), self.field("Eci")) {
            ("N" | "U" | "E", _) => 0,
            ("A", _) | (_, "06" | "01") if status == 1 => TRIED,
            _ => status,
        }
    }
}

/// Checks what the browser brought back: that the bank signed it, and that it is about our order.
pub(crate) async fn check(context: BankContext<'_>, returned: Returned<'_>) -> Answer<Verified> {
    let callback = Callback(returned.fields);
    authenticate(context, &returned.sale, &callback)?;
    // The form's hash does not cover what the page is to do.
    if callback.field("TxnResult") == "Success" && !callback.field("AuthCode").is_empty() {
        return Err(unauthentic("the callback is of a page that sells"));
    }
    let proof = Proof {
        md: callback.field("MD").to_owned(),
        transaction: callback.field("PayerTxnId").to_owned(),
        eci: callback.field("Eci").to_owned(),
        authentication: callback.field("PayerAuthenticationCode").to_owned(),
    };
    let parts = [
        &proof.md,
        &proof.transaction,
        &proof.eci,
        &proof.authentication,
    ];
    if parts.iter().any(|part| part.len() > PROOF_MAX) {
        return Err(unreadable("the callback's proof cannot be one"));
    }
    let proof = serde_json::to_string(&proof).map_err(|_| not_supported("the proof"))?;
    Ok(Verdict::Approved(Verified {
        md_status: callback.md_status(),
        message: message(callback.field("ErrorMessage")),
        page_points: None,
        proof: Secret::new(proof),
    }))
}

/// Reads what a page that sells by itself says that it did, and looks a sale up: the hash covers no approval code.
pub(crate) async fn outcome(
    context: BankContext<'_>,
    returned: Returned<'_>,
) -> Result<PageOutcome, Doubt> {
    let (callback, sale) = (Callback(returned.fields), &returned.sale);
    authenticate(context, sale, &callback)?;
    let md_status = callback.md_status();
    let sale = match (
        callback.field("ProcReturnCode"),
        callback.field("TxnResult"),
    ) {
        (APPROVED, "Success") if ThreedsLevel::Half.takes(md_status) => {
            let charged = sold(context, sale).await?;
            if charged.auth_code != callback.field("AuthCode") {
                return Err(other_sale("the bank's record has another approval code"));
            }
            Some(Verdict::Approved(charged))
        }
        (APPROVED, _) | (_, "Success") => {
            return Err(unreadable("the callback approves and declines"));
        }
        (_, _) if md_status == 0 => None,
        ("", _) => return Err(unreadable("the callback neither approves nor declines")),
        (code, _) => {
            let decline = Decline {
                group: error_group(code, callback.field("ErrorCode")),
                code: message(code),
                message: message(callback.field("ErrorMessage")),
                day: BankDay::Unsaid,
            };
            Some(Verdict::Declined(refusal_of_sale(decline)?))
        }
    };
    Ok(PageOutcome { md_status, sale })
}

/// A sale of a page as the bank's record has it. Whatever else it says is doubt.
/// That it is not one of before ours its callback proves, also where the shop chose the id: no record tells a card.
async fn sold(context: BankContext<'_>, sale: &OrderRef<'_>) -> Result<Charged, Doubt> {
    let just_now = OrderRef {
        id_chosen: false,
        ..*sale
    };
    match look_up(context, &just_now).await.map_err(sent)? {
        Record {
            status: OrderStatus::Captured(charged),
            ..
        } => Ok(charged),
        _ => Err(unreadable("the bank's record does not know the sale")),
    }
}

/// The bank made the hash, it covers what counts, and that is of our order.
fn authenticate(
    context: BankContext<'_>,
    sale: &OrderRef<'_>,
    callback: &Callback<'_>,
) -> Result<(), Doubt> {
    let order = sale.order;
    if callback.0.len() > FIELDS_MAX || !callback.has_each_once() {
        return Err(unauthentic("the callback names a field twice, or too many"));
    }
    if !callback.is_signed_as_recorded() {
        return Err(unauthentic(
            "the hash of the callback covers something else",
        ));
    }
    let account = context.account;
    let expected = callback.hash(threeds_key(account)?);
    if !same(callback.field("HASH"), &expected) {
        return Err(unauthentic("the hash of the callback is wrong or missing"));
    }
    let is_ours = callback.field("OrderId") == order.id
        && callback.field("ShopCode") == account.client_id
        && callback.field("Currency") == currency(order.amount)?;
    if !is_ours || minor_of(callback.field("PurchAmount")) != Some(order.amount.minor) {
        return Err(unauthentic("the callback is about another order"));
    }
    // Neither the form's hash nor the return's covers the card.
    if is_card(sale.card, callback.field("Pan")) == Some(false) {
        return Err(other_sale("the callback is about another card"));
    }
    Ok(())
}

/// Sells what was verified: order, amount and points are ours, the proof is the bank's.
pub(crate) async fn finish(context: BankContext<'_>, finish: Finish3ds<'_>) -> Answer<Charged> {
    let proof: Proof = serde_json::from_str(finish.proof.expose())
        .map_err(|_| not_supported("the proof of 3DS is not InterVPOS's"))?;
    let order = finish.sale.order;
    let (currency, bonus) = (currency(order.amount)?, bonus(order, finish.reward)?);
    let (amount, count) = (
        order.amount.decimal().to_string(),
        installment(order.installment),
    );
    let shown = [
        ("MD", proof.md.as_str()),
        ("PayerTxnId", proof.transaction.as_str()),
        ("Eci", proof.eci.as_str()),
        ("PayerAuthenticationCode", proof.authentication.as_str()),
    ];
    let fields = sale_fields(order, [&amount, currency, &count, &bonus], shown);
    let request = request(context, sale_type(order), &fields)?;
    sell(context, order, request).await
}
