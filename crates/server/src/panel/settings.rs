//! `/panel/settings`: features, 3DS policy, the keys that sign callbacks and webhooks, and where
//! webhooks go.

use super::door::{Posted, Visit, to};
use super::fields::{self, Label};
use super::{Page, act, look, render};
use crate::app::App;
use crate::net;
use crate::operations::{Permission, Problem, webhooks};
use crate::setup::{self, SigningKey};
use crate::store::merchants::{FEATURE_APMS, Merchant};
use crate::store::webhooks::Try;
use axum::Router;
use axum::routing::get;
use contract::card::Secret;
use contract::enums::WebhookEventType;
use contract::rules::Rule;
use contract::signature::standard_webhook_key;
use http::StatusCode;
use minijinja::{Value, context};
use std::sync::Arc;

const SAVED: &str = "/panel/settings?done=saved";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/panel/settings", get(look(settings)))
        .route("/panel/settings/features", act(set_features))
        .route("/panel/settings/features/off", get(look(features_off)))
        .route("/panel/settings/threeds", act(set_threeds))
        .route("/panel/settings/callback-key", act(set_callback_key))
        .route("/panel/settings/webhook", act(set_webhook))
        .route("/panel/settings/webhook-key", act(set_webhook_key))
        .route("/panel/settings/webhook-test", act(test_webhook))
        .route("/panel/settings/keys-look", act(look_at_keys))
}

/// An event with what it tells; `true` when Galata sends it today.
type Event = (WebhookEventType, bool, &'static str, &'static str);

#[rustfmt::skip]
const EVENTS: &[Event] = &[
    (WebhookEventType::ApiAuth, true, "Kart ödemesi sonuçlandı", "A card payment ended"),
    (WebhookEventType::ThreedsVerify, true, "3D Secure doğrulaması sonuçlandı", "A 3D Secure verification ended"),
    (WebhookEventType::BnplNotification, true, "Alışveriş kredisinin durumu değişti", "A shopping loan changed"),
    (WebhookEventType::ApiVerifyAndAuth, true, "3D Pay ödemesi sonuçlandı", "A payment by 3D Pay ended"),
    (WebhookEventType::CheckoutformAuth, false, "Ortak ödeme sayfasındaki ödeme sonuçlandı", "A checkout page payment ended"),
    (WebhookEventType::Refund, true, "Ödeme iade edildi", "A payment was refunded"),
    (WebhookEventType::RefundTx, true, "Ödemenin bir kalemi iade edildi", "An item of a payment was refunded"),
    (WebhookEventType::PayoutCompleted, false, "Para gönderimi tamamlandı", "A payout was completed"),
    (WebhookEventType::Autopilot, true, "Otopilot bir POS’u kapattı ya da açtı", "Autopilot switched a POS"),
    (WebhookEventType::WalletCreated, false, "Cüzdan oluşturuldu", "A wallet was made"),
    (WebhookEventType::WalletTxCreated, false, "Cüzdan hareketi oluştu", "A wallet moved"),
    (WebhookEventType::BankAccountTrackingRecord, false, "Banka hesabında hareket görüldü", "A bank account moved"),
    (WebhookEventType::BkmExpressPaymentNotification, false, "BKM Express ödemesi sonuçlandı", "A BKM Express payment ended"),
    (WebhookEventType::MultiPaymentCompleted, false, "Parçalı ödeme tamamlandı", "A split payment was completed"),
    (WebhookEventType::MultiPaymentExpired, false, "Parçalı ödemenin süresi doldu", "A split payment lapsed"),
    (WebhookEventType::ReportGenerated, false, "Rapor hazır", "A report is ready"),
];

const LABELS: &[Label] = &[
    ("url", "url", "Webhook adresi", "The webhook address"),
    ("webhookUrl", "", "Webhook adresi", "The webhook address"),
    ("policy", "", "3DS türü", "The 3DS type"),
];
const CALLBACK_LABELS: &[Label] = &[(
    "key",
    "callback-key",
    "Callback anahtarı",
    "The callback key",
)];
const WEBHOOK_LABELS: &[Label] = &[("key", "webhook-key", "Webhook anahtarı", "The webhook key")];

/// What a page of settings shows beyond the settings: at most one of these.
#[derive(Default)]
struct Beyond {
    /// Which card it is about.
    about: &'static str,
    error: Option<Value>,
    status: StatusCode,
    /// Keys in clear: callback, webhook.
    keys: Option<(Secret, Secret)>,
    /// A key that was just made.
    made: Option<Secret>,
    /// How the address answered.
    tried: Option<Try>,
}

async fn settings(app: Arc<App>, visit: Visit) -> Page {
    shown(&app, &visit, Beyond::default(), None).await
}

async fn shown(app: &App, visit: &Visit, beyond: Beyond, form: Option<&Posted>) -> Page {
    let target = visit.merchant_id();
    let look = Permission::LookAtSettings;
    visit
        .by()
        .require(app, target, look, "merchant.look", &target.to_string())
        .await?;
    let merchant = setup::merchant(app, target).await?;
    let policy = if merchant.half_threeds {
        "HALF"
    } else {
        "FULL"
    };
    let of_threeds = form.filter(|_| beyond.about == "threeds");
    let of_webhook = form.filter(|_| beyond.about == "webhook");
    let tried = beyond.tried.as_ref().map(|tried| {
        context! {
            ok => tried.is_delivered(), result => tried.result(), took_ms => tried.took_ms,
            url => &tried.url, request => &tried.request, response => &tried.response,
        }
    });
    // Its parameters may be the secret that opens the shop's endpoint.
    let address = if visit.may(Permission::ChangeSettings) {
        merchant.webhook_url.clone()
    } else {
        net::bare(&merchant.webhook_url)
    };
    let values = context! {
        about => beyond.about, error => beyond.error, tried,
        once => crate::random::token(),
        api => app.public_url(""),
        apms_on => merchant.has(FEATURE_APMS),
        policy => fields::field_value(of_threeds, "policy", policy),
        completes_doubt => fields::ticked(of_threeds, "completes_doubt", merchant.completes_doubt),
        url => fields::field_value(of_webhook, "url", &address),
        has_url => !merchant.webhook_url.is_empty(),
        events => events(&merchant, of_webhook),
        keys => beyond.keys.as_ref().map(|(callback, webhook)| {
            let standard = standard_webhook_key(webhook);
            context! { callback => callback.expose(), webhook => webhook.expose(), standard => standard.expose() }
        }),
        made => beyond.made.as_ref().map(Secret::expose),
        made_standard => beyond.made.as_ref().map(|key| standard_webhook_key(key).expose().to_owned()),
    };
    Ok(render::with_status(
        beyond.status,
        visit,
        "settings.html",
        values,
    ))
}

fn events(merchant: &Merchant, form: Option<&Posted>) -> Vec<Value> {
    let listed = EVENTS.iter().map(|(event, sent, tr, en)| {
        let name = event.as_str();
        let off = merchant.webhook_events.get(name) == Some(&serde_json::Value::Bool(false));
        let on = fields::ticked(form, &format!("event-{name}"), !off);
        context! { name, sent => *sent, tr => *tr, en => *en, on }
    });
    listed.collect()
}

/// A broken rule is told on the page; what the role forbids and what is down have their own pages.
async fn answered(
    app: &App,
    visit: &Visit,
    form: &Posted,
    about: &'static str,
    outcome: Result<(), Problem>,
) -> Page {
    let labels = match about {
        "callback-key" => CALLBACK_LABELS,
        "webhook-key" => WEBHOOK_LABELS,
        _ => LABELS,
    };
    match outcome {
        Ok(()) => Ok(to(SAVED)),
        Err(problem) if is_told(&problem) => {
            let beyond = Beyond {
                about,
                error: Some(fields::error(visit, &problem, labels)),
                status: render::status_of(&problem),
                ..Beyond::default()
            };
            shown(app, visit, beyond, Some(form)).await
        }
        Err(problem) => Err(problem),
    }
}

fn is_told(problem: &Problem) -> bool {
    matches!(problem, Problem::Rule { rule, .. } if *rule != Rule::RoleForbids)
}

async fn set_features(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let on = form.on(FEATURE_APMS);
    let by = visit.by();
    fields::require(&app, &visit, Permission::ChangeSettings, "merchant.edit").await?;
    let merchant = setup::merchant(&app, visit.merchant_id()).await?;
    if !on && !form.on("confirmed") && merchant.has(FEATURE_APMS) {
        return Ok(to("/panel/settings/features/off"));
    }
    let set = setup::set_feature(&app, &by, visit.merchant_id(), FEATURE_APMS, on).await;
    answered(&app, &visit, &form, "features", set).await
}

/// Asks before the feature is switched off, and says what that means.
async fn features_off(app: Arc<App>, visit: Visit) -> Page {
    fields::require(&app, &visit, Permission::ChangeSettings, "merchant.edit").await?;
    let values = context! {
        what => "apms",
        action => "/panel/settings/features",
        fields => vec![("confirmed", "on")],
        back => "/panel/settings",
    };
    Ok(render::page(&visit, "confirm.html", values))
}

async fn set_threeds(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    fields::require(&app, &visit, Permission::ChangeSettings, "merchant.edit").await?;
    let half = match form.text("policy") {
        "FULL" => Ok(false),
        "HALF" => Ok(true),
        _ => Err(Problem::field(Rule::UnknownValue, "policy")),
    };
    let set = match half {
        Ok(half) => {
            let completes = form.on("completes_doubt");
            setup::change_merchant(&app, &visit.by(), visit.merchant_id(), |merchant| {
                merchant.half_threeds = half;
                merchant.completes_doubt = completes;
            })
            .await
        }
        Err(problem) => Err(problem),
    };
    answered(&app, &visit, &form, "threeds", set).await
}

async fn set_webhook(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    let switches: Vec<(WebhookEventType, bool)> = EVENTS
        .iter()
        .map(|(event, ..)| (*event, form.on(&format!("event-{}", event.as_str()))))
        .collect();
    let (by, url) = (visit.by(), form.text("url"));
    let set = setup::set_webhook(&app, &by, visit.merchant_id(), url, &switches).await;
    answered(&app, &visit, &form, "webhook", set).await
}

async fn set_callback_key(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    set_key(&app, &visit, &form, SigningKey::Callback).await
}

async fn set_webhook_key(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    set_key(&app, &visit, &form, SigningKey::Webhook).await
}

/// A new key, or the merchant's own; an empty field without the wish for a new one changes nothing.
async fn set_key(app: &App, visit: &Visit, form: &Posted, which: SigningKey) -> Page {
    let about = match which {
        SigningKey::Callback => "callback-key",
        SigningKey::Webhook => "webhook-key",
    };
    fields::require(app, visit, Permission::ChangeSettings, "merchant.edit").await?;
    let own = form.given(about).map(Secret::new);
    let new = form.on("new");
    if own.is_none() && !new {
        return Ok(to("/panel/settings"));
    }
    if !setup::first_time(app, visit.merchant_id(), form.text("once")).await? {
        return Ok(to("/panel/settings"));
    }
    let own = own.as_ref().filter(|_| !new);
    match setup::set_signing_key(app, &visit.by(), visit.merchant_id(), which, own).await {
        Ok(key) => {
            let beyond = Beyond {
                about,
                made: Some(key),
                ..Beyond::default()
            };
            shown(app, visit, beyond, None).await
        }
        Err(problem) => answered(app, visit, form, about, Err(problem)).await,
    }
}

async fn look_at_keys(app: Arc<App>, visit: Visit, _form: Posted) -> Page {
    let keys = setup::look_at_keys(&app, &visit.by(), visit.merchant_id()).await?;
    let beyond = Beyond {
        keys: Some(keys),
        ..Beyond::default()
    };
    shown(&app, &visit, beyond, None).await
}

async fn test_webhook(app: Arc<App>, visit: Visit, form: Posted) -> Page {
    match webhooks::test(&app, &visit.by(), visit.merchant_id()).await {
        Ok(tried) => {
            let beyond = Beyond {
                about: "webhook-test",
                tried: Some(tried),
                ..Beyond::default()
            };
            shown(&app, &visit, beyond, None).await
        }
        Err(problem) if visit.may(Permission::ResendWebhooks) => {
            answered(&app, &visit, &form, "webhook-test", Err(problem)).await
        }
        Err(problem) => Err(problem),
    }
}
