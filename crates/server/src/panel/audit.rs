//! `/panel/audit`: who did what, when, from where, and what it was before and after.

use super::door::Visit;
use super::{Page, look, render};
use crate::app::App;
use crate::csv;
use crate::operations::audit_log::{self, Export};
use crate::store::audit::{Outcome, Written};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use contract::errors::Language;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, HeaderValue};
use minijinja::{Value, context};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/panel/audit", get(look(list)))
        .route("/panel/audit.csv", get(look(export)))
}

async fn list(app: Arc<App>, visit: Visit) -> Page {
    let (action, actor) = (visit.asked("action"), visit.asked("actor"));
    let before = contract::id::parse(visit.asked("before"));
    let filters = (action, actor);
    let found = audit_log::list(&app, &visit.by(), visit.merchant_id(), filters, before).await?;
    let older = (found.len() == 100).then(|| found.last().map(|last| last.id));
    let entries: Vec<Value> = found
        .iter()
        .map(|one| entry_view(visit.language, one))
        .collect();
    let actions: Vec<Value> = ACTIONS
        .iter()
        .map(|(known, tr, en)| context! { action => *known, name => in_words(visit.language, tr, en) })
        .collect();
    let values = context! { entries, actions, action, actor, before, older => older.flatten() };
    Ok(render::page(&visit, "audit.html", values))
}

fn in_words(language: Language, tr: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Tr => tr,
        Language::En => en,
    }
}

fn entry_view(language: Language, written: &Written) -> Value {
    let entry = &written.entry;
    let named = ACTIONS.iter().find(|(known, _, _)| *known == entry.action);
    let action = named.map_or(entry.action.as_str(), |(_, tr, en)| {
        in_words(language, tr, en)
    });
    context! {
        id => written.id, at => written.at.to_string(), action, code => &entry.action,
        actor => &entry.actor, kind => &entry.actor_kind, role => &entry.role,
        address => &entry.address, target => &entry.target,
        done => entry.outcome == Outcome::Done,
        changes => changes(entry.before.as_ref(), entry.after.as_ref()),
    }
}

/// What differs: name, old and new. Of what was made or taken away, everything.
fn changes(before: Option<&Json>, after: Option<&Json>) -> Vec<Value> {
    let fields = |json: Option<&Json>| json.and_then(Json::as_object).cloned().unwrap_or_default();
    let (before, after) = (fields(before), fields(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| context! { name, old => text(before.get(name)), new => text(after.get(name)) })
        .collect()
}

fn text(json: Option<&Json>) -> String {
    match json {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

async fn export(app: Arc<App>, visit: Visit) -> Page {
    let filters = (visit.asked("action"), visit.asked("actor"));
    let export = Export::begin(&app, &visit.by(), visit.merchant_id(), filters).await?;
    // A mark at the beginning tells spreadsheets that this is UTF-8.
    let head = format!("\u{feff}{}", csv::row(audit_log::COLUMNS));
    let rows = futures_util::stream::unfold(Some((app, export, head)), |state| async move {
        let (app, mut export, mut text) = state?;
        match export.next(&app).await {
            Ok(found) if found.is_empty() && text.is_empty() => None,
            Ok(found) => {
                let ended = found.is_empty();
                text.extend(found.iter().map(|one| csv::row(audit_log::row(one))));
                let next = (!ended).then_some((app, export, String::new()));
                Some((Ok(Bytes::from(text)), next))
            }
            // A file that ends too early must not look whole.
            Err(problem) => Some((Err(std::io::Error::other(format!("{problem:?}"))), None)),
        }
    });
    let disposition = HeaderValue::from_static("attachment; filename=\"galata-audit.csv\"");
    Ok(
        render::headed(StatusCode::OK, "text/csv; charset=utf-8", "no-store")
            .header(CONTENT_DISPOSITION, disposition)
            .body(Body::from_stream(rows))
            .unwrap_or_default(),
    )
}

#[rustfmt::skip]
const ACTIONS: &[(&str, &str, &str)] = &[
    ("session.sign_in", "Giriş", "Sign-in"),
    ("session.password", "Şifre seçip giriş", "Password chosen"),
    ("session.link", "Bağlantıyla giriş", "Sign-in by link"),
    ("user.invite", "Kullanıcı daveti", "Person invited"),
    ("user.list", "Kullanıcı listesine bakış", "Look at people"),
    ("user.role", "Rol değişikliği", "Role changed"),
    ("user.remove", "Kullanıcı kaldırma", "Person removed"),
    ("user.link", "Şifre bağlantısı", "Password link made"),
    ("user.forgot", "Şifre unutuldu", "Password forgotten"),
    ("user.password", "Şifre değişikliği", "Password changed"),
    ("user.totp_on", "İki adımlı giriş açıldı", "Two-step sign-in on"),
    ("user.totp_off", "İki adımlı giriş kapatıldı", "Two-step sign-in off"),
    ("merchant.open", "Üye işyerine geçiş", "Merchant opened"),
    ("bins.import", "BIN listesi aktarımı", "List of BINs imported"),
    ("bins.reset", "Yerleşik BIN listesine dönüş", "Back to the compiled-in BINs"),
    ("database.restore", "Yedekten geri yükleme", "Restored from a backup"),
    ("merchant.create", "Üye işyeri oluşturma", "Merchant made"),
    ("merchant.edit", "Üye işyeri ayarları", "Merchant settings"),
    ("merchant.keys_look", "Anahtarlara bakış", "Look at keys"),
    ("key.create", "API anahtarı oluşturma", "API key made"),
    ("key.rotate", "API anahtarı yenileme", "API key rotated"),
    ("key.revoke", "API anahtarı iptali", "API key revoked"),
    ("key.look", "API anahtarlarına bakış", "Look at API keys"),
    ("payment.look", "Ödemelere bakış", "Look at payments"),
    ("figures.look", "Rakamlara bakış", "Look at figures"),
    ("apm.create", "APM ekleme", "Method added"),
    ("apm.edit", "APM düzenleme", "Method edited"),
    ("apm.status", "APM durumu", "Method switched"),
    ("apm.test", "APM bağlantı testi", "Method tested"),
    ("pos.create", "POS ekleme", "POS added"),
    ("pos.edit", "POS düzenleme", "POS edited"),
    ("pos.status", "POS durumu", "POS status"),
    ("pos.delete", "POS silme", "POS deleted"),
    ("pos.reconcile", "Gün karşılaştırma", "Day compared"),
    ("difference.close", "Fark kapatma", "Difference closed"),
    ("pos.commissions", "POS komisyon oranları", "POS commission rates"),
    ("pos.test", "POS bağlantı testi", "POS tested"),
    ("loan.approve", "Kredi onayı", "Loan approved"),
    ("loan.verify", "Kredi sonucu sorma", "Loan verified"),
    ("payment.inquire", "Bankaya sorma", "Bank asked"),
    ("payment.settle", "Şüpheyi sonuca bağlama", "Doubt settled"),
    ("payment.refund", "İade", "Money given back"),
    ("payment.capture", "Ön provizyon kapama", "Capture"),
    ("payment.mark_refunded", "İade edildi işareti", "Marked as refunded"),
    ("payment.end_waiting", "Bekleyen ödemeyi bitirme", "Waiting payment ended"),
    ("refund.inquire", "İadeyi bankaya sorma", "Bank asked about a refund"),
    ("refund.settle", "İade şüphesini sonuca bağlama", "Doubt of a refund settled"),
    ("payment.export", "Ödeme dışa aktarma", "Payments exported"),
    ("payment.exchanges_look", "Banka mesajlarına bakış", "Look at bank exchanges"),
    ("card.look", "Kayıtlı kartlara bakış", "Look at stored cards"),
    ("card.delete", "Kayıtlı kart silme", "Stored card deleted"),
    ("card.import", "Kayıtlı kart aktarımı", "Stored cards imported"),
    ("webhook.resend", "Webhook yeniden gönderme", "Webhook resent"),
    ("webhook.test", "Webhook denemesi", "Webhook tested"),
    ("request.look", "İmzalı isteğe bakış", "Look at a signed request"),
    ("apm.look", "APM’lere bakış", "Look at methods"),
    ("pos.look", "POS’lara bakış", "Look at POSes"),
    ("pos.order", "POS sırası", "POS order"),
    ("merchant.look", "Ayarlara bakış", "Look at settings"),
    ("webhook.look", "Webhook’lara bakış", "Look at webhooks"),
    ("audit.look", "Denetim kaydına bakış", "Look at the audit log"),
    ("audit.export", "Denetim kaydı dışa aktarma", "Audit log exported"),
];

#[cfg(test)]
mod tests {
    /// Every action that the code names has words; read from the code itself, so that a new one
    /// cannot be forgotten.
    #[test]
    fn every_action_has_words() {
        let mut folders = vec![std::path::PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src"
        ))];
        let kinds = [
            "session",
            "user",
            "merchant",
            "key",
            "apm",
            "pos",
            "loan",
            "payment",
            "webhook",
            "request",
            "audit",
            "figures",
            "difference",
        ];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                for quoted in text.split('"').skip(1).step_by(2) {
                    let Some((kind, deed)) = quoted.split_once('.') else {
                        continue;
                    };
                    let deed_like = !deed.is_empty()
                        && deed.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                    if kinds.contains(&kind) && deed_like && deed != "html" {
                        seen += 1;
                        assert!(
                            super::ACTIONS.iter().any(|(known, _, _)| *known == quoted),
                            "{quoted}"
                        );
                    }
                }
            }
        }
        assert!(seen > 30);
    }
}
