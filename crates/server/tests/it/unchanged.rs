//! A change that changes nothing leaves no entry in the audit log, whoever asks for it.

use crate::panel::{Panel, actions};
use crate::panel_poses::{GARANTI_PASSWORD, of_name};
use crate::shop::Shop;
use serde_json::json;
use server::operations::{Actor, Role};
use server::setup::{self, ApmSetup};
use server::store::merchants::FEATURE_APMS;

const PATH: &str = "/merchant/v1/merchant-poses";

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_nothing_is_not_noted_and_what_changes_is() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    let pos = of_name(&shop, "Garanti").await;
    let known = shop.get(&format!("{PATH}/{}", pos.id)).await.ok();
    let known = known.body["data"].clone();
    let path = format!("{PATH}/{}", pos.id);
    let before = actions(&shop, shop.merchant).await.len();

    // The API: a whole answer sent back, masks and all, and the status that it has.
    let sent = shop.call("PUT", &path, &known.to_string(), &[]).await.ok();
    assert_eq!(sent.body["data"], known);
    let status = format!("{path}/status/AUTOPILOT");
    shop.call("PUT", &status, "", &[]).await.ok();
    // The panel: the form as it came, its secrets empty.
    let form = [
        ("name", "Garanti"),
        ("clientId", "7000679"),
        ("terminalId", "30691298"),
        ("threedsKey", ""),
        ("user-PROVAUT-name", "PROVAUT"),
        ("user-PROVAUT-password", GARANTI_PASSWORD),
        ("user-PROVRFN-name", "PROVRFN"),
        ("environment", "OTHER"),
        ("endpoint", &format!("{}/garanti", shop.bank)),
        ("status", "AUTOPILOT"),
        ("orderNumber", "1"),
        ("auth-THREE_DS", "on"),
        ("auth-NON_THREE_DS", "on"),
        ("enableInstallment", "on"),
        ("enableLoyalty", "on"),
        ("enablePaymentWithoutCvc", "on"),
        ("enableForeignCard", "on"),
    ];
    let saved = format!("/panel/poses/{}", pos.id);
    let page = panel.post(&saved, &form).await;
    page.leads_to(&format!("{saved}?done=saved"));
    // What commands and panel share.
    let (app, by, merchant) = (&shop.app, Actor::operator(), shop.merchant);
    setup::set_feature(app, &by, merchant, FEATURE_APMS, true)
        .await
        .unwrap();
    setup::set_apm_active(app, &by, merchant, shop.apm, true)
        .await
        .unwrap();
    let kept = setup::edit_apm(app, &by, merchant, shop.apm, ApmSetup::default()).await;
    assert!(kept.unwrap().is_same);
    assert_eq!(actions(&shop, merchant).await.len(), before);

    let other = json!({"enableForeignCard": false}).to_string();
    shop.call("PUT", &path, &other, &[]).await.ok();
    assert_eq!(actions(&shop, merchant).await.len(), before + 1);
}
