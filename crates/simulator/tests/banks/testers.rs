//! What a tester chooses on the password page, at both banks, and what every page promises.

use crate::bank::{Bank, FORM, PLAIN, body, form, hex512, input, posnet_mac, tag};
use crate::{garanti, posnet_threeds};

const XID: &str = "X0000000000000000042";
const POSNET: &str = "/posnet/3DSWebService/YKBPaymentService/otp";
const GARANTI: &str = "/garanti/servlet/gt3dengine/otp";

/// The password page of each bank, and where its form goes.
async fn pages(bank: &Bank) -> [(&'static str, String); 2] {
    let begun = posnet_threeds::begin(bank, XID, PLAIN, 123_456)
        .await
        .unwrap();
    let posnet = posnet_threeds::page(bank, &begun, &[]).await;
    let garanti = garanti::post(bank, &garanti::form("T42", PLAIN, "123456")).await;
    [(POSNET, posnet), (GARANTI, garanti)]
}

/// Presses a button; the whole reply.
async fn press(bank: &Bank, path: &str, page: &str, fields: &[(&str, &str)]) -> String {
    let state = input(page, "state");
    let mut all = vec![("state", state.as_str())];
    all.extend(fields);
    let reply = bank.send("POST", path, FORM, &form(&all)).await;
    String::from_utf8(reply).unwrap()
}

/// The mdStatus that the shop will learn.
async fn md_status(bank: &Bank, back: &str) -> String {
    if back.contains("name=\"mdstatus\"") {
        return input(back, "mdstatus");
    }
    let resolved = bank
        .posnet(&format!(
            "<oosResolveMerchantData><bankData>{}</bankData><merchantData>{}</merchantData>\
             <sign>{}</sign><mac>{}</mac></oosResolveMerchantData>",
            input(back, "BankPacket"),
            input(back, "MerchantPacket"),
            input(back, "Sign"),
            posnet_mac(&[XID, "123456", "TL"])
        ))
        .await;
    tag(&resolved, "mdStatus")
}

#[tokio::test]
async fn a_click_decides_for_the_bank() {
    let bank = Bank::open().await;
    for (path, page) in pages(&bank).await {
        assert!(page.contains("1.234,56 ₺") && page.contains("525864******0001"));
        assert!(page.contains("Galata Deneme Mağazası") && page.contains("10.03.2026 15:00"));
        for (action, status, title) in [
            ("approve", "1", "Doğrulandınız"),
            ("decline", "0", "Doğrulama yapılmadı"),
            ("cancel", "0", "Doğrulama yapılmadı"),
            ("md:2", "2", "Yarım doğrulama"),
            ("md:3", "3", "Yarım doğrulama"),
            ("md:4", "4", "Yarım doğrulama"),
            ("md:1", "0", "Doğrulama yapılmadı"),
            ("late:601", "0", "Doğrulama yapılmadı"),
        ] {
            let back = press(&bank, path, &page, &[("action", action)]).await;
            assert_eq!(md_status(&bank, &back).await, status, "{path} {action}");
            assert!(back.contains(title), "{path} {action}: {back}");
            assert_eq!(back.matches("<form").count(), 1);
        }
    }
}

#[tokio::test]
async fn wrong_passwords_are_counted_down_to_an_honest_end() {
    let bank = Bank::open().await;
    for (path, mut page) in pages(&bank).await {
        for left in [2, 1] {
            page = press(&bank, path, &page, &[("action", "wrong_password")]).await;
            assert!(page.contains(&format!("Kalan deneme: {left}")));
            assert!(page.contains("aria-describedby=\"otp-hint otp-error\" aria-invalid=\"true\""));
            // Another language does not cost an attempt.
            let english = press(&bank, path, &page, &[("language", "en")]).await;
            assert!(english.contains(&format!("Attempts left: {left}")));
        }
        let back = press(&bank, path, &page, &[("action", "wrong_password")]).await;
        assert!(back.contains("Deneme hakkınız bitti") && back.contains("data-wait=\"3000\""));
        assert_eq!(md_status(&bank, &back).await, "0");
    }
}

#[tokio::test]
async fn the_answer_comes_twice_or_forged_with_either_outcome() {
    let bank = Bank::open().await;
    for (path, page) in pages(&bank).await {
        for (outcome, status) in [("approve", "1"), ("decline", "0"), ("", "1")] {
            let fields = [("action", "twice"), ("outcome", outcome)];
            let back = press(&bank, path, &page, &fields).await;
            let forms: Vec<&str> = back.split("<form").skip(1).collect();
            assert_eq!(forms.len(), 2);
            let hidden = |form: &str| {
                form[form.find("<input").unwrap()..form.find("<div").unwrap()].to_owned()
            };
            assert_eq!(hidden(forms[0]), hidden(forms[1]));
            assert!(forms[0].contains("target=\"again\"") && !forms[1].contains("target="));
            assert!(back.contains("frame-src http: https:"));
            assert_eq!(md_status(&bank, &back).await, status);
        }
    }
    let [(posnet, page), (garanti, other)] = pages(&bank).await;
    let back = press(&bank, posnet, &page, &[("action", "wrong_hash")]).await;
    assert_eq!(md_status(&bank, &back).await, "", "E216");
    let back = press(&bank, garanti, &other, &[("action", "wrong_hash")]).await;
    let covered = input(&back, "hashparamsval");
    assert_ne!(input(&back, "hash"), hex512(&format!("{covered}12345678")));
    assert_eq!(input(&back, "mdstatus"), "1");
}

#[tokio::test]
async fn a_closed_window_answers_nobody_and_leaves_the_page_open() {
    let bank = Bank::open().await;
    for (path, page) in pages(&bank).await {
        let closed = press(&bank, path, &page, &[("action", "close_window")]).await;
        assert!(!closed.contains("<form") && !closed.contains("shop.example"));
        assert!(
            closed.contains("INIT_THREEDS"),
            "what is expected of the shop"
        );
        let fields = [("action", "confirm"), ("otp", "123456")];
        let back = press(&bank, path, &page, &fields).await;
        assert_eq!(md_status(&bank, &back).await, "1");
    }
}

#[tokio::test]
async fn a_late_answer_waits_for_its_time_without_scripts() {
    let bank = Bank::open().await;
    for (path, page) in pages(&bank).await {
        let far = press(&bank, path, &page, &[("action", "late:30")]).await;
        assert!(far.starts_with("HTTP/1.1 303"), "{far}");
        let wait = bank.get(&location(&far)).await;
        assert!(wait.contains("http-equiv=\"refresh\" content=\"30\"") && !wait.contains("<form"));
        let near = press(
            &bank,
            path,
            &page,
            &[("action", "late:1"), ("outcome", "decline")],
        )
        .await;
        let began = std::time::Instant::now();
        let back = bank.get(&location(&near)).await;
        assert!(began.elapsed().as_millis() > 800);
        assert_eq!(md_status(&bank, &back).await, "0");
        assert!(back.contains("id=\"callback\"") && back.contains("default-src 'none'"));
    }
    assert!(bank.get("/bank/late/0").await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn a_choice_holds_for_its_own_payment_only() {
    let bank = Bank::open().await;
    for name in ["posnet", "garanti"] {
        bank.fault(&format!(
            r#"{{"bank":"{name}","operation":"threeds_page","fault":{{"kind":"no_callback"}}}}"#
        ))
        .await;
    }
    for (path, page) in pages(&bank).await {
        let twice = press(&bank, path, &page, &[("action", "twice")]).await;
        assert_eq!(twice.matches("<form").count(), 2);
        let ordered = press(&bank, path, &page, &[("action", "approve")]).await;
        assert_eq!(
            ordered.matches("<form").count(),
            0,
            "what was ordered still stands"
        );
        let usual = press(&bank, path, &page, &[("action", "approve")]).await;
        assert_eq!(usual.matches("<form").count(), 1);
    }
}

#[tokio::test]
async fn a_page_speaks_the_language_that_is_asked_for() {
    let bank = Bank::open().await;
    let fields = garanti::form("T43", PLAIN, "123456");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    for path in [
        "/garanti/servlet/gt3dengine?lang=en",
        "/garanti/servlet/gt3dengine?lang=de",
    ] {
        let page = bank.browse(path, &fields).await;
        let english = path.ends_with("en");
        assert_eq!(page.contains("<html lang=\"en\">"), english);
        assert_eq!(
            page.contains("₺1,234.56") && page.contains("10 Mar 2026, 15:00"),
            english
        );
        assert_eq!(page.contains("SİMÜLATÖR"), !english);
        let closed = press(&bank, GARANTI, &page, &[("action", "close_window")]).await;
        assert_eq!(closed.contains("The window was closed"), english);
    }
    let stale = bank
        .browse("/garanti/servlet/gt3dengine/otp?lang=en", &[("state", "x")])
        .await;
    assert!(stale.contains("no longer valid"));
}

#[tokio::test]
async fn whatever_is_shown_is_escaped_and_nothing_is_inline() {
    let bank = Bank::open().await;
    let hostile = "\"><script>alert(1)</script>";
    let mut fields = garanti::form(hostile, PLAIN, "123456");
    fields.push(("companyname", hostile.to_owned()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let reply = bank
        .send("POST", "/garanti/servlet/gt3dengine", FORM, &form(&fields))
        .await;
    let reply = String::from_utf8(reply).unwrap();
    let escaped = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;";
    assert_eq!(reply.matches(escaped).count(), 2, "shop and order: {reply}");
    let mut seen = vec![reply.clone()];
    for action in [
        "approve",
        "decline",
        "twice",
        "close_window",
        "wrong_password",
    ] {
        seen.push(press(&bank, GARANTI, &reply, &[("action", action)]).await);
    }
    seen.push(bank.get("/").await);
    for page in seen {
        let html = body(page.as_bytes());
        assert!(
            !html.contains("<script>") && !html.contains("<style"),
            "{html}"
        );
        assert!(!html.contains(" style=") && !html.contains(" onclick") && !html.contains(PLAIN));
        let head = page.to_lowercase();
        assert!(head.contains("content-security-policy: default-src 'none'; script-src 'self'"));
        assert!(head.contains("cache-control: no-store") && head.contains("nosniff"));
    }
    for (path, kind) in [
        ("/bank/pages.css", "text/css"),
        ("/bank/onward.js", "text/javascript"),
        ("/bank/marks/garanti.svg", "image/svg+xml"),
    ] {
        assert!(bank.get(path).await.contains(kind), "{path}");
    }
    assert!(
        bank.get("/bank/marks/other.svg")
            .await
            .starts_with("HTTP/1.1 404")
    );
}

#[tokio::test]
async fn the_password_page_can_be_used_by_everybody() {
    let bank = Bank::open().await;
    for (_, page) in pages(&bank).await {
        assert!(page.contains("inputmode=\"numeric\" autocomplete=\"one-time-code\""));
        // Enter presses the first button of the form.
        let first = &page[page.find("<button").unwrap()..];
        assert!(
            first
                .split('>')
                .next()
                .unwrap()
                .contains("value=\"confirm\"")
        );
        assert_eq!(page.matches("<form").count(), 1);
        for described in page.split("aria-describedby=\"").skip(1) {
            for id in described.split('"').next().unwrap().split(' ') {
                assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
            }
        }
    }
}

fn location(reply: &str) -> String {
    let (_, rest) = reply.split_once("location: ").unwrap();
    rest.split("\r\n").next().unwrap().to_owned()
}
