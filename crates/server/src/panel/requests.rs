//! `/panel/requests`: what API keys asked for, and why a signature was refused.

use super::door::Visit;
use super::{Page, look, render};
use crate::app::App;
use crate::operations::{Problem, requests};
use crate::store::requests::{Filter, Logged};
use axum::Router;
use axum::routing::get;
use contract::errors::Language;
use minijinja::{Value, context};
use serde_json::Value as Json;
use std::sync::Arc;

/// Rows of a page.
const ROWS: i64 = 50;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/panel/requests", get(look(list)))
        .route("/panel/requests/rows", get(look(rows)))
        .route("/panel/requests/{id}", get(look(one)))
}

async fn list(app: Arc<App>, visit: Visit) -> Page {
    let values = found(&app, &visit).await?;
    Ok(render::page(&visit, "requests.html", values))
}

/// The rows alone, for the page that renews itself.
async fn rows(app: Arc<App>, visit: Visit) -> Page {
    let values = found(&app, &visit).await?;
    Ok(render::page(&visit, "requests_rows.html", values))
}

async fn found(app: &App, visit: &Visit) -> Result<Value, Problem> {
    let given = |name: &str| Some(visit.asked(name).to_owned()).filter(|text| !text.is_empty());
    let filter = Filter {
        api_key: given("key"),
        status_class: visit
            .asked("status")
            .parse()
            .ok()
            .filter(|class| (2..=5).contains(class)),
        answered_id: given("id"),
        path: given("path"),
        errors_only: visit.asked("errors") == "on",
        before: contract::id::parse(visit.asked("before")),
    };
    let found = requests::list(app, &visit.by(), visit.merchant_id(), &filter, ROWS).await?;
    let full = i64::try_from(found.len()).is_ok_and(|count| count == ROWS);
    let older = found.last().filter(|_| full).map(|last| last.id);
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(visit.query.iter().filter(|(name, _)| {
            matches!(
                name.as_str(),
                "key" | "id" | "status" | "path" | "errors" | "before"
            )
        }))
        .finish();
    Ok(context! {
        requests => found.iter().map(row).collect::<Vec<_>>(),
        older, query,
        key => visit.asked("key"), wanted_id => visit.asked("id"), status => visit.asked("status"), wanted_path => visit.asked("path"),
        errors => visit.asked("errors") == "on", before => visit.asked("before"),
    })
}

fn row(request: &Logged) -> Value {
    let class = match request.status {
        200..300 => "good",
        400.. => "bad",
        _ => "plain",
    };
    context! {
        id => request.id, callers_id => &request.callers_id, at => request.at.to_string(), key => &request.api_key,
        address => &request.address, method => &request.method, path => &request.path,
        status => request.status, class, took_ms => request.took_ms,
        error_code => &request.error_code, error_text => &request.error_text,
    }
}

async fn one(app: Arc<App>, visit: Visit) -> Page {
    let id = visit.id("id")?;
    let found = requests::retrieve(&app, &visit.by(), visit.merchant_id(), id).await?;
    let signing = found.signing.as_ref().map(|signing| {
        let texts = |name: &str| -> Vec<String> {
            let list = signing[name].as_array().into_iter().flatten();
            list.filter_map(Json::as_str).map(str::to_owned).collect()
        };
        let received: Vec<Value> = signing["received"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let value = value.as_str().map_or(value.to_string(), str::to_owned);
                context! { name, value }
            })
            .collect();
        let hints: Vec<String> = texts("hints")
            .iter()
            .map(|code| hint(visit.language, code))
            .collect();
        context! { expected => texts("expected"), received, hints }
    });
    let values = context! { request => row(&found), signing };
    Ok(render::page(&visit, "request.html", values))
}

/// What a hint means; its code when it is not known here.
fn hint(language: Language, code: &str) -> String {
    let known = HINTS.iter().find(|(known, _, _)| *known == code);
    match (known, language) {
        (Some((_, tr, _)), Language::Tr) => (*tr).to_owned(),
        (Some((_, _, en)), Language::En) => (*en).to_owned(),
        (None, _) => code.to_owned(),
    }
}

#[rustfmt::skip]
const HINTS: &[(&str, &str, &str)] = &[
    ("body_left_out", "İmzaya istek gövdesi katılmamış.", "The body was left out of the signature."),
    ("body_formatted_differently", "İmzalanan gövde, gönderilenden farklı biçimlendirilmiş (boşluk ya da satır sonu). Gönderdiğiniz baytların aynısını imzalayın.", "The body was signed in another format (blanks or line ends) than it was sent in. Sign the very bytes that you send."),
    ("empty_body_signed_as_json", "Gövdesiz istekte imzaya boş bir JSON katılmış. Gövde yoksa hiçbir şey eklemeyin.", "An empty JSON was signed for a request without a body. Without a body nothing is added."),
    ("base_url_left_out", "İmzaya temel adres katılmamış.", "The base URL was left out of the signature."),
    ("base_url_and_query_left_out", "İmzaya temel adres ve sorgu katılmamış.", "Base URL and query were left out of the signature."),
    ("query_left_out", "İmzaya adresin sorgu kısmı katılmamış.", "The query was left out of the signature."),
    ("path_left_out", "İmzaya adresin yolu katılmamış.", "The path was left out of the signature."),
    ("other_scheme", "İmzada http yerine https ya da tersi kullanılmış. Sunucunun --public-url ayarını da kontrol edin.", "The signature has http where https is right, or the other way round. Check the server's --public-url as well."),
    ("trailing_slash", "Temel adresin sonundaki eğik çizgi imzayı değiştiriyor.", "A slash at the end of the base URL changes the signature."),
    ("capitals_in_base_url", "Temel adresin alan adında büyük harf var. İstemciniz alan adını küçük harfle gönderip büyük harfle imzalıyor: temel adresi küçük harfle yazın.", "There are capitals in the host of the base URL. Your client sends the host in lower case and signs it as it was typed: the base URL must be in lower case."),
    ("white_space_around_secret", "Gizli anahtarın başında ya da sonunda boşluk var.", "There is white space around the secret key."),
    ("secret_before_api_key", "API anahtarı ile gizli anahtarın sırası karışmış.", "API key and secret key are in the wrong order."),
    ("hmac_instead_of_sha256", "HMAC kullanılmış; düz SHA-256 bekleniyor.", "HMAC was used where plain SHA-256 is right."),
    ("rnd_key_left_out", "İmzaya x-rnd-key katılmamış.", "x-rnd-key was left out of the signature."),
    ("api_key_left_out", "İmzaya API anahtarı katılmamış.", "The API key was left out of the signature."),
    ("hex_instead_of_base64", "İmza onaltılık yazılmış; Base64 bekleniyor.", "The signature is in hex where Base64 is right."),
    ("base64_of_hex", "Özetin onaltılık yazısı Base64’e çevrilmiş; özetin kendisini çevirin.", "The digest's hex text was put into Base64; take the digest itself."),
    ("url_safe_base64", "Adreslere uygun Base64 kullanılmış; olağan Base64 bekleniyor.", "URL-safe Base64 was used where ordinary Base64 is right."),
    ("base64_without_padding", "Base64’ün sonundaki = işareti eksik.", "The = at the end of the Base64 is missing."),
    ("signature_is_no_sha256", "Gelen imza bir SHA-256 özeti uzunluğunda değil.", "What came is not as long as a SHA-256 digest."),
    ("secret_sent_as_signature", "İmza yerine gizli anahtarın kendisi gönderilmiş! Anahtarı hemen yenileyin.", "The secret key itself was sent as the signature! Rotate the key now."),
];
