//! What Galata asks of a bank's virtual POS, in the field's words, whatever the protocol.
//!
//! Every verb answers one of three: approved, declined (both a [`Verdict`]), or in doubt. Doubt
//! is never failure: the bank may have taken the money.

use crate::account::Options;
use crate::http::Http;
use contract::card::{Cvc, Expiry, Pan, Secret};
use contract::enums::{Currency, LoyaltyType, PosIntegrator, PosOperationType};
use contract::errors::ErrorGroup;
use contract::money::Money;
use jiff::Zoned;
use jiff::civil::DateTime;

/// What a verb answers: a verdict, or doubt.
pub type Answer<T> = Result<Verdict<T>, Doubt>;

/// The bank decided, and its reply proved genuine.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict<T> {
    /// The bank did it.
    Approved(T),
    /// The bank refused; no money moved.
    Declined(Decline),
}

/// A bank's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// What it means to the merchant.
    pub group: ErrorGroup,
    /// The bank's own code, for `providerError`.
    pub code: String,
    /// The bank's own words, for `providerError`. Hostile text: capped and escaped by who shows it.
    pub message: String,
    /// What the refusal says of the bank's day.
    pub day: BankDay,
}

/// What a refusal to give money back says of the bank's day, where its code is documented to say so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BankDay {
    /// Nothing.
    #[default]
    Unsaid,
    /// The sale's day is not closed yet: the bank wants a void instead of a refund.
    Open,
    /// The sale's day is closed: the bank wants a refund instead of a void.
    Closed,
}

/// It is not known what the bank did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// False only when surely not one byte was sent: then another POS may be tried.
    pub may_have_been_sent: bool,
    /// What happened.
    pub reason: DoubtReason,
    /// For the operator's log: never a card number, key or body.
    pub detail: String,
}

/// How doubt arose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DoubtReason {
    /// No connection, time-out, reset or cut reply, or an HTTP status that is no answer.
    Network,
    /// A reply that cannot be read.
    Unreadable,
    /// A reply whose hash is wrong or missing.
    Unauthentic,
    /// The bank already knows this order id: ask what became of it. Declined with this when the
    /// inquiry finds nothing of ours.
    Duplicate(Decline),
    /// The bank says that it timed out itself, or got no answer: it has not refused. Ask what became
    /// of it; this is its answer once its own inquiry says refused.
    TimedOut(Decline),
    /// The bank refused to answer the question, which says nothing of the order: it does not know the
    /// account, or not its password.
    QuestionRefused,
    /// What the bank has under this order id contradicts our sale, or cannot be told from another one
    /// that has the same id. A person must look: it may be somebody else's money.
    OtherSale,
    /// The protocol has no such verb.
    NotSupported,
}

impl Doubt {
    /// The protocol cannot do what was asked; nothing was sent.
    pub fn not_supported() -> Doubt {
        Doubt {
            may_have_been_sent: false,
            reason: DoubtReason::NotSupported,
            detail: "not supported by this protocol".to_owned(),
        }
    }
}

/// A verb that a protocol can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Sale without 3DS.
    Charge,
    /// 3DS: form for the browser, its return, and the sale after it.
    ThreeDs,
    /// 3DS whose page verifies the shopper and sells by itself.
    PageSale,
    /// Undo on the same day.
    Void,
    /// Money back after it, in whole or in part.
    Refund,
    /// What was given back of an order.
    GivenBack,
    /// An amount held on the card, and the sale of it later.
    Hold,
    /// Status by order id.
    Inquire,
    /// Points and campaigns of a card.
    Loyalties,
    /// The bank's own list of a day.
    DayList,
}

/// A merchant's account at a bank. Credentials live here and are never printed.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Which bank it is; protocols that many banks speak tell them apart by it.
    pub integrator: Option<PosIntegrator>,
    /// Merchant number at the bank (`clientId` on the wire; PosNet `mid`, Garanti `MerchantID`).
    pub client_id: String,
    /// Terminal number (PosNet `tid`, Garanti terminal id).
    pub terminal_id: String,
    /// PosNet id.
    pub posnet_id: String,
    /// PosNet id for 3DS, when it differs; else empty.
    pub threeds_posnet_id: String,
    /// Terminal for 3DS, when it differs; else empty.
    pub threeds_terminal_id: String,
    /// Key of 3DS forms and MACs (PosNet encryption key, Garanti store key).
    pub threeds_key: Secret,
    /// API users by what they may do.
    pub users: Vec<User>,
    /// What was chosen where merchants of one bank differ.
    pub options: Options,
    /// `P` on the wire is production, anything else test; Garanti sends it as `Mode`.
    pub production: bool,
    /// Where requests go.
    pub api_url: String,
    /// Where the shopper's browser goes for 3DS.
    pub threeds_url: String,
}

/// An API user at the bank.
#[derive(Debug, Clone)]
pub struct User {
    /// What it is for (Garanti: PROVAUT sells, PROVRFN voids and refunds).
    pub operation: PosOperationType,
    /// Its name.
    pub name: String,
    /// Its password.
    pub password: Secret,
}

/// Everything a verb may use: the account, the door to the network, and the moment.
#[derive(Clone, Copy)]
pub struct BankContext<'a> {
    /// The merchant's account at this bank.
    pub account: &'a Account,
    /// The only way out.
    pub http: &'a dyn Http,
    /// Now, in Istanbul.
    pub now: &'a Zoned,
}

/// One order at the bank: one attempt, one order id.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// 20 characters `A-Z0-9`: fits every bank, and is a PosNet XID as it stands.
    pub id: String,
    /// What the card is asked for, points included.
    pub amount: Money,
    /// 1 is a single payment.
    pub installment: u8,
    /// Whether the amount is taken at once.
    pub phase: Phase,
}

/// What an order does to the card.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// The amount is taken.
    #[default]
    Sale,
    /// The amount is only held; a [`Capture`] takes it later. No points can be held.
    Hold,
}

/// A card as a charge needs it.
#[derive(Debug, Clone)]
pub struct CardData {
    /// Its number.
    pub pan: Pan,
    /// When it expires.
    pub expiry: Expiry,
    /// The security code; stored cards have none.
    pub cvc: Option<Cvc>,
    /// The name on it; may be empty.
    pub holder: String,
}

/// The one reward that a payment uses. Amounts in minor units of the order's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewardUse {
    /// Spend points: the card's own, this merchant's, and miles.
    Money {
        /// General points of the card.
        card: i64,
        /// Points that only this merchant takes.
        firm: i64,
        /// Miles.
        mile: i64,
    },
    /// Ask for a campaign.
    Campaign(LoyaltyType),
}

/// A sale without 3DS.
pub struct Charge<'a> {
    /// The order.
    pub order: &'a Order,
    /// The card.
    pub card: &'a CardData,
    /// The reward to use.
    pub reward: Option<RewardUse>,
    /// The shopper's IPv4 address, when known.
    pub client_ip: Option<&'a str>,
}

/// What an approved sale brought.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Charged {
    /// Approval code of the issuer.
    pub auth_code: String,
    /// The bank's reference (PosNet hostlogkey, Garanti RetrefNum).
    pub host_reference: String,
    /// A second reference where the bank has one (Garanti: batch and sequence).
    pub transaction_id: String,
    /// The holder's name as the bank masks it.
    pub holder_name: String,
    /// Points really spent, in minor units, when the bank said so.
    pub spent: Option<RewardMoney>,
    /// The campaign that the bank applied or reported, in its words.
    pub campaign: Option<Campaign>,
    /// Points left, in minor units, when the bank said so.
    pub points_left: Option<i64>,
}

/// Points by purse, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RewardMoney {
    /// General points of the card.
    pub card: i64,
    /// Points that only this merchant takes.
    pub firm: i64,
    /// Miles.
    pub mile: i64,
}

/// A campaign that an issuer offers or applied.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Campaign {
    /// Its type on the wire.
    pub loyalty_type: LoyaltyType,
    /// The bank's words.
    pub message: String,
}

/// The start of a 3DS payment.
pub struct Begin3ds<'a> {
    /// The order.
    pub order: &'a Order,
    /// The card.
    pub card: &'a CardData,
    /// The reward to use; where the bank's page chooses campaigns, they are not forced.
    pub reward: Option<RewardUse>,
    /// Where the bank sends the browser back, on success and on failure.
    pub return_url: &'a str,
    /// The shopper's IPv4 address, when known.
    pub client_ip: Option<&'a str>,
    /// `tr` or `en`.
    pub language: &'a str,
    /// What must be verified for the bank's page to sell by itself; `None` where it only verifies.
    pub sells_at: Option<ThreedsLevel>,
}

/// How well a shopper must be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreedsLevel {
    /// mdStatus 1.
    Full,
    /// mdStatus 1 to 4.
    Half,
}

impl ThreedsLevel {
    /// Whether a status is as good.
    pub fn takes(self, md_status: u8) -> bool {
        match self {
            ThreedsLevel::Full => md_status == 1,
            ThreedsLevel::Half => (1..=4).contains(&md_status),
        }
    }
}

/// A form that the shopper's browser sends to the bank.
#[derive(Clone, PartialEq, Eq)]
pub struct BankForm {
    /// How it goes.
    pub method: FormMethod,
    /// Where it goes. By GET it has no query: a browser puts the fields in its place.
    pub action: String,
    /// Names and values, in order. May hold the card number: never logged, never stored.
    pub fields: Vec<(String, String)>,
}

/// How a form goes to a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum FormMethod {
    /// In the body.
    Post,
    /// In the address: no card stands in it.
    Get,
}

impl FormMethod {
    /// As HTML spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            FormMethod::Post => "post",
            FormMethod::Get => "get",
        }
    }
}

/// The browser came back from the bank's 3DS page.
pub struct Returned<'a> {
    /// The order as it was begun, and its card: every value the bank echoes is compared with them.
    pub sale: OrderRef<'a>,
    /// The form fields that the browser brought. Hostile until their hash is checked.
    pub fields: &'a [(String, String)],
    /// Where it came back to: [`Begin3ds::return_url`].
    pub return_url: &'a str,
}

/// What the 3DS verification said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// 1 full; 2, 3, 4 half; anything else failed. The merchant's setting decides what is enough.
    pub md_status: u8,
    /// The bank's words.
    pub message: String,
    /// Points that the cardholder chose on the bank's page, in minor units (PosNet).
    pub page_points: Option<i64>,
    /// What [`Bank::finish_3ds`] needs, as one opaque text. Sealed before it is stored.
    pub proof: Secret,
}

/// What a page that sells by itself says that it came to.
#[derive(Debug, Clone, PartialEq)]
pub struct PageOutcome {
    /// 1 full; 2, 3, 4 half; anything else failed.
    pub md_status: u8,
    /// The sale; `None` where the bank tried none.
    pub sale: Option<Verdict<Charged>>,
}

/// The sale after a verified 3DS.
pub struct Finish3ds<'a> {
    /// The order as it was begun, and its card.
    pub sale: OrderRef<'a>,
    /// The reward to use.
    pub reward: Option<RewardUse>,
    /// [`Verified::proof`] as it was given.
    pub proof: &'a Secret,
    /// The shopper's IPv4 address, when known.
    pub client_ip: Option<&'a str>,
}

/// Which order a follow-up is about.
#[derive(Clone, Copy)]
pub struct OrderRef<'a> {
    /// The order as it was sent.
    pub order: &'a Order,
    /// Whether it went through 3DS (PosNet then prefixes the id).
    pub threeds: bool,
    /// When it was sent, in Istanbul.
    pub sent_at: &'a Zoned,
    /// The bank's reference, when known.
    pub host_reference: Option<&'a str>,
    /// What is kept of its card's number.
    pub card: CardEnds<'a>,
    /// The shop chose the id, so the bank may know it from a sale outside Galata: its record is ours
    /// only when it shows this card, and was not made before ours was sent.
    pub id_chosen: bool,
    /// It was to spend points: Param has methods of its own for such sales.
    pub with_points: bool,
}

/// Both ends of a card's number; empty where they are not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct CardEnds<'a> {
    /// Its first digits, six or eight.
    pub first: &'a str,
    /// Its last four.
    pub last: &'a str,
}

/// What the bank's status inquiry says of an order.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderStatus {
    /// The bank knows no such order: it never arrived, or not yet.
    NotFound,
    /// The money was taken.
    Captured(Charged),
    /// The money is held and not taken.
    Held(Charged),
    /// The bank refused it, or it failed there.
    Refused(Decline),
    /// It was taken or held, and all of it has been undone or given back.
    Voided,
    /// The bank is still working on it or reversing it: ask again.
    Pending,
    /// It was taken or held, does not stand, and waits for us to undo it.
    ToReverse(Charged),
}

/// What the bank's status inquiry says of a hold.
#[derive(Debug, Clone, PartialEq)]
pub struct HoldStatus {
    /// How it stands.
    pub status: OrderStatus,
    /// What was taken of it in minor units, where the bank tells.
    pub taken: Option<i64>,
}

/// Money back of a sale.
pub struct Refund<'a> {
    /// The sale.
    pub sale: OrderRef<'a>,
    /// What goes back now, points included.
    pub amount: Money,
    /// The points among it; `None` when the sale spent none.
    pub points: Option<RewardMoney>,
    /// The shopper's IPv4 address, when known.
    pub client_ip: Option<&'a str>,
}

/// The bank's references of a void or refund; empty where it gave none.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Reversed {
    /// Approval code.
    pub auth_code: String,
    /// The bank's reference.
    pub host_reference: String,
    /// A second reference where the bank has one.
    pub transaction_id: String,
}

/// What the bank says that it gave back of an order so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenBack {
    /// The whole order was undone.
    pub voided: bool,
    /// The sum of its refunds in minor units; `None` where the bank tells no sum.
    pub refunded: Option<i64>,
}

/// The sale of an amount that is held.
pub struct Capture<'a> {
    /// The hold.
    pub hold: OrderRef<'a>,
    /// What is taken; may differ from what is held, as far as the bank allows.
    pub amount: Money,
    /// The shopper's IPv4 address, when known.
    pub client_ip: Option<&'a str>,
}

/// A points inquiry.
pub struct LoyaltyInquiry<'a> {
    /// An order id that was never used; some protocols want one.
    pub order: &'a Order,
    /// The card.
    pub card: &'a CardData,
    /// The shopper's IPv4 address, when known.
    pub client_ip: Option<&'a str>,
}

/// Points and campaigns of a card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loyalties {
    /// Purses in minor units of lira; `None` when the card has no points programme.
    pub balance: Option<RewardMoney>,
    /// Campaigns on offer, in the bank's order; one type may come twice.
    pub campaigns: Vec<Campaign>,
}

/// What the bank's list of a day tells of one move, as far as it tells. The account may be used outside Galata, so the
/// order may be of somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankMove {
    /// The order id as it was sent to the bank, for every move of that order.
    pub order_id: String,
    /// What was done.
    pub kind: MoveKind,
    /// What came of it.
    pub outcome: MoveOutcome,
    /// Minor units of `currency`; `None` where the bank tells no amount.
    pub amount: Option<i64>,
    /// `None` where the bank tells none, or one that no POS has.
    pub currency: Option<Currency>,
    /// When, in Istanbul.
    pub at: Option<DateTime>,
    /// The card's number as the bank masks it; empty where it tells none.
    pub card: String,
    /// Approval code of the issuer; empty without one.
    pub auth_code: String,
    /// The bank's reference of the move; empty without one.
    pub host_reference: String,
}

/// What a move did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveKind {
    /// An amount was taken at once.
    Sale,
    /// An amount was held.
    Hold,
    /// What was held was taken.
    Capture,
    /// A sale, hold or capture was undone.
    Void,
    /// Money went back.
    Refund,
    /// Something that no public document of the protocol names: it is shown, and proves nothing.
    Other,
}

/// What came of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveOutcome {
    /// It was done.
    Worked,
    /// It was not.
    Failed,
    /// It was done and undone later: some banks mark the sale, with or without a row of its void.
    Undone,
    /// The bank's words do not say: they contradict each other, or are not known. It is shown, and proves nothing.
    Unclear,
}

/// What a bank's list of a day leaves open, beside moves that it calls unclear.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListGaps {
    /// It has one word for an amount that is held and one that is taken, or leaves out what is held: of a hold it proves
    /// neither that it is there nor that it was taken.
    pub holds: bool,
    /// Whether it has what went back, or was taken of a hold, on this day of an order of an earlier day is not public:
    /// that it lacks such a move proves nothing.
    pub later_moves: bool,
}
