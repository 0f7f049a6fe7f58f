//! MASLAK, spoken in Galata's own lender protocol (`docs/lender-protocol.yaml`): the upstream
//! protocol of the real Maslak is not public. Requests, replies and notifications are JSON,
//! each signed with HMAC-SHA256; whatever is not proven genuine is doubt.

mod refusal;
mod reply;
mod seal;

use super::LendingBank;
use crate::account::{Field, LenderSlot};
use crate::bank::{Answer, Doubt, DoubtReason, Reversed, Verdict};
use crate::http::{BoxFuture, Failure, Request};
use crate::lender::{
    Application, ApplicationRef, Applied, Asked, BankOffer, CartItem, Lender, LenderAccount,
    LenderContext, LoanRefund, LoanStanding, LoanState, MoneyBack, OffersRequest, Unauthentic,
};
use jiff::Zoned;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reply::Reply;
use serde_json::{Value, json};

/// Bytes that a notification may have.
pub const NOTIFICATION_BYTES_MAX: usize = 16 * 1024;

/// What an account needs.
#[rustfmt::skip] // A table: a field a line or two.
pub(super) const ACCOUNT: &[Field<LenderSlot>] = &[
    Field::new(LenderSlot::ClientId, "Client ID", "Client ID", "The client id"),
    Field::new(LenderSlot::ClientSecret, "Client secret", "Client secret", "The client secret").secret(),
    Field::new(LenderSlot::NotificationSecret, "Bildirim anahtarı", "Notification secret", "The notification secret")
        .hinted("Kredi kuruluşunun bildirimleri bununla doğrulanır.", "Proves the lender’s notifications.")
        .secret(),
];

/// The banks behind Maslak, and their published behaviour.
pub(super) const BANKS: &[LendingBank] = &[
    lending("064", true),
    lending("046", true),
    lending("032", true),
    lending("103", false),
    lending("134", false),
];

const fn lending(code: &'static str, approves_by_itself: bool) -> LendingBank {
    LendingBank {
        code,
        approves_by_itself,
    }
}

/// The adapter: it holds nothing, an account comes with every call.
pub struct Maslak;

impl Lender for Maslak {
    fn secret_fields(&self) -> &'static [&'static str] {
        &["identityNumber", "phoneNumber", "birthDate"]
    }

    fn offers<'a>(
        &'a self,
        context: LenderContext<'a>,
        request: OffersRequest<'a>,
    ) -> Asked<'a, Vec<BankOffer>> {
        Box::pin(async move {
            let body = json!({
                "amount": request.amount.minor,
                "currency": request.amount.currency,
                "items": cart(request.items),
            });
            match exchange(context, "POST", "/v1/offers", Some(body)).await? {
                Reply::Done(body) => Ok(Verdict::Approved(reply::offers(&body)?)),
                Reply::Unknown(decline) | Reply::Conflict(decline) | Reply::Refused(decline) => {
                    Ok(Verdict::Declined(decline))
                }
            }
        })
    }

    fn apply<'a>(
        &'a self,
        context: LenderContext<'a>,
        application: Application<'a>,
    ) -> Asked<'a, Applied> {
        Box::pin(async move {
            let body = application_body(&application);
            match exchange(context, "POST", "/v1/applications", Some(body)).await? {
                Reply::Done(body) => Ok(Verdict::Approved(reply::applied(&body, &application)?)),
                // Another application under this order id: what became of it, an inquiry tells.
                Reply::Conflict(decline) => Err(Doubt {
                    may_have_been_sent: true,
                    reason: DoubtReason::Duplicate(decline),
                    detail: "the lender has another application with this order id".to_owned(),
                }),
                Reply::Refused(decline) => Ok(Verdict::Declined(decline)),
                Reply::Unknown(_) => Err(reply::unreadable(
                    "the lender answers an application that it does not know",
                )),
            }
        })
    }

    fn confirm<'a>(
        &'a self,
        context: LenderContext<'a>,
        application: ApplicationRef<'a>,
    ) -> Asked<'a, LoanStanding> {
        Box::pin(follow_up(
            context,
            application,
            "/confirm",
            LoanState::Disbursed,
        ))
    }

    fn inquire<'a>(
        &'a self,
        context: LenderContext<'a>,
        application: ApplicationRef<'a>,
    ) -> BoxFuture<'a, Result<Option<LoanStanding>, Doubt>> {
        Box::pin(async move {
            let path = application_path(application.order_id, "");
            match exchange(context, "GET", &path, None).await? {
                Reply::Done(body) => reply::standing(&body, &application).map(Some),
                Reply::Unknown(_) => Ok(None),
                // Says nothing about the loan: the account or the clock is wrong.
                Reply::Conflict(decline) | Reply::Refused(decline) => Err(reply::unreadable(
                    &format!("the lender refused the inquiry: {}", decline.code),
                )),
            }
        })
    }

    fn cancel<'a>(
        &'a self,
        context: LenderContext<'a>,
        application: ApplicationRef<'a>,
    ) -> Asked<'a, LoanStanding> {
        Box::pin(follow_up(
            context,
            application,
            "/cancel",
            LoanState::Cancelled,
        ))
    }

    fn void<'a>(
        &'a self,
        context: LenderContext<'a>,
        refund: LoanRefund<'a>,
    ) -> Asked<'a, Reversed> {
        Box::pin(give_back(context, refund, "/void", true))
    }

    fn refund<'a>(
        &'a self,
        context: LenderContext<'a>,
        refund: LoanRefund<'a>,
    ) -> Asked<'a, Reversed> {
        Box::pin(give_back(context, refund, "/refunds", false))
    }

    fn given_back<'a>(
        &'a self,
        context: LenderContext<'a>,
        application: ApplicationRef<'a>,
    ) -> BoxFuture<'a, Result<Vec<MoneyBack>, Doubt>> {
        Box::pin(async move {
            let path = application_path(application.order_id, "/refunds");
            match exchange(context, "GET", &path, None).await? {
                Reply::Done(body) => reply::given_back(&body, &application),
                // Also where it knows no such application: there was a loan.
                Reply::Unknown(decline) | Reply::Conflict(decline) | Reply::Refused(decline) => {
                    Err(reply::unreadable(&format!(
                        "the lender refused the inquiry: {}",
                        decline.code
                    )))
                }
            }
        })
    }

    fn read_notification(
        &self,
        account: &LenderAccount,
        headers: &[(String, String)],
        body: &[u8],
        now: &Zoned,
    ) -> Result<String, Unauthentic> {
        if body.len() > NOTIFICATION_BYTES_MAX {
            return Err(Unauthentic);
        }
        let client = seal::header(headers, "x-lender-client").ok_or(Unauthentic)?;
        let timestamp = seal::fresh_timestamp(headers, now).ok_or(Unauthentic)?;
        let signature = seal::header(headers, "x-lender-signature").ok_or(Unauthentic)?;
        // The first part keeps a notification from passing for anything else signed here.
        let parts = [timestamp.as_bytes(), b"NOTIFY", client.as_bytes(), body];
        let genuine = seal::matches(&account.notification_secret, &parts, signature);
        if client != account.client_id || !genuine {
            return Err(Unauthentic);
        }
        reply::notified_order(body).ok_or(Unauthentic)
    }
}

/// Confirms or cancels. Approved means that the lender says `wanted`, not merely that it answered.
async fn follow_up(
    context: LenderContext<'_>,
    application: ApplicationRef<'_>,
    action: &str,
    wanted: LoanState,
) -> Answer<LoanStanding> {
    let path = application_path(application.order_id, action);
    match exchange(context, "POST", &path, Some(json!({}))).await? {
        Reply::Done(body) => {
            let standing = reply::standing(&body, &application)?;
            if standing.state != wanted {
                return Err(reply::unreadable("done, but the state says otherwise"));
            }
            Ok(Verdict::Approved(standing))
        }
        Reply::Unknown(decline) | Reply::Conflict(decline) | Reply::Refused(decline) => {
            Ok(Verdict::Declined(decline))
        }
    }
}

/// Voids or refunds. Approved means that the lender names this refund with this amount.
async fn give_back(
    context: LenderContext<'_>,
    refund: LoanRefund<'_>,
    action: &str,
    voids: bool,
) -> Answer<Reversed> {
    let path = application_path(refund.application.order_id, action);
    let body = json!({
        "refundId": refund.refund_id,
        "amount": refund.amount.minor,
        "currency": refund.amount.currency,
    });
    match exchange(context, "POST", &path, Some(body)).await? {
        Reply::Done(body) => Ok(Verdict::Approved(reply::refunded(&body, &refund, voids)?)),
        // Another refund under this id: what was given back, an inquiry tells.
        Reply::Conflict(decline) => Err(Doubt {
            may_have_been_sent: true,
            reason: DoubtReason::Duplicate(decline),
            detail: "the lender has another refund with this id".to_owned(),
        }),
        Reply::Unknown(decline) | Reply::Refused(decline) => Ok(Verdict::Declined(decline)),
    }
}

/// Sends one signed request and gives back a reply that is proven to answer it.
async fn exchange(
    context: LenderContext<'_>,
    method: &'static str,
    path: &str,
    body: Option<Value>,
) -> Result<Reply, Doubt> {
    let url = format!("{}{path}", context.account.api_url);
    let body = body
        .map(|body| body.to_string().into_bytes())
        .unwrap_or_default();
    let timestamp = context.now.timestamp().as_second().to_string();
    let signed_path = seal::path_of(&url).as_bytes();
    let parts = [timestamp.as_bytes(), method.as_bytes(), signed_path, &body];
    let signature = seal::sign(&context.account.client_secret, &parts);
    let request = Request {
        method,
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json".to_owned()),
            ("x-lender-client", context.account.client_id.clone()),
            ("x-lender-timestamp", timestamp),
            ("x-lender-signature", signature.clone()),
        ],
        url,
        body,
    };
    let response = context.http.send(request).await.map_err(no_reply)?;
    reply::authenticate(context, &signature, response)
}

fn no_reply(failure: Failure) -> Doubt {
    let (may_have_been_sent, detail) = match failure {
        Failure::NotSent(detail) => (false, detail),
        Failure::MaybeSent(detail) => (true, detail),
    };
    Doubt {
        may_have_been_sent,
        reason: DoubtReason::Network,
        detail,
    }
}

fn application_body(application: &Application<'_>) -> Value {
    let buyer = application.buyer;
    let approval_mode = application
        .approves_by_itself
        .map(|by_itself| if by_itself { "AUTO" } else { "MANUAL" });
    json!({
        "orderId": application.order_id,
        "bankCode": application.bank_code,
        "term": application.term,
        "amount": application.amount.minor,
        "currency": application.amount.currency,
        "items": cart(application.items),
        "buyer": {
            "identityNumber": buyer.identity_number.as_ref().map(|number| number.expose()),
            "phoneNumber": buyer.phone_number,
            "birthDate": buyer.birth_date,
        },
        "returnUrl": application.return_url,
        "notificationUrl": application.notification_url,
        "timeLimitSeconds": application.time_limit_seconds,
        "approvalMode": approval_mode,
    })
}

fn cart(items: &[CartItem]) -> Vec<Value> {
    let line = |item: &CartItem| {
        json!({
            "id": item.id,
            "name": item.name,
            "brand": item.brand,
            "category": item.category,
            "unitPrice": item.unit_price,
            "quantity": item.quantity,
        })
    };
    items.iter().map(line).collect()
}

/// The path of an application. An order id is Galata's own, but it stays one path segment
/// whatever it holds.
fn application_path(order_id: &str, action: &str) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');
    let segment = utf8_percent_encode(order_id, PLAIN);
    format!("/v1/applications/{segment}{action}")
}
