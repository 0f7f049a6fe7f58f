//! Param's 3D Secure: a message with the card begins it and is answered with a page or a link, the shopper
//! proves himself, and what comes back is shown with `TP_WMD_Pay`; after `Pos_Odeme`, and a sale in foreign
//! currency, the page sells by itself.

use serde::{Deserialize, Serialize};

use super::Param;
use super::answer::{self, Reply, lira_with, refusal, refusal_for};
use super::request::{CLIENT, GUID, HOLD, POINT_SALE, SALE, hash};
use crate::app::App;
use crate::cards::ThreeDs;
use crate::clock::istanbul;
use crate::codes;
use crate::desk::{Case, Desk, Operation, Purchase};
use crate::fields::Form;
use crate::ledger::{Bank, Kind, Sold};
use crate::pages::{self, Brand, Words};
use crate::reply;
use crate::session::{Session, Visit};
use crate::threeds::{BankPage, Begun, WayBack, What};

/// What the page needs of the message; it travels sealed.
#[derive(Serialize, Deserialize)]
struct Opening {
    session: Session,
    success: String,
    failure: String,
    sells: bool,
}

const PURPOSE: &str = "param-opening";
/// The field of the page's form.
const STATE: &str = "s";

/// Begins an authentication, and answers where the shopper goes.
pub(super) fn begin(case: &Case<'_, Param>, purchase: &Purchase<'_>, points: i64) -> Reply {
    let (app, request) = (case.app, &case.message);
    let card = match purchase.card {
        Ok(card) if card.three_ds == ThreeDs::Refused => return refusal(request, "51"),
        Ok(card) => card,
        Err(code) => return refusal(request, code),
    };
    let [success, failure] =
        ["Basarili_URL", "Hata_URL"].map(|name| request.value(name).to_owned());
    if ![&success, &failure]
        .into_iter()
        .all(|url| pages::is_web_address(url))
    {
        return refusal_for(request, "Basarili_URL ya da Hata_URL geçersiz.");
    }
    let session = Session::new(
        request.order_id(),
        purchase.amount,
        purchase.currency,
        purchase.instalments,
    );
    let Ok(mut session) = session else {
        return refusal(request, "96");
    };
    request.value("Islem_ID").clone_into(&mut session.account);
    session.holds = purchase.kind == Kind::Hold;
    session.points = points;
    session.set_card(card);
    let (number, guid) = (answer::fresh_hex(), answer::guid(&session.nonce));
    let sells = !matches!(request.method(), SALE | POINT_SALE | HOLD);
    let state = app.sealer.seal(
        PURPOSE,
        &Opening {
            session,
            success,
            failure,
            sells,
        },
    );
    let page = format!("{}{}", app.public_url, Param::PAGE);
    let page = if sells {
        format!("{page}?{STATE}={state}")
    } else {
        html(&page, &state)
    };
    vec![
        ("Islem_ID", number.get(..24).unwrap_or_default().to_owned()),
        ("Islem_GUID", guid),
        (answer::link(request), page),
        ("Sonuc", "1".to_owned()),
        ("Sonuc_Str", "İşlem Başarılı".to_owned()),
        ("Banka_Sonuc_Kod", "0".to_owned()),
        ("Siparis_ID", request.order_id().to_owned()),
    ]
    .into()
}

/// A page that leads to the bank's by itself, or by its button.
fn html(page: &str, state: &str) -> String {
    format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>3D Secure</title></head>\
         <body onload=\"document.forms[0].submit()\"><form method=\"post\" action=\"{page}\">\
         <input type=\"hidden\" name=\"{STATE}\" value=\"{state}\"><button type=\"submit\">Devam</button></form>\
         </body></html>"
    )
}

/// `TP_WMD_Pay`: the sale after an authentication.
pub(super) fn finish<'a>(case: &'a Case<'_, Param>) -> Result<Operation<'a>, Reply> {
    let (app, request) = (case.app, &case.message);
    let Some(session) = &case.session else {
        return Err(refusal(request, "99/1"));
    };
    // A session is known where it began.
    if request.value("UCD_MD").ends_with(SECOND_NODE_END) != request.second_node {
        return Err(refusal(request, "99/100"));
    }
    let proved = session.md_status == Some(1)
        && request.order_id() == session.order_id
        && request
            .value("Islem_GUID")
            .eq_ignore_ascii_case(&answer::guid(&session.nonce));
    let mut purchase = Purchase::of_session(app, session);
    purchase.unproven = (!proved).then_some("99/1");
    Ok(Operation::Sale(purchase))
}

fn opening(app: &App, state: &str) -> Option<Opening> {
    app.sealer.open(PURPOSE, state)
}

impl BankPage for Param {
    const BANK: Bank = Bank::Param;
    const BRAND: Brand = Brand {
        theme: "plain",
        name: "Param",
    };
    const PAGE: &'static str = "/param/turkpos.ws/pos/3d";
    const KEPT: &'static [&'static str] = &[STATE];
    const USED_BEFORE: &'static str = "99/2507";

    fn begin(app: &App, form: &Form, words: &Words) -> Begun {
        match opening(app, form.field(STATE)) {
            Some(opening) => Begun::Ask(opening.session),
            None => Begun::Dead(words.page_stale),
        }
    }

    fn purchase<'a>(app: &'a App, visit: &'a Visit) -> Option<Purchase<'a>> {
        let sells = opening(app, visit.field(STATE)).is_some_and(|opening| opening.sells);
        (sells && visit.session.md_status == Some(1))
            .then(|| Purchase::of_session(app, &visit.session))
    }

    fn way_back(app: &App, visit: &Visit, what: &What<'_>) -> Option<WayBack> {
        let opening = opening(app, visit.field(STATE))?;
        let (good, fields) = if opening.sells {
            sale_fields(app, &visit.session, what)
        } else {
            proof_fields(app, &visit.session, what)
        };
        let url = if good {
            opening.success
        } else {
            opening.failure
        };
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Some(WayBack { url, fields })
    }
}

/// Ends the `md` of a session in the second data centre.
const SECOND_NODE_END: &str = "##d1";

/// What the callback tells of the authentication, and whether it succeeded.
fn proof_fields(app: &App, session: &Session, what: &What<'_>) -> (bool, answer::Fields) {
    let second = app
        .switches
        .param_second_node
        .load(std::sync::atomic::Ordering::Relaxed);
    let (node, path, end) = if second {
        ("d1", super::SECOND_NODE, SECOND_NODE_END)
    } else {
        ("", <Param as Desk>::MESSAGES, "##190100000")
    };
    let bin = session.masked.get(..6).unwrap_or_default();
    let md = format!("{bin}:{}:4011:{end}", session.seal(app, Bank::Param));
    let status = session.md_status.unwrap_or_default().to_string();
    let guid = answer::guid(&session.nonce);
    let mut signature = hash(&[&guid, &md, &status, &session.order_id, GUID]);
    if what.spoilt {
        reply::spoil(&mut signature);
    }
    let fields = vec![
        ("md", md),
        ("mdStatus", status),
        ("orderId", session.order_id.clone()),
        ("transactionAmount", lira_with(',', session.amount)),
        ("islemGUID", guid),
        ("islemHash", signature),
        ("bankResult", told(session)),
        ("dc", node.to_owned()),
        ("dcURL", format!("{}{path}", app.public_url)),
    ];
    (session.md_status == Some(1), fields)
}

fn told(session: &Session) -> String {
    let letter = match session.md_status {
        Some(1) => "Y",
        Some(2..=4) => "A",
        _ => "N",
    };
    format!("{letter}-status/Challenge authentication via ACS")
}

/// What the callback tells of the page's own sale, and whether it succeeded.
fn sale_fields(app: &App, session: &Session, what: &What<'_>) -> (bool, answer::Fields) {
    let refused = |code: &str| match code.strip_prefix("99/") {
        Some(_) => ("-1".to_owned(), "Islem basarisiz".to_owned()),
        None => (code.to_owned(), codes::message(code).to_owned()),
    };
    let (order, (code, words)) = match (&what.refused_after, &what.sold) {
        (Some(code), _) => (None, refused(code)),
        (None, Some(Sold::Approved(order, _))) => (
            Some(order),
            ("0".to_owned(), "Odeme Islemi Basarili".to_owned()),
        ),
        (None, Some(Sold::Declined(code))) => (None, refused(code)),
        (None, Some(_)) => (None, refused("99/1")),
        (None, None) => (
            None,
            (
                "-1".to_owned(),
                format!("3D Dogrulamasi Basarisiz. [3D Hatasi: {}]", told(session)),
            ),
        ),
    };
    let good = order.is_some();
    let receipt = order.map_or("0".to_owned(), |order| answer::receipt(order));
    // Another one where the id was used before.
    let id = order
        .map_or(session.order_id.as_str(), |order| order.names().1)
        .to_owned();
    let amount = lira_with(',', session.amount);
    let net = lira_with(',', session.amount - answer::commission(session.amount));
    let mut signature = hash(&[CLIENT, GUID, &receipt, &amount, &id, &session.account]);
    if what.spoilt {
        reply::spoil(&mut signature);
    }
    let currency = match session.currency.as_str() {
        "840" => "USD",
        "978" => "EUR",
        "826" => "GBP",
        _ => "TL",
    };
    let fields = vec![
        ("TURKPOS_RETVAL_Islem_ID", session.account.clone()),
        (
            "TURKPOS_RETVAL_Sonuc",
            if good { "1" } else { "-1" }.to_owned(),
        ),
        ("TURKPOS_RETVAL_Sonuc_Str", words),
        ("TURKPOS_RETVAL_GUID", GUID.to_owned()),
        (
            "TURKPOS_RETVAL_Islem_Tarih",
            istanbul(app.now())
                .strftime("%d.%m.%Y %H:%M:%S")
                .to_string(),
        ),
        ("TURKPOS_RETVAL_Dekont_ID", receipt),
        ("TURKPOS_RETVAL_Tahsilat_Tutari", amount),
        ("TURKPOS_RETVAL_Odeme_Tutari", net),
        ("TURKPOS_RETVAL_Siparis_ID", id),
        ("TURKPOS_RETVAL_Ext_Data", "||||".to_owned()),
        ("TURKPOS_RETVAL_Banka_Sonuc_Kod", code),
        ("TURKPOS_RETVAL_PB", currency.to_owned()),
        ("TURKPOS_RETVAL_KK_No", session.masked.clone()),
        ("TURKPOS_RETVAL_Taksit", session.instalments.to_string()),
        ("TURKPOS_RETVAL_Hash", signature),
        ("TURKPOS_RETVAL_Islem_GUID", answer::guid(&session.nonce)),
        (
            "TURKPOS_RETVAL_SanalPOS_Islem_ID",
            order.map_or("0".to_owned(), |order| answer::transaction_id(order.seq)),
        ),
    ];
    (good, fields)
}
