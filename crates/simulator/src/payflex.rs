//! PayFlex V4 (Innova), the system of Vakıfbank and of Ziraat's Innova shops, from the banks' side: the
//! virtual POS (messages and their search), the MPI and the common payment, which are servers of their own. Amounts on the
//! wire are lira with a point. Replies to PointSearch and the days' lists follow the published names and
//! are simulated, not bank-certified.

mod account;
mod answer;
mod common;
mod mpi;
mod orders;
mod request;
mod search;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;
use crate::desk::{self, Case, Desk, Operation, Outcome, Subject};
use crate::faults::Verb;
use crate::fields::lira;
use crate::ledger::{Order, id_of_account};
use crate::seal::same;
use crate::session::Session;
use crate::threeds::{self, BankPage};
pub(crate) use account::Payflex;
use answer::Reply;
use common::CommonPage;
pub(crate) use mpi::Enrolments;
use request::{Request, Shape};

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// Where the same system answers beside the gateway's addresses: Vakıfbank's former hosts, Ziraat's, and
/// the preparation host of Ziraat.
const OTHER_PATHS: [&str; 14] = [
    "/payflex/commonPayment/CreateToken",
    "/payflex/commonPayment/GetVposTransaction",
    "/payflex/CommonPayment/api/RegisterTransaction",
    "/payflex/CommonPayment/api/VposTransaction",
    "/payflex/virtualPos/Search",
    "/payflex/threeDGateway/Enrollment",
    "/payflex/VposService/v3/Vposreq.aspx",
    "/payflex/UIService/Search.aspx",
    "/payflex/MPIAPI/MPI_Enrollment.aspx",
    "/payflex/v4/v3/Vposreq.aspx",
    "/payflex/v4/UIWebService/Search.aspx",
    "/payflex/Enrollment.aspx",
    "/payflex/Ziraatbank/VposWeb/v3/Vposreq.aspx",
    "/payflex/ZiraatBank/MpiWeb/Enrollment.aspx",
];

/// The addresses of the system.
pub(crate) fn router() -> Router<Arc<App>> {
    let paths = OTHER_PATHS.into_iter();
    paths
        .chain(["/payflex/ZIRAATBANK/UIWebService/Search.aspx"])
        .fold(desk::router::<Payflex>(), |router, path| {
            router.route(path, post(desk::message::<Payflex>))
        })
        .route(
            CommonPage::PAGE,
            get(common::open).post(threeds::open::<CommonPage>),
        )
        .route(
            &format!("{}/otp", CommonPage::PAGE),
            post(threeds::password::<CommonPage>),
        )
}

impl Desk for Payflex {
    const MESSAGES: &'static str = "/payflex/virtualPos/Vposreq";
    const CONTENT_TYPE: &'static str = "text/xml; charset=utf-8";
    const UNDO_CODES: &'static [(&'static str, &'static str)] = &[
        ("MAY_HAVE_ALREADY_REFUNDED", "1059"),
        ("PAYMENT_NOT_FOUND_FOR_REFUND", "1007"),
    ];
    type Message = Request;
    type Reply = Reply;

    fn read(body: &[u8]) -> Request {
        Request::read(body)
    }

    /// Shape, merchant and password; which addresses a merchant may call from is not asked.
    fn admit(request: &Request) -> Result<Verb, Reply> {
        let refuse = |code: &str| Err(Reply::refusal(request, code, ""));
        let (unknown, wrong) = match request.shape {
            Shape::Nothing => return refuse("1001"),
            Shape::Search => ("9065", "5001"),
            Shape::Enrolment => ("2005", "1008"),
            Shape::Vpos | Shape::Register | Shape::Query => ("9039", "5001"),
        };
        let Some(account) = request.account else {
            return refuse(unknown);
        };
        let mpi = request.shape == Shape::Enrolment;
        let (field, password) = match request.shape {
            Shape::Vpos | Shape::Query => ("Password", account.password),
            _ if mpi => ("MerchantPassword", account.mpi_password),
            _ => ("MerchantPassword", account.password),
        };
        if !same(request.value(field).as_bytes(), password.as_bytes()) {
            return refuse(wrong);
        }
        if request.shape == Shape::Vpos && request.value("TerminalNo") != account.terminal {
            return refuse("9039");
        }
        let verb = match (request.shape, request.kind()) {
            (Shape::Search, _) if request.is_list() => Verb::List,
            (Shape::Search, _) => Verb::Inquire,
            (Shape::Query, _) => Verb::Inquire,
            (Shape::Enrolment, _) | (Shape::Register, "Sale" | "Auth") => Verb::ThreedsInit,
            (Shape::Register, _) => return refuse("2200"),
            (_, "Sale" | "Auth" | "PointSale") if request.is_secure() => Verb::ThreedsFinish,
            (_, "Sale" | "PointSale") => Verb::Sale,
            (_, "Auth") => Verb::Hold,
            (_, "Capture") => Verb::Capture,
            (_, "Cancel" | "Reversal") => Verb::Void,
            (_, "Refund") => Verb::Refund,
            (_, "PointSearch" | "CampaignSearch") => Verb::Loyalties,
            _ => return refuse("2200"),
        };
        if request.shape == Shape::Vpos && request.value("ClientIp").is_empty() {
            return Err(Reply::refusal(request, "8484", "ClientIp"));
        }
        Ok(verb)
    }

    fn subject(request: &Request) -> Subject<'_> {
        let named = [
            "OrderId",
            "OrderID",
            "ReferenceTransactionId",
            "TransactionId",
            "VerifyEnrollmentRequestId",
        ];
        let mut named = named.into_iter().map(|name| request.value(name));
        let amount = match request.shape {
            Shape::Enrolment => request.value("PurchaseAmount"),
            Shape::Register => request.value("Amount"),
            _ => request.value("CurrencyAmount"),
        };
        Subject {
            order_id: named.find(|id| !id.is_empty()).unwrap_or_default(),
            reference: None,
            amount: lira(amount),
            pan: match request.shape {
                Shape::Register => request.value("PAN"),
                _ => request.value("Pan"),
            },
            proof: "",
        }
    }

    fn session(app: &App, request: &Request) -> Option<Session> {
        let account = request.account.filter(|_| request.is_secure())?;
        let id = id_of_account(account.merchant, request.value("MpiTransactionId"));
        let enrolled = app.enrolments.find(&id)?;
        Some(enrolled.session)
    }

    fn operation<'a>(case: &'a Case<'_, Payflex>) -> Result<Operation<'a>, Reply> {
        let request = &case.message;
        let Some(account) = request.account else {
            return Err(Reply::refusal(request, "9039", ""));
        };
        match (request.shape, request.kind()) {
            (Shape::Search, _) => search::operation(request, account),
            (Shape::Enrolment, _) => Err(mpi::enrol(case, account)),
            (Shape::Register, _) => Err(common::register(case, account)),
            (Shape::Query, _) => common::operation(case, account),
            (_, "Sale" | "Auth" | "PointSale") => orders::sale(case, account),
            (_, "Capture") => orders::capture(request, account),
            (_, "Cancel" | "Reversal") => orders::void(request, account),
            (_, "Refund") => orders::refund(request, account),
            _ => orders::purse(case),
        }
    }

    fn answer(case: &Case<'_, Payflex>, outcome: Outcome<'_>) -> Reply {
        orders::answer(case, outcome)
    }

    fn list(case: &Case<'_, Payflex>, orders: Vec<Order>) -> Reply {
        search::list(&case.message, &orders)
    }

    fn refuse(case: &Case<'_, Payflex>, code: &str) -> Reply {
        Reply::refusal(&case.message, code, "")
    }

    /// Messages have no hash that could be spoilt.
    fn document(case: &Case<'_, Payflex>, reply: Reply, _spoilt: bool) -> Vec<u8> {
        let root = reply.node(&case.message, case.app.now());
        root.document(DECLARATION, false)
    }
}
