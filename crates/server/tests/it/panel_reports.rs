//! Reports in the panel: asked for, made by the job, downloaded, by those who may.

use crate::file_reporting::tomorrow_at;
use crate::panel::Panel;
use crate::shop::{GARANTI, Shop};
use server::operations::Role;

const LIST: &str = "/panel/reports";
const DEMAND: &str = "/panel/reports/demand";

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_asked_for_made_and_downloaded() {
    let shop = &Shop::open().await;
    let id = shop.pays(GARANTI).await.succeeded().id();
    let paid_on = server::clock::istanbul(shop.app.now()).date().to_string();
    tomorrow_at(shop, 1, 0).await;
    let mut panel = Panel::sign_in(shop, Role::Owner).await;
    panel.language = "en";
    let page = panel.get(LIST).await.ok();
    page.has_all(&["No report was asked for yet", &paid_on]);
    let fields = [
        ("reportType", "PAYMENT"),
        ("startDate", paid_on.as_str()),
        ("endDate", paid_on.as_str()),
        ("once", "one-page"),
    ];
    // One page that is sent twice asks once.
    for _ in 0..2 {
        let sent = panel.post(DEMAND, &fields).await;
        sent.leads_to("/panel/reports?done=demanded");
    }
    shop.work().await;
    let page = panel.get(LIST).await.ok();
    page.has_all(&["Ready", "/csv", "/xlsx"]);
    assert_eq!(page.text.matches("/csv").count(), 1);
    let report = shop.count("select id as n from report_demands").await;
    let csv = panel.get(&format!("{LIST}/{report}/csv")).await.ok();
    csv.has(&id.to_string());
    let xlsx = panel.get(&format!("{LIST}/{report}/xlsx")).await.ok();
    assert!(xlsx.text.starts_with("PK"));
    for path in [format!("{LIST}/{report}/pdf"), format!("{LIST}/1/csv")] {
        assert_eq!(panel.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(shop.audit("report.demand").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_range_is_told_at_its_field_and_nothing_is_stored() {
    let shop = &Shop::open().await;
    let mut panel = Panel::sign_in(shop, Role::Owner).await;
    for (first, last, told) in [
        ("", "2026-01-01", "İlk gün"),
        ("2026-01-02", "2026-01-01", "Son gün"),
        ("2026-01-01", "2026-12-31", "Son gün"),
        ("2025-01-01", "2025-12-31", "Son gün"),
        ("yesterday", "2026-01-01", "İlk gün"),
    ] {
        let fields = [
            ("reportType", "TRANSACTION"),
            ("startDate", first),
            ("endDate", last),
        ];
        let page = panel.post(DEMAND, &fields).await;
        assert!([400, 422].contains(&page.status), "{first} {last}");
        page.has_all(&[told, "aria-invalid"]);
        page.lacks("startDate tarihinden");
    }
    let nothing = [("startDate", "2026-01-01"), ("endDate", "2026-01-01")];
    let page = panel.post(DEMAND, &nothing).await;
    assert_eq!(page.status, 400);
    page.has("İçerik");
    let reports = "select count(*) as n from report_demands";
    assert_eq!(shop.count(reports).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_export_sees_no_reports() {
    let shop = &Shop::open().await;
    let mut panel = Panel::sign_in(shop, Role::Support).await;
    panel.get("/panel").await.ok().lacks(LIST);
    for path in [LIST.to_owned(), format!("{LIST}/1/csv")] {
        assert_eq!(panel.get(&path).await.status, 403, "{path}");
    }
    let refused = panel.post(DEMAND, &[("reportType", "PAYMENT")]).await;
    assert_eq!(refused.status, 403);
}
