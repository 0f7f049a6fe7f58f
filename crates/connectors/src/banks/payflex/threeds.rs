//! 3DS at PayFlex: the MPI is asked first and sends the browser on, the return is checked, and the sale names what the
//! MPI verified. Hosts of the gateway sign the return, older ones sign nothing; either way the bank holds the sale
//! against its MPI's own record.

use super::{
    Question, codes, common, currency, doubt, message, not_supported, options, password, posted,
    sale, sell, unauthentic, unreadable,
};
use crate::bank::{
    Account, Answer, BankContext, BankForm, Begin3ds, Charged, Doubt, DoubtReason, Finish3ds,
    FormMethod, Order, Returned, Verdict, Verified,
};
use crate::banks::{ask, is_card};
use crate::digest::{same, sha256_bytes_base64};
use crate::xml::{Element, Writer};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use contract::card::Secret;
use contract::errors::ErrorGroup;
use encoding_rs::WINDOWS_1254;

/// A return has fewer fields by far.
const FIELDS_MAX: usize = 200;
/// Longest address that the bank may send a browser to.
const ADDRESS_BYTES_MAX: usize = 2_048;
/// Where the MPI of a gateway stands.
const GATEWAY: &str = "/threeDGateway/";

/// What 3DS proved, kept between checking and selling.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Proof {
    eci: String,
    cavv: String,
    request: String,
    /// Empty where the sale does not show the card again.
    #[serde(default)]
    pan: String,
    #[serde(default)]
    expiry: String,
    /// The sale shows the card again.
    #[serde(skip)]
    shows_card: bool,
}

impl Proof {
    pub(super) fn write(&self, w: &mut Writer) {
        if self.shows_card {
            w.leaf("Pan", &self.pan);
            w.leaf("Expiry", &self.expiry);
        }
        w.leaf("ECI", &self.eci);
        w.leaf("CAVV", &self.cavv);
        w.leaf("MpiTransactionId", &self.request);
    }
}

/// The MPI may have a password of its own.
fn mpi_password(account: &Account) -> Result<&Secret, Doubt> {
    let own = &account.threeds_key;
    if own.expose().is_empty() {
        password(account)
    } else {
        Ok(own)
    }
}

/// The host of an address, without user or port.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.split(':').next()?;
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    (!host.is_empty() && host.chars().all(sound)).then_some(host)
}

/// Scheme, host and port.
fn origin(url: &str) -> &str {
    let end = url
        .match_indices('/')
        .nth(2)
        .map_or(url.len(), |(at, _)| at);
    url.get(..end).unwrap_or_default()
}

/// Whether a browser with card data may be sent there: to the MPI's own address, or by TLS. The gateway leads
/// nowhere but to its own bank.
pub(super) fn may_lead_to(url: &str, mpi: &str) -> bool {
    let plain = url.len() <= ADDRESS_BYTES_MAX && url.bytes().all(|b| (b'!'..=b'~').contains(&b));
    let Some(leads_to) = host(url).filter(|_| plain) else {
        return false;
    };
    let is_gateway = mpi
        .strip_prefix(origin(mpi))
        .is_some_and(|path| path.starts_with(GATEWAY));
    let is_own = || {
        // Its hosts have two names before the bank's.
        let bank = host(mpi).and_then(|mpi| mpi.splitn(3, '.').nth(2));
        bank.is_some_and(|bank| {
            leads_to
                .strip_suffix(bank)
                .is_some_and(|rest| rest.ends_with('.'))
        })
    };
    origin(url) == origin(mpi) || url.starts_with("https://") && (!is_gateway || is_own())
}

/// The bank's number of a card's scheme.
pub(super) fn brand(pan: &str) -> &'static str {
    match pan.as_bytes() {
        [b'4', ..] => "100",
        [b'9', ..] | [b'6', b'5', ..] => "300",
        [b'3', b'4' | b'7', ..] => "400",
        _ => "200",
    }
}

/// Asks the MPI whether the card can be verified, and where. Moves no money.
pub(crate) async fn begin(context: BankContext<'_>, begin: Begin3ds<'_>) -> Answer<BankForm> {
    let (account, order, card) = (context.account, begin.order, begin.card);
    if let Some(level) = begin.sells_at {
        return common::begin(context, &begin, level).await;
    }
    // What the sale cannot spend is refused before the shopper is asked.
    let first = sale(account, order, begin.reward)?;
    if first.points.is_some() && !options::of(account)?.shows_card {
        return Err(not_supported("no points are spent after this verification"));
    }
    let mpi = &account.threeds_url;
    let expiry = format!("{:02}{:02}", card.expiry.year % 100, card.expiry.month);
    let (sum, count) = (
        order.amount.decimal().to_string(),
        order.installment.to_string(),
    );
    let mut fields = vec![
        ("MerchantId", account.client_id.as_str()),
        ("MerchantPassword", mpi_password(account)?.expose()),
        ("MerchantType", "0"),
        ("VerifyEnrollmentRequestId", &order.id),
        ("Pan", card.pan.expose()),
        ("ExpiryDate", &expiry),
        ("PurchaseAmount", &sum),
        ("Currency", currency(order.amount)?),
        ("BrandName", brand(card.pan.expose())),
        ("SuccessUrl", begin.return_url),
        ("FailureUrl", begin.return_url),
        ("IsRecurring", "false"),
        ("Language", begin.language),
    ];
    if order.installment > 1 {
        fields.push(("InstallmentCount", &count));
    }
    if let Some(address) = begin.client_ip {
        fields.push(("BrowserIpAddress", address));
    }
    let body = ask(context.http, posted(mpi.clone(), &fields)).await?;
    if let Some(decline) = codes::gateway_refusal(&body) {
        return Ok(Verdict::Declined(decline));
    }
    let reply = Element::parse(&body).map_err(|_| unreadable("the MPI's reply is not XML"))?;
    if !reply.is("IPaySecure") {
        return Err(unreadable("the MPI's reply is not an IPaySecure"));
    }
    enrolled(&reply, order, mpi)
}

/// The form that the MPI's reply makes, or why there is none.
fn enrolled(reply: &Element, order: &Order, mpi: &str) -> Answer<BankForm> {
    let message = reply.at(&["Message"])?.unwrap_or(reply);
    let said = |name| message.exact(&["VERes", name]);
    let (status, code) = (said("Status")?, reply.exact(&["MessageErrorCode"])?);
    if status != "Y" || !matches!(code, "" | "200") {
        if status.is_empty() && code.is_empty() {
            return Err(unreadable("the MPI says nothing"));
        }
        let mut decline = codes::decline(code, reply.words(&["ErrorMessage"]));
        if matches!(code, "" | "200") {
            // Not enrolled, or unknown to the directory.
            decline.group = ErrorGroup::ThreedsInitError;
            decline.code = format!("3D-{}", super::message(status));
        }
        return Ok(Verdict::Declined(decline));
    }
    if reply.exact(&["VerifyEnrollmentRequestId"])? != order.id {
        return Err(unauthentic("the MPI answers another request"));
    }
    let [action, request, term, md] = [
        said("ACSUrl")?,
        said("PaReq")?,
        said("TermUrl")?,
        said("MD")?,
    ];
    if !may_lead_to(action, mpi) {
        return Err(doubt(
            DoubtReason::Unauthentic,
            "the MPI leads to an address that is not its bank's",
        ));
    }
    if request.is_empty() {
        return Err(unreadable("the MPI's reply lacks PaReq"));
    }
    let fields = [
        ("PaReq", as_the_page_wants(request)),
        ("TermUrl", term.to_owned()),
        ("MD", md.to_owned()),
    ];
    Ok(Verdict::Approved(BankForm {
        method: FormMethod::Post,
        action: action.to_owned(),
        fields: fields.map(|(name, value)| (name.to_owned(), value)).into(),
    }))
}

/// A request that holds a page goes in the alphabet of addresses, as clients measured; any other as it came.
fn as_the_page_wants(request: &str) -> String {
    let decoded = STANDARD.decode(request).ok();
    match decoded.filter(|text| text.trim_ascii_start().starts_with(b"<")) {
        Some(page) => URL_SAFE_NO_PAD.encode(page),
        None => request.to_owned(),
    }
}

/// What the browser brought back: names and values, all of them hostile.
struct Return<'a>(&'a [(String, String)]);

impl<'a> Return<'a> {
    /// The field of this name, whatever its case; empty when there is none.
    fn field(&self, name: &str) -> &'a str {
        let mut fields = self.0.iter();
        let found = fields.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.trim())
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

    /// What the shopper's bank said, as other protocols number it. `Status` and `MdStatus` must agree.
    fn md_status(&self) -> u8 {
        match (self.field("Status"), self.field("MdStatus")) {
            ("Y", "" | "1") => 1,
            ("A", "2") => 2,
            ("A", "3") => 3,
            ("A", "" | "4") => 4,
            _ => 0,
        }
    }

    /// Whether there is what proves a verification, or an attempt at one: without it the bank would sell as if there
    /// had been none.
    fn has_proof(&self) -> bool {
        let eci = self.eci();
        let fits = match self.field("Status") {
            "Y" => matches!(&*eci, "02" | "05"),
            "A" => matches!(&*eci, "01" | "06"),
            _ => false,
        };
        fits && !self.field("Cavv").is_empty()
    }

    /// Two digits.
    fn eci(&self) -> String {
        match self.field("Eci") {
            one if one.len() == 1 => format!("0{one}"),
            eci => eci.to_owned(),
        }
    }

    /// Year of four digits and month, of any of the notations.
    fn expiry(&self) -> String {
        let expiry = self.field("Expiry");
        let digits = expiry.bytes().all(|byte| byte.is_ascii_digit());
        match expiry.len() {
            4 if digits => format!("20{expiry}"),
            6 if digits => expiry.to_owned(),
            _ => String::new(),
        }
    }

    fn hash(&self, account: &Account, kurus: &str) -> Result<String, Doubt> {
        let text = [
            self.field("VerifyEnrollmentRequestId"),
            self.field("MerchantId"),
            self.field("PurchCurrency"),
            kurus,
            &self.eci(),
            self.field("Cavv"),
            self.field("MdStatus"),
            self.field("Status"),
            mpi_password(account)?.expose(),
        ]
        .concat();
        let (bytes, _, _) = WINDOWS_1254.encode(&text);
        Ok(sha256_bytes_base64(&bytes))
    }
}

/// Checks what the browser brought back: that it is about our order, and what the bank signed where it signs.
pub(crate) async fn verify(context: BankContext<'_>, returned: Returned<'_>) -> Answer<Verified> {
    let (fields, order) = (Return(returned.fields), returned.sale.order);
    if fields.0.len() > FIELDS_MAX || !fields.has_each_once() {
        return Err(unauthentic("the return names a field twice, or too many"));
    }
    let kurus = order.amount.minor.to_string();
    let count = order.installment.to_string();
    let ours = [
        ("VerifyEnrollmentRequestId", order.id.as_str()),
        ("MerchantId", &context.account.client_id),
        ("PurchAmount", &kurus),
        ("PurchCurrency", currency(order.amount)?),
    ];
    let told = fields.field("InstallmentCount");
    let same_count = told.is_empty() || told == count || order.installment <= 1 && told == "0";
    if !same_count
        || ours
            .iter()
            .any(|(name, value)| fields.field(name) != *value)
    {
        return Err(unauthentic("the return is about another order"));
    }
    let hash = fields.field("Hash");
    if !hash.is_empty() && !same(hash, &fields.hash(context.account, &kurus)?) {
        return Err(unauthentic("the hash of the return is wrong"));
    }
    let shows_card = options::of(context.account)?.shows_card;
    let pan = fields.field("Pan");
    // No hash covers the card: another one than the order was begun with would be charged.
    let is_ours = match is_card(returned.sale.card, pan) {
        Some(is_ours) => is_ours,
        None => pan.is_empty() || !shows_card,
    };
    if !is_ours {
        return Err(unauthentic("the return is about another card"));
    }
    let mut proof = Proof {
        eci: fields.eci(),
        cavv: fields.field("Cavv").to_owned(),
        request: order.id.clone(),
        pan: String::new(),
        expiry: String::new(),
        shows_card: false,
    };
    if shows_card && pan.bytes().all(|byte| byte.is_ascii_digit()) {
        (proof.pan, proof.expiry) = (pan.to_owned(), fields.expiry());
    }
    let proof = serde_json::to_string(&proof).map_err(|_| not_supported("the proof"))?;
    Ok(Verdict::Approved(Verified {
        md_status: if fields.has_proof() {
            fields.md_status()
        } else {
            0
        },
        message: message(fields.field("ErrorMessage")),
        page_points: None,
        proof: Secret::new(proof),
    }))
}

/// Sells what the MPI verified.
pub(crate) async fn finish(context: BankContext<'_>, finish: Finish3ds<'_>) -> Answer<Charged> {
    let mut proof: Proof = serde_json::from_str(finish.proof.expose())
        .map_err(|_| not_supported("the proof of 3DS is not PayFlex's"))?;
    proof.shows_card = options::of(context.account)?.shows_card;
    if proof.shows_card && (proof.pan.is_empty() || proof.expiry.is_empty()) {
        return Err(not_supported(
            "the bank wants the card again, and the return lacked it",
        ));
    }
    let question = Question {
        amount: proof.shows_card.then_some(finish.sale.order.amount),
        proof: Some(&proof),
        client_ip: finish.client_ip,
        ..sale(context.account, finish.sale.order, finish.reward)?
    };
    sell(context, &question).await
}
