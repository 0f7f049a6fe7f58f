//! The panel's overview, request log, BIN look-up and audit log.

use crate::panel::Panel;
use crate::shop::{KEYS, PAY, Shop, Signed, payment, with};
use serde_json::json;
use server::operations::Role;

/// A card that every bank's simulator approves, and one that both decline as stolen.
const GOOD: &str = "4043080000000003";
const STOLEN: &str = "5101520000006662";

#[tokio::test]
async fn the_overview_counts_what_was_paid_and_why_payments_failed() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    // A new merchant is told what to do first.
    let empty = panel.get("/panel").await.ok();
    empty.has_all(&["Bu dönemde ödeme yok", "href=\"/panel/poses\""]);

    for _ in 0..3 {
        shop.pays(GOOD).await.ok();
    }
    let declined = shop.pays(STOLEN).await;
    assert_eq!(declined.status, 422);

    for path in [
        "/panel",
        "/panel/figures",
        "/panel?range=7d",
        "/panel?range=30d",
    ] {
        let page = panel.get(path).await.ok();
        page.has_all(&["%75,0", "300,00\u{a0}₺", "Bonus", "STOLEN_CARD"]);
    }
    panel.language = "en";
    let page = panel.get("/panel").await.ok();
    page.has_all(&["₺300.00", "75.0%", "Approval by card family"]);
    // The chart's numbers stand in a table too.
    page.has("Show as a table");
    // The fragment that renews itself brings no second frame.
    panel.get("/panel/figures").await.ok().lacks("<html");
}

#[tokio::test]
async fn the_request_log_says_why_a_signature_was_refused_to_those_who_may_see_it() {
    let shop = Shop::open().await;
    let body = with(
        payment(GOOD),
        json!({ "conversationId": "<script>alert(1)</script>" }),
    );
    // Signed without the body, as beginners do.
    let text = body.to_string();
    let signed = Signed::with(KEYS, &format!("{}{PAY}", shop.gateway), "rnd", "");
    let mut headers = signed.headers();
    headers.push(("content-type", "application/json"));
    let refused = shop.raw("POST", PAY, text.as_bytes(), &headers).await;
    assert_eq!(refused.status, 401);
    shop.app.journal.flush().await;

    let mut developer = Panel::sign_in(&shop, Role::Developer).await;
    let list = developer.get("/panel/requests?errors=on").await.ok();
    list.has("1005");
    let link = list.text.split("href=\"/panel/requests/").nth(1).unwrap();
    let id = link.split('"').next().unwrap();
    let page = developer.get(&format!("/panel/requests/{id}")).await.ok();
    page.has_all(&["İmzaya istek gövdesi katılmamış.", "&lt;secret key&gt;"]);
    page.lacks_all(&["secret-key", GOOD, "<script>alert"]);
    for role in [Role::Support, Role::Finance, Role::ReadOnly] {
        let mut other = Panel::sign_in(&shop, role).await;
        assert_eq!(other.get("/panel/requests").await.status, 403);
        assert_eq!(
            other.get(&format!("/panel/requests/{id}")).await.status,
            403
        );
    }
    // Looking at it is in the audit log.
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let log = owner.get("/panel/audit?action=request.look").await.ok();
    log.has_all(&[id, "developer@example.com", "Reddedildi"]);
}

#[tokio::test]
async fn bins_are_looked_up_and_a_whole_number_is_not_shown() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    panel.get("/panel/bins").await.ok().has("Bir BIN yazın");
    panel
        .get("/panel/bins?bin=40430800")
        .await
        .ok()
        .has("(062)");
    panel
        .get("/panel/bins?bin=999999")
        .await
        .ok()
        .has("Bu BIN bilinmiyor");
    // The brand is one thing, the programme that pays points another.
    let other = panel.get("/panel/bins?bin=40258900").await.ok();
    other.has_all(&["Kuveyt Türk CC", "<dd>Bonus</dd>"]);
    let whole = panel.get(&format!("/panel/bins?bin={GOOD}")).await.ok();
    whole.has("40430800");
    whole.lacks(GOOD);
    let wrong = panel.get("/panel/bins?bin=%3Cscript%3E").await;
    assert_eq!(wrong.status, 400);
    wrong.lacks("<script>");
}

#[tokio::test]
async fn the_audit_log_shows_what_changed_and_leaves_as_a_file() {
    let shop = Shop::open().await;
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let fields = [("email", "=cmd|calc@example.com"), ("role", "SUPPORT")];
    assert_eq!(owner.post("/panel/people", &fields).await.status, 400);
    let fields = [("email", "-ayse@example.com"), ("role", "SUPPORT")];
    owner.post("/panel/people", &fields).await.ok();
    owner
        .get("/panel/audit")
        .await
        .ok()
        .has("-ayse@example.com");

    let file = owner.get("/panel/audit.csv").await.ok();
    assert!(
        file.text.starts_with("\u{feff}id,at,actorKind,"),
        "{}",
        file.text
    );
    file.has(",'-ayse@example.com,DONE,");
    // More than one batch, each entry once.
    for _ in 0..130 {
        owner.get("/panel/requests/1").await;
    }
    let mut reader = Panel::sign_in(&shop, Role::ReadOnly).await;
    for _ in 0..110 {
        reader.get("/panel/audit").await;
    }
    let file = owner.get("/panel/audit.csv").await.ok();
    let chosen = owner.get("/panel/audit.csv?action=user.invite").await.ok();
    assert_eq!(chosen.text.lines().count(), 4, "{}", chosen.text);
    let refused = file.text.lines().filter(|line| line.contains(",REFUSED,"));
    assert_eq!(refused.count(), 110);
    assert_eq!(reader.get("/panel/audit.csv").await.status, 403);
    let older = owner.get("/panel/audit").await.ok();
    older.has("before=");
}
