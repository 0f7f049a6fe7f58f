//! A POS's commission table in the panel, and the POS that is deleted there.

use crate::panel::Panel;
use crate::panel_poses::of_name;
use crate::shop::{GARANTI, Shop};
use serde_json::json;
use server::operations::Role;
use server::store::audit::Outcome;

/// A row as the form sends it.
const ROW: [(&str, &str); 7] = [
    ("family", "Bonus"),
    ("installment", "3"),
    ("label", "3 taksit"),
    ("blockage", "30"),
    ("merchantCommissionRate", "3,5"),
    ("bankOnUsCreditCardCommissionRate", "%2,1"),
    ("offered", "on"),
];

/// The row with one field changed.
fn but<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut row = ROW.to_vec();
    row.retain(|(known, _)| *known != name);
    row.push((name, value));
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_written_in_its_form_and_what_is_wrong_is_told_at_its_field() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    let pos = of_name(&shop, "Garanti").await;
    let table = format!("/panel/poses/{}/commissions", pos.id);
    panel.get("/panel/poses").await.ok().has(&table);
    panel
        .get(&table)
        .await
        .ok()
        .has_all(&["Henüz oran girilmedi", "Satır ekle", "CSV’den yükle"]);
    panel
        .post(&table, &ROW)
        .await
        .leads_to(&format!("{table}?done=saved&family=Bonus"));
    panel
        .get(&table)
        .await
        .ok()
        .has_all(&["Bonus", "%3,50", "%2,10", "30 gün", "Satışta"]);
    let english = panel
        .get(&format!("{table}?lang=en&family=Bonus&installment=3"))
        .await
        .ok();
    english.has_all(&["3.50%", "Edit the row", "value=\"3.5\"", "On sale"]);
    panel.get(&format!("{table}?lang=tr")).await.ok();

    for (name, value, id, told) in [
        (
            "installment",
            "37",
            "installment",
            "Taksit 1 ile 36 arasında olmalıdır",
        ),
        (
            "installment",
            "üç",
            "installment",
            "Taksit alanının türü hatalı",
        ),
        ("installment", "", "installment", "Taksit alanı zorunludur"),
        (
            "family",
            "Bonu",
            "family",
            "Kart ailesi alanının değeri tanınmıyor",
        ),
        (
            "blockage",
            "400",
            "blockage",
            "Blokaj günü 0 ile 365 arasında olmalıdır",
        ),
        (
            "merchantCommissionRate",
            "çok",
            "merchantCommissionRate",
            "Vade farkı alanının türü hatalı",
        ),
        (
            "bankForeignCardCommissionRate",
            "1,00001",
            "bankForeignCardCommissionRate",
            "Yurt dışı kartı en fazla 4 ondalık hane içerebilir",
        ),
    ] {
        let page = panel.post(&table, &but(name, value)).await;
        assert_eq!(page.status, 400, "{name} {value}");
        page.has_all(&[&format!("id=\"{id}-wrong\""), told]);
    }
    let off: Vec<(&str, &str)> = ROW
        .into_iter()
        .filter(|(name, _)| *name != "offered")
        .collect();
    panel
        .post(&table, &off)
        .await
        .leads_to(&format!("{table}?done=saved&family=Bonus"));
    panel.get(&table).await.ok().has_all(&["Kapalı", "%3,50"]);
    let rows = shop
        .get(&format!(
            "/merchant/v1/merchant-poses/{}/commissions",
            pos.id
        ))
        .await
        .ok();
    assert_eq!(rows.data("totalSize"), 1);
    assert_eq!(rows.data("items.0.status"), "PASSIVE");
    assert_eq!(rows.data("items.0.installmentLabel"), "3 taksit");
    let audit = shop.audit("pos.commissions").await;
    assert_eq!((audit.len(), audit[0].actor_kind.as_str()), (2, "USER"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_goes_out_and_comes_in_as_a_file() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    let (pos, other) = (
        of_name(&shop, "Garanti").await,
        of_name(&shop, "Yapı Kredi").await,
    );
    let table = format!("/panel/poses/{}/commissions", pos.id);
    panel
        .post(&table, &ROW)
        .await
        .leads_to(&format!("{table}?done=saved&family=Bonus"));
    let file = panel.get(&format!("{table}/file.csv")).await.ok();
    let head =
        "cardBrandName,installment,status,installmentLabel,blockageDay,merchantCommissionRate";
    file.has_all(&[head, "Bonus,3,ACTIVE,3 taksit,30,3.5,2.1,,,,"]);

    let other = format!("/panel/poses/{}/commissions", other.id);
    let import = format!("{other}/import");
    let loaded = panel.post(&import, &[("file", &file.text)]).await;
    loaded.leads_to(&format!("{other}?done=saved"));
    assert_eq!(
        panel.get(&format!("{other}/file.csv")).await.ok().text,
        file.text
    );

    for (text, told) in [
        ("", "Dosya alanının türü hatalı"),
        (
            "cardBrandName;installment\nBonus;3\nBonus;99",
            "2. satırdaki installment 1 ile 36 arasında",
        ),
        (
            "cardBrandName;installment\nBonu;3",
            "1. satırdaki cardBrandName alanının değeri tanınmıyor",
        ),
        (
            "cardBrandName,installment,merchantCommissionRate\nBonus,3,1,5",
            "1. satırda başlıktan fazla hücre var",
        ),
        (
            "cardBrandName;taksit\nBonus;3",
            "taksit alanının değeri tanınmıyor",
        ),
    ] {
        let page = panel.post(&import, &[("file", text)]).await;
        assert_eq!(page.status, 400, "{text}");
        // What was pasted is still there.
        page.has_all(&[told, text.lines().last().unwrap_or("")]);
    }
    let rows = "select count(*) as n from pos_commissions";
    assert_eq!(shop.count(rows).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_change_accounts_sees_rates_and_changes_none() {
    let shop = Shop::open().await;
    let pos = of_name(&shop, "Garanti").await;
    shop.commissions(
        &json!(pos.id),
        json!([{"cardBrandName": "Bonus", "installment": 2, "merchantCommissionRate": 2}]),
    )
    .await
    .ok();
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    let table = format!("/panel/poses/{}/commissions", pos.id);
    let page = panel.get(&table).await.ok();
    page.has("%2,00");
    page.lacks_all(&["id=\"row\"", "CSV’den yükle", "Düzenle<"]);
    let delete = format!("/panel/poses/{}/delete", pos.id);
    for (path, fields) in [
        (&table, &ROW[..]),
        (&format!("{table}/import"), &[("file", "x")][..]),
        (&delete, &[]),
    ] {
        assert_eq!(panel.post(path, fields).await.status, 403, "{path}");
    }
    assert_eq!(panel.get(&delete).await.status, 403);
    for action in ["pos.commissions", "pos.delete"] {
        let noted = shop.audit(action).await;
        assert_eq!(noted[0].outcome, Outcome::Refused, "{action}");
    }
    assert_eq!(shop.poses().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pos_is_deleted_after_it_was_asked() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    let paid = shop.pays(GARANTI).await.ok().id();
    let pos = of_name(&shop, "Garanti").await;
    let one = format!("/panel/poses/{}", pos.id);
    panel.get(&one).await.ok().has(&format!("{one}/delete"));
    panel
        .get(&format!("{one}/delete"))
        .await
        .ok()
        .has_all(&["Garanti silinsin mi?", "Evet, sil"]);
    assert_eq!(shop.poses().await.len(), 2);
    let deleted = panel.post(&format!("{one}/delete"), &[]).await;
    deleted.leads_to("/panel/poses?done=saved");
    panel.get("/panel/poses").await.ok().lacks(&pos.alias);
    assert_eq!(panel.get(&one).await.status, 404);
    assert_eq!(panel.get(&format!("{one}/commissions")).await.status, 404);
    panel
        .get(&format!("/panel/payments/{paid}"))
        .await
        .ok()
        .has(&pos.alias);
    // The other one is the last: that is said.
    let last = of_name(&shop, "Yapı Kredi").await;
    let asked = panel
        .get(&format!("/panel/poses/{}/delete", last.id))
        .await
        .ok();
    asked.has("Son aktif POS");
    // A form for a status does not delete.
    let status = [("status", "DELETED")];
    let refused = panel
        .post(&format!("/panel/poses/{}/status", last.id), &status)
        .await;
    assert_eq!(refused.status, 400);
    assert_eq!(shop.poses().await.len(), 1);
}
