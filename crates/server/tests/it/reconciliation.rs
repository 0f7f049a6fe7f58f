//! Days of POSes against their banks' lists: by the bank's own list, by a file of its pages, by night, by command and in
//! the panel.

use crate::panel::Panel;
use crate::process::ended;
use crate::shop::{GARANTI, MANY, Shop, YKB, delay, edit, garanti, with};
use connectors::bank::{
    Account, BankContext, CardData, CardEnds, Charge, Order, OrderRef, Phase, Verdict,
};
use connectors::protocol::Protocol;
use contract::card::{Expiry, Pan};
use contract::enums::{Currency, PosIntegrator};
use contract::money::Money;
use contract::rules::Rule;
use jiff::Zoned;
use jiff::civil::Date;
use serde_json::{Value, json};
use server::clock::{MovableClock, first_id_at, istanbul};
use server::jobs;
use server::operations::reconciliations::{self, Difference, Filter, Run};
use server::operations::{Actor, Problem, Role};
use server::store::poses::{self, Pos};
use std::sync::Arc;

pub async fn pos(shop: &Shop, integrator: PosIntegrator) -> Pos {
    let all = poses::of_merchant(&shop.app, shop.merchant).await.unwrap();
    let mut of = all.into_iter().filter(|pos| pos.integrator == integrator);
    of.next().unwrap()
}

pub fn today(shop: &Shop) -> Date {
    istanbul(shop.app.now()).date()
}

/// The next day at this hour.
pub async fn next_day_at(shop: &Shop, hour: i8) {
    let now = istanbul(shop.app.now());
    let then = now.tomorrow().unwrap().with().hour(hour).minute(0).build();
    let then = then.unwrap();
    shop.pass(then.timestamp().duration_since(now.timestamp()).as_secs())
        .await;
}

pub async fn compared(
    shop: &Shop,
    pos: &Pos,
    day: Date,
    file: Option<&str>,
) -> Result<(Run, Vec<Difference>), Problem> {
    let of = (shop.merchant, pos.id);
    let file = file.map(str::as_bytes);
    reconciliations::compare(&shop.app, &Actor::operator(), of, day, file).await
}

/// The kind and the payment of each difference that is open after a comparison.
pub async fn found(shop: &Shop, pos: &Pos, day: Date) -> Vec<(&'static str, Option<i64>)> {
    let (_, differences) = compared(shop, pos, day, None).await.unwrap();
    shown(&differences)
}

pub fn shown(differences: &[Difference]) -> Vec<(&'static str, Option<i64>)> {
    let show = |one: &Difference| (one.kind.as_str(), one.payment_id);
    differences.iter().map(show).collect()
}

#[track_caller]
pub fn refused(answer: Result<(Run, Vec<Difference>), Problem>, wanted: Rule) {
    match answer {
        Err(Problem::Rule { rule, .. }) => assert_eq!(rule, wanted),
        other => panic!("{other:?}"),
    }
}

/// Somebody who uses the account without Galata.
pub struct Outside<'a> {
    pub shop: &'a Shop,
    pub pos: &'a Pos,
    pub card: &'static str,
}

impl Outside<'_> {
    pub fn order(id: &str, phase: Phase) -> Order {
        Order {
            id: id.to_owned(),
            amount: Money::new(4_200, Currency::Try),
            installment: 1,
            phase,
        }
    }

    /// The bank's reference of it.
    pub async fn sells(&self, id: &str, phase: Phase) -> String {
        let (account, now) = (self.pos.account(), istanbul(self.shop.app.now()));
        let card = CardData {
            pan: Pan::parse(self.card).unwrap(),
            expiry: Expiry {
                year: 2030,
                month: 12,
            },
            cvc: None,
            holder: "Old Shop".to_owned(),
        };
        let charge = Charge {
            order: &Outside::order(id, phase),
            card: &card,
            reward: None,
            client_ip: None,
        };
        let sold = self.bank().charge(self.context(&account, &now), charge);
        match sold.await {
            Ok(Verdict::Approved(charged)) => charged.host_reference,
            other => panic!("{other:?}"),
        }
    }

    /// Undoes an order; `reference` is the bank's own of it, which some banks ask for.
    pub async fn voids(&self, order: &Order, reference: &str) {
        let (account, now) = (self.pos.account(), istanbul(self.shop.app.now()));
        let about = OrderRef {
            order,
            threeds: false,
            sent_at: &now,
            host_reference: Some(reference),
            card: CardEnds::default(),
            id_chosen: false,
            with_points: false,
        };
        let voided = self.bank().void(self.context(&account, &now), about).await;
        assert!(matches!(voided, Ok(Verdict::Approved(_))), "{voided:?}");
    }

    fn bank(&self) -> Protocol {
        connectors::directory::protocol(self.pos.integrator).unwrap()
    }

    fn context<'b>(&'b self, account: &'b Account, now: &'b Zoned) -> BankContext<'b> {
        BankContext {
            account,
            http: &self.shop.app.net,
            now,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_books_have_and_the_list_does_not_or_otherwise_is_told() {
    let shop = Shop::open().await;
    shop.noon().await;
    let garanti = &pos(&shop, PosIntegrator::Garanti).await;
    let day = today(&shop);
    let id = shop.pays(GARANTI).await.succeeded().id();
    let attempt = shop.attempt(id).await;
    shop.day_passes().await;
    let amount = format!("<AuthAmount>{}</AuthAmount>", attempt.amount);
    for (list, wanted) in [
        (
            edit(&attempt.order_id, "ANOTHER"),
            vec![("NOT_AT_BANK", Some(id)), ("TAKEN_UNKNOWN", None)],
        ),
        (edit("Basarili", "Basarisiz"), vec![("UNCLEAR", Some(id))]),
        (
            edit(&amount, "<AuthAmount>1</AuthAmount>"),
            vec![("AMOUNT", Some(id))],
        ),
        (
            edit("<CurrencyCode>TL", "<CurrencyCode>USD"),
            vec![("AMOUNT", Some(id))],
        ),
        (edit("Satis", "On Otorizasyon"), vec![("HELD", Some(id))]),
        (edit("Satis", "Odul Sorgulama"), vec![("UNCLEAR", Some(id))]),
    ] {
        shop.fault("garanti", "list", list.clone()).await;
        let mut all = found(&shop, garanti, day).await;
        all.sort_unstable();
        assert_eq!(all, wanted, "{list}");
    }
    assert_eq!(found(&shop, garanti, day).await, []);
    let next = today(&shop);
    shop.refunds(id).await.ok();
    next_day_at(&shop, 12).await;
    // A refund of which the bank's list does not tell how much it was.
    let untold = edit(&amount, "<AuthAmount></AuthAmount>");
    shop.fault("garanti", "list", untold).await;
    assert_eq!(found(&shop, garanti, next).await, [("UNCLEAR", Some(id))]);
    // One that it does not have.
    shop.fault(
        "garanti",
        "list",
        edit(&amount, "<AuthAmount>0</AuthAmount>"),
    )
    .await;
    let (_, all) = compared(&shop, garanti, next, None).await.unwrap();
    assert_eq!(shown(&all), [("GIVEN_BACK_HERE", Some(id))]);
    assert_eq!(
        (all[0].ours, all[0].theirs),
        (Some(attempt.amount), Some(0))
    );
    // A list that is not given is told, and changes nothing.
    shop.fault("garanti", "list", "http_500").await;
    refused(
        compared(&shop, garanti, next, None).await,
        Rule::ListNotGiven,
    );
    let open = "select count(*) as n from reconciliation_differences where closing is null";
    assert_eq!(shop.count(open).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_is_compared_again_doubles_nothing_and_keeps_what_a_person_closed() {
    let shop = Shop::open().await;
    shop.noon().await;
    let garanti = &pos(&shop, PosIntegrator::Garanti).await;
    let day = today(&shop);
    let outside = Outside {
        shop: &shop,
        pos: garanti,
        card: GARANTI,
    };
    outside.sells("OLDSHOP1", Phase::Sale).await;
    next_day_at(&shop, 12).await;
    let (_, first) = compared(&shop, garanti, day, None).await.unwrap();
    shop.pass(60).await;
    let (_, again) = compared(&shop, garanti, day, None).await.unwrap();
    assert_eq!(first[0].id, again[0].id);
    assert_eq!(first[0].first_seen_at, again[0].first_seen_at);
    assert!(again[0].last_seen_at > first[0].last_seen_at);
    let close = |note: &'static str| {
        let (app, id) = (Arc::clone(&shop.app), first[0].id);
        async move { reconciliations::close(&app, &Actor::operator(), shop.merchant, id, note).await }
    };
    assert!(close(" x ").await.is_err());
    let closed = close("the old shop's own").await.unwrap();
    assert_eq!(closed.closed_by.as_deref(), Some("operator"));
    assert!(close("once more").await.is_err());
    assert_eq!(found(&shop, garanti, day).await, []);
    // With another amount it is another matter.
    shop.fault(
        "garanti",
        "list",
        edit("<AuthAmount>4200<", "<AuthAmount>4300<"),
    )
    .await;
    assert_eq!(found(&shop, garanti, day).await, [("TAKEN_UNKNOWN", None)]);
    let rows = "select count(*) as n from reconciliation_differences";
    assert_eq!(shop.count(rows).await, 1);
    let runs = "select count(*) as n from reconciliations";
    assert_eq!(shop.count(runs).await, 1);
    assert_eq!(shop.audit("difference.close").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_near_midnight_is_looked_for_on_both_days() {
    let shop = Shop::open().await;
    shop.noon().await;
    let garanti = &pos(&shop, PosIntegrator::Garanti).await;
    let day = today(&shop);
    // Five seconds into the next day by the bank's clock, five before its beginning by ours.
    next_day_at(&shop, 0).await;
    let second = istanbul(shop.app.now()).second();
    shop.pass(i64::from(65 - second)).await;
    let id = shop.pays(GARANTI).await.succeeded().id();
    let midnight = istanbul(shop.app.now()).start_of_day().unwrap();
    let before = midnight.timestamp() - jiff::SignedDuration::from_secs(5);
    let moved = "update attempts set asked_at = $1 where payment_id = $2";
    shop.execute(moved, vec![before.into(), id.into()]).await;
    let next = today(&shop);
    next_day_at(&shop, 12).await;
    for day in [day, next] {
        assert_eq!(found(&shop, garanti, day).await, [], "{day}");
    }
    // What neither day lists is missing.
    let order = shop.attempt(id).await.order_id;
    shop.faults(2, "garanti", "list", edit(&order, "ANOTHER"))
        .await;
    assert_eq!(
        found(&shop, garanti, day).await,
        [("NOT_AT_BANK", Some(id))]
    );
    shop.banks_recover().await;
    assert_eq!(found(&shop, garanti, day).await, []);
    // A file that ends with the day cannot tell; one that goes on can.
    let row = |order: &str, day: Date| format!("{order};1,00;{day}\n");
    let file = format!("Order ID;Amount;Date\n{}", row("X", day));
    let (_, all) = compared(&shop, garanti, day, Some(&file)).await.unwrap();
    assert_eq!(shown(&all), [("TAKEN_UNKNOWN", None)]);
    let file = format!("{file}{}", row("Y", next));
    let (_, all) = compared(&shop, garanti, day, Some(&file)).await.unwrap();
    assert_eq!(
        shown(&all),
        [("NOT_AT_BANK", Some(id)), ("TAKEN_UNKNOWN", None)]
    );
    let file = format!("{file}{}", row(&order, next));
    let (_, all) = compared(&shop, garanti, day, Some(&file)).await.unwrap();
    assert_eq!(shown(&all), [("TAKEN_UNKNOWN", None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn comparing_by_hand_asks_once_and_uses_none_of_the_schedules_questions() {
    let shop = Shop::open().await;
    shop.noon().await;
    let garanti = &pos(&shop, PosIntegrator::Garanti).await;
    let day = today(&shop);
    shop.fault("garanti", "sale", "lose_reply").await;
    let id = shop.pays(GARANTI).await.in_doubt();
    shop.faults(MANY, "garanti", "inquire", "http_500").await;
    next_day_at(&shop, 12).await;
    for wait in [0, 30, 120, 600] {
        shop.wait(wait).await;
    }
    // The next question would be asked after half an hour.
    let made = shop.attempt(id).await.inquiries;
    assert_eq!((made, shop.met("inquire").await), (4, 4));
    for asked in [5, 5, 5] {
        shop.wait(60).await;
        assert_eq!(
            found(&shop, garanti, day).await,
            [("TAKEN_IN_DOUBT", Some(id))]
        );
        shop.work().await;
        assert_eq!(shop.met("inquire").await, asked);
        assert_eq!(shop.attempt(id).await.inquiries, made);
    }
    // The schedule goes on from there, each of its waits with its own question.
    for (wait, asked) in [(1_800, 6), (7_200, 7)] {
        shop.wait(wait).await;
        assert_eq!(shop.met("inquire").await, asked);
    }
    assert_eq!(shop.attempt(id).await.inquiries, made + 2);
    assert_eq!(
        found(&shop, garanti, day).await,
        [("TAKEN_IN_DOUBT", Some(id))]
    );
    shop.banks_recover().await;
    shop.wait(60).await;
    assert_eq!(shop.outcome(id).await, "WAITING");
    // A person's question, or the schedule's next one, settles it.
    shop.wait(21_600).await;
    assert_eq!(shop.outcome(id).await, "FAILURE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_near_midnight_of_a_later_day_is_looked_for_on_both_days() {
    let shop = Shop::open().await;
    shop.noon().await;
    let garanti = &pos(&shop, PosIntegrator::Garanti).await;
    // By our clock in the last seconds of a day and by the bank's in the first ones of the next, and the other way round.
    for (at, apart) in [(10, -20), (-10, 20)] {
        let sold = shop.pays(GARANTI).await.succeeded();
        let id = sold.id();
        shop.day_passes().await;
        let item = |at: usize| sold.data(&format!("paymentTransactions.{at}.id")).clone();
        let (first, last) = (today(&shop), today(&shop).tomorrow().unwrap());
        shop.refunds_item(item(1), 5).await.ok();
        let now = istanbul(shop.app.now());
        let midnight = now.tomorrow().unwrap().start_of_day().unwrap();
        let left = midnight.timestamp().duration_since(now.timestamp());
        shop.pass(left.as_secs() + at).await;
        shop.refunds_item(item(0), 7).await.ok();
        let ours = shop.app.now() + jiff::SignedDuration::from_secs(apart);
        let moved = "update refunds set asked_at = $1 where payment_id = $2 and amount = 700";
        shop.execute(moved, vec![ours.into(), id.into()]).await;
        // What goes back on both days anyway stands for nothing else.
        shop.noon().await;
        shop.refunds_item(item(1), 9).await.ok();
        next_day_at(&shop, 12).await;
        for day in [first, last] {
            assert_eq!(found(&shop, garanti, day).await, [], "{day} {apart}");
        }
        // What neither day lists is missing on the day that our clock tells.
        let amount = "<AuthAmount>700</AuthAmount>";
        let nothing = edit(amount, "<AuthAmount>0</AuthAmount>");
        shop.faults(MANY, "garanti", "list", nothing).await;
        let (missing, other) = if apart < 0 {
            (first, last)
        } else {
            (last, first)
        };
        let here = [("GIVEN_BACK_HERE", Some(id))];
        assert_eq!(found(&shop, garanti, missing).await, here, "{apart}");
        assert_eq!(found(&shop, garanti, other).await, [], "{apart}");
        shop.banks_recover().await;
        // And what the bank gave back beyond it is told on the day that lists it.
        let more = edit(amount, "<AuthAmount>900</AuthAmount>");
        shop.fault("garanti", "list", more).await;
        let there = [("GIVEN_BACK_AT_BANK", Some(id))];
        assert_eq!(found(&shop, garanti, other).await, there, "{apart}");
        shop.noon().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_without_a_list_is_compared_by_a_file_of_its_pages() {
    let shop = Shop::open().await;
    shop.noon().await;
    let ykb = &pos(&shop, PosIntegrator::Ykb).await;
    let day = today(&shop);
    let sold = shop.pays(YKB).await.succeeded().id();
    let held = shop.holds(YKB).await.succeeded().id();
    let captured = shop.holds(YKB).await.succeeded().id();
    shop.captures(captured, 100).await.succeeded();
    next_day_at(&shop, 12).await;
    refused(compared(&shop, ykb, day, None).await, Rule::NoDayList);
    let head = "Sipariş No;İşlem Tipi;Tutar;Durum;Tarih\n";
    let line = async |id: i64, kind: &str| {
        let attempt = shop.attempt(id).await;
        let (whole, part) = (attempt.amount / 100, attempt.amount % 100);
        // The bank fills ids up with zeros.
        format!(
            "{:0>24};{kind};{whole},{part:02};Başarılı;{day} 12:00\n",
            attempt.order_id
        )
    };
    for bad in [
        "",
        "Sipariş No;Tutar\nA;1,00\n",
        &format!("{head}A;Satış;1.250;Başarılı;{day}\n"),
    ] {
        let answer = compared(&shop, ykb, day, Some(bad)).await;
        assert!(matches!(answer, Err(Problem::Rule { .. })), "{bad}");
    }
    let other = format!("{head}A;Satış;1,00;Başarılı;2020-01-01\n");
    refused(
        compared(&shop, ykb, day, Some(&other)).await,
        Rule::FileOfOtherDays,
    );
    let runs = "select count(*) as n from reconciliations";
    assert_eq!(shop.count(runs).await, 0);
    let file = format!(
        "{head}{}{}{}{}",
        line(sold, "Satış").await,
        line(held, "Ön Otorizasyon").await,
        line(captured, "Ön Otorizasyon").await,
        line(captured, "Kapama").await,
    );
    let (run, all) = compared(&shop, ykb, day, Some(&file)).await.unwrap();
    assert_eq!(shown(&all), []);
    assert_eq!(run.moves, 4);
    // Some banks call a capture a sale.
    let file = file.replace(";Kapama;", ";Satış;");
    let (_, all) = compared(&shop, ykb, day, Some(&file)).await.unwrap();
    assert_eq!(shown(&all), []);
    // A capture that only one side knows.
    let file = format!(
        "{head}{}{}{}{}",
        line(sold, "Satış").await,
        line(held, "Ön Otorizasyon").await,
        line(held, "Kapama").await,
        line(captured, "Ön Otorizasyon").await,
    );
    let (_, all) = compared(&shop, ykb, day, Some(&file)).await.unwrap();
    let mut all = shown(&all);
    all.sort_unstable();
    assert_eq!(
        all,
        [
            ("CAPTURED_AT_BANK", Some(held)),
            ("CAPTURED_HERE", Some(captured)),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_of_a_day_are_bounded_and_none_is_closed_for_want_of_room() {
    let shop = Shop::open().await;
    let garanti = &pos(&shop, PosIntegrator::Garanti).await;
    let day: Date = "2026-01-01".parse().unwrap();
    let rows = |from: usize| -> String {
        let row = |number: usize| format!("OLD{number:04};12,50;{day}\n");
        (from..from + 510).map(row).collect()
    };
    let kept = "select count(*) as n from reconciliation_differences where closing is null";
    for (from, open) in [(1_000, 500), (1_000, 500), (995, 500), (5_000, 500)] {
        let file = format!("Order ID;Amount;Date\n{}", rows(from));
        let (run, _) = compared(&shop, garanti, day, Some(&file)).await.unwrap();
        assert_eq!(run.differences, 510);
        assert_eq!(shop.count(kept).await, open, "{from}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_room_for_all_what_the_bank_took_is_kept() {
    let shop = Shop::open().await;
    let garanti = &pos(&shop, PosIntegrator::Garanti).await;
    let day: Date = "2026-01-01".parse().unwrap();
    let row = |order: &str, kind: &str| format!("{order};{kind};12,50;{day}\n");
    let holds = (1_000..1_505).map(|number| row(&format!("OLD{number}"), "Ön Otorizasyon"));
    let file = format!(
        "Sipariş No;İşlem Tipi;Tutar;Tarih\n{}{}",
        holds.collect::<String>(),
        row("ZZZ", "Satış")
    );
    let (run, all) = compared(&shop, garanti, day, Some(&file)).await.unwrap();
    assert_eq!((run.differences, all.len()), (506, 500));
    let taken = all.iter().find(|one| one.kind.as_str() == "TAKEN_UNKNOWN");
    assert_eq!(taken.unwrap().order_id, "ZZZ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sale_under_one_order_id_stays_when_the_first_is_undone() {
    let shop = Shop::open().await;
    shop.noon().await;
    let ykb = &pos(&shop, PosIntegrator::Ykb).await;
    let day = today(&shop);
    shop.fault("posnet", "sale", "lose_reply").await;
    let id = shop.pays(YKB).await.in_doubt();
    shop.wait(5).await;
    assert_eq!(shop.outcome(id).await, "FAILURE");
    let order = shop.attempt(id).await.order_id;
    next_day_at(&shop, 12).await;
    let row = |kind: &str, status: &str| format!("{order};{kind};100,00;{status};{day} 12:00\n");
    let (sale, undone) = (row("Satış", "Başarılı"), row("Satış", "İptal Edildi"));
    let (void, refund) = (row("İptal", "Başarılı"), row("İade", "Başarılı"));
    for (rows, stays) in [
        (vec![&sale, &void], None),
        (vec![&undone, &void], None),
        (vec![&undone], None),
        (vec![&sale, &sale, &void], Some(10_000)),
        (vec![&sale, &undone], Some(10_000)),
        (vec![&sale, &undone, &void], Some(10_000)),
        (vec![&sale, &sale, &sale, &void], Some(20_000)),
        (vec![&sale, &sale, &void, &refund], None),
        (vec![&sale, &sale, &void, &void], None),
    ] {
        let rows: String = rows.into_iter().map(String::as_str).collect();
        let file = format!("Sipariş No;İşlem Tipi;Tutar;Durum;Tarih\n{rows}");
        let (_, all) = compared(&shop, ykb, day, Some(&file)).await.unwrap();
        let told: Vec<_> = all
            .iter()
            .map(|one| (one.kind.as_str(), one.theirs))
            .collect();
        let wanted: Vec<_> = stays
            .iter()
            .map(|left| ("TAKEN_FAILED", Some(*left)))
            .collect();
        assert_eq!(told, wanted, "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_banks_own_list_told_no_file_closes() {
    let shop = Shop::open().await;
    shop.noon().await;
    let garanti = &pos(&shop, PosIntegrator::Garanti).await;
    let day = today(&shop);
    let outside = Outside {
        shop: &shop,
        pos: garanti,
        card: GARANTI,
    };
    outside.sells("OLDSHOP1", Phase::Sale).await;
    next_day_at(&shop, 12).await;
    let (_, told) = compared(&shop, garanti, day, None).await.unwrap();
    assert_eq!(shown(&told), [("TAKEN_UNKNOWN", None)]);
    let orders = async |file: Option<&str>| -> Vec<(String, Option<i64>)> {
        let (_, all) = compared(&shop, garanti, day, file).await.unwrap();
        let tells = all.into_iter().map(|one| (one.order_id, one.theirs));
        tells.collect()
    };
    let file = |rows: &[&str]| {
        let rows = rows.iter().map(|row| format!("{row};{day}\n"));
        format!("Order ID;Amount;Date\n{}", rows.collect::<String>())
    };
    let one = ("OLDSHOP1".to_owned(), Some(4_200));
    let two = ("OLDSHOP2".to_owned(), Some(100));
    // Neither without the order nor with another amount; and what a file found a file closes.
    let both = file(&["OLDSHOP1;0,01", "OLDSHOP2;1,00"]);
    assert_eq!(orders(Some(&both)).await, [one.clone(), two.clone()]);
    let neither = file(&["OLDSHOP3;0,00"]);
    let left = orders(Some(&neither)).await;
    assert!(left.contains(&one) && !left.contains(&two), "{left:?}");
    // The bank is asked again by night, though a file was the last, and its list closes both.
    let nothing = edit("<AuthAmount>4200<", "<AuthAmount>0<");
    shop.faults(MANY, "garanti", "list", nothing).await;
    next_day_at(&shop, 12).await;
    jobs::plan_reconciliations(&shop.app).await.unwrap();
    shop.work().await;
    let open = "select count(*) as n from reconciliation_differences where closing is null";
    assert_eq!(shop.count(open).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_without_an_order_id_do_not_hide_each_other() {
    let shop = Shop::open().await;
    shop.noon().await;
    let garanti = &pos(&shop, PosIntegrator::Garanti).await;
    let day = today(&shop);
    let outside = Outside {
        shop: &shop,
        pos: garanti,
        card: GARANTI,
    };
    for id in ["OLDSHOP0", "OLDSHOP00"] {
        outside.sells(id, Phase::Sale).await;
    }
    let reference = outside.sells("OLDSHOP000", Phase::Sale).await;
    let voided = Outside::order("OLDSHOP000", Phase::Sale);
    outside.voids(&voided, &reference).await;
    next_day_at(&shop, 12).await;
    shop.fault("garanti", "list", edit("OLDSHOP", "0")).await;
    let (_, all) = compared(&shop, garanti, day, None).await.unwrap();
    assert_eq!(
        shown(&all),
        [("TAKEN_UNKNOWN", None), ("TAKEN_UNKNOWN", None)]
    );
    assert_ne!(all[0].order_id, all[1].order_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_poses_of_one_account_do_not_tell_of_each_others_orders() {
    let shop = Shop::open().await;
    shop.noon().await;
    let first = pos(&shop, PosIntegrator::Garanti).await;
    let second = with(garanti(), json!({"name": "Mağaza", "orderNumber": 3}));
    let second = shop.pos(second).await;
    let second = poses::one_of_merchant(&shop.app, shop.merchant, second).await;
    let second = second.unwrap().unwrap();
    let day = today(&shop);
    let id = shop.pays(GARANTI).await.succeeded().id();
    next_day_at(&shop, 12).await;
    for one in [&first, &second] {
        assert_eq!(found(&shop, one, day).await, []);
    }
    // What is wrong of it is told where it was paid.
    shop.faults(
        2,
        "garanti",
        "list",
        edit("<AuthAmount>10000<", "<AuthAmount>1<"),
    )
    .await;
    assert_eq!(found(&shop, &second, day).await, []);
    assert_eq!(found(&shop, &first, day).await, [("AMOUNT", Some(id))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_day_is_compared_once_by_night_whichever_process_does_it() {
    let shop = Shop::open().await;
    shop.noon().await;
    shop.pays(GARANTI).await.succeeded();
    let clock = Arc::new(MovableClock::default());
    let ahead = shop.app.now().duration_since(istanbul_now());
    clock.advance_seconds(ahead.as_secs());
    let other = shop.process(&clock).await;
    shop.faults(MANY, "garanti", "list", delay(1)).await;
    // Before the hour the day is not taken to be closed.
    next_day_at(&shop, 5).await;
    jobs::plan_reconciliations(&shop.app).await.unwrap();
    let runs = "select count(*) as n from reconciliations";
    // The day before it is there when this is run in the afternoon.
    let earlier = shop.count(runs).await;
    assert!(earlier <= 1, "{earlier}");
    shop.pass(3_600).await;
    clock.advance_seconds(shop.app.now().duration_since(other.now()).as_secs());
    for app in [&shop.app, &other, &shop.app] {
        jobs::plan_reconciliations(app).await.unwrap();
    }
    // The bank that gives no list is not planned, nor are days before the POS was made.
    let planned = shop.count(runs).await;
    assert_eq!(planned, earlier + 1);
    shop.work().await;
    jobs::plan_reconciliations(&other).await.unwrap();
    while jobs::run_due(&other, &jobs::all_shards()).await.unwrap() > 0 {}
    assert_eq!(shop.met("list").await, u64::try_from(planned).unwrap());
    let done =
        "select count(*) as n from reconciliations where state = 'COMPARED' and differences = 0";
    assert_eq!(shop.count(done).await, planned);
}

#[expect(
    clippy::disallowed_methods,
    reason = "a second process begins at the machine's own time"
)]
fn istanbul_now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[tokio::test(flavor = "multi_thread")]
async fn open_differences_are_looked_at_again_the_next_night_and_silent_banks_are_given_up() {
    let shop = Shop::open().await;
    shop.noon().await;
    let garanti = &pos(&shop, PosIntegrator::Garanti).await;
    let outside = Outside {
        shop: &shop,
        pos: garanti,
        card: GARANTI,
    };
    outside.sells("OLDSHOP1", Phase::Sale).await;
    next_day_at(&shop, 7).await;
    jobs::plan_reconciliations(&shop.app).await.unwrap();
    shop.work().await;
    let by = Actor::operator();
    let list = reconciliations::list(&shop.app, &by, shop.merchant, Filter::default());
    assert_eq!(shown(&list.await.unwrap()), [("TAKEN_UNKNOWN", None)]);
    // The bank is silent: with growing waits, and then a person is told.
    shop.faults(MANY, "garanti", "list", "http_500").await;
    next_day_at(&shop, 7).await;
    jobs::plan_reconciliations(&shop.app).await.unwrap();
    shop.work().await;
    assert_eq!(shop.met("list").await, 2);
    shop.wait(60).await;
    assert_eq!(shop.met("list").await, 2);
    for (minutes, asked) in [
        (15, 4),
        (60, 6),
        (180, 8),
        (360, 10),
        (720, 12),
        (1_440, 12),
    ] {
        shop.wait(minutes * 60 + 60).await;
        assert_eq!(shop.met("list").await, asked, "{minutes}");
    }
    let given_up = "select count(*) as n from reconciliations where state = 'GIVEN_UP' and due_at is null and message is not null";
    assert_eq!(shop.count(given_up).await, 1);
    // What was compared before stays compared.
    let compared = "select count(*) as n from reconciliations where state = 'COMPARED' and due_at is null and message is not null";
    assert_eq!(shop.count(compared).await, 1);
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    let page = panel.get("/panel/reconciliation").await.ok();
    page.has_all(&[
        "Banka liste vermedi",
        "Banka para almış, burada böyle bir sipariş yok",
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_tells_by_its_exit_code_whether_a_day_differs() {
    let shop = Shop::open().await;
    shop.noon().await;
    let garanti = &pos(&shop, PosIntegrator::Garanti).await;
    let id = shop.pays(GARANTI).await.succeeded().id();
    let day = today(&shop).to_string();
    next_day_at(&shop, 12).await;
    let garanti_id = garanti.id.to_string();
    let reconcile = |more: &[&str]| {
        let mut arguments = vec!["reconcile", "--pos", &garanti_id, "--day", &day];
        arguments.extend(more);
        ended(shop.command(&arguments))
    };
    // The command lives in the machine's own time, in which the day is not over.
    let early = reconcile(&[]);
    assert_eq!(early.status.code(), Some(2), "{}", early.out);
    assert!(
        early.error.contains("--day is not over yet"),
        "{}",
        early.error
    );
    let nobody = ended(shop.command(&["reconcile", "--pos", "7", "--day", "2026-01-01"]));
    assert_eq!(nobody.status.code(), Some(2), "{}", nobody.out);
    let wrong = ended(shop.command(&["reconcile", "--pos", &garanti_id, "--day", "yesterday"]));
    assert_eq!(wrong.status.code(), Some(2));
    let past = ["reconcile", "--pos", &garanti_id, "--day", "2026-01-01"];
    let clean = ended(shop.command(&past));
    assert_eq!(clean.status.code(), Some(0), "{}", clean.error);
    assert!(
        clean.out.contains("0 moves at the bank, 0 differences"),
        "{}",
        clean.out
    );
    let csv = shop.files.0.join("day.csv");
    let order = shop.attempt(id).await.order_id;
    std::fs::write(&csv, "Order ID;Amount;Date\nOLDSHOP1;12,50;01.01.2026\n").unwrap();
    let file = csv.display().to_string();
    let differs = ended(shop.command(&[&past[..], &["--file", &file, "--json"]].concat()));
    assert_eq!(differs.status.code(), Some(1), "{}", differs.error);
    let told: Value = serde_json::from_str(&differs.out).unwrap();
    assert_eq!(told["differences"][0]["kind"], "TAKEN_UNKNOWN");
    assert_eq!(told["differences"][0]["theirs"], "12.50");
    std::fs::write(&csv, format!("Order ID;Amount\n{order};12,50\n")).unwrap();
    let lacks = ended(shop.command(&[&past[..], &["--file", &file]].concat()));
    assert_eq!(lacks.status.code(), Some(2));
    assert!(
        lacks.error.contains("no column Tarih / Date"),
        "{}",
        lacks.error
    );
    let merchant = shop.merchant.to_string();
    let listed = shop.run(&["difference", "list", "--merchant", &merchant, "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    let difference = listed[0]["difference"].to_string();
    let close = [
        "difference",
        "close",
        "--merchant",
        &merchant,
        "--id",
        &difference,
    ];
    shop.fails(&[&close[..], &["--note", "x"]].concat());
    shop.run(&[&close[..], &["--note", "the old shop's own"]].concat());
    assert_eq!(shop.audit("difference.close").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_shows_compares_and_closes_by_role() {
    let shop = &Shop::open().await;
    shop.noon().await;
    let garanti = &pos(shop, PosIntegrator::Garanti).await;
    let ykb = &pos(shop, PosIntegrator::Ykb).await;
    let outside = Outside {
        shop,
        pos: garanti,
        card: GARANTI,
    };
    outside.sells("OLDSHOP1", Phase::Sale).await;
    let day = today(shop).to_string();
    next_day_at(shop, 12).await;
    let mut panel = Panel::sign_in(shop, Role::Finance).await;
    panel.language = "en";
    let page = panel.get("/panel/reconciliation").await.ok();
    page.has_all(&["by file only", "Nothing was compared yet"]);
    page.lacks("No differences");
    let compare = "/panel/reconciliation/compare";
    let (garanti_id, ykb_id) = (garanti.id.to_string(), ykb.id.to_string());
    let fields = [
        ("pos", garanti_id.as_str()),
        ("day", day.as_str()),
        ("file", ""),
    ];
    panel
        .post(compare, &fields)
        .await
        .leads_to("/panel/reconciliation?done=compared");
    let page = panel.get("/panel/reconciliation").await.ok();
    page.has_all(&[
        "The bank took money, and there is no such order here",
        "OLDSHOP1",
        "₺42.00",
        "Close the difference",
    ]);
    page.lacks("TAKEN_UNKNOWN</");
    panel
        .get("/panel/reconciliation?kind=AMOUNT")
        .await
        .ok()
        .has("No differences");
    // Wrong input is told at its field.
    for (pos, day, file, told) in [
        (&garanti_id, "", "", "The day"),
        (&garanti_id, "2999-01-01", "", "not over yet"),
        (&ykb_id, day.as_str(), "", "gives no list of a day"),
        (&ykb_id, day.as_str(), "Order ID;Amount\n", "no column"),
    ] {
        let fields = [("pos", pos.as_str()), ("day", day), ("file", file)];
        let page = panel.post(compare, &fields).await;
        assert!([400, 422].contains(&page.status), "{told}");
        page.has(told);
    }
    let id = shop
        .count("select id as n from reconciliation_differences")
        .await;
    assert!(id > first_id_at(jiff::Timestamp::UNIX_EPOCH));
    let close = format!("/panel/reconciliation/{id}/close");
    assert_eq!(panel.post(&close, &[("note", "x")]).await.status, 400);
    for role in [Role::Support, Role::Developer, Role::ReadOnly] {
        let mut reader = Panel::sign_in(shop, role).await;
        let page = reader.get("/panel/reconciliation").await.ok();
        page.has("OLDSHOP1");
        page.lacks("Farkı kapat");
        assert_eq!(reader.post(&close, &[("note", "mine")]).await.status, 403);
        assert_eq!(reader.post(compare, &fields).await.status, 403);
    }
    panel
        .post(&close, &[("note", "the old shop's own")])
        .await
        .leads_to("/panel/reconciliation?done=saved");
    let page = panel.get("/panel/reconciliation").await.ok();
    page.has_all(&["Closed", "finance@example.com: the old shop"]);
    let foreign = format!("/panel/reconciliation/{}/close", id + 1);
    assert_eq!(
        panel.post(&foreign, &[("note", "not there")]).await.status,
        404
    );
}
