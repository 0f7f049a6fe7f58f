//! The pages of payments, doubts and webhooks, as a browser without scripts sees them.

use crate::panel::{Panel, Shown};
use crate::shop::{GARANTI, Shop, cart};
use serde_json::json;
use server::operations::Role;
use server::store::audit::Outcome;
use server::store::{exchanges, webhooks};

const MARKUP: &str = "\"><script>alert('x')</script>";

async fn paid(shop: &Shop, over: serde_json::Value) -> i64 {
    shop.pays(GARANTI).with(over).await.ok().id()
}

/// A payment that the bank took without answering, and the one inquiry is lost as well.
async fn in_review(shop: &Shop) -> i64 {
    shop.fault("garanti", "sale", "lose_reply").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    shop.fault("garanti", "inquire", "http_500").await;
    shop.wait(5).await;
    id
}

/// A loan whose bank decided, and was asked for it.
async fn decided_loan(shop: &Shop, decision: serde_json::Value) -> i64 {
    let loan = shop.applied("103").await;
    let order = shop.loan(loan.id).await.order_id;
    shop.lender_decides(&order, decision).await;
    loan.verifies().await.ok();
    loan.id
}

async fn log(shop: &Shop, action: &str) -> Vec<(String, String, Outcome)> {
    let entries = shop.audit(action).await.into_iter();
    entries
        .map(|entry| (entry.actor, entry.target, entry.outcome))
        .collect()
}

fn rows(page: &Shown) -> usize {
    page.text.matches("href=\"/panel/payments/3").count()
        + page.text.matches("href=\"/panel/payments/4").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_are_filtered_and_what_was_typed_stays() {
    let shop = Shop::open().await;
    let one = paid(&shop, json!({"conversationId": "a-1"})).await;
    let other = paid(
        &shop,
        json!({"conversationId": "b-2", "price": 1500, "paidPrice": 1500.5, "items": [{"name": "X", "price": 1500}]}),
    ).await;
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    let link = |id: i64| format!("href=\"/panel/payments/{id}\"");
    let all = panel.get("/panel/payments").await.ok();
    all.has_all(&[
        &link(one),
        &link(other),
        "1.500,50\u{a0}₺",
        "520922******0002",
    ]);
    all.lacks("payments.csv");
    for (query, found, not) in [
        ("conversationId=a-1", one, other),
        ("minPaidPrice=1.000,00", other, one),
        ("maxPaidPrice=100,00", one, other),
        (
            "minPaidPrice=1500.5&lastFourDigits=0002&binNumber=520922&isThreeDS=false",
            other,
            one,
        ),
        (&format!("paymentId={one}"), one, other),
        (
            "minCreatedDate=2020-01-01T00:00&conversationId=b-2&paymentStatus=SUCCESS",
            other,
            one,
        ),
    ] {
        let page = panel.get(&format!("/panel/payments?{query}")).await.ok();
        page.has(&link(found));
        page.lacks(&link(not));
    }
    for (query, field, typed) in [
        ("minPaidPrice=abc", "minPaidPrice", "abc"),
        ("paymentId=zzz", "paymentId", "zzz"),
        ("minPaidPrice=1,234567", "minPaidPrice", "1,234567"),
        (
            "minCreatedDate=2026-99-01T00:00",
            "minCreatedDate",
            "2026-99-01T00:00",
        ),
        ("installment=99999999999", "installment", "99999999999"),
    ] {
        let page = panel.get(&format!("/panel/payments?{query}")).await;
        assert_eq!(page.status, 400, "{query}");
        page.has_all(&[
            &format!("id=\"{field}-wrong\""),
            &format!("value=\"{typed}\""),
        ]);
    }
    let none = panel.get("/panel/payments?conversationId=none").await.ok();
    none.has("Bu filtrelere uyan işlem yok");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_payments_do_not_shift_when_new_ones_come() {
    let shop = Shop::open().await;
    let mut ids = Vec::new();
    for _ in 0..52 {
        ids.push(paid(&shop, json!({"conversationId": "many"})).await);
    }
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    let first = panel.get("/panel/payments?conversationId=many").await.ok();
    assert_eq!(rows(&first), 50);
    let next = format!("/panel/payments?before={}&conversationId=many", ids[2]);
    first.has(&next.replace('&', "&amp;"));
    paid(&shop, json!({"conversationId": "many"})).await;
    let second = panel.get(&next).await.ok();
    assert_eq!(rows(&second), 2);
    second.has_all(&[&format!("/panel/payments/{}\"", ids[0]), "En yeni"]);
    second.lacks("Daha eski");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_wrote_is_shown_as_text() {
    let shop = Shop::open().await;
    let item = json!([{"name": MARKUP, "price": 100, "externalId": MARKUP}]);
    let id = paid(
        &shop,
        json!({"conversationId": MARKUP, "externalId": MARKUP, "paymentChannel": MARKUP, "items": item}),
    ).await;
    let said = json!({"decision": "reject", "code": "LIMIT_NOT_SUFFICIENT", "message": MARKUP});
    let rejected = decided_loan(&shop, said).await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let page = panel.get(&format!("/panel/payments/{rejected}")).await.ok();
    page.has("&lt;script&gt;alert(");
    for path in [
        format!("/panel/payments/{rejected}"),
        format!("/panel/payments/{rejected}?exchanges=1"),
        "/panel/payments".to_owned(),
        format!("/panel/payments/{id}"),
        format!("/panel/payments/{id}?exchanges=1"),
        "/panel/payments?conversationId=%22%3E%3Cscript%3Ealert('x')%3C/script%3E".to_owned(),
        "/panel/webhooks".to_owned(),
    ] {
        let page = panel.get(&path).await.ok();
        page.lacks_all(&["<script>alert", "\"><script"]);
    }
    let page = panel.get(&format!("/panel/payments/{id}")).await;
    page.has("&lt;script&gt;alert(");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_shows_what_happened_and_exchanges_after_a_noted_look() {
    let shop = Shop::open().await;
    let loyalty = json!({"card": {"loyalty": {"type": "REWARD_MONEY", "reward": {"cardRewardMoney": 12.35, "firmRewardMoney": 5.2}}}});
    let id = shop.pays("4043080000000003").with(loyalty).await.ok().id();
    shop.wait(30).await;
    shop.app.journal.flush().await;
    let mut panel = Panel::sign_in(&shop, Role::Support).await;
    let path = format!("/panel/payments/{id}");
    let page = panel.get(&path).await.ok();
    for text in [
        "100,00\u{a0}₺",
        "404308******0003",
        "Haluk Demir",
        "456d1297",
        "Item 2",
        "12,35\u{a0}₺",
        "5,20\u{a0}₺",
        "Onaylandı",
        "Zaman çizelgesi",
        "API_AUTH",
        "Satış",
        "Garanti",
    ] {
        page.has(text);
    }
    // Eight things happen in one second.
    let (_, line) = page.text.split_once("Zaman çizelgesi").unwrap();
    let has_millis = |text: &str| text.split_once('.').is_some_and(|(_, ms)| ms.len() == 3);
    let times = line.split("<time").skip(1).take(3);
    for time in times.filter_map(|rest| rest.split(['<', '>']).nth(1)) {
        assert!(has_millis(time), "{time}");
    }
    page.lacks_all(&["4043080000000003", "GVPSRequest"]);
    assert!(log(&shop, "payment.exchanges_look").await.is_empty());
    let page = panel.get(&format!("{path}?exchanges=1")).await.ok();
    page.has("GVPSRequest");
    page.lacks("4043080000000003");
    let looks = log(&shop, "payment.exchanges_look").await;
    assert_eq!(
        looks,
        [(
            "support@example.com".to_owned(),
            id.to_string(),
            Outcome::Done
        )]
    );
    panel.language = "en";
    panel.get(&path).await.ok().has("₺100.00");
    assert_eq!(panel.get("/panel/payments/1").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_is_approved_once_by_whoever_may() {
    let shop = Shop::open().await;
    let id = decided_loan(&shop, json!({"decision": "ready"})).await;
    let (path, approve) = (
        format!("/panel/payments/{id}"),
        format!("/panel/payments/{id}/approve"),
    );
    let mut support = Panel::sign_in(&shop, Role::Support).await;
    let page = support.get(&path).await.ok();
    page.has("Kredi hazır, onayınız bekleniyor");
    page.has_all(&[
        "<span class=\"state wait\">Onay bekliyor</span>",
        &format!("{path}/verify"),
    ]);
    page.lacks(&approve);
    assert_eq!(support.post(&approve, &[]).await.status, 403);
    support
        .post(&format!("{path}/verify"), &[])
        .await
        .leads_to(&format!("{path}?done=asked"));

    let mut finance = Panel::sign_in(&shop, Role::Finance).await;
    finance.get(&path).await.ok().has(&approve);
    finance
        .get(&format!("{path}/state"))
        .await
        .ok()
        .has(&approve);
    for _ in 0..2 {
        let approved = finance.post(&approve, &[]).await;
        approved.leads_to(&format!("{path}?done=approved"));
    }
    let page = finance.get(&format!("{path}?done=approved")).await.ok();
    page.has_all(&[
        "Onaylandı.",
        "Kullandırıldı",
        "Krediyi onayladı",
        "finance@example.com",
    ]);
    page.lacks(&approve);
    let who = |email: &str, outcome| (email.to_owned(), id.to_string(), outcome);
    assert_eq!(
        log(&shop, "loan.approve").await,
        [
            who("finance@example.com", Outcome::Done),
            who("support@example.com", Outcome::Refused),
        ]
    );
    assert_eq!(
        log(&shop, "loan.verify").await,
        [who("support@example.com", Outcome::Done)]
    );
    shop.app.journal.flush().await;
    let said = exchanges::of_payment(&shop.app, shop.merchant, id).await;
    let said = said.unwrap();
    assert_eq!(
        said.iter().filter(|one| one.operation == "confirm").count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_shows_the_rewards_and_offers_that_were_asked_before_it() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    // Offers for the cart of the application, and later ones for another cart.
    let offers = shop.offers(10_000, cart()).await.ok();
    let other = json!([{"id": "1", "name": "Masa", "type": "FURNITURE", "unitPrice": 10_000, "quantity": 1}]);
    let others = shop.offers(10_000, other).await.ok();
    let loan = shop.applied("064").await;
    shop.app.journal.flush().await;
    let path = format!("/panel/payments/{}", loan.id);
    let page = panel.get(&path).await.ok();
    page.has(offers.text("offerId"));
    page.lacks(others.text("offerId"));
    let banks = offers.list("bankOffers");
    for bank in banks {
        page.has(bank["bankName"].as_str().unwrap());
    }
    assert_eq!(banks.len(), 5);
    page.has("planı banka kendi sayfasında hesaplar");
    let of_isbank = banks.iter().find(|one| one["bankCode"] == "064").unwrap();
    let terms = of_isbank["bankOfferTerms"].as_array().unwrap();
    let chosen = terms.iter().find(|one| one["term"] == 6).unwrap();
    let monthly = chosen["amount"].to_string().replace('.', ",");
    let (lira, kurus) = monthly.split_once(',').unwrap_or((&monthly, "00"));
    let monthly = format!("{}.{},{kurus:0<2}", &lira[..1], &lira[1..]);
    page.has(&format!(
        "<td class=\"num chosen\" data-label=\"{}\">{monthly}",
        of_isbank["bankName"].as_str().unwrap()
    ));

    // A card's points, and a card that has none.
    for card in ["4043080000000003", "5258640000000001"] {
        let asked =
            json!({"cardNumber": card, "expireYear": "2044", "expireMonth": "07", "cvc": "000"});
        let found = shop
            .post("/payment/v1/card-loyalties/retrieve", asked)
            .await
            .ok();
        let reply = shop.pays(card).await.ok();
        shop.app.journal.flush().await;
        let page = panel
            .get(&format!("/panel/payments/{}", reply.data("id")))
            .await
            .ok();
        page.has("Ödemeden önce bu maskeli kart numarası için sorulan ödüller");
        let none = found.list("loyalties").is_empty();
        assert_eq!(none, card.starts_with("525864"));
        assert_eq!(page.text.contains("hiçbiri yoktu"), none, "{card}");
    }
    // What nobody asked about is not made up.
    let unasked = paid(&shop, json!({})).await;
    let page = panel.get(&format!("/panel/payments/{unasked}")).await.ok();
    page.lacks("ödemeden önce soruldu");
    // It is forgotten after a month.
    shop.clock.advance_seconds(31 * 24 * 60 * 60);
    server::jobs::forget(&shop.app).await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let page = panel.get(&path).await.ok();
    page.lacks(offers.text("offerId"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_the_bank_refuses_or_loses_is_told_on_the_page() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let id = decided_loan(&shop, json!({"decision": "ready"})).await;
    shop.lender_faults(1, "confirm", "lose_reply").await;
    shop.lender_faults(9, "notify", "no_callback").await;
    let path = format!("/panel/payments/{id}");
    panel
        .post(&format!("{path}/approve"), &[])
        .await
        .leads_to(&format!("{path}?done=doubt"));
    let page = panel.get(&format!("{path}?done=doubt")).await.ok();
    page.has_all(&["kesin cevap gelmedi", &format!("{path}/verify")]);
    // Nobody's word crosses an answer that may be on its way; after that a person may know more.
    page.lacks("/settle");
    shop.clock.advance_seconds(14);
    let page = panel.get(&path).await.ok();
    page.has_all(&[&format!("{path}/settle"), "Krediyi kullandırmadı"]);
    panel
        .get("/panel/doubts")
        .await
        .ok()
        .has("Krediyi kullandırmadı");
    let word = [("found", "taken"), ("note", "banka ekranında görüldü")];
    let settled = panel.post(&format!("{path}/settle"), &word).await;
    settled.leads_to(&format!("{path}?done=settled"));
    panel.get(&path).await.ok().has("Kullandırıldı");

    // A loan that nobody finished cannot be approved, and the page says so.
    let reply = shop.applies("103").await.ok();
    let unfinished = format!("/panel/payments/{}", reply.data("paymentId"));
    let refused = panel.post(&format!("{unfinished}/approve"), &[]).await;
    assert_eq!(refused.status, 422);
    refused.has_all(&[
        "Ödemenin durumu bu işleme uygun değil",
        "class=\"error-box\"",
    ]);
    let unknown = panel.post("/panel/payments/1/approve", &[]).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_is_listed_inquired_and_settled_with_a_reason() {
    let shop = Shop::impatient().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    panel
        .get("/panel/doubts")
        .await
        .ok()
        .has("Şüpheli işlem yok");
    let id = in_review(&shop).await;
    let path = format!("/panel/payments/{id}");
    // What a library says of a broken connection is told in the reader's words.
    shop.app.journal.flush().await;
    let page = panel.get(&path).await.ok();
    page.has("bağlantı koptu");
    page.lacks("client error");
    page.has("Henüz bildirilecek bir sonuç yok");
    let queue = panel.get("/panel/doubts").await.ok();
    for text in [
        &path,
        &format!("{path}/inquire"),
        &format!("{path}/settle"),
        "İnceleme bekliyor",
        "100,00\u{a0}₺",
    ] {
        queue.has(text);
    }
    for (fields, wrong) in [
        (vec![("note", "seen at the bank")], "zorunludur"),
        (
            vec![("found", "taken"), ("note", "x")],
            "Dayanak en az 3 karakter",
        ),
    ] {
        let page = panel.post(&format!("{path}/settle"), &fields).await;
        assert_eq!(page.status, 400);
        page.has_all(&[wrong, fields.last().unwrap().1]);
    }
    let mut support = Panel::sign_in(&shop, Role::Support).await;
    let fields = [("found", "taken"), ("note", "provizyon ekranda")];
    assert_eq!(
        support
            .post(&format!("{path}/settle"), &fields)
            .await
            .status,
        403
    );
    let queue = support.get("/panel/doubts").await.ok();
    queue.has(&format!("{path}/inquire"));
    queue.lacks(&format!("{path}/settle"));

    panel
        .post(&format!("{path}/settle"), &fields)
        .await
        .leads_to(&format!("{path}?done=settled"));
    let page = panel.get(&path).await.ok();
    page.has_all(&["Elle sonuca bağladı", "provizyon ekranda", "Başarılı"]);
    panel
        .get("/panel/doubts")
        .await
        .ok()
        .has("Şüpheli işlem yok");
    let again = panel.post(&format!("{path}/settle"), &fields).await;
    assert_eq!(again.status, 422);

    let id = in_review(&shop).await;
    let path = format!("/panel/payments/{id}");
    support
        .post(&format!("{path}/inquire"), &[])
        .await
        .leads_to(&format!("{path}?done=asked"));
    support
        .get("/panel/doubts")
        .await
        .ok()
        .has("Şüpheli işlem yok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_shows_its_calls_and_is_sent_again() {
    let shop = Shop::open().await;
    shop.answers_webhooks(500);
    let id = paid(&shop, json!({})).await;
    shop.wait(30).await;
    let sent = webhooks::of_payment(&shop.app, shop.merchant, id).await;
    let hook = format!("/panel/webhooks/{}", sent.unwrap()[0].webhook.id);
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    panel.get("/panel/webhooks").await.ok().has(&hook);
    panel
        .get("/panel/webhooks?state=PENDING")
        .await
        .ok()
        .has(&hook);
    panel
        .get("/panel/webhooks?state=DELIVERED")
        .await
        .ok()
        .lacks(&hook);
    let page = panel.get(&hook).await.ok();
    for text in [
        "API_AUTH",
        "HTTP 500",
        "x-cg-signature-v1",
        "payloadId",
        "Bekliyor",
    ] {
        page.has(text);
    }
    shop.answers_webhooks(204);
    let resent = panel.post(&format!("{hook}/resend"), &[]).await;
    let queued = format!("{hook}?done=queued");
    resent.leads_to(&queued);
    // Nothing is delivered yet; the outcome comes by itself.
    let page = panel.get(&queued).await.ok();
    page.has_all(&["Yeniden gönderim kuyruğa alındı", " data-live="]);
    page.lacks("İletildi");
    shop.work().await;
    let state = panel.get(&format!("{hook}/state")).await.ok();
    state.has_all(&["İletildi", "HTTP 500"]);
    // A delivery stays one, whatever becomes of a further call.
    shop.answers_webhooks(502);
    let resent = panel.post(&format!("{hook}/resend"), &[]).await;
    resent.leads_to(&queued);
    let waits = panel.get(&hook).await.ok();
    waits.has_all(&["İletildi", "Sıradaki çağrı"]);
    waits.lacks("Bekliyor");
    shop.work().await;
    let page = panel.get(&hook).await.ok();
    page.has_all(&["İletildi", "HTTP 502"]);
    page.lacks("Bekliyor");
    let mut reader = Panel::sign_in(&shop, Role::ReadOnly).await;
    reader.get(&hook).await.ok().lacks("/resend");
    assert_eq!(
        reader.post(&format!("{hook}/resend"), &[]).await.status,
        403
    );
    assert_eq!(panel.get("/panel/webhooks/1").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_every_payment_and_no_formula() {
    let shop = Shop::open().await;
    for name in ["=HYPERLINK(\"x\")", "@SUM(1,2)", "plain, with \"quotes\""] {
        paid(
            &shop,
            json!({"conversationId": name, "externalId": "exported"}),
        )
        .await;
    }
    paid(&shop, json!({"externalId": "other"})).await;
    let mut finance = Panel::sign_in(&shop, Role::Finance).await;
    finance
        .get("/panel/payments?externalId=exported")
        .await
        .ok()
        .has("/panel/payments.csv?externalId=exported");
    let file = finance
        .get("/panel/payments.csv?externalId=exported")
        .await
        .ok();
    assert!(
        file.text
            .starts_with("\u{feff}id,createdDate,paymentStatus,")
    );
    assert_eq!(file.text.lines().count(), 4);
    file.has_all(&[",\"'=HYPERLINK(\"\"x\"\")\",", ",\"'@SUM(1,2)\","]);
    file.has(",\"plain, with \"\"quotes\"\"\",");
    assert_eq!(
        finance
            .get("/panel/payments.csv")
            .await
            .ok()
            .text
            .lines()
            .count(),
        5
    );
    let wrong = finance.get("/panel/payments.csv?minPaidPrice=abc").await;
    wrong.leads_to("/panel/payments?minPaidPrice=abc");
    let mut support = Panel::sign_in(&shop, Role::Support).await;
    assert_eq!(support.get("/panel/payments.csv").await.status, 403);
    let outcomes: Vec<Outcome> = log(&shop, "payment.export")
        .await
        .into_iter()
        .map(|one| one.2)
        .collect();
    assert_eq!(outcomes, [Outcome::Refused, Outcome::Done, Outcome::Done]);
}
