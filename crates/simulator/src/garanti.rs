//! Garanti's GVP (version 512), from the bank's side. Amounts are kuruş; reward inquiry replies follow
//! the bank's published model and are simulated, not bank-certified.

mod account;
mod answer;
mod hash;
mod inquiries;
mod list;
mod orders;
mod request;
mod threeds;

use crate::desk::{Case, Desk, Operation, Outcome, Subject};
use crate::faults::Verb;
use crate::fields::kurus;
use crate::ledger::Key;
use crate::seal::same;
pub(crate) use account::Garanti;
use account::{MERCHANT, PASSWORD, REFUNDER, SELLER, TERMINAL, VERSION};
use answer::Answer;
use request::Request;

impl Desk for Garanti {
    const MESSAGES: &'static str = "/garanti/VPServlet";
    const CONTENT_TYPE: &'static str = "text/xml; charset=UTF-8";
    const UNDO_CODES: &'static [(&'static str, &'static str)] = &[
        ("INVALID_REFUND_TRANSACTION", "92/0208"),
        ("PAYMENT_NOT_FOUND_FOR_REFUND", "92/0110"),
    ];
    type Message = Request;
    type Reply = Box<Answer>;

    fn read(body: &[u8]) -> Request {
        Request::read(body)
    }

    /// Shape, terminal, user and hash.
    fn admit(request: &Request) -> Result<Verb, Box<Answer>> {
        let refuse = |text: &str| Err(Answer::gateway("0002", text));
        let verb = match request.transaction("Type") {
            "sales" | "preauth" if request.is_secure() => Verb::ThreedsFinish,
            "sales" => Verb::Sale,
            "preauth" => Verb::Hold,
            "postauth" => Verb::Capture,
            "void" => Verb::Void,
            "refund" => Verb::Refund,
            "orderinq" | "orderhistoryinq" => Verb::Inquire,
            "rewardinq" => Verb::Loyalties,
            "orderlistinq" => Verb::List,
            _ => return refuse("TxnType field is missing or unknown"),
        };
        if request.at(&["Version"]) != VERSION {
            return refuse("Version must be 512");
        }
        if request.terminal("MerchantID") != MERCHANT || request.terminal("ID") != TERMINAL {
            return Err(Answer::gateway("0753", "ErrorId: 0753"));
        }
        let user = request.terminal("ProvUserID");
        let allowed = match verb {
            Verb::Void | Verb::Refund => user == REFUNDER,
            Verb::Inquire => user == SELLER || user == REFUNDER,
            _ => user == SELLER,
        };
        if !allowed {
            return refuse("ProvUserID may not do this");
        }
        let expected = hash::of(&[
            request.order_id(),
            TERMINAL,
            request.pan(),
            request.transaction("Amount"),
            request.transaction("CurrencyCode"),
            &hash::security_data(PASSWORD, TERMINAL),
        ]);
        if !same(expected.as_bytes(), request.terminal("HashData").as_bytes()) {
            return refuse("HashData field does not match");
        }
        Ok(verb)
    }

    fn subject(request: &Request) -> Subject<'_> {
        Subject {
            order_id: request.order_id(),
            reference: None,
            amount: kurus(request.transaction("Amount")),
            pan: request.pan(),
            proof: request.at(&["Transaction", "Secure3D", "Md"]),
        }
    }

    fn operation<'a>(case: &'a Case<'_, Garanti>) -> Result<Operation<'a>, Box<Answer>> {
        match case.message.transaction("Type") {
            "sales" | "preauth" => orders::sale(case),
            "postauth" => orders::capture(&case.message),
            "void" => Ok(orders::void(&case.message)),
            "refund" => orders::refund(&case.message),
            "orderinq" | "orderhistoryinq" => Ok(Operation::Inquire(Key::Id(
                case.message.order_id().to_owned(),
            ))),
            "orderlistinq" => Err(list::page(case)),
            _ => orders::rewards(case),
        }
    }

    fn answer(case: &Case<'_, Garanti>, outcome: Outcome<'_>) -> Box<Answer> {
        orders::answer(&case.message, outcome)
    }

    fn refuse(_case: &Case<'_, Garanti>, code: &str) -> Box<Answer> {
        Answer::host(code)
    }

    fn document(case: &Case<'_, Garanti>, answer: Box<Answer>, spoilt: bool) -> Vec<u8> {
        answer.document(&case.message, case.app.now(), spoilt)
    }
}
