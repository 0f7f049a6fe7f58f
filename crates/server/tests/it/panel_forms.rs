//! What the panel's forms say when something is missing or far too long: every field at its place.

use crate::panel::{PASSWORD, Panel, Shown};
use crate::shop::Shop;
use server::operations::Role;

/// How often a sentence stands on a page.
fn count(page: &Shown, text: &str) -> usize {
    page.text.matches(text).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_missing_field_is_told_at_its_place_and_the_summary_leads_to_each() {
    let shop = Shop::open().await;
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let threeds = ("auth-THREE_DS", "on");
    let on = ("active", "on");
    let refused = [
        (
            owner
                .post(
                    "/panel/poses",
                    &[("integrator", "GARANTI"), ("status", "ACTIVE"), threeds],
                )
                .await,
            vec![
                ("name", "Ad"),
                ("clientId", "Üye işyeri numarası"),
                ("terminalId", "Terminal numarası"),
                ("threedsKey", "3DS anahtarı"),
                ("user-PROVAUT-name", "Satış kullanıcısının adı"),
                ("user-PROVAUT-password", "Satış kullanıcısının şifresi"),
                ("user-PROVRFN-name", "İptal ve iade kullanıcısının adı"),
                (
                    "user-PROVRFN-password",
                    "İptal ve iade kullanıcısının şifresi",
                ),
            ],
        ),
        (
            owner.post("/panel/apms", &[("type", "MASLAK"), on]).await,
            vec![
                ("endpoint", "Adres"),
                ("client-id", "Client ID"),
                ("client-secret", "Client secret"),
                ("notification-secret", "Bildirim anahtarı"),
            ],
        ),
        (
            owner.post("/panel/account/password", &[]).await,
            vec![
                ("old", "Şimdiki şifre"),
                ("password", "Şifre"),
                ("again", "Şifrenin tekrarı"),
            ],
        ),
        (
            Panel::new(&shop).sign_in_as("", "", "").await,
            vec![("email", "E-posta"), ("password", "Şifre")],
        ),
    ];
    for (page, fields) in refused {
        assert_eq!(page.status, 400, "{}", page.text);
        for (field, name) in fields {
            page.has(&format!("<a href=\"#{field}\">{name}</a>"));
            let sentence = format!("id=\"{field}-wrong\">{name} alanı zorunludur<");
            page.has(&sentence);
            assert_eq!(
                count(&page, &format!(">{name} alanı zorunludur<")),
                1,
                "{name}"
            );
        }
        assert_eq!(count(&page, "role=\"alert\""), 1);
    }
    // What was typed stays.
    let typed = [
        ("integrator", "YKB"),
        ("name", "Yapı"),
        ("clientId", "6706598320"),
        threeds,
    ];
    let page = owner.post("/panel/poses", &typed).await;
    page.has_all(&["value=\"Yapı\"", "id=\"posnetId-wrong\""]);
    page.lacks("id=\"clientId-wrong\"");
}

/// Where a form goes, what it sends, and which of its fields are spoiled.
type Form = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

const POS: &[(&str, &str)] = &[
    ("integrator", "GARANTI"),
    ("currency", "TRY"),
    ("status", "ACTIVE"),
    ("environment", "TEST"),
    ("auth-THREE_DS", "on"),
    ("name", "a"),
    ("clientId", "1"),
    ("terminalId", "1"),
    ("threedsKey", "1"),
    ("user-PROVAUT-name", "a"),
    ("user-PROVAUT-password", "a"),
    ("user-PROVRFN-name", "a"),
    ("user-PROVRFN-password", "a"),
    ("orderNumber", "1"),
    ("endpoint", ""),
];

const APM: &[(&str, &str)] = &[
    ("type", "MASLAK"),
    ("name", "a"),
    ("endpoint", "http://127.0.0.1:1"),
    ("client-id", "a"),
    ("client-secret", "a"),
    ("notification-secret", "a"),
    ("time-limit-seconds", "600"),
];

const PERSON: &[(&str, &str)] = &[
    ("email", "a@example.com"),
    ("name", "a"),
    ("role", "SUPPORT"),
];

const PASSWORDS: &[(&str, &str)] = &[("old", PASSWORD), ("password", "a"), ("again", "a")];

/// The forms of the panel that take free text, and which of their fields.
const FORMS: [Form; 6] = [
    (
        "/panel/poses",
        POS,
        &[
            "name",
            "clientId",
            "terminalId",
            "threedsKey",
            "orderNumber",
            "endpoint",
            "user-PROVAUT-name",
            "user-PROVRFN-password",
        ],
    ),
    (
        "/panel/apms",
        APM,
        &[
            "name",
            "endpoint",
            "client-id",
            "client-secret",
            "notification-secret",
            "time-limit-seconds",
        ],
    ),
    ("/panel/people", PERSON, &["email", "name"]),
    ("/panel/account/password", PASSWORDS, &["password"]),
    ("/panel/settings/webhook", &[("url", "")], &["url"]),
    (
        "/panel/settings/callback-key",
        &[("callback-key", "")],
        &["callback-key"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_far_too_long_is_told_at_the_field() {
    let shop = Shop::open().await;
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let long = format!("ş{}", "a".repeat(100_000));
    for (path, fields, spoiled) in FORMS {
        for field in spoiled {
            let again = *field == "password";
            let fields: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| {
                    if name == field || (again && *name == "again") {
                        (*name, long.as_str())
                    } else {
                        (*name, *value)
                    }
                })
                .collect();
            let page = owner.post(path, &fields).await;
            assert!(
                matches!(page.status, 400 | 422),
                "{path} {field}: {}",
                page.status
            );
            page.has(&format!("id=\"{field}-wrong\""));
        }
    }
    let mut stranger = Panel::new(&shop);
    let page = stranger.sign_in_as("owner@example.com", &long, "").await;
    assert_eq!(page.status, 400);
    page.has("id=\"password-wrong\">Şifre en fazla 256 karakter olabilir<");
    let page = stranger.sign_in_as(&long, PASSWORD, &long).await;
    page.has_all(&["id=\"email-wrong\"", "id=\"code-wrong\""]);
    // Beyond all bounds the page says what it is.
    let vast = "a".repeat(2_000_000);
    let page = stranger.sign_in_as("owner@example.com", &vast, "").await;
    assert_eq!(page.status, 413);
    page.lacks("Bu form artık geçerli değil");
}
