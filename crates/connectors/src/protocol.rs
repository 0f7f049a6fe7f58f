//! The protocols that Galata speaks, and the verbs that each of them has. A protocol is a module with a
//! function of each verb's name: a new verb compiles once every protocol answers it, and one that a
//! protocol lacks answers [`Doubt::not_supported`].

use crate::account::AccountNeeds;
use crate::bank::{
    Answer, BankContext, BankForm, BankMove, Begin3ds, Capture, Charge, Charged, Doubt, Finish3ds,
    GivenBack, HoldStatus, ListGaps, Loyalties, LoyaltyInquiry, OrderRef, OrderStatus, PageOutcome,
    Refund, Returned, Reversed, Verb, Verified,
};
use crate::scrub;
use jiff::civil::Date;

/// The protocols, a line each: its name here, and that of its module and of its fixtures.
macro_rules! protocols {
    ($($(#[$doc:meta])* $protocol:ident $name:literal,)+) => {
        /// A protocol that Galata speaks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Protocol {
            $($(#[$doc])* $protocol,)+
        }

        impl Protocol {
            /// Every protocol.
            pub const ALL: &'static [Protocol] = &[$(Protocol::$protocol,)+];

            /// The name of its module.
            pub const fn name(self) -> &'static str {
                match self { $(Protocol::$protocol => $name,)+ }
            }
        }
    };
}

protocols! {
    /// PosNet XML.
    PosNet "posnet",
    /// Garanti GVP XML.
    Garanti "garanti",
    /// NestPay (EST v3) XML.
    NestPay "nestpay",
    /// PayFor XML.
    PayFor "payfor",
    /// InterVPOS, forms and lists of names.
    InterVpos "intervpos",
    /// Akbank's JSON.
    Akbank "akbank",
    /// PayFlex V4 XML.
    PayFlex "payflex",
    /// Kuveyt Türk TDV2, XML and SOAP.
    Kuveyt "kuveyt",
    /// Vakıf Katılım XML.
    VakifKatilim "vakif_katilim",
    /// Param's TurkPos, SOAP.
    Param "param",
}

/// What the module of a protocol has under a name.
macro_rules! of_module {
    ($protocol:expr, $module:ident => $is:expr) => {
        match $protocol {
            Protocol::PosNet => {
                use crate::banks::posnet as $module;
                $is
            }
            Protocol::Garanti => {
                use crate::banks::garanti as $module;
                $is
            }
            Protocol::NestPay => {
                use crate::banks::nestpay as $module;
                $is
            }
            Protocol::PayFor => {
                use crate::banks::payfor as $module;
                $is
            }
            Protocol::InterVpos => {
                use crate::banks::intervpos as $module;
                $is
            }
            Protocol::Akbank => {
                use crate::banks::akbank as $module;
                $is
            }
            Protocol::PayFlex => {
                use crate::banks::payflex as $module;
                $is
            }
            Protocol::Kuveyt => {
                use crate::banks::kuveyt as $module;
                $is
            }
            Protocol::VakifKatilim => {
                use crate::banks::vakif_katilim as $module;
                $is
            }
            Protocol::Param => {
                use crate::banks::param as $module;
                $is
            }
        }
    };
}

impl Protocol {
    /// What an account needs that is spoken to in this protocol.
    pub fn account(self) -> &'static AccountNeeds {
        of_module!(self, bank => &bank::ACCOUNT)
    }

    /// What this protocol can do.
    pub fn verbs(self) -> &'static [Verb] {
        of_module!(self, bank => bank::VERBS)
    }

    /// Names of XML elements and form fields whose values must not be stored or logged.
    pub fn secret_fields(self) -> &'static [&'static str] {
        of_module!(self, bank => bank::SECRET_FIELDS)
    }

    /// Whether the form of the 3DS page is taken out of a page that the bank handed out: its fields are of whoever wrote
    /// that, perhaps of the bank of another protocol.
    pub fn hands_on_pages(self) -> bool {
        matches!(
            self,
            Protocol::Kuveyt | Protocol::VakifKatilim | Protocol::Param
        )
    }

    /// What may be kept of the form that the browser takes to the bank.
    pub fn kept_form(self, fields: &[(String, String)]) -> String {
        if self.hands_on_pages() {
            scrub::names(fields)
        } else {
            scrub::scrub_fields(fields, self.secret_fields())
        }
    }

    /// Names, in any case, of what the browser always brings back from this bank's 3DS page: what
    /// lacks one of them is no return.
    pub fn return_fields(self, from_page_that_sells: bool) -> &'static [&'static str] {
        match self {
            Protocol::PayFlex if from_page_that_sells => {
                crate::banks::payflex::COMMON_RETURN_FIELDS
            }
            _ => of_module!(self, bank => bank::RETURN_FIELDS),
        }
    }

    /// Whether a hold with a campaign is captured as it is: neither amount nor instalments may change.
    pub fn campaign_fixes_capture(self) -> bool {
        of_module!(self, bank => bank::CAMPAIGN_FIXES_CAPTURE)
    }

    /// Whether any hold is captured as a whole: the message that captures has no amount.
    pub fn captures_whole(self) -> bool {
        matches!(self, Protocol::VakifKatilim)
    }

    /// Whether an order id is used up by a refusal too: sent again, the bank refuses it, or sells under another id.
    pub fn refusal_uses_id(self) -> bool {
        matches!(self, Protocol::PayFlex | Protocol::Param)
    }

    /// What the list of a day leaves open.
    pub fn list_gaps(self) -> ListGaps {
        ListGaps {
            holds: matches!(self, Protocol::Param),
            later_moves: matches!(self, Protocol::Kuveyt | Protocol::VakifKatilim),
        }
    }

    /// Sells without 3DS.
    pub async fn charge(self, context: BankContext<'_>, charge: Charge<'_>) -> Answer<Charged> {
        of_module!(self, bank => bank::charge(context, charge).await)
    }

    /// Starts 3DS: the form that the browser posts to the bank.
    pub async fn begin_3ds(
        self,
        context: BankContext<'_>,
        begin: Begin3ds<'_>,
    ) -> Answer<BankForm> {
        of_module!(self, bank => bank::begin_3ds(context, begin).await)
    }

    /// Checks what the browser brought back. Moves no money.
    pub async fn verify_3ds(
        self,
        context: BankContext<'_>,
        returned: Returned<'_>,
    ) -> Answer<Verified> {
        of_module!(self, bank => bank::verify_3ds(context, returned).await)
    }

    /// Checks what the browser brought back from a page that sells by itself. Its word on the sale is
    /// doubt like any other where it proves nothing.
    pub async fn page_outcome(
        self,
        context: BankContext<'_>,
        returned: Returned<'_>,
    ) -> Result<PageOutcome, Doubt> {
        of_module!(self, bank => bank::page_outcome(context, returned).await)
    }

    /// Sells after a verified 3DS.
    pub async fn finish_3ds(
        self,
        context: BankContext<'_>,
        finish: Finish3ds<'_>,
    ) -> Answer<Charged> {
        of_module!(self, bank => bank::finish_3ds(context, finish).await)
    }

    /// Undoes a sale before the bank's end of day. Approved also when it was undone before.
    pub async fn void(self, context: BankContext<'_>, order: OrderRef<'_>) -> Answer<Reversed> {
        of_module!(self, bank => bank::void(context, order).await)
    }

    /// Gives a part of a sale back, or all of it, after the bank's end of day.
    pub async fn refund(self, context: BankContext<'_>, refund: Refund<'_>) -> Answer<Reversed> {
        of_module!(self, bank => bank::refund(context, refund).await)
    }

    /// Asks what was given back of an order.
    pub async fn given_back(
        self,
        context: BankContext<'_>,
        order: OrderRef<'_>,
    ) -> Result<GivenBack, Doubt> {
        of_module!(self, bank => bank::given_back(context, order).await)
    }

    /// Takes an amount that is held.
    pub async fn capture(self, context: BankContext<'_>, capture: Capture<'_>) -> Answer<Charged> {
        of_module!(self, bank => bank::capture(context, capture).await)
    }

    /// Asks how a hold stands, and what was taken of it.
    pub async fn inquire_hold(
        self,
        context: BankContext<'_>,
        hold: OrderRef<'_>,
    ) -> Result<HoldStatus, Doubt> {
        of_module!(self, bank => bank::inquire_hold(context, hold).await)
    }

    /// Asks what became of an order.
    pub async fn inquire(
        self,
        context: BankContext<'_>,
        order: OrderRef<'_>,
    ) -> Result<OrderStatus, Doubt> {
        of_module!(self, bank => bank::inquire(context, order).await)
    }

    /// Asks a card's points and campaigns.
    pub async fn loyalties(
        self,
        context: BankContext<'_>,
        inquiry: LoyaltyInquiry<'_>,
    ) -> Answer<Loyalties> {
        of_module!(self, bank => bank::loyalties(context, inquiry).await)
    }

    /// Asks for the bank's own list of a day in Istanbul. Hardly a bank signs its rows, so it moves nothing: it is compared
    /// with our books, and what differs is asked about order by order.
    pub async fn day_list(
        self,
        context: BankContext<'_>,
        day: Date,
    ) -> Result<Vec<BankMove>, Doubt> {
        of_module!(self, bank => bank::day_list(context, day).await)
    }
}
