//! What Galata asks of a lender or a multi-bank loan facilitator, whatever its protocol.

use crate::bank::{Answer, Decline, Doubt, Reversed};
use crate::http::{BoxFuture, Http};
use contract::card::Secret;
use contract::enums::{BnplCartItemType, Currency};
use contract::money::Money;
use jiff::Zoned;

/// A lender verb under way.
pub type Asked<'a, T> = BoxFuture<'a, Answer<T>>;

/// A merchant's account at a lender.
#[derive(Debug, Clone, Default)]
pub struct LenderAccount {
    /// Merchant id at the lender.
    pub client_id: String,
    /// Authenticates requests to the lender.
    pub client_secret: Secret,
    /// Authenticates the lender's notifications to Galata.
    pub notification_secret: Secret,
    /// Base URL of the lender's API, without a trailing slash.
    pub api_url: String,
}

/// Everything a lender verb may use.
#[derive(Clone, Copy)]
pub struct LenderContext<'a> {
    /// The merchant's account.
    pub account: &'a LenderAccount,
    /// The only way out.
    pub http: &'a dyn Http,
    /// Now, in Istanbul.
    pub now: &'a Zoned,
}

/// One product line of a cart; the regulator wants amount, quantity and category of each.
#[derive(Debug, Clone, PartialEq)]
pub struct CartItem {
    /// The shop's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Brand.
    pub brand: String,
    /// Category code.
    pub category: BnplCartItemType,
    /// Price of one, in minor units.
    pub unit_price: i64,
    /// How many.
    pub quantity: u32,
}

/// Asks what each bank would lend for a cart.
pub struct OffersRequest<'a> {
    /// The cart's total.
    pub amount: Money,
    /// The cart.
    pub items: &'a [CartItem],
}

/// One bank's offer.
#[derive(Debug, Clone, PartialEq)]
pub struct BankOffer {
    /// Zero-padded three-digit EFT code.
    pub bank_code: String,
    /// Name.
    pub bank_name: String,
    /// Address of its icon; may be empty.
    pub icon_url: String,
    /// Banner for a table; may be empty.
    pub table_banner: String,
    /// Small banner; may be empty.
    pub small_banner: String,
    /// Lends to people who are not its customers.
    pub supports_non_customers: bool,
    /// The bank computes the plan itself, on its page: `terms` is empty.
    pub plan_calculated_by_bank: bool,
    /// Plans.
    pub terms: Vec<OfferTerm>,
}

/// One payment plan. Amounts in minor units, rates in millionths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferTerm {
    /// Months.
    pub term: u16,
    /// One instalment.
    pub amount: i64,
    /// All instalments.
    pub total_amount: i64,
    /// Monthly interest in percent, times a million.
    pub interest_rate: i64,
    /// Yearly interest in percent, times a million.
    pub annual_interest_rate: i64,
}

/// Data of the buyer, when the shop sent it; the bank's page asks for what is missing.
#[derive(Debug, Clone, Default)]
pub struct Buyer {
    /// National identity number.
    pub identity_number: Option<Secret>,
    /// `5xxxxxxxxx`.
    pub phone_number: Option<String>,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
}

/// A loan application.
pub struct Application<'a> {
    /// Galata's own id for it: the same id again never makes a second application.
    pub order_id: &'a str,
    /// The chosen bank; `None` on the lender's own page, where the shopper chooses.
    pub bank_code: Option<&'a str>,
    /// Months; `None` where the page asks.
    pub term: Option<u16>,
    /// What is borrowed.
    pub amount: Money,
    /// The cart.
    pub items: &'a [CartItem],
    /// The buyer.
    pub buyer: &'a Buyer,
    /// Where the shopper's browser returns.
    pub return_url: &'a str,
    /// Where the lender notifies Galata, server to server.
    pub notification_url: &'a str,
    /// Seconds after which an unfinished application lapses.
    pub time_limit_seconds: u32,
    /// Whether the bank may disburse by itself, or waits for [`Lender::confirm`]. `None` leaves it
    /// to the bank's agreement.
    pub approves_by_itself: Option<bool>,
}

/// An application that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The lender's id of the application.
    pub application_id: String,
    /// The page to which the shopper goes.
    pub redirect_url: String,
}

/// How an application stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoanState {
    /// The shopper has not finished.
    Pending,
    /// The bank is still assessing it.
    Assessing,
    /// Ready to use: the merchant must confirm.
    Ready,
    /// Disbursed: the merchant is paid.
    Disbursed,
    /// The bank refused.
    Rejected(Decline),
    /// It was not finished in time.
    Expired,
    /// Cancelled.
    Cancelled,
}

/// What the lender says of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoanStanding {
    /// Galata's own id for it, echoed.
    pub order_id: String,
    /// The lender's id.
    pub application_id: String,
    /// The bank, also when the shopper chose it on the lender's page.
    pub bank_code: Option<String>,
    /// Months, when settled.
    pub term: Option<u16>,
    /// What is borrowed.
    pub amount: Money,
    /// How it stands.
    pub state: LoanState,
}

/// Which application a follow-up is about.
#[derive(Clone, Copy)]
pub struct ApplicationRef<'a> {
    /// Galata's own id for it.
    pub order_id: &'a str,
    /// The lender's id, when known: an application in doubt has none yet.
    pub application_id: Option<&'a str>,
    /// The currency it was made in.
    pub currency: Currency,
}

/// Money back of a loan that is disbursed.
pub struct LoanRefund<'a> {
    /// The loan.
    pub application: ApplicationRef<'a>,
    /// Galata's own id for it: the same id again gives nothing back a second time.
    pub refund_id: &'a str,
    /// What goes back; of a void all that was lent.
    pub amount: Money,
}

/// What the lender says that it gave back once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyBack {
    /// Galata's id of it; `None` where the lender gave it back by itself.
    pub refund_id: Option<String>,
    /// The lender's id of it.
    pub reference: String,
    /// The whole loan was undone.
    pub voided: bool,
    /// What went back.
    pub amount: Money,
}

/// A notification whose sender is not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unauthentic;

/// One lender protocol.
pub trait Lender: Send + Sync {
    /// Names of JSON fields whose values must not be stored or logged.
    fn secret_fields(&self) -> &'static [&'static str];

    /// What each bank would lend. Bank order is the lender's.
    fn offers<'a>(
        &'a self,
        context: LenderContext<'a>,
        request: OffersRequest<'a>,
    ) -> Asked<'a, Vec<BankOffer>>;

    /// Applies for a loan. The same `order_id` again answers with the first application.
    fn apply<'a>(
        &'a self,
        context: LenderContext<'a>,
        application: Application<'a>,
    ) -> Asked<'a, Applied>;

    /// Confirms a loan that is ready: the bank disburses. Approved also when it was done before.
    fn confirm<'a>(
        &'a self,
        context: LenderContext<'a>,
        application: ApplicationRef<'a>,
    ) -> Asked<'a, LoanStanding>;

    /// Asks how an application stands. `Ok(None)`: the lender knows no such application.
    fn inquire<'a>(
        &'a self,
        context: LenderContext<'a>,
        application: ApplicationRef<'a>,
    ) -> BoxFuture<'a, Result<Option<LoanStanding>, Doubt>>;

    /// Cancels an application that is not disbursed.
    fn cancel<'a>(
        &'a self,
        context: LenderContext<'a>,
        application: ApplicationRef<'a>,
    ) -> Asked<'a, LoanStanding>;

    /// Undoes a loan on the day on which it was disbursed, whole and before anything was given back of it.
    /// A decline says where the day is closed.
    fn void<'a>(
        &'a self,
        context: LenderContext<'a>,
        refund: LoanRefund<'a>,
    ) -> Asked<'a, Reversed>;

    /// Gives money back: the loan becomes smaller by it.
    fn refund<'a>(
        &'a self,
        context: LenderContext<'a>,
        refund: LoanRefund<'a>,
    ) -> Asked<'a, Reversed>;

    /// Asks what was given back of a loan so far, the oldest first: by voids and refunds, and by the lender
    /// itself.
    fn given_back<'a>(
        &'a self,
        context: LenderContext<'a>,
        application: ApplicationRef<'a>,
    ) -> BoxFuture<'a, Result<Vec<MoneyBack>, Doubt>>;

    /// Authenticates a notification of the lender and names the order it is about. What it says
    /// of the state is only a hint: the caller inquires.
    fn read_notification(
        &self,
        account: &LenderAccount,
        headers: &[(String, String)],
        body: &[u8],
        now: &Zoned,
    ) -> Result<String, Unauthentic>;
}
