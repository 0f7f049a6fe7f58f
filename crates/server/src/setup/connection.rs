//! Trying a POS or a method out: a question that moves no money and changes nothing, whose answer
//! proves that the address is right and, as far as the other side checks them, the credentials.

use crate::app::App;
use crate::certificates::TlsFault;
use crate::clock::istanbul;
use crate::engine::accounts;
use crate::operations::merchant_poses;
use crate::operations::{Actor, Audited, Permission, Problem};
use crate::random;
use crate::store::apms::Apm;
use crate::store::poses::Pos;
use connectors::account::{Tried, Words};
use connectors::bank::{
    BankContext, CardEnds, Doubt, DoubtReason, Order, OrderRef, Phase, Verb, Verdict,
};
use connectors::lender::{CartItem, LenderContext, OffersRequest};
use contract::enums::{BnplCartItemType, Currency};
use contract::errors::{ErrorGroup, Language};
use contract::merchant_poses::UpdateMerchantPosRequest;
use contract::money::Money;
use contract::rules::Rule;
use std::time::Instant;

/// How a connection test went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionTest {
    /// What was found out.
    pub result: ConnectionResult,
    /// How long the answer took.
    pub took_ms: i64,
    /// The other side's code, or what the protocol saw, for a closer look; may be empty.
    pub detail: String,
    /// What an answer of a bank proves.
    pub tried: Option<Tried>,
}

impl ConnectionTest {
    /// In words: what is proven, or what to look at, by the names of the bank's values.
    pub fn text(&self, language: Language) -> String {
        let tried = self.tried.as_ref();
        let proven = tried.and_then(|tried| tried.proven);
        let values = proven.or(tried.and_then(|tried| tried.unproven));
        let of = |words: Words| match language {
            Language::Tr => words.tr,
            Language::En => words.en,
        };
        let Some(values) = values.map(of) else {
            return self.result.text(language).to_owned();
        };
        match (self.result, language) {
            (ConnectionResult::Works, Language::Tr) => {
                format!("Bağlantı çalışıyor: adres doğru. Bankanın kabul ettiği: {values}.")
            }
            (ConnectionResult::Works, Language::En) => {
                format!("The connection works: the address is right, and the bank took {values}.")
            }
            (ConnectionResult::Answers, Language::Tr) => format!(
                "Adres doğru, banka cevap veriyor; ama bu cevap hesap bilgilerinin doğru olduğunu göstermez. İlk ödemede belli olur: {values}."
            ),
            (ConnectionResult::Answers, Language::En) => format!(
                "The address is right and the bank answers, but its answer does not show that the account is right. The first payment will tell of {values}."
            ),
            (ConnectionResult::Refused, Language::Tr) => format!(
                "Banka hesabı kabul etmedi. Kontrol edin: {values}. Sunucunun IP adresi de bankada tanımlı olmalıdır."
            ),
            (ConnectionResult::Refused, Language::En) => format!(
                "The bank did not take the account. Check {values}, and that the bank knows the server’s IP address."
            ),
            (ConnectionResult::TurnedAway, Language::Tr) => format!(
                "Adrese ulaşıldı ama istek geri çevrildi. Adresin yolunu kontrol edin; doğruysa bunlar yanlış olabilir: {values}."
            ),
            (ConnectionResult::TurnedAway, Language::En) => format!(
                "The address was reached, but it turned the request away. Check its path; if that is right, look at {values}."
            ),
            (ConnectionResult::NotGenuine, Language::Tr) => {
                format!("Cevabın imzası doğrulanamadı. Kontrol edin: {values}.")
            }
            (ConnectionResult::NotGenuine, Language::En) => {
                format!("The answer’s signature is wrong. Check {values}.")
            }
            (result, language) => result.text(language).to_owned(),
        }
    }
}

/// What a connection test found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionResult {
    /// The answer is genuine: address and credentials are right.
    Works,
    /// The address is right; the answer proves nothing of the credentials.
    Answers,
    /// No connection to the address.
    NotReached,
    /// The address was reached, and its TLS is not to be trusted.
    Tls(TlsFault),
    /// A connection, but no proper answer in time.
    NoAnswer,
    /// An answer that is not signed with our secret.
    NotGenuine,
    /// The other side does not know the account or its password.
    Refused,
    /// An HTTP status that blames the request: the path or the credentials are wrong.
    TurnedAway,
    /// The other side answered something that the protocol does not know.
    Unreadable,
    /// The protocol has no question that is safe to ask.
    NotSupported,
}

impl ConnectionResult {
    /// In words.
    pub fn text(self, language: Language) -> &'static str {
        let (tr, en) = match self {
            ConnectionResult::Works => (
                "Bağlantı çalışıyor: adres doğru, hesap bilgileri kabul edildi.",
                "The connection works: the address is right and the credentials were taken.",
            ),
            ConnectionResult::Answers => (
                "Adres doğru, karşı taraf cevap veriyor; ama bu cevap hesap bilgilerinin doğru olduğunu göstermez.",
                "The address is right and the other side answers, but its answer does not show that the account is right.",
            ),
            ConnectionResult::NotReached => (
                "Adrese bağlanılamadı. Adresi ve sunucunun dışarıya çıkışını kontrol edin.",
                "The address could not be reached. Check the address and the server's way out.",
            ),
            ConnectionResult::Tls(fault) => tls_words(fault),
            ConnectionResult::NoAnswer => (
                "Adrese ulaşıldı ama geçerli bir cevap gelmedi. Adresin yolunu kontrol edin ya da biraz sonra yeniden deneyin.",
                "The address was reached but gave no proper answer. Check its path, or try again in a while.",
            ),
            ConnectionResult::NotGenuine => (
                "Cevabın imzası doğrulanamadı. Şifre ya da anahtar yanlış olabilir.",
                "The answer's signature is wrong. The password or key may be wrong.",
            ),
            ConnectionResult::Refused => (
                "Karşı taraf hesabı kabul etmedi. Üye işyeri ve terminal numaralarını, kullanıcıyı ve şifreyi kontrol edin.",
                "The other side did not take the account. Check its numbers, user and password.",
            ),
            ConnectionResult::TurnedAway => (
                "Adrese ulaşıldı ama istek geri çevrildi. Adresin yolunu ve hesap bilgilerini kontrol edin.",
                "The address was reached, but it turned the request away. Check its path and the account’s values.",
            ),
            ConnectionResult::Unreadable => (
                "Cevap okunamadı: adres bu bankanın ya da kredi kuruluşunun sistemi olmayabilir.",
                "The answer cannot be read: the address may not be this bank's or lender's system.",
            ),
            ConnectionResult::NotSupported => (
                "Bu protokolde güvenle sorulabilecek bir soru yok.",
                "This protocol has no question that is safe to ask.",
            ),
        };
        match language {
            Language::Tr => tr,
            Language::En => en,
        }
    }

    fn of(doubt: &Doubt) -> ConnectionResult {
        match &doubt.reason {
            // A bank that speaks JSON refuses an account so.
            DoubtReason::Network if doubt.detail.starts_with("HTTP status 4") => {
                ConnectionResult::TurnedAway
            }
            DoubtReason::Network if doubt.may_have_been_sent => ConnectionResult::NoAnswer,
            DoubtReason::TimedOut(_) => ConnectionResult::NoAnswer,
            DoubtReason::Network => match TlsFault::told(&doubt.detail) {
                Some(fault) => ConnectionResult::Tls(fault),
                None => ConnectionResult::NotReached,
            },
            DoubtReason::Unauthentic => ConnectionResult::NotGenuine,
            DoubtReason::QuestionRefused => ConnectionResult::Refused,
            DoubtReason::Unreadable => ConnectionResult::Unreadable,
            DoubtReason::Duplicate(_) | DoubtReason::OtherSale => ConnectionResult::Works,
            DoubtReason::NotSupported => ConnectionResult::NotSupported,
        }
    }
}

/// What a person can do about it. Verification cannot be switched off.
fn tls_words(fault: TlsFault) -> (&'static str, &'static str) {
    match fault {
        TlsFault::UnknownIssuer => (
            "Adrese ulaşıldı ama sertifikasını veren kurum tanınmıyor: sertifika zinciri eksik ya da kökü özel. Sistem yöneticisi eksik sertifikayı --bank-ca-file (GALATA_BANK_CA_FILE) ile bu adrese ekleyebilir.",
            "The address was reached, but the issuer of its certificate is unknown: its chain is incomplete, or its root is private. The operator can add what is missing for this host with --bank-ca-file (GALATA_BANK_CA_FILE).",
        ),
        TlsFault::OutOfDate => (
            "Adrese ulaşıldı ama sertifikasının süresi geçmiş (ya da bu sunucunun saati yanlış). Bankaya bildirin.",
            "The address was reached, but its certificate is out of date (or this server’s clock is wrong). Tell the bank.",
        ),
        TlsFault::OtherHost => (
            "Adrese ulaşıldı ama sertifika başka bir adrese ait. Adresin doğru yazıldığını kontrol edin.",
            "The address was reached, but its certificate is another host’s. Check the spelling of the address.",
        ),
        TlsFault::NothingInCommon => (
            "Adrese ulaşıldı ama ortak bir TLS sürümü bulunamadı: banka yalnızca eski sürümleri kullanıyor olabilir (en az TLS 1.2 gerekir).",
            "The address was reached, but there is no TLS version in common: the bank may only speak old ones (TLS 1.2 is the least).",
        ),
    }
}

/// Asks the bank about an order that cannot exist. What an answer proves of the account stands in its protocol's
/// description.
pub async fn test_pos(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
) -> Result<ConnectionTest, Problem> {
    const ACTION: &str = "pos.test";
    let target = id.to_string();
    may(app, by, merchant_id, ACTION, &target).await?;
    let mut pos = Pos::load(app, merchant_id, id).await?;
    // The host may have been removed from `--allow-bank-host` since it was set.
    merchant_poses::set_values(app, &mut pos, UpdateMerchantPosRequest::default())?;
    let Some(bank) = connectors::directory::protocol(pos.integrator) else {
        return Err(Problem::rule(Rule::PosNotFound));
    };
    let tried = bank.account().tried;
    let of_bank = |result, started, detail: &str| ConnectionTest {
        tried: Some(tried),
        ..test_of(result, started, detail)
    };
    if !bank.verbs().contains(&Verb::Inquire) {
        return Ok(of_bank(ConnectionResult::NotSupported, Instant::now(), ""));
    }
    let account = pos.account();
    let now = app.istanbul_now();
    let sent_at = istanbul(app.now());
    let context = BankContext {
        account: &account,
        http: &app.net,
        now: &now,
    };
    let order = Order {
        id: random::order_id(),
        amount: Money::new(100, pos.currency),
        installment: 1,
        phase: Phase::Sale,
    };
    let asked = OrderRef {
        order: &order,
        threeds: false,
        sent_at: &sent_at,
        host_reference: None,
        card: CardEnds::default(),
        id_chosen: false,
        with_points: false,
    };
    let started = Instant::now();
    let test = match bank.inquire(context, asked).await {
        Ok(_) if tried.proven.is_none() => of_bank(ConnectionResult::Answers, started, ""),
        Ok(_) => {
            accounts::note_that_it_works(app, &pos).await;
            of_bank(ConnectionResult::Works, started, "")
        }
        Err(doubt) => of_bank(ConnectionResult::of(&doubt), started, &doubt.detail),
    };
    by.note_look(app, merchant_id, ACTION, &target).await?;
    Ok(test)
}

/// Asks the lender what its banks would lend for one ordinary cart, which is no application.
/// Proves address, client id and secret; not the secret of notifications.
pub async fn test_apm(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    id: i64,
) -> Result<ConnectionTest, Problem> {
    const ACTION: &str = "apm.test";
    let target = id.to_string();
    may(app, by, merchant_id, ACTION, &target).await?;
    let apm = Apm::load(app, merchant_id, id).await?;
    super::apms::lender_url(app, &apm.account.api_url)?;
    let Some(lender) = connectors::lenders::of_apm(apm.apm_type) else {
        return Err(Problem::field(Rule::ValueNotOffered, "type"));
    };
    let now = app.istanbul_now();
    let context = LenderContext {
        account: &apm.account,
        http: &app.net,
        now: &now,
    };
    let items = [sample_item()];
    let asked = OffersRequest {
        amount: Money::new(SAMPLE_PRICE, Currency::Try),
        items: &items,
    };
    let started = Instant::now();
    let test = match lender.offers(context, asked).await {
        Ok(Verdict::Approved(_)) => test_of(ConnectionResult::Works, started, ""),
        Ok(Verdict::Declined(decline)) => {
            let unknown = matches!(
                decline.group,
                ErrorGroup::ApmAccountNotFound | ErrorGroup::ApmAccountPermissionDenied
            );
            // A refusal of the cart is signed like every answer: the account is known.
            let result = if unknown {
                ConnectionResult::Refused
            } else {
                ConnectionResult::Works
            };
            test_of(result, started, &decline.code)
        }
        Err(doubt) => test_of(ConnectionResult::of(&doubt), started, &doubt.detail),
    };
    by.note_look(app, merchant_id, ACTION, &target).await?;
    Ok(test)
}

/// Kuruş of the cart that a test asks about.
const SAMPLE_PRICE: i64 = 500_000;

fn sample_item() -> CartItem {
    CartItem {
        id: "1".to_owned(),
        name: "Galata".to_owned(),
        brand: "Galata".to_owned(),
        category: BnplCartItemType::SmallHomeAppliances,
        unit_price: SAMPLE_PRICE,
        quantity: 1,
    }
}

async fn may(
    app: &App,
    by: &Actor,
    merchant_id: i64,
    action: &'static str,
    target: &str,
) -> Result<(), Problem> {
    by.require(app, merchant_id, Permission::ChangeAccounts, action, target)
        .await
}

fn test_of(result: ConnectionResult, started: Instant, detail: &str) -> ConnectionTest {
    ConnectionTest {
        result,
        took_ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
        detail: connectors::scrub::words(detail),
        tried: None,
    }
}
