//! What the panel counts, pages through and takes away.

use crate::shop::{BONUS, GARANTI, NO_FUNDS, Shop, YKB, payment, points, with};
use contract::enums::{Currency, PaymentStatus};
use contract::errors::ErrorGroup;
use contract::payment_reporting::SearchPaymentsRequest;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use server::clock::Clock;
use server::operations::figures::{self, Figures, Step};
use server::operations::payment_export::Export;
use server::operations::{Actor, Role, payment_reporting};
use server::store::audit;

async fn pays(shop: &Shop, request: Value) -> Option<i64> {
    shop.pays_as(request).await.data("id").as_i64()
}

fn hours(moment: Timestamp, hours: i64) -> Timestamp {
    moment
        .checked_add(SignedDuration::from_hours(hours))
        .unwrap()
}

async fn figures_of(shop: &Shop, from: Timestamp, step: Step) -> Figures {
    let to = hours(shop.clock.now(), 1);
    figures::retrieve(
        &shop.app,
        &Actor::operator(),
        shop.merchant,
        (from, to),
        step,
    )
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_counts_what_was_taken_approved_refused_spent_and_lent() {
    let shop = Shop::open().await;
    let begin = shop.clock.now();
    pays(&shop, payment(GARANTI)).await.unwrap();
    pays(&shop, payment(YKB)).await.unwrap();
    shop.pass(3600).await;
    assert_eq!(pays(&shop, payment(NO_FUNDS)).await, None);
    let rewarded = with(payment(BONUS), points(1.36, 3.88));
    pays(&shop, rewarded).await.unwrap();
    shop.applied("064").await.decides("approve").await;
    shop.applied("064").await;
    shop.fault("garanti", "sale", "lose_reply").await;
    pays(&shop, payment(GARANTI)).await;

    let found = figures_of(&shop, begin, Step::Hour).await;
    let success = |f: &Figures| -> Vec<(i64, i64)> {
        f.buckets
            .iter()
            .filter(|b| b.status == PaymentStatus::Success && b.currency == Currency::Try)
            .map(|b| (b.payments, b.captured))
            .collect()
    };
    assert_eq!(success(&found), [(2, 20_000), (2, 1_010_000)]);
    assert!(found.starts.len() >= 3, "{:?}", found.starts);
    for bucket in &found.buckets {
        assert!(found.starts.contains(&bucket.starts_at), "{bucket:?}");
    }
    let count = |status| -> i64 {
        let of = found.buckets.iter().filter(|b| b.status == status);
        of.map(|b| b.payments).sum()
    };
    assert_eq!(count(PaymentStatus::Failure), 1);
    assert_eq!(count(PaymentStatus::Waiting), 2);
    let pos: Vec<(i64, i64)> = found
        .by_pos
        .iter()
        .map(|p| (p.bank_id, p.approved))
        .collect();
    assert!(pos.contains(&(62, 2)) && pos.contains(&(67, 1)), "{pos:?}");
    assert!(found.by_pos.iter().any(|p| p.declined > 0));
    let approved: i64 = found.by_brand.iter().map(|b| b.approved).sum();
    let declined: i64 = found.by_brand.iter().map(|b| b.declined).sum();
    assert_eq!((approved, declined), (3, 1));
    assert!(
        found
            .by_brand
            .iter()
            .any(|b| b.name == "Bonus" && b.approved == 2)
    );
    assert_eq!(found.errors.len(), 1);
    assert_ne!(found.errors[0].0, ErrorGroup::CommunicationOrSystemError);
    assert_eq!(found.errors[0].1, 1);
    let spent: Vec<(i64, i64, i64, i64)> = found
        .rewards
        .iter()
        .map(|r| (r.payments, r.card, r.firm, r.mile))
        .collect();
    assert_eq!(spent, [(1, 136, 388, 0)]);
    let loans: Vec<(&str, i64, i64)> = found
        .loans
        .iter()
        .map(|l| (l.state.as_str(), l.loans, l.amount))
        .collect();
    assert_eq!(
        loans,
        [("DISBURSED", 1, 1_000_000), ("PENDING", 1, 1_000_000)]
    );
    assert_eq!(found.doubts, 1);

    let later = figures_of(&shop, hours(begin, 1), Step::Day).await;
    assert_eq!(success(&later), [(2, 1_010_000)]);
    assert!(later.starts.len() <= 2);
    let by = Actor::operator();
    let other = figures::retrieve(
        &shop.app,
        &by,
        shop.merchant + 1,
        (begin, hours(begin, 5)),
        Step::Hour,
    );
    assert!(other.await.unwrap().buckets.is_empty());
    for (from, to) in [(begin, begin), (begin, hours(begin, 900))] {
        let by = Actor::operator();
        let refused =
            figures::retrieve(&shop.app, &by, shop.merchant, (from, to), Step::Hour).await;
        assert!(refused.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_turned_by_id_and_new_payments_do_not_shift_them() {
    let shop = Shop::open().await;
    let caller = shop.caller(Role::ReadOnly).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(pays(&shop, payment(GARANTI)).await.unwrap());
    }
    pays(&shop, payment(NO_FUNDS)).await;
    made.reverse();
    let request = || SearchPaymentsRequest {
        payment_status: Some(PaymentStatus::Success),
        ..SearchPaymentsRequest::default()
    };
    let page = async |before| {
        let (items, more) =
            payment_reporting::page_before(&shop.app, &caller, request(), before, 2)
                .await
                .unwrap();
        let ids: Vec<i64> = items.iter().filter_map(|item| item.id).collect();
        (ids, more)
    };
    assert_eq!(page(None).await, (made[..2].to_vec(), true));
    pays(&shop, payment(GARANTI)).await.unwrap();
    assert_eq!(page(Some(made[1])).await, (made[2..4].to_vec(), true));
    assert_eq!(page(Some(made[3])).await, (made[4..].to_vec(), false));
    assert_eq!(page(Some(made[4])).await, (vec![], false));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_each_payment_once_and_is_noted() {
    let shop = Shop::open().await;
    let finance = shop.caller(Role::Finance).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(pays(&shop, payment(GARANTI)).await.unwrap());
    }
    let request = SearchPaymentsRequest {
        currency: Some(Currency::Try),
        conversation_id: Some("456d1297".to_owned()),
        ..SearchPaymentsRequest::default()
    };
    let mut export = Export::begin(&shop.app, &finance, request.clone())
        .await
        .unwrap();
    pays(&shop, payment(GARANTI)).await.unwrap();
    let mut ids = Vec::new();
    loop {
        let batch = export.next(&shop.app, &finance).await.unwrap();
        if batch.is_empty() {
            break;
        }
        ids.extend(batch.iter().filter_map(|payment| payment.id));
    }
    assert_eq!(ids, made);
    let support = shop.caller(Role::Support).await;
    assert!(Export::begin(&shop.app, &support, request).await.is_err());
    let log = audit::of_merchant(&shop.app, shop.merchant, i64::MAX, "payment.export", "", 9)
        .await
        .unwrap();
    assert_eq!(log.len(), 2);
    assert_eq!(
        log[1].entry.after,
        Some(json!({"conversationId": "456d1297", "currency": "TRY"}))
    );
}
