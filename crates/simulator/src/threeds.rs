//! The banks' 3D Secure pages, one way for all: the merchant's form becomes a password page, the
//! shopper decides, and the outcome goes back to the shop. A protocol brings the form's fields and
//! those of the way back.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use minijinja::context;
use minijinja::value::Serde;

use crate::app::App;
use crate::cards::Purse;
use crate::desk::{self, Outcome, Purchase};
use crate::faults::{Facts, FaultKind, Verb};
use crate::fields::Form;
use crate::ledger::{Bank, Sold};
use crate::pages::{self, Brand, Ending, Language, MAX_ATTEMPTS, Words};
use crate::reply;
use crate::session::{Answer, Session, Step, Visit, judge};

const HTML: &str = "text/html; charset=utf-8";
/// The shop's name is shown up to so many characters.
const SHOP_MAX: usize = 80;

/// A bank's 3D Secure page.
pub(crate) trait BankPage: Send + Sync + Sized + 'static {
    const BANK: Bank;
    const BRAND: Brand;
    /// Where the merchant's form is posted; the password goes to `/otp` below it.
    const PAGE: &'static str;
    /// Fields of the merchant's form that the way back needs.
    const KEPT: &'static [&'static str];
    /// The field with the shop's name, if the form has one.
    const SHOP_FIELD: &'static str = "";

    /// How a page that sells by itself refuses a card for which the bank says that the order id was
    /// used before.
    const USED_BEFORE: &'static str = "";

    /// How the browser goes back to the shop.
    const RETURNS_BY: &'static str = "post";

    /// Whose page it is: one system may serve several banks.
    fn brand(_visit: &Visit) -> Brand {
        Self::BRAND
    }

    /// Checks the merchant's form.
    fn begin(app: &App, form: &Form, words: &Words) -> Begun;

    /// What the shopper may choose beside the password.
    fn offers(_app: &App, _visit: &Visit, _purse: Purse) -> Offers {
        Offers::default()
    }

    /// Notes what the shopper chose.
    fn choose(_app: &App, _visit: &mut Visit, _form: &Form) {}

    /// The sale that the page makes by itself, now that the shopper decided; `None` where the merchant
    /// sells, or the shopper was not verified as the form asks.
    fn purchase<'a>(_app: &'a App, _visit: &'a Visit) -> Option<Purchase<'a>> {
        None
    }

    /// The address and the fields that lead back to the shop; `None` when the bank is out of order.
    fn way_back(app: &App, visit: &Visit, what: &What<'_>) -> Option<WayBack>;
}

/// What the way back tells.
#[derive(Default)]
pub(crate) struct What<'a> {
    /// What was wrong with the form.
    pub(crate) problem: Option<&'a str>,
    /// What came of the page's own sale.
    pub(crate) sold: Option<Sold>,
    /// The bank refuses with this code although it sold.
    pub(crate) refused_after: Option<String>,
    /// The signature is broken on purpose.
    pub(crate) spoilt: bool,
}

/// What comes of the merchant's form.
pub(crate) enum Begun {
    /// The shopper is asked for the password.
    Ask(Session),
    /// The shop has its answer at once, with the session's mdStatus and a reason.
    Refused(Session, &'static str),
    /// The browser stays here, for this reason.
    Dead(&'static str),
    /// The bank is out of order.
    Broken,
}

impl Begun {
    /// The shopper is asked, or the shop has its answer: the mdStatus and why.
    pub(crate) fn of(mut session: Session, refusal: Option<(u8, &'static str)>) -> Begun {
        match refusal {
            None => Begun::Ask(session),
            Some((status, problem)) => {
                session.md_status = Some(status);
                Begun::Refused(session, problem)
            }
        }
    }
}

/// Whether a form names addresses in these fields to which a browser may be sent.
pub(crate) fn leads_back(form: &Form, names: [&str; 2]) -> bool {
    let mut addresses = names.into_iter().map(|name| form.field(name));
    addresses.all(pages::is_web_address)
}

/// What the shopper may choose on the page.
#[derive(Default)]
pub(crate) struct Offers {
    /// Points that can be spent, in kuruş.
    pub(crate) points: i64,
    /// Codes and messages of campaigns.
    pub(crate) campaigns: Vec<(u8, &'static str)>,
}

/// What the browser takes back to the shop.
pub(crate) struct WayBack {
    pub(crate) url: String,
    pub(crate) fields: Vec<(String, String)>,
}

/// The browser's first call: the merchant's form, checked, becomes the password page.
pub(crate) async fn open<P: BankPage>(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let language = Language::of_request(query.as_deref(), &headers);
    let form = Form::read(&body);
    let (session, problem) = match P::begin(&app, &form, pages::words(language)) {
        Begun::Ask(session) => (session, None),
        Begun::Refused(session, problem) => (session, Some(problem)),
        Begun::Dead(why) => return dead_end::<P>(language, why),
        Begun::Broken => return reply::internal_error(),
    };
    let shop = match form.field(P::SHOP_FIELD) {
        "" => pages::SHOP,
        name => name,
    };
    let visit = Visit {
        session,
        attempts: 0,
        language,
        shop: shop.chars().take(SHOP_MAX).collect(),
        form: form.pick(P::KEPT),
    };
    if problem.is_none() {
        return ask_password::<P>(&app, &visit).await;
    }
    let answer = Answer {
        ending: Ending::Refused,
        fault: None,
        late: None,
    };
    lead_back::<P>(&app, &visit, problem, &answer).await
}

/// The browser's second call: password and choices; the outcome goes back to the shop.
pub(crate) async fn password<P: BankPage>(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = Form::read(&body);
    let Some(mut visit) = app
        .sealer
        .open::<Visit>(&purpose::<P>(), form.field("state"))
    else {
        let language = Language::of_request(query.as_deref(), &headers);
        return dead_end::<P>(language, pages::words(language).page_stale);
    };
    match judge(&app, P::BANK, &mut visit, &form) {
        Step::Again => ask_password::<P>(&app, &visit).await,
        Step::Broken => reply::internal_error(),
        Step::Done(answer) => {
            P::choose(&app, &mut visit, &form);
            lead_back::<P>(&app, &visit, None, &answer).await
        }
    }
}

fn purpose<P: BankPage>() -> String {
    format!("{}-page", P::BANK.name())
}

fn dead_end<P: BankPage>(language: Language, why: &str) -> Response {
    pages::dead_end_page(StatusCode::BAD_REQUEST, P::BRAND, language, why)
}

async fn ask_password<P: BankPage>(app: &App, visit: &Visit) -> Response {
    let session = &visit.session;
    let Ok(purse) = app.ledger.purse(&session.card).await else {
        return reply::internal_error();
    };
    let offers = P::offers(app, visit, purse);
    let language = visit.language;
    let money = |minor| pages::amount(minor, &session.currency, language);
    let points = (offers.points > 0)
        .then(|| context! { value => offers.points, text => money(offers.points) });
    let rest = context! {
        action => format!("{}{}/otp", app.public_url, P::PAGE),
        state => app.sealer.seal(&purpose::<P>(), visit),
        shop => &visit.shop,
        order_id => &session.order_id,
        masked => &session.masked,
        amount => money(session.amount),
        instalments => (session.instalments > 1).then_some(session.instalments),
        date => pages::moment(app.now(), language),
        attempts_left => (visit.attempts > 0).then(|| MAX_ATTEMPTS.saturating_sub(visit.attempts)),
        points,
        campaigns => Serde(&offers.campaigns),
    };
    pages::password_page(P::brand(visit), pages::words(language), rest)
}

/// Makes the sale of a page that sells by itself, or the refusal that a tester ordered for it. `None` when
/// the bank is out of order.
async fn sell<P: BankPage>(app: &App, visit: &Visit) -> Option<What<'static>> {
    let Some(purchase) = P::purchase(app, visit) else {
        return Some(What::default());
    };
    let session = &visit.session;
    let facts = Facts {
        amount: Some(session.amount),
        card: Some(&session.card),
        order_id: Some(&session.order_id),
    };
    let verb = Verb::ThreedsFinish.name();
    let fault = app.faults.take(P::BANK.name(), verb, facts);
    if reply::fails_before(fault.as_ref()) {
        return None;
    }
    let forced = reply::declines(fault.as_ref());
    let outcome = desk::sell(app, P::BANK, purchase, forced).await.ok()?;
    let sold = match outcome {
        Outcome::Sold(sold, _) => sold,
        // A card for which the bank says that the order id was used before.
        _ => Sold::Declined(P::USED_BEFORE.to_owned()),
    };
    Some(What {
        sold: Some(sold),
        refused_after: reply::declines_after(fault.as_ref()).map(str::to_owned),
        ..What::default()
    })
}

/// The page with which the browser leaves the bank, as the answer orders it.
async fn lead_back<P: BankPage>(
    app: &App,
    visit: &Visit,
    problem: Option<&str>,
    answer: &Answer,
) -> Response {
    let Some(what) = sell::<P>(app, visit).await else {
        return reply::internal_error();
    };
    let what = What {
        problem,
        spoilt: reply::wrong_mac(answer.fault.as_ref()),
        ..what
    };
    let Some(back) = P::way_back(app, visit, &what) else {
        return reply::internal_error();
    };
    let brand = P::brand(visit);
    let kind = answer.fault.as_ref().map(|fault| fault.kind);
    let twice = kind == Some(FaultKind::DuplicateCallback);
    let html = match kind {
        Some(FaultKind::NoCallback) => pages::closed_page(brand, visit.language),
        _ => pages::back_page(&pages::Back {
            brand,
            language: visit.language,
            url: &back.url,
            method: P::RETURNS_BY,
            fields: &back.fields,
            ending: answer.ending,
            twice,
        }),
    };
    let Some(html) = html else {
        return reply::internal_error();
    };
    if let Some(seconds) = answer.late {
        return match app.held.keep(seconds, brand, visit.language, html) {
            Some(path) => (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response(),
            None => reply::internal_error(),
        };
    }
    let mut response = reply::deliver(HTML, html.into_bytes(), answer.fault.as_ref()).await;
    let policy = if twice {
        pages::FRAMING_POLICY
    } else {
        pages::POLICY
    };
    pages::protect(response.headers_mut(), policy);
    response
}
