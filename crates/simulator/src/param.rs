//! Param's TurkPos, a SOAP service of a payment institution, from its side. What was recorded (sales, finishes,
//! voids, refunds, inquiries, the list) is answered so; points are known by the service's description only and
//! are simulated, not certified.

mod answer;
mod inquiries;
mod orders;
mod request;
mod threeds;

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::routing::{get, post};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use crate::app::App;
use crate::desk::{self, Case, Desk, Operation, Outcome, Subject};
use crate::faults::Verb;
use crate::ledger::Order;
use crate::threeds::BankPage;
use answer::{Reply, refusal};
use request::Request;

/// The service, by its protocol.
pub(crate) struct Param;

/// Where the second data centre answers: the same service.
const SECOND_NODE: &str = "/param/d1/turkpos.ws/service_turkpos_prod.asmx";

/// The addresses of the service, of both its nodes. The page of its own sales is opened by a link.
pub(crate) fn router() -> Router<Arc<App>> {
    let page = async |state: State<Arc<App>>, query: RawQuery, headers: HeaderMap| {
        let form = query.0.clone().unwrap_or_default().into();
        crate::threeds::open::<Param>(state, query, headers, form).await
    };
    desk::router::<Param>()
        .route(SECOND_NODE, post(desk::message::<Param>))
        .route(Param::PAGE, get(page))
}

impl Desk for Param {
    const MESSAGES: &'static str = "/param/turkpos.ws/service_turkpos_prod.asmx";
    const CONTENT_TYPE: &'static str = "text/xml; charset=utf-8";
    const UNDO_CODES: &'static [(&'static str, &'static str)] =
        &[("MAY_HAVE_ALREADY_REFUNDED", "99/221")];
    type Message = Request;
    type Reply = Reply;

    fn read(body: &[u8]) -> Request {
        Request::read(body, false)
    }

    fn receive(head: &Parts, body: &[u8]) -> Request {
        Request::read(body, head.uri.path() == SECOND_NODE)
    }

    /// Method, account and hash; which addresses a merchant may call from is not asked.
    fn admit(request: &Request) -> Result<Verb, Reply> {
        let verb = match request.method() {
            "Pos_Odeme" => Verb::ThreedsInit,
            request::SALE | request::POINT_SALE | request::HOLD | request::FOREIGN_SALE
                if request.value("Islem_Guvenlik_Tip") == "3D" =>
            {
                Verb::ThreedsInit
            }
            request::SALE | request::POINT_SALE | request::FOREIGN_SALE => Verb::Sale,
            request::HOLD => Verb::Hold,
            "TP_WMD_Pay" => Verb::ThreedsFinish,
            "TP_Islem_Odeme_OnProv_Kapa" => Verb::Capture,
            "TP_Islem_Iptal_OnProv" => Verb::Void,
            request::UNDO | request::POINT_UNDO if request.value("Durum") == "IADE" => Verb::Refund,
            request::UNDO | request::POINT_UNDO => Verb::Void,
            "TP_Islem_Sorgulama4" => Verb::Inquire,
            "TP_Islem_Izleme" => Verb::List,
            request::PURSE | request::WORLD_PURSE => Verb::Loyalties,
            _ => {
                return Err(Reply::Fault(
                    "Server did not recognize the value of HTTP Header SOAPAction.",
                ));
            }
        };
        // Clients learned this the hard way.
        if request.sells() && !request.has("KK_Sahibi_GSM") {
            return Err(Reply::Fault(
                "Object reference not set to an instance of an object.",
            ));
        }
        if !request.is_of_account() {
            return Err(refusal(request, "99/100"));
        }
        if !request.is_signed() {
            return Err(answer::refusal_for(request, "İşlem hash doğrulanamadı."));
        }
        Ok(verb)
    }

    fn subject(request: &Request) -> Subject<'_> {
        Subject {
            order_id: request.order_id(),
            reference: answer::seq_of(request.value("Dekont_ID")),
            amount: request.amount(),
            pan: request.pan(),
            proof: request.proof(),
        }
    }

    fn operation<'a>(case: &'a Case<'_, Param>) -> Result<Operation<'a>, Reply> {
        let request = &case.message;
        match request.method() {
            "TP_WMD_Pay" => threeds::finish(case),
            "TP_Islem_Odeme_OnProv_Kapa" => orders::capture(request),
            "TP_Islem_Iptal_OnProv" => Ok(orders::release(request)),
            request::UNDO | request::POINT_UNDO => orders::undo(request),
            "TP_Islem_Sorgulama4" => inquiries::standing(request),
            "TP_Islem_Izleme" => inquiries::days(request),
            request::PURSE | request::WORLD_PURSE => orders::purse(case),
            _ => orders::sale(case),
        }
    }

    fn answer(case: &Case<'_, Param>, outcome: Outcome<'_>) -> Reply {
        orders::answer(case, outcome)
    }

    fn list(case: &Case<'_, Param>, orders: Vec<Order>) -> Reply {
        inquiries::list(&case.message, &orders)
    }

    fn refuse(case: &Case<'_, Param>, code: &str) -> Reply {
        refusal(&case.message, code)
    }

    /// Messages have no hash that could be spoilt.
    fn document(case: &Case<'_, Param>, reply: Reply, _spoilt: bool) -> Vec<u8> {
        reply.document(case.message.method())
    }

    fn status(reply: &Reply) -> StatusCode {
        match reply {
            Reply::Result(_) => StatusCode::OK,
            Reply::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
