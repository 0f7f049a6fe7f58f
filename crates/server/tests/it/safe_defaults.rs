//! What nobody said is careful: a new POS takes no money by accident, one that is activated again is
//! what it was, and a webhook address that would never be called is not saved.

use crate::panel::Panel;
use crate::process::{ended, words};
use crate::shop::Shop;
use contract::enums::{PaymentAuthenticationType, PosStatus};
use server::net::HostList;
use server::operations::{Actor, Role};
use server::setup;
use server::store::poses::{self, Pos};

async fn stored(shop: &Shop, id: i64) -> Pos {
    poses::one_of_merchant(&shop.app, shop.merchant, id)
        .await
        .unwrap()
        .unwrap()
}

/// `pos create` with what the bank needs; answers the POS.
async fn created(shop: &Shop, more: &[&str]) -> Pos {
    let merchant = shop.merchant.to_string();
    let line = format!(
        "pos create --merchant {merchant} --integrator YKB --client-id \
         6706598320 --terminal-id 67005551 --posnet-id 27426 --threeds-key \
         10,10,10,10,10,10,10,10"
    );
    let create = words(&line);
    let said = shop.run(&[&create[..], more].concat());
    let id = said.split_whitespace().nth(1).unwrap().parse().unwrap();
    stored(shop, id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pos_starts_with_the_banks_test_system_and_3ds_alone() {
    let shop = Shop::open().await;
    let careful = created(&shop, &[]).await;
    let at = &careful.settings;
    assert_eq!(
        setup::environment_of(&careful),
        Some(setup::Environment::Test)
    );
    assert_eq!(
        (at.hostname.as_str(), at.mode.as_str()),
        ("setmpos.ykb.com", "T")
    );
    assert_eq!(
        at.authentication_types,
        [PaymentAuthenticationType::ThreeDs]
    );
    assert!(!at.enable_foreign_card && !at.enable_payment_without_cvc);
    assert!(!at.enable_installment && !at.enable_loyalty);

    let switched = words(
        "--loyalty --installments on --without-cvc=false --foreign-cards true \
         --environment production --authentication three_ds,NON_THREE_DS",
    );
    let open = created(&shop, &switched).await;
    let at = &open.settings;
    assert_eq!(
        setup::environment_of(&open),
        Some(setup::Environment::Production)
    );
    assert_eq!(
        (at.hostname.as_str(), at.mode.as_str()),
        ("posnet.yapikredi.com.tr", "P")
    );
    assert!(at.enable_loyalty && at.enable_installment && at.enable_foreign_card);
    assert!(!at.enable_payment_without_cvc);
    assert_eq!(at.authentication_types.len(), 2);

    // From one system to the other and back.
    let (merchant, id) = (shop.merchant.to_string(), careful.id.to_string());
    for (environment, host) in [
        ("production", "posnet.yapikredi.com.tr"),
        ("test", "setmpos.ykb.com"),
    ] {
        let line = format!(
            "pos edit --merchant {merchant} --id {id} --environment \
             {environment}"
        );
        let edit = words(&line);
        shop.run(&edit);
        assert_eq!(stored(&shop, careful.id).await.settings.hostname, host);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_activated_again_is_what_it_was() {
    let shop = &Shop::open().await;
    let merchant = shop.merchant.to_string();
    let by = Actor::operator();
    let pos = setup::poses_of(&shop.app, &by, shop.merchant);
    let pos = pos.await.unwrap()[0].id;
    let of = ["--merchant", merchant.as_str(), "--id", &pos.to_string()].map(str::to_owned);
    let run = |command: &str, more: &[&str]| {
        let mut arguments = vec!["pos", command];
        arguments.extend(of.iter().map(String::as_str));
        arguments.extend(more);
        shop.run(&arguments)
    };
    for status in [
        PosStatus::Active,
        PosStatus::RefundOnly,
        PosStatus::Autopilot,
    ] {
        run("edit", &["--status", status.as_str()]);
        run("deactivate", &[]);
        // Twice is as good, and what else is changed meanwhile does not matter.
        run("deactivate", &[]);
        run("edit", &["--name", "P"]);
        assert_eq!(stored(shop, pos).await.status, PosStatus::Passive);
        let said = run("activate", &[]);
        assert!(said.contains(status.as_str()), "{said}");
        assert_eq!(stored(shop, pos).await.status, status);
        run("activate", &[]);
        assert_eq!(stored(shop, pos).await.status, status);
    }
    // Also when the API took it out of use.
    run("edit", &["--status", "REFUND_ONLY"]);
    let path = format!("/merchant/v1/merchant-poses/{pos}/status/PASSIVE");
    let put = shop.call("PUT", &path, "", &[]).await;
    assert_eq!(put.status, 204, "{}", put.body);
    run("activate", &[]);
    assert_eq!(stored(shop, pos).await.status, PosStatus::RefundOnly);
    // And one that never was in use.
    let never = created(shop, &["--status", "PASSIVE"]).await;
    let active = setup::set_pos_active(&shop.app, &by, shop.merchant, never.id, true);
    assert_eq!(active.await.unwrap().status, PosStatus::Autopilot);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_webhook_address_is_refused_when_it_is_saved() {
    let shop = Shop::open().await;
    let merchant = shop.merchant.to_string();
    let save = |url: &str, allowed: &str| {
        let mut command = shop.command(&["merchant", "webhook", &merchant, url]);
        command.env("GALATA_ALLOW_WEBHOOK_HOST", allowed);
        ended(command)
    };
    for private in [
        "http://192.168.1.1/x",
        "http://10.0.0.1:3000/x",
        "http://127.0.0.1/x",
        "http://localhost:3000/x",
        "http://[::1]/x",
        "http://[fd00::1]/x",
        "http://169.254.169.254/x",
        "http://0x7f.1/x",
    ] {
        let refused = save(private, "");
        assert_eq!(refused.status.code(), Some(1), "{private}");
        let hint = refused.error;
        assert!(hint.contains("--allow-webhook-host"), "{private}: {hint}");
    }
    assert!(save("http://192.168.1.1/x", "192.168.1.1").status.success());
    assert!(
        save("http://localhost:3000/x", "localhost:3000")
            .status
            .success()
    );
    assert!(save("https://shop.example.com/x", "").status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_panel_says_in_the_readers_language_how_a_private_address_is_allowed() {
    let shop = Shop::with(|config| config.settings.webhook_hosts = HostList::default()).await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    for (language, words) in [
        (
            "tr",
            "10.0.0.1 yerel ağda bir adres; bildirimler oraya gönderilmez",
        ),
        (
            "en",
            "10.0.0.1 is in a private network, where webhooks are not sent",
        ),
    ] {
        panel.language = language;
        let private = [("url", "http://10.0.0.1/hook")];
        let refused = panel.post("/panel/settings/webhook", &private).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        refused.has_all(&[words, "id=\"url-wrong\"", "--allow-webhook-host 10.0.0.1"]);
        let merchant = setup::merchant(&shop.app, shop.merchant).await.unwrap();
        assert!(merchant.webhook_url.ends_with("/hook"));
        assert!(!merchant.webhook_url.contains("10.0.0.1"));
    }
}
