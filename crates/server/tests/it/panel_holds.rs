//! Pre-authorisations in the panel and by command: what is shown of a hold, and its capture.

use crate::panel::Panel;
use crate::shop::{DAY, GARANTI, Shop, YKB};
use server::operations::Role;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_captures_what_is_held_if_their_role_may() {
    let shop = Shop::open().await;
    let id = shop.holds(YKB).await.succeeded().id();
    let (path, form) = (
        format!("/panel/payments/{id}"),
        format!("/panel/payments/{id}/capture"),
    );
    let mut support = Panel::sign_in(&shop, Role::Support).await;
    let page = support.get(&path).await.ok();
    page.lacks(&form);
    page.has_all(&["Ön provizyon", "Tutar kartta bloke", "Bloke edilen"]);
    support
        .get("/panel/payments")
        .await
        .ok()
        .has("Bloke; henüz çekilmedi");
    let refused = support.post(&form, &[("capture", "100")]).await;
    assert_eq!(refused.status, 403);

    let mut finance = Panel::sign_in(&shop, Role::Finance).await;
    let page = finance.get(&path).await.ok();
    page.has_all(&[&form, "value=\"100,00\"", "150,00"]);
    finance.language = "en";
    let page = finance.get(&path).await.ok();
    page.has_all(&["value=\"100.00\"", "held on the card"]);
    for (amount, status, text) in [
        ("150.01", 422, "can be at most 150"),
        ("0", 400, "must be greater than zero"),
        ("x", 400, "The amount to capture"),
        ("", 400, "is required"),
    ] {
        let page = finance.post(&form, &[("capture", amount)]).await;
        assert_eq!(page.status, status, "{amount}");
        page.has(text);
    }
    // Above what this bank takes: its answer is told.
    finance
        .post(&form, &[("capture", "150")])
        .await
        .leads_to(&format!("{path}?done=not_captured"));
    let page = finance.get(&format!("{path}?done=not_captured")).await.ok();
    page.has_all(&["still held", "0205"]);
    shop.fault("posnet", "capture", "lose_reply").await;
    finance
        .post(&form, &[("capture", "110.5")])
        .await
        .leads_to(&format!("{path}?done=capture_doubt"));
    finance.get("/panel/doubts").await.ok().has(&path);
    let page = finance.get(&path).await.ok();
    page.has_all(&["/inquire", "/settle", "still holds it"]);
    // While it is in doubt nothing else is offered that would not be sent.
    page.lacks_all(&[&form, "/refund\"", "counts as not charged"]);
    finance
        .post(&format!("{path}/inquire"), &[])
        .await
        .leads_to(&format!("{path}?done=asked"));
    let page = finance.get(&path).await.ok();
    page.has_all(&["110.50", "was captured"]);
    page.lacks(&form);
    assert_eq!(shop.order(id).await["captured"], 11_050);
    // What was refused by the role, refused by the bank, and made.
    assert_eq!(shop.audit("payment.capture").await.len(), 3);
    let late = finance.post(&form, &[("capture", "1")]).await;
    assert_eq!(late.status, 422);

    let over = shop.holds(GARANTI).await.succeeded().id();
    shop.pass(6 * DAY).await;
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let (path, form) = (
        format!("/panel/payments/{over}"),
        format!("/panel/payments/{over}/capture"),
    );
    owner
        .post(&form, &[("capture", "100")])
        .await
        .leads_to(&format!("{path}?done=expired"));
    let page = owner.get(&path).await.ok();
    page.has_all(&["süresi doldu; artık tahsil edilemez", "Blokeyi kaldır"]);
    page.lacks_all(&[&form, "İade et"]);
    shop.work().await;
    let page = owner.get(&path).await.ok();
    page.has("Bloke kaldırıldı; tahsilat yapılmadı.");
    page.lacks(&form);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_captures_by_command_and_limits_a_pos() {
    let shop = Shop::open().await;
    let held = shop.holds(YKB).await.succeeded();
    let (merchant, id) = (shop.merchant.to_string(), held.id().to_string());
    let capture = ["payment", "capture", "--merchant", &merchant, "--id", &id];
    let show = ["payment", "show", "--merchant", &merchant, "--id", &id];
    let shown = shop.run(&show);
    assert!(shown.contains("PRE_AUTH"), "{shown}");
    let above = shop.fails(&[&capture[..], &["--amount", "151"]].concat());
    assert!(above.contains("at most 150"), "{above}");
    let out = shop.run(&[&capture[..], &["--amount", "99.5"]].concat());
    assert!(out.contains("99.50 TRY was captured"), "{out}");
    let shown = shop.run(&show);
    assert!(
        shown.contains("POST_AUTH") && shown.contains("APPROVED"),
        "{shown}"
    );

    let pos = held.data("pos.id").to_string();
    let edit = ["pos", "edit", "--merchant", &merchant, "--id", &pos];
    shop.run(&[&edit[..], &["--phases", "pre_auth"]].concat());
    let listed = shop.run(&["pos", "list", "--merchant", &merchant, "--json"]);
    assert!(listed.contains("PRE_AUTH"), "{listed}");
    let wrong = shop.fails(&[&edit[..], &["--phases", "POST_AUTH"]].concat());
    assert!(wrong.contains("POST_AUTH"), "{wrong}");
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let page = owner.get("/panel/poses").await.ok();
    page.has("Yalnızca ön provizyon");
    let own = format!("/panel/poses/{pos}");
    owner
        .get(&own)
        .await
        .ok()
        .has("value=\"PRE_AUTH\" selected");
    let held = shop.holds(YKB).await.succeeded().id();
    let refund = format!("/panel/payments/{held}/refund");
    owner
        .post(&refund, &[("how", "bank")])
        .await
        .leads_to(&format!("/panel/payments/{held}?done=refunded"));
    let page = owner
        .get(&format!("/panel/payments/{held}?done=refunded"))
        .await
        .ok();
    page.has_all(&["Bloke kaldırıldı.", "Blokenin kaldırılması"]);
    page.lacks("İade edildi.");
}
