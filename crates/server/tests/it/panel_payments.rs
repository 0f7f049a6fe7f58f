//! The pages of payments, doubts and webhooks, as a browser without scripts sees them.

use crate::bnpl_payments::{application, applied, cart};
use crate::panel::{Panel, Shown};
use crate::world::{World, payment, with};
use serde_json::json;
use server::operations::Role;
use server::store::audit::{self, Outcome};
use server::store::{exchanges, webhooks};
use std::time::Duration;

const CARD: &str = "5209220000000002";
const MARKUP: &str = "\"><script>alert('x')</script>";

async fn paid(world: &World, over: serde_json::Value) -> i64 {
    let reply = world
        .post("/payment/v1/card-payments", with(payment(CARD), over))
        .await
        .ok();
    reply.data("id").as_i64().unwrap()
}

/// A payment that the bank took without answering, and the one inquiry is lost as well.
async fn in_review(world: &World) -> i64 {
    world
        .fault("garanti", "sale", json!({"kind": "lose_reply"}))
        .await;
    let reply = world.post("/payment/v1/card-payments", payment(CARD)).await;
    world
        .fault("garanti", "inquire", json!({"kind": "http_500"}))
        .await;
    world.wait(5).await;
    reply.body["errors"]["paymentId"].as_i64().unwrap()
}

async fn impatient() -> World {
    World::with(|config| config.settings.inquiry_waits = vec![Duration::from_secs(5)]).await
}

/// A loan whose bank decided, and was asked for it.
async fn decided_loan(world: &World, decision: serde_json::Value) -> i64 {
    let reply = world
        .post("/payment/v1/bnpl-payments/init", application("103"))
        .await
        .ok();
    let loans = world.control("GET", "/control/loans", json!(null)).await;
    let all = loans.as_array().or(loans["loans"].as_array()).unwrap();
    let order = all.last().unwrap()["orderId"].as_str().unwrap().to_owned();
    world
        .control(
            "POST",
            &format!("/control/loans/{order}/decision"),
            decision,
        )
        .await;
    let id = reply.data("paymentId").as_i64().unwrap();
    let path = format!("/payment/v1/bnpl-payments/{id}/verify");
    world.post(&path, json!(null)).await.ok();
    id
}

async fn log(world: &World, action: &str) -> Vec<(String, String, Outcome)> {
    let found = audit::of_merchant(&world.app, world.merchant, i64::MAX, action, "", 100).await;
    let entries = found.unwrap().into_iter().map(|one| one.entry);
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
    let world = World::open().await;
    let one = paid(&world, json!({"conversationId": "a-1"})).await;
    let other = paid(
        &world,
        json!({"conversationId": "b-2", "price": 1500, "paidPrice": 1500.5, "items": [{"name": "X", "price": 1500}]}),
    )
    .await;
    let mut panel = Panel::sign_in(&world, Role::ReadOnly).await;
    let link = |id: i64| format!("href=\"/panel/payments/{id}\"");
    let all = panel.get("/panel/payments").await.ok();
    all.has(&link(one));
    all.has(&link(other));
    all.has("1.500,50\u{a0}₺");
    all.has("520922******0002");
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
        page.has(&format!("id=\"{field}-wrong\""));
        page.has(&format!("value=\"{typed}\""));
    }
    let none = panel.get("/panel/payments?conversationId=none").await.ok();
    none.has("Bu filtrelere uyan işlem yok");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_payments_do_not_shift_when_new_ones_come() {
    let world = World::open().await;
    let mut ids = Vec::new();
    for _ in 0..52 {
        ids.push(paid(&world, json!({"conversationId": "many"})).await);
    }
    let mut panel = Panel::sign_in(&world, Role::ReadOnly).await;
    let first = panel.get("/panel/payments?conversationId=many").await.ok();
    assert_eq!(rows(&first), 50);
    let next = format!("/panel/payments?before={}&conversationId=many", ids[2]);
    first.has(&next.replace('&', "&amp;"));
    paid(&world, json!({"conversationId": "many"})).await;
    let second = panel.get(&next).await.ok();
    assert_eq!(rows(&second), 2);
    second.has(&format!("/panel/payments/{}\"", ids[0]));
    second.has("En yeni");
    second.lacks("Daha eski");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_wrote_is_shown_as_text() {
    let world = World::open().await;
    let item = json!([{"name": MARKUP, "price": 100, "externalId": MARKUP}]);
    let id = paid(
        &world,
        json!({"conversationId": MARKUP, "externalId": MARKUP, "paymentChannel": MARKUP, "items": item}),
    )
    .await;
    let said = json!({"decision": "reject", "code": "LIMIT_NOT_SUFFICIENT", "message": MARKUP});
    let rejected = decided_loan(&world, said).await;
    let mut panel = Panel::sign_in(&world, Role::Owner).await;
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
        page.lacks("<script>alert");
        page.lacks("\"><script");
    }
    let page = panel.get(&format!("/panel/payments/{id}")).await;
    page.has("&lt;script&gt;alert(");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_shows_what_happened_and_exchanges_after_a_noted_look() {
    let world = World::open().await;
    let loyalty = json!({"card": {"loyalty": {"type": "REWARD_MONEY", "reward": {"cardRewardMoney": 12.35, "firmRewardMoney": 5.2}}}});
    let reply = world
        .post(
            "/payment/v1/card-payments",
            with(payment("4043080000000003"), loyalty),
        )
        .await
        .ok();
    let id = reply.data("id").as_i64().unwrap();
    world.wait(30).await;
    world.app.journal.flush().await;
    let mut panel = Panel::sign_in(&world, Role::Support).await;
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
    page.lacks("4043080000000003");
    page.lacks("GVPSRequest");
    assert!(log(&world, "payment.exchanges_look").await.is_empty());
    let page = panel.get(&format!("{path}?exchanges=1")).await.ok();
    page.has("GVPSRequest");
    page.lacks("4043080000000003");
    let looks = log(&world, "payment.exchanges_look").await;
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
    let world = World::open().await;
    let id = decided_loan(&world, json!({"decision": "ready"})).await;
    let (path, approve) = (
        format!("/panel/payments/{id}"),
        format!("/panel/payments/{id}/approve"),
    );
    let mut support = Panel::sign_in(&world, Role::Support).await;
    let page = support.get(&path).await.ok();
    page.has("Kredi hazır, onayınız bekleniyor");
    page.has("<span class=\"state wait\">Onay bekliyor</span>");
    page.has(&format!("{path}/verify"));
    page.lacks(&approve);
    assert_eq!(support.post(&approve, &[]).await.status, 403);
    support
        .post(&format!("{path}/verify"), &[])
        .await
        .leads_to(&format!("{path}?done=asked"));

    let mut finance = Panel::sign_in(&world, Role::Finance).await;
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
    page.has("Onaylandı.");
    page.has("Kullandırıldı");
    page.has("Krediyi onayladı");
    page.has("finance@example.com");
    page.lacks(&approve);
    let who = |email: &str, outcome| (email.to_owned(), id.to_string(), outcome);
    assert_eq!(
        log(&world, "loan.approve").await,
        [
            who("finance@example.com", Outcome::Done),
            who("support@example.com", Outcome::Refused),
        ]
    );
    assert_eq!(
        log(&world, "loan.verify").await,
        [who("support@example.com", Outcome::Done)]
    );
    world.app.journal.flush().await;
    let said = exchanges::of_payment(&world.app, world.merchant, id).await;
    let said = said.unwrap();
    assert_eq!(
        said.iter().filter(|one| one.operation == "confirm").count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_shows_the_rewards_and_offers_that_were_asked_before_it() {
    let world = World::open().await;
    let mut panel = Panel::sign_in(&world, Role::ReadOnly).await;
    // Offers for the cart of the application, and later ones for another cart.
    let ask = |items: serde_json::Value, price: i64| {
        let asked = json!({"apmType": "MASLAK", "price": price, "currency": "TRY", "items": items});
        world.post("/payment/v1/bnpl-payments/offers", asked)
    };
    let offers = ask(cart(), 10_000).await.ok();
    let other = json!([{"id": "1", "name": "Masa", "type": "FURNITURE", "unitPrice": 10_000, "quantity": 1}]);
    let others = ask(other, 10_000).await.ok();
    let loan = applied(&world, "064").await;
    world.app.journal.flush().await;
    let path = format!("/panel/payments/{}", loan.data("paymentId"));
    let page = panel.get(&path).await.ok();
    page.has(offers.data("offerId").as_str().unwrap());
    page.lacks(others.data("offerId").as_str().unwrap());
    let banks = offers.data("bankOffers").as_array().unwrap();
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
        let found = world
            .post("/payment/v1/card-loyalties/retrieve", asked)
            .await
            .ok();
        let reply = world
            .post("/payment/v1/card-payments", payment(card))
            .await
            .ok();
        world.app.journal.flush().await;
        let page = panel
            .get(&format!("/panel/payments/{}", reply.data("id")))
            .await
            .ok();
        page.has("Ödemeden önce bu maskeli kart numarası için sorulan ödüller");
        let none = found.data("loyalties").as_array().unwrap().is_empty();
        assert_eq!(none, card.starts_with("525864"));
        assert_eq!(page.text.contains("hiçbiri yoktu"), none, "{card}");
    }
    // What nobody asked about is not made up.
    let unasked = paid(&world, json!({})).await;
    let page = panel.get(&format!("/panel/payments/{unasked}")).await.ok();
    page.lacks("ödemeden önce soruldu");
    // It is forgotten after a month.
    world.clock.advance_seconds(31 * 24 * 60 * 60);
    server::jobs::forget(&world.app).await;
    let mut panel = Panel::sign_in(&world, Role::Owner).await;
    let page = panel.get(&path).await.ok();
    page.lacks(offers.data("offerId").as_str().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_the_bank_refuses_or_loses_is_told_on_the_page() {
    let world = World::open().await;
    let mut panel = Panel::sign_in(&world, Role::Owner).await;
    let id = decided_loan(&world, json!({"decision": "ready"})).await;
    let lost = json!({"operation": "confirm", "fault": {"kind": "lose_reply"}, "times": 1});
    world.control("POST", "/control/lender-faults", lost).await;
    let silent = json!({"operation": "notify", "fault": {"kind": "no_callback"}, "times": 9});
    world
        .control("POST", "/control/lender-faults", silent)
        .await;
    let path = format!("/panel/payments/{id}");
    panel
        .post(&format!("{path}/approve"), &[])
        .await
        .leads_to(&format!("{path}?done=doubt"));
    let page = panel.get(&format!("{path}?done=doubt")).await.ok();
    page.has("kesin cevap gelmedi");
    page.has(&format!("{path}/verify"));
    // Nobody's word crosses an answer that may be on its way; after that a person may know more.
    page.lacks("/settle");
    world.clock.advance_seconds(14);
    let page = panel.get(&path).await.ok();
    page.has(&format!("{path}/settle"));
    page.has("Krediyi kullandırmadı");
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
    let reply = world
        .post("/payment/v1/bnpl-payments/init", application("103"))
        .await
        .ok();
    let unfinished = format!("/panel/payments/{}", reply.data("paymentId"));
    let refused = panel.post(&format!("{unfinished}/approve"), &[]).await;
    assert_eq!(refused.status, 422);
    refused.has("Ödemenin durumu bu işleme uygun değil");
    refused.has("class=\"error-box\"");
    let unknown = panel.post("/panel/payments/1/approve", &[]).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_is_listed_inquired_and_settled_with_a_reason() {
    let world = impatient().await;
    let mut panel = Panel::sign_in(&world, Role::Owner).await;
    panel
        .get("/panel/doubts")
        .await
        .ok()
        .has("Şüpheli işlem yok");
    let id = in_review(&world).await;
    let path = format!("/panel/payments/{id}");
    // What a library says of a broken connection is told in the reader's words.
    world.app.journal.flush().await;
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
        page.has(wrong);
        page.has(fields.last().unwrap().1);
    }
    let mut support = Panel::sign_in(&world, Role::Support).await;
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
    page.has("Elle sonuca bağladı");
    page.has("provizyon ekranda");
    page.has("Başarılı");
    panel
        .get("/panel/doubts")
        .await
        .ok()
        .has("Şüpheli işlem yok");
    let again = panel.post(&format!("{path}/settle"), &fields).await;
    assert_eq!(again.status, 422);

    let id = in_review(&world).await;
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
    let world = World::open().await;
    *world.hook_status.lock().unwrap() = 500;
    let id = paid(&world, json!({})).await;
    world.wait(30).await;
    let sent = webhooks::of_payment(&world.app, world.merchant, id).await;
    let hook = format!("/panel/webhooks/{}", sent.unwrap()[0].webhook.id);
    let mut panel = Panel::sign_in(&world, Role::Developer).await;
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
    *world.hook_status.lock().unwrap() = 204;
    let resent = panel.post(&format!("{hook}/resend"), &[]).await;
    let queued = format!("{hook}?done=queued");
    resent.leads_to(&queued);
    // Nothing is delivered yet; the outcome comes by itself.
    let page = panel.get(&queued).await.ok();
    page.has("Yeniden gönderim kuyruğa alındı");
    page.has(" data-live=");
    page.lacks("İletildi");
    world.work().await;
    let state = panel.get(&format!("{hook}/state")).await.ok();
    state.has("İletildi");
    state.has("HTTP 500");
    // A delivery stays one, whatever becomes of a further call.
    *world.hook_status.lock().unwrap() = 502;
    let resent = panel.post(&format!("{hook}/resend"), &[]).await;
    resent.leads_to(&queued);
    let waits = panel.get(&hook).await.ok();
    waits.has("İletildi");
    waits.has("Sıradaki çağrı");
    waits.lacks("Bekliyor");
    world.work().await;
    let page = panel.get(&hook).await.ok();
    page.has("İletildi");
    page.has("HTTP 502");
    page.lacks("Bekliyor");
    let mut reader = Panel::sign_in(&world, Role::ReadOnly).await;
    reader.get(&hook).await.ok().lacks("/resend");
    assert_eq!(
        reader.post(&format!("{hook}/resend"), &[]).await.status,
        403
    );
    assert_eq!(panel.get("/panel/webhooks/1").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_every_payment_and_no_formula() {
    let world = World::open().await;
    for name in ["=HYPERLINK(\"x\")", "@SUM(1,2)", "plain, with \"quotes\""] {
        paid(
            &world,
            json!({"conversationId": name, "externalId": "exported"}),
        )
        .await;
    }
    paid(&world, json!({"externalId": "other"})).await;
    let mut finance = Panel::sign_in(&world, Role::Finance).await;
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
    file.has(",\"'=HYPERLINK(\"\"x\"\")\",");
    file.has(",\"'@SUM(1,2)\",");
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
    let mut support = Panel::sign_in(&world, Role::Support).await;
    assert_eq!(support.get("/panel/payments.csv").await.status, 403);
    let outcomes: Vec<Outcome> = log(&world, "payment.export")
        .await
        .into_iter()
        .map(|one| one.2)
        .collect();
    assert_eq!(outcomes, [Outcome::Refused, Outcome::Done, Outcome::Done]);
}
