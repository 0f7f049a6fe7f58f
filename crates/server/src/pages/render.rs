//! Templates, headers and the two languages of the pages.

use axum::body::Body;
use axum::response::Response;
use connectors::bank::{BankForm, FormMethod};
use contract::enums::PaymentStatus;
use contract::errors::Language;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, StatusCode};
use minijinja::{Environment, UndefinedBehavior, context};
use std::sync::LazyLock;

static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    for (name, text) in [
        ("post.html", include_str!("templates/post.html")),
        ("message.html", include_str!("templates/message.html")),
    ] {
        environment.add_template(name, text)?;
    }
    Ok(environment)
});

/// Forms may go to any bank and shop; nothing else may come from or go elsewhere, and no script
/// runs but our own file.
const POLICY: &str =
    "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action *";

/// What a page says.
#[derive(Clone, Copy)]
pub(super) enum Text {
    /// On the way to the bank.
    ToBank,
    /// On the way back to the shop.
    ToShop,
    /// The address leads nowhere any more.
    Expired,
    /// The way to the bank was opened in another browser before.
    Elsewhere,
    /// The loan's result is noted, and the shop named no address to go to.
    LoanNoted,
    /// The shopper has not come back from the bank yet.
    BankAwaited,
    /// The bank has confirmed the shopper; the shop goes on.
    Confirmed,
    /// What the browser brought back from the bank proves nothing.
    NoProof,
    /// The payment has come to an end.
    Ended,
    /// How the payment ended is not known yet.
    OutcomeAwaited,
    /// Nothing has this address.
    Nowhere,
    /// Something is down.
    Trouble,
}

impl Text {
    /// Where a 3DS payment stands. Whether it was paid is the shop's to say: it may still give the
    /// money back.
    pub(super) fn of_payment(status: PaymentStatus) -> Text {
        match status {
            PaymentStatus::InitThreeds => Text::BankAwaited,
            PaymentStatus::CallbackThreeds => Text::Confirmed,
            PaymentStatus::Waiting => Text::OutcomeAwaited,
            PaymentStatus::Success | PaymentStatus::Failure => Text::Ended,
        }
    }

    /// Title, sentence and button.
    #[rustfmt::skip] // A table: a text a line.
    fn words(self, lang: &str) -> (&'static str, &'static str, &'static str) {
        match (self, lang) {
            (Text::ToBank, "en") => ("You are being taken to your bank", "If nothing happens, please continue.", "Continue"),
            (Text::ToBank, _) => ("Bankanıza yönlendiriliyorsunuz", "Sayfa değişmezse lütfen devam edin.", "Devam et"),
            (Text::ToShop, "en") => ("You are being taken back to the shop", "If nothing happens, please continue.", "Continue"),
            (Text::ToShop, _) => ("Mağazaya geri dönüyorsunuz", "Sayfa değişmezse lütfen devam edin.", "Devam et"),
            (Text::Expired, "en") => ("This page is no longer valid", "If you have confirmed the payment at your bank, see its result in the shop. Otherwise go back to the shop and start it again.", ""),
            (Text::Expired, _) => ("Bu sayfa artık geçerli değil", "Ödemeyi bankanızda onayladıysanız mağazaya dönüp sonucuna bakın. Onaylamadıysanız mağazadan yeniden başlatın.", ""),
            (Text::Elsewhere, "en") => ("This payment was opened in another browser", "Please go on there. If you cannot, go back to the shop and start the payment again.", ""),
            (Text::Elsewhere, _) => ("Bu ödeme başka bir tarayıcıda açıldı", "Lütfen orada devam edin. Devam edemiyorsanız mağazaya dönüp ödemeyi yeniden başlatın.", ""),
            (Text::LoanNoted, "en") => ("Your application is noted", "You can close this page. The shop will tell you the result.", ""),
            (Text::LoanNoted, _) => ("Başvurunuz alındı", "Bu sayfayı kapatabilirsiniz. Sonucu mağaza bildirecek.", ""),
            (Text::BankAwaited, "en") => ("Your bank has not confirmed the payment yet", "Please go on at your bank’s page. If you have closed it, go back to the shop.", ""),
            (Text::BankAwaited, _) => ("Bankanızın onayı bekleniyor", "Lütfen bankanızın sayfasında devam edin. Sayfayı kapattıysanız mağazaya dönün.", ""),
            (Text::Confirmed, "en") => ("Your bank has confirmed you", "Please go back to the shop: it completes the payment.", ""),
            (Text::Confirmed, _) => ("Bankanız doğrulamayı tamamladı", "Lütfen mağazaya dönün, ödemeyi mağaza tamamlar.", ""),
            (Text::NoProof, "en") => ("Your bank’s answer could not be verified", "Nothing was charged. Please try again; if that does not help, go back to the shop and start the payment again.", "Try again"),
            (Text::NoProof, _) => ("Bankanızın yanıtı doğrulanamadı", "Kartınızdan para çekilmedi. Yeniden deneyin; olmazsa mağazaya dönüp ödemeyi yeniden başlatın.", "Yeniden dene"),
            (Text::Ended, "en") => ("This payment is closed", "Please see its result in the shop.", ""),
            (Text::Ended, _) => ("Ödeme işlemi sona erdi", "Sonucu mağazada görebilirsiniz.", ""),
            (Text::OutcomeAwaited, "en") => ("The result of your payment is awaited", "Please do not pay again. The shop will tell you the result.", ""),
            (Text::OutcomeAwaited, _) => ("Ödemenizin sonucu bekleniyor", "Lütfen yeniden ödeme yapmayın. Sonucu mağaza bildirecek.", ""),
            (Text::Nowhere, "en") => ("There is no such page", "Please check the address: a letter may be missing, or the page has moved.", ""),
            (Text::Nowhere, _) => ("Böyle bir sayfa yok", "Adresi kontrol edin: bir harf eksik olabilir ya da sayfa taşınmış olabilir.", ""),
            (Text::Trouble, "en") => ("Something is not working right now", "Your payment is not lost. Please reload this page in a moment.", ""),
            (Text::Trouble, _) => ("Şu anda bir sorun var", "Ödemeniz kaybolmadı. Lütfen birazdan sayfayı yenileyin.", ""),
        }
    }
}

/// The browser's language.
pub(super) fn language(headers: &HeaderMap) -> &'static str {
    let accepted = headers.get(http::header::ACCEPT_LANGUAGE);
    Language::of_browser(accepted.and_then(|value| value.to_str().ok())).tag()
}

/// A page that posts fields onward: by script, and by a button without.
pub(super) fn post(lang: &str, text: Text, action: &str, fields: &[(String, String)]) -> Response {
    onward(lang, text, (FormMethod::Post, action), fields)
}

/// A page that sends the bank's form onward.
pub(super) fn bank_form(lang: &str, form: &BankForm) -> Response {
    onward(
        lang,
        Text::ToBank,
        (form.method, &form.action),
        &form.fields,
    )
}

fn onward(
    lang: &str,
    text: Text,
    (method, action): (FormMethod, &str),
    fields: &[(String, String)],
) -> Response {
    let (title, sentence, button) = text.words(lang);
    page(
        StatusCode::OK,
        "post.html",
        context! {
            lang, title, text => sentence, button, action, fields => fields.to_vec(),
            method => method.as_str(), by_itself => true, shop => (), to_shop => "",
        },
    )
}

/// A page that posts the same fields once more when the shopper wants to, with the way to the shop.
pub(super) fn retry_page(
    lang: &str,
    text: Text,
    action: &str,
    fields: &[(String, String)],
    shop: Option<&str>,
) -> Response {
    let (title, sentence, button) = text.words(lang);
    page(
        StatusCode::OK,
        "post.html",
        context! {
            lang, title, text => sentence, button, action, fields => fields.to_vec(),
            method => FormMethod::Post.as_str(), by_itself => false, shop, to_shop => to_shop(lang),
        },
    )
}

/// A page that only says something.
pub(super) fn message(status: StatusCode, lang: &str, text: Text) -> Response {
    let (title, sentence, _) = text.words(lang);
    page(
        status,
        "message.html",
        context! { lang, title, text => sentence, shop => (), to_shop => "" },
    )
}

/// The same, with the way to the shop.
pub(super) fn message_with_shop(lang: &str, text: Text, shop: Option<&str>) -> Response {
    let (title, sentence, _) = text.words(lang);
    page(
        StatusCode::OK,
        "message.html",
        context! { lang, title, text => sentence, shop, to_shop => to_shop(lang) },
    )
}

fn to_shop(lang: &str) -> &'static str {
    match lang {
        "en" => "Go to the shop",
        _ => "Mağazaya dön",
    }
}

fn render(template: &str, values: minijinja::Value) -> Result<String, String> {
    let environment = TEMPLATES.as_ref().map_err(|error| error.to_string())?;
    let page = environment.get_template(template);
    page.and_then(|page| page.render(values))
        .map_err(|error| error.to_string())
}

/// Renders both templates with samples. The error names the template and its line.
pub(super) fn check() -> Result<(), String> {
    let (lang, title, text) = ("tr", "title", "text");
    let (shop, to_shop) = ("https://shop.example.com/", "shop");
    render(
        "message.html",
        context! { lang, title, text, shop, to_shop },
    )?;
    let fields = vec![("name", "value")];
    let (button, action) = ("button", "https://bank.example.com/");
    render(
        "post.html",
        context! { lang, title, text, button, action, method => "post", fields, by_itself => true, shop, to_shop },
    )?;
    Ok(())
}

fn page(status: StatusCode, template: &str, values: minijinja::Value) -> Response {
    let html = render(template, values).unwrap_or_else(|error| {
        tracing::error!(error, template, "a page cannot be rendered");
        String::new()
    });
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "text/html; charset=utf-8")
        .header(CACHE_CONTROL, "no-store")
        .header(CONTENT_SECURITY_POLICY, POLICY)
        .header(REFERRER_POLICY, "no-referrer")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(Body::from(html))
        .unwrap_or_else(|_| Response::new(Body::empty()))
}

/// A file of ours.
pub(super) fn asset(kind: &'static str, text: &'static str) -> Response {
    Response::builder()
        .header(CONTENT_TYPE, format!("{kind}; charset=utf-8"))
        .header(CACHE_CONTROL, "public, max-age=3600")
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(Body::from(text))
        .unwrap_or_else(|_| Response::new(Body::empty()))
}
