//! The overview's numbers as a person reads them: figures, charts with the table behind them, loans,
//! and where the page renews itself.

use crate::doubts::loan_in_doubt;
use crate::panel::{Panel, Shown};
use crate::shop::{NO_FUNDS, Shop, points};
use server::clock::istanbul;
use server::operations::Role;

const CARD: &str = "4043080000000003";

/// The text of an element without its tags.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut inside = true;
    for c in html.chars() {
        match c {
            '<' => inside = false,
            '>' => inside = true,
            c if inside => text.push(c),
            _ => {}
        }
        if c == '>' {
            text.push(' ');
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A figure at the top, by its name.
#[track_caller]
fn figure(page: &Shown, name: &str) -> String {
    let start = format!("<p class=\"name\">{name}</p>");
    let rest = page.text.split_once(&start).unwrap().1;
    plain(rest.split_once("</div>").unwrap().0)
}

/// The rows of the table in the region of this name, cell by cell.
#[track_caller]
fn table(page: &Shown, region: &str) -> Vec<Vec<String>> {
    let start = format!("aria-label=\"{region}\"><table>");
    let rest = page.text.split_once(&start).unwrap().1;
    let body = rest.split_once("<tbody>").unwrap().1;
    let body = body.split_once("</tbody>").unwrap().0;
    let rows = body.split("</tr>").filter(|row| row.contains("<tr"));
    rows.map(|row| {
        let row = row.replace("</th>", "</td>");
        let cells = row.split("</td>").map(plain);
        cells.filter(|cell| !cell.is_empty()).collect()
    })
    .collect()
}

/// Colour and height of each bar of a chart.
#[track_caller]
fn bars(page: &Shown, title: &str) -> Vec<(String, i64)> {
    let start = format!("role=\"img\" aria-labelledby=\"{title}\"><title id=\"{title}\">");
    let rest = page.text.split_once(&start).unwrap().1;
    let drawing = rest.split_once("</svg>").unwrap().0;
    let value = |rect: &str, name: &str| {
        let rest = rect.split_once(&format!("{name}=\"")).unwrap().1;
        rest.split('"').next().unwrap().to_owned()
    };
    let rects = drawing.split("<rect ").skip(1);
    rects
        .map(|rect| {
            let height = value(rect, " height").parse().unwrap();
            (value(rect, "class"), height)
        })
        .collect()
}

/// Two points payments and a plain one, one refused, one lost on the way, and loans in four states.
async fn a_day_of_everything(shop: &Shop) {
    shop.pays(CARD).await.ok();
    for (card, firm) in [(1.36, 3.88), (1.0, 0.0)] {
        shop.pays(CARD).with(points(card, firm)).await.ok();
    }
    shop.pays(NO_FUNDS).await.declined("NOT_SUFFICIENT_FUNDS");
    shop.fault("garanti", "sale", "lose_reply").await;
    shop.pays(CARD).await.in_doubt();
    shop.applied("064").await.decides("approve").await;
    shop.applied("064").await;
    shop.applied("103").await.decides("approve").await;
    loan_in_doubt(shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rewards_loans_and_doubts_are_counted_on_the_overview() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    let empty = panel.get("/panel").await.ok();
    assert_eq!(figure(&empty, "Harcanan puan"), "0,00 ₺ puanla ödeme yok");
    assert_eq!(figure(&empty, "Onay bekleyen kredi"), "0 Bekleyen işlemler");
    assert_eq!(figure(&empty, "Şüpheli işlem"), "0 Hepsi sonuçlandı");
    a_day_of_everything(&shop).await;
    // The lender may still be answering about the loan: only the card is in doubt.
    let early = panel.get("/panel?range=7d").await.ok();
    assert_eq!(figure(&early, "Şüpheli işlem"), "1 Sonuca bağlayın");
    shop.clock.advance_seconds(10 * 60);
    for path in ["/panel?range=7d", "/panel/figures?range=7d"] {
        let page = panel.get(path).await.ok();
        // 3 × 100 by card, and a loan of 10 000.
        assert_eq!(figure(&page, "Tahsilat"), "10.300,00 ₺ 4 başarılı ödeme");
        assert_eq!(figure(&page, "Onay oranı"), "%80,0 5 sonuçlanan, 4 süren");
        assert_eq!(figure(&page, "Harcanan puan"), "6,24 ₺ 2 ödemede");
        assert_eq!(figure(&page, "Onay bekleyen kredi"), "1 Bekleyen işlemler");
        assert_eq!(figure(&page, "Şüpheli işlem"), "2 Sonuca bağlayın");
        page.has("<a href=\"/panel/doubts\">Sonuca bağlayın</a>");
        let mut loans = table(&page, "Alışveriş kredileri");
        loans.sort();
        let row = |bank: &str, state: &str| -> Vec<String> {
            [bank, state, "1", "10.000,00 ₺"]
                .map(str::to_owned)
                .to_vec()
        };
        let (isbank, fiba) = ("T. İŞ BANKASI A.Ş.", "FIBABANKA A.Ş.");
        let mut wanted = vec![
            row(isbank, "Kullandırıldı"),
            row(isbank, "Bekliyor"),
            row(fiba, "Onay bekliyor"),
            row(fiba, "Onaylanıyor"),
        ];
        wanted.sort();
        assert_eq!(loans, wanted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_are_drawn_to_scale_and_their_numbers_stand_in_a_table() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    for _ in 0..3 {
        shop.pays(CARD).await.ok();
    }
    assert_eq!(shop.pays(NO_FUNDS).await.status, 422);
    let yesterday = istanbul(shop.app.now());
    shop.wait(24 * 60 * 60).await;
    shop.pays(CARD).await.ok();
    shop.applied("064").await;
    let mut panel_now = Panel::new(&shop);
    let email = "read_only@example.com";
    let signed_in = panel_now.sign_in_as(email, crate::panel::PASSWORD, "");
    signed_in.await.leads_to("/panel");
    assert_eq!(panel.get("/panel").await.status, 303);

    let page = panel_now.get("/panel?range=7d").await.ok();
    // The whole height is 108: 300 yesterday, 100 today.
    let bar = |class: &str, height: i64| (class.to_owned(), height);
    assert_eq!(bars(&page, "volume-title"), [bar("f1", 108), bar("f1", 36)]);
    let counts = [bar("f4", 81), bar("f5", 27), bar("f4", 27), bar("f2", 27)];
    assert_eq!(bars(&page, "count-title"), counts);
    page.has_all(&[
        ">300,00\u{a0}₺</text>",
        "<summary>Tablo olarak göster</summary>",
    ]);
    let rows = table(&page, "Döneme göre ödemeler");
    let days: Vec<&[String]> = rows.iter().map(|row| &row[1..]).collect();
    assert_eq!(
        days,
        [["300,00 ₺", "3", "1", "0"], ["100,00 ₺", "1", "0", "1"]]
    );
    let day = yesterday.strftime("%-d ").to_string();
    assert!(rows[0][0].starts_with(&day), "{rows:?}");
    // By the hour, today alone.
    let today = panel_now.get("/panel").await.ok();
    assert_eq!(bars(&today, "volume-title"), [bar("f1", 108)]);
    let rows = table(&today, "Döneme göre ödemeler");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0][1..], ["100,00 ₺", "1", "0", "1"]);
    assert!(rows[0][0].ends_with(":00"), "{rows:?}");
}

#[tokio::test]
async fn the_overview_renews_the_stretch_that_is_looked_at() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    for (asked, range) in [
        ("/panel", "today"),
        ("/panel?range=7d", "7d"),
        ("/panel?range=30d", "30d"),
        ("/panel?range=%22%3E", "today"),
    ] {
        let page = panel.get(asked).await.ok();
        let live = format!("data-live=\"/panel/figures?range={range}\" data-every=\"10\"");
        let text = page.text.replace("&#x2f;", "/");
        assert!(text.contains(&live), "{text}");
        let chosen = format!("href=\"/panel?range={range}\" aria-current=\"true\"");
        page.has(&chosen);
        assert_eq!(page.text.matches("aria-current=\"true\"").count(), 1);
        // What it fetches is what the page holds.
        let figures = panel
            .get(&format!("/panel/figures?range={range}"))
            .await
            .ok();
        page.has(figures.text.trim());
        figures.lacks("data-live");
    }
}
