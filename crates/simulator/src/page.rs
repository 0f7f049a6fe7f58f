//! The bank pages that a shopper's browser sees: the password page and the way back to the shop.
//! Plain HTML that works without scripts and at phone width; every value is escaped.

use crate::session::{MAX_ATTEMPTS, PASSWORD};

const STYLE: &str = "body{font-family:system-ui,sans-serif;background:#eef1f5;margin:0;color:#1b2733}\
main{max-width:24rem;margin:1rem auto;padding:1.25rem;background:#fff;border-radius:.5rem}\
h1{font-size:1.2rem}dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem}dd{margin:0;text-align:right}\
label{display:block;margin:1rem 0 .25rem}input,select,button{font:inherit;width:100%;padding:.6rem;\
box-sizing:border-box;margin:.2rem 0}.warn{color:#a11}.hint{color:#567;font-size:.9rem}";

/// Escapes text for HTML, in text and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

fn shell(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"tr\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>",
        title = escape(title)
    )
}

/// What the password page shows.
pub(crate) struct Ask<'a> {
    pub(crate) bank: &'a str,
    pub(crate) action: &'a str,
    /// The sealed state that comes back with the form.
    pub(crate) state: &'a str,
    pub(crate) masked: &'a str,
    pub(crate) amount: i64,
    pub(crate) currency: &'a str,
    pub(crate) attempts: u8,
    /// Points that the shopper may spend here, in kuruş; 0 asks nothing.
    pub(crate) points: i64,
    /// Campaigns that the shopper may choose here.
    pub(crate) campaigns: &'a [(u8, &'static str)],
}

/// The page that asks for the password sent to the phone.
pub(crate) fn ask(ask: &Ask<'_>) -> String {
    let mut choices = String::new();
    if ask.points > 0 {
        choices.push_str(&format!(
            "<label for=\"points\">Puan kullanımı</label><select id=\"points\" name=\"points\">\
             <option value=\"0\">Puan kullanma</option><option value=\"{0}\">{1} puan kullan</option>\
             </select>",
            ask.points,
            money(ask.points, ask.currency)
        ));
    }
    if !ask.campaigns.is_empty() {
        choices.push_str("<label for=\"campaign\">Kampanya</label><select id=\"campaign\" name=\"campaign\"><option value=\"0\">Kampanya yok</option>");
        for (code, message) in ask.campaigns {
            choices.push_str(&format!(
                "<option value=\"{code}\">{}</option>",
                escape(message)
            ));
        }
        choices.push_str("</select>");
    }
    let warning = if ask.attempts > 0 {
        format!(
            "<p class=\"warn\" role=\"alert\">Şifre yanlış. Kalan deneme: {}</p>",
            MAX_ATTEMPTS.saturating_sub(ask.attempts)
        )
    } else {
        String::new()
    };
    let body = format!(
        "<dl><dt>Tutar</dt><dd>{amount}</dd><dt>Kart</dt><dd>{masked}</dd></dl>{warning}\
         <form method=\"post\" action=\"{action}\">\
         <input type=\"hidden\" name=\"state\" value=\"{state}\">{choices}\
         <label for=\"otp\">Telefonunuza gelen şifre</label>\
         <input id=\"otp\" name=\"otp\" inputmode=\"numeric\" autocomplete=\"one-time-code\" maxlength=\"12\" autofocus>\
         <p class=\"hint\">Simülatör şifresi: {PASSWORD}</p>\
         <button type=\"submit\" name=\"action\" value=\"confirm\">Onayla</button>\
         <button type=\"submit\" name=\"action\" value=\"cancel\">Vazgeç</button></form>",
        amount = money(ask.amount, ask.currency),
        masked = escape(ask.masked),
        action = escape(ask.action),
        state = escape(ask.state),
    );
    shell(&format!("{} 3D Secure (simülatör)", ask.bank), &body)
}

/// The page that carries the outcome to the shop: a form with a button, sent by itself where
/// scripts run. `twice` makes two such forms, the first into a hidden frame.
pub(crate) fn way_back(url: &str, fields: &[(String, String)], twice: bool) -> String {
    let mut inputs = String::new();
    for (name, value) in fields {
        inputs.push_str(&format!(
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            escape(name),
            escape(value)
        ));
    }
    let form = |id: &str, target: &str| {
        format!(
            "<form id=\"{id}\" method=\"post\" action=\"{}\"{target}>{inputs}\
             <button type=\"submit\">Alışverişe dön</button></form>",
            escape(url)
        )
    };
    let body = if twice {
        format!(
            "<iframe name=\"again\" title=\"again\" hidden></iframe>{}{}\
             <script>document.getElementById('callback-again').submit();\
             document.getElementById('callback').submit()</script>",
            form("callback-again", " target=\"again\""),
            form("callback", "")
        )
    } else {
        format!(
            "{}<script>document.getElementById('callback').submit()</script>",
            form("callback", "")
        )
    };
    shell("Alışverişe dönülüyor", &body)
}

/// A page that leads nowhere.
pub(crate) fn dead_end(message: &str) -> String {
    shell(
        "Banka sayfası (simülatör)",
        &format!("<p>{}</p>", escape(message)),
    )
}

/// The list of what is here.
pub(crate) fn index(public_url: &str) -> String {
    let mut body = String::from("<p>Simulated banks. No real money, no real cards.</p><ul>");
    for (path, what) in [
        (
            "/posnet/PosnetWebService/XML",
            "Yapı Kredi PosNet XML (POST xmldata)",
        ),
        (
            "/posnet/3DSWebService/YKBPaymentService",
            "PosNet 3D Secure page",
        ),
        ("/garanti/VPServlet", "Garanti GVP (POST XML)"),
        ("/garanti/servlet/gt3dengine", "Garanti 3D Secure page"),
        ("/control/ledger", "control: what the banks believe"),
        ("/control/faults", "control: POST and DELETE failures"),
        ("/control/settle-day", "control: POST closes the day"),
        ("/control/purses", "control: reward purses"),
        ("/control/switches", "control: switches"),
    ] {
        body.push_str(&format!(
            "<li><a href=\"{}{path}\"><code>{path}</code></a> {what}</li>",
            escape(public_url)
        ));
    }
    body.push_str("</ul>");
    shell("Galata simulator", &body)
}

/// True when a browser may be sent there.
pub(crate) fn is_web_address(url: &str) -> bool {
    (url.starts_with("http://") || url.starts_with("https://"))
        && url.len() <= 2_048
        && !url
            .chars()
            .any(|character| character.is_control() || character == ' ')
}

/// `1234` kuruş as `12,34 TL`.
fn money(minor: i64, currency: &str) -> String {
    format!("{},{:02} {}", minor / 100, minor % 100, escape(currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_escaped() {
        let html = way_back(
            "https://x/?a=\"><script>",
            &[("n'".into(), "<b>\"".into())],
            true,
        );
        assert!(!html.contains("<b>") && !html.contains("\"><script>\""));
        assert!(html.contains("name=\"n&#39;\" value=\"&lt;b&gt;&quot;\""));
        assert_eq!(html.matches("<form").count(), 2);
    }

    #[test]
    fn only_web_addresses_are_followed() {
        assert!(is_web_address("http://127.0.0.1:1/a?b=c"));
        assert!(!is_web_address("javascript:alert(1)"));
        assert!(!is_web_address("http://a b"));
    }
}
