//! What a tester chooses on a loan page: what the bank decides, what the shop hears, where the
//! browser goes; and that a choice holds for one application only.

use super::bench::{Bench, Reply};
use serde_json::{Value, json};

const BACK: &str = "http://shop.example/back?x=1&order_id=A1";

async fn applied(bench: &Bench, bank_code: &str) -> String {
    bench.applies(&bench.application("A1", bank_code)).await
}

async fn standing(bench: &Bench) -> Value {
    let reply = bench.call("GET", "/v1/applications/A1", &Value::Null).await;
    reply.json()
}

fn returns(reply: &Reply) -> bool {
    (reply.status, reply.header("location")) == (303, BACK)
}

#[tokio::test]
async fn the_bank_approves_in_its_own_way_or_waits_for_the_shop() {
    for (bank_code, action, state) in [
        ("064", "approve", "disbursed"),
        ("103", "approve", "ready"),
        ("134", "approve", "assessing"),
        ("064", "ready", "ready"),
        ("134", "ready", "ready"),
    ] {
        let bench = Bench::open().await;
        let page = applied(&bench, bank_code).await;
        let reply = bench.answers(&page, &format!("action={action}")).await;
        assert!(returns(&reply), "{bank_code} {action}");
        assert_eq!(bench.state("A1").await, state, "{bank_code} {action}");
        assert_eq!(bench.notified(), [state]);
    }
}

#[tokio::test]
async fn a_decline_has_the_chosen_reason() {
    for (reason, code) in [
        ("LIMIT_NOT_SUFFICIENT", "LIMIT_NOT_SUFFICIENT"),
        ("SHOPPER_DECLINED", "SHOPPER_DECLINED"),
        ("<script>", "BANK_REJECTED"),
    ] {
        let bench = Bench::open().await;
        let page = applied(&bench, "046").await;
        let form = format!("action=decline&reason={reason}");
        assert!(returns(&bench.answers(&page, &form).await));
        assert_eq!(standing(&bench).await["rejection"]["code"], code);
    }
}

#[tokio::test]
async fn an_assessment_takes_as_long_as_was_chosen() {
    for seconds in [60, 600, 86_400] {
        let bench = Bench::open().await;
        let page = applied(&bench, "064").await;
        let form = format!("action=assess:{seconds}");
        assert!(returns(&bench.answers(&page, &form).await));
        bench.pass(seconds - 1).await;
        assert_eq!(bench.state("A1").await, "assessing");
        bench.pass(1).await;
        assert_eq!(bench.state("A1").await, "disbursed");
        assert_eq!(bench.notified(), ["assessing", "disbursed"]);
    }
}

#[tokio::test]
async fn a_closed_window_decides_nothing_and_the_page_stays_open() {
    let bench = Bench::open().await;
    let page = applied(&bench, "064").await;
    let reply = bench.answers(&page, "action=close_window").await;
    assert_eq!((reply.status, reply.header("location")), (200, ""));
    let html = reply.text();
    assert!(!html.contains("shop.example") && !html.contains("class=\"button\""));
    assert!(
        html.contains("WAITING") && html.contains("01.03.2026 15:30"),
        "{html}"
    );
    assert_eq!(bench.state("A1").await, "pending");
    assert!(bench.notified().is_empty());
    assert!(returns(&bench.answers(&page, "action=approve").await));
    assert_eq!(bench.state("A1").await, "disbursed");
}

#[tokio::test]
async fn an_application_expires_at_once() {
    let bench = Bench::open().await;
    let page = applied(&bench, "064").await;
    let reply = bench
        .answers(&format!("{page}?lang=en"), "action=expire")
        .await;
    assert_eq!(reply.status, 303);
    assert_eq!(reply.header("location"), format!("{page}?lang=en"));
    assert_eq!(bench.notified(), ["expired"]);
    let shown = bench.send("GET", &page, &[], b"").await.unwrap().text();
    assert!(shown.contains("Başvurunun süresi doldu."));
}

#[tokio::test]
async fn the_bank_answers_twice() {
    let bench = Bench::open().await;
    let page = applied(&bench, "064").await;
    let reply = bench.answers(&page, "action=twice").await;
    assert_eq!(bench.notified(), ["disbursed", "disbursed"]);
    let html = reply.text();
    let escaped = BACK.replace('&', "&amp;");
    assert!(
        html.contains(&format!("<iframe src=\"{escaped}\"")),
        "{html}"
    );
    assert!(html.contains(&format!("content=\"3;url={escaped}\"")));
    assert!(
        reply
            .header("content-security-policy")
            .contains("frame-src http: https:")
    );
}

#[tokio::test]
async fn a_notification_comes_late_or_never_while_the_browser_returns() {
    let bench = Bench::open().await;
    let page = applied(&bench, "064").await;
    let form = "action=late:30&outcome=decline&reason=LIMIT_NOT_SUFFICIENT";
    assert!(returns(&bench.answers(&page, form).await));
    assert_eq!(bench.state("A1").await, "rejected");
    bench.pass(29).await;
    assert!(bench.notified().is_empty());
    bench.pass(1).await;
    assert_eq!(bench.notified(), ["rejected"]);

    let bench = Bench::open().await;
    let page = applied(&bench, "064").await;
    assert!(returns(&bench.answers(&page, "action=no_notice").await));
    bench.pass(3_600).await;
    assert_eq!(bench.state("A1").await, "disbursed");
    assert!(bench.notified().is_empty());
}

#[tokio::test]
async fn a_browser_never_returns_though_the_shop_is_told() {
    let bench = Bench::open().await;
    let page = applied(&bench, "064").await;
    let reply = bench.answers(&page, "action=no_return").await;
    assert_eq!((reply.status, reply.header("location")), (200, ""));
    assert!(!reply.text().contains("shop.example"));
    assert_eq!(bench.notified(), ["disbursed"]);
}

#[tokio::test]
async fn a_choice_holds_for_its_own_application_only() {
    let bench = Bench::open().await;
    let ordered = json!({ "operation": "notify", "fault": { "kind": "no_callback" } });
    bench.control("/control/lender-faults", ordered).await;
    let first = applied(&bench, "064").await;
    let second = bench.applies(&bench.application("A2", "064")).await;
    bench.answers(&first, "action=twice").await;
    assert_eq!(bench.notified().len(), 2, "a tester's choice goes first");
    bench.answers(&second, "action=approve").await;
    assert_eq!(bench.notified().len(), 2, "what was ordered still stands");
}

#[tokio::test]
async fn a_button_asks_for_what_is_missing_and_an_unknown_one_does_nothing() {
    let bench = Bench::open().await;
    let mut application = bench.application("A1", "064");
    application["buyer"] = json!({});
    application["term"] = Value::Null;
    let page = bench.applies(&application).await;
    for action in [
        "approve",
        "ready",
        "assess:60",
        "twice",
        "late:5",
        "no_notice",
        "no_return",
    ] {
        let reply = bench.answers(&page, &format!("action={action}")).await;
        assert_eq!(reply.status, 422, "{action}");
        let html = reply.text();
        assert!(
            html.contains("aria-describedby=\"birthDate-hint birthDate-error\""),
            "{html}"
        );
        assert!(html.contains("id=\"birthDate-error\""));
    }
    for action in ["late:0", "assess:0", "other", "confirm"] {
        let reply = bench.answers(&page, &format!("action={action}")).await;
        assert_eq!(reply.status, 200, "{action}");
    }
    assert_eq!(bench.state("A1").await, "pending");
    assert!(bench.notified().is_empty());
}

#[tokio::test]
async fn the_cart_is_shown_escaped_in_either_language() {
    let bench = Bench::open().await;
    let mut application = bench.application("A1", "103");
    application["items"][0]["name"] = json!("\"><script>alert(1)</script>");
    application["items"][0]["brand"] = json!("<img src=x>");
    application["term"] = Value::Null;
    let page = bench.applies(&application).await;
    let address = format!("{page}?lang=en");
    let html = bench.send("GET", &address, &[], b"").await.unwrap().text();
    assert!(!html.contains("<script>") && !html.contains("<img src=x>"));
    assert!(html.contains("&quot;&gt;&lt;script&gt;") && html.contains("&lt;img src=x&gt;"));
    assert!(html.contains("<html lang=\"en\">") && html.contains("₺10,000.00"));
    assert!(html.contains("<a class=\"language\" href=\"?lang=tr\""));
    assert_eq!(html.matches("type=\"radio\" name=\"term\"").count(), 9);
    assert!(!html.contains(" style=") && !html.contains("<script"));
}
