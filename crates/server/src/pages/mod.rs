//! What a shopper's browser sees on its way between shop and bank, and where lenders call back.
//! Thin: the engine decides, these pages carry form fields onward.

mod callback;
mod render;

use crate::app::App;
use crate::cookies::{cookie, set_cookie};
use crate::engine::three_ds::Return;
use crate::engine::threeds_page::Opening;
use crate::engine::{card_verification, loan, three_ds, threeds_page};
use crate::problem::Problem;
use crate::store::attempts::Visitor;
use crate::store::payments::Payment;
use crate::{net, random, vault};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use render::{Text, language};
use std::sync::Arc;

/// Bytes that a browser or lender may post here.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// The pages' templates, read and rendered with samples; an error says which of them fails and where.
pub fn check_templates() -> Result<(), String> {
    render::check()
}

/// The pages' routes.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/pages/3ds/{token}",
            get(get_threeds_page).post(post_threeds_page),
        )
        .route(
            "/pages/3ds-return/{token}",
            get(get_threeds_return).post(post_threeds_return),
        )
        .route(
            "/pages/loan-return/{token}",
            get(get_loan_return).post(post_loan_return),
        )
        .route("/pages/loan-notify/{token}", post(post_loan_notification))
        .route(
            "/pages/submit.js",
            get(|| async { render::asset("text/javascript", include_str!("submit.js")) }),
        )
        .route(
            "/pages/style.css",
            get(|| async { render::asset("text/css", include_str!("style.css")) }),
        )
        .route(
            "/favicon.ico",
            get(|| async { render::asset("image/svg+xml", include_str!("icon.svg")) }),
        )
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

fn parse_fields(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// The cookie that tells one shopper's browser from another.
const BROWSER_COOKIE: &str = "galata-3ds";
/// It outlives the page by far.
const BROWSER_SECONDS: u32 = 3600;

/// The form is asked for: by the shop's page with its sealed field, or by our own page for the form that
/// is kept. It goes on to the bank.
async fn post_threeds_page(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    head: Parts,
    body: Bytes,
) -> Response {
    let lang = language(&head.headers);
    let visitor = Visitor {
        browser: cookie(&head.headers, BROWSER_COOKIE).map(vault::digest_of),
        address: net::peer(&head, app.settings.behind_proxy),
    };
    let sealed = parse_fields(&body)
        .into_iter()
        .find(|(name, _)| name == "sealed")
        .map(|(_, value)| value);
    let opening = match sealed {
        Some(sealed) => threeds_page::open_posted(&app, &token, &sealed, &visitor).await,
        None => threeds_page::open_kept(&app, &token, &visitor).await,
    };
    match opening {
        Ok(Opening::Form(form)) => render::bank_form(lang, &form),
        Ok(Opening::Nothing) => render::message(StatusCode::NOT_FOUND, lang, Text::Expired),
        Ok(Opening::Elsewhere) => render::message(StatusCode::FORBIDDEN, lang, Text::Elsewhere),
        Err(problem) => trouble_page(lang, &problem),
    }
}

/// The shop sent the browser to the form that is kept (`redirectUrl`). The page holds nothing of it, so
/// programs that look at links learn nothing: a browser posts itself on, with the cookie that it gets here.
async fn get_threeds_page(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let lang = language(&headers);
    match threeds_page::is_kept(&app, &token).await {
        Ok(true) => {
            let here = app.public_url(&format!("/pages/3ds/{token}"));
            let mut page = render::post(lang, Text::ToBank, &here, &[]);
            if cookie(&headers, BROWSER_COOKIE).is_none() {
                let browser = random::token();
                set_cookie(
                    &app,
                    &mut page,
                    BROWSER_COOKIE,
                    &browser,
                    Some(BROWSER_SECONDS),
                );
            }
            page
        }
        Ok(false) => render::message(StatusCode::NOT_FOUND, lang, Text::Expired),
        Err(problem) => trouble_page(lang, &problem),
    }
}

/// The return address was opened: by a browser that the bank sends back so, by a reload, by a scanner.
/// That changes nothing; what the bank sent along is posted on to the same address.
async fn get_threeds_return(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let lang = language(&headers);
    let brought = parse_fields(query.as_deref().unwrap_or("").as_bytes());
    match three_ds::look_at_return(&app, &token, &brought).await {
        Ok(Some((_, true))) => {
            let here = app.public_url(&format!("/pages/3ds-return/{token}"));
            render::post(lang, Text::ToShop, &here, &brought)
        }
        Ok(Some((payment, false))) => standing_page(lang, &payment),
        Ok(None) => render::message(StatusCode::NOT_FOUND, lang, Text::Expired),
        Err(problem) => trouble_page(lang, &problem),
    }
}

/// Where a 3DS payment stands, with the way to the shop.
fn standing_page(lang: &'static str, payment: &Payment) -> Response {
    let text = Text::of_payment(payment.status);
    render::message_with_shop(lang, text, shop_of(payment).as_deref())
}

/// The first page of the shop that wants to be called back.
fn shop_of(payment: &Payment) -> Option<String> {
    let callback = url::Url::parse(payment.callback_url.as_deref()?).ok()?;
    let origin = callback.origin();
    origin
        .is_tuple()
        .then(|| format!("{}/", origin.ascii_serialization()))
}

/// The bank sent the browser back: it goes on to the shop.
async fn post_threeds_return(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let lang = language(&headers);
    let mut brought = parse_fields(query.unwrap_or_default().as_bytes());
    brought.extend(parse_fields(&body));
    let here = app.public_url(&format!("/pages/3ds-return/{token}"));
    // The bank is asked for the whole of it even when the browser goes away.
    let working = Arc::clone(&app);
    let work = async move {
        let mut returned = three_ds::receive_return(&working, &token, &brought).await?;
        let verified = match &mut returned {
            Some(Return::Outcome(back)) if back.payment.verification => {
                Some(card_verification::finish_return(&working, back).await?)
            }
            _ => None,
        };
        Ok((returned, verified, brought))
    };
    match app.do_to_the_end(work).await {
        Ok(Ok((Some(Return::Outcome(back)), verified, _))) => {
            let url = back.payment.callback_url.clone().unwrap_or_default();
            let fields = match verified {
                Some(refunded) => callback::verification(&back, refunded),
                None => callback::threeds(&back),
            };
            render::post(lang, Text::ToShop, &url, &fields)
        }
        Ok(Ok((Some(Return::Bare(payment)), ..))) => standing_page(lang, &payment),
        Ok(Ok((Some(Return::NoProof(payment)), _, brought))) => render::retry_page(
            lang,
            Text::NoProof,
            &here,
            &brought,
            shop_of(&payment).as_deref(),
        ),
        Ok(Ok((None, ..))) => render::message(StatusCode::NOT_FOUND, lang, Text::Expired),
        Ok(Err(problem)) => trouble_page(lang, &problem),
        Err(error) => trouble_page(lang, &Problem::unavailable(error.to_string())),
    }
}

/// The lender sent the browser back, as it does, by opening the address. So do programs that look
/// at links: that changes nothing, and the browser posts itself on to the same address.
async fn get_loan_return(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let lang = language(&headers);
    match loan::is_return(&app, &token).await {
        Ok(true) => {
            let here = app.public_url(&format!("/pages/loan-return/{token}"));
            render::post(lang, Text::ToShop, &here, &[])
        }
        Ok(false) => render::message(StatusCode::NOT_FOUND, lang, Text::Expired),
        Err(problem) => trouble_page(lang, &problem),
    }
}

/// The shopper is back from the lender. What the browser brings is not looked at.
async fn post_loan_return(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let lang = language(&headers);
    let working = Arc::clone(&app);
    let work = async move { loan::receive_return(&working, &token).await };
    match app.do_to_the_end(work).await {
        Ok(Ok(Some(back))) => match back.payment.callback_url.clone() {
            Some(url) => render::post(lang, Text::ToShop, &url, &callback::loan(&back)),
            None => render::message(StatusCode::OK, lang, Text::LoanNoted),
        },
        Ok(Ok(None)) => render::message(StatusCode::NOT_FOUND, lang, Text::Expired),
        Ok(Err(problem)) => trouble_page(lang, &problem),
        Err(error) => trouble_page(lang, &Problem::unavailable(error.to_string())),
    }
}

/// The lender notified Galata. Acknowledged only once what it led to is durable.
async fn post_loan_notification(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect();
    let working = Arc::clone(&app);
    let work = async move { loan::receive_notification(&working, &token, &headers, &body).await };
    match app.do_to_the_end(work).await {
        Ok(Ok(true)) => StatusCode::NO_CONTENT,
        Ok(Ok(false)) => StatusCode::UNAUTHORIZED,
        Ok(Err(problem)) => {
            tracing::error!(?problem, "a lender's notification could not be applied");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(error) => {
            tracing::error!(%error, "a lender's notification panicked");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// Whether a person looks at the address in a browser: no API call says that it wants a page.
pub fn is_looked_at<B>(request: &http::Request<B>) -> bool {
    let headers = request.headers();
    let accepted = headers.get(http::header::ACCEPT);
    let page = accepted
        .and_then(|accepted| accepted.to_str().ok())
        .is_some_and(|accepted| accepted.contains("text/html"));
    request.method() == http::Method::GET && page && !headers.contains_key("x-api-key")
}

/// The page of an unknown address.
pub fn nowhere(headers: &HeaderMap) -> Response {
    render::message(StatusCode::NOT_FOUND, language(headers), Text::Nowhere)
}

fn trouble_page(lang: &'static str, problem: &Problem) -> Response {
    tracing::error!(?problem, "a page could not be shown");
    render::message(StatusCode::SERVICE_UNAVAILABLE, lang, Text::Trouble)
}
