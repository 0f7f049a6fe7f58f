//! Virtual POSes in the panel: added, changed, tried out, ordered, switched off and on.

use crate::panel::{Panel, Shown};
use crate::panel_settings::noted;
use crate::shop::{FAMILIES, Shop, garanti, vakifbank, with};
use contract::card::Secret;
use contract::enums::{PaymentPhase, PosStatus};
use contract::merchant_poses::UpdateMerchantPosRequest;
use serde_json::json;
use server::operations::{Actor, Role};
use server::setup;
use server::store::audit::Outcome;
use server::store::db::{Commit, params};
use server::store::poses;

pub const GARANTI_PASSWORD: &str = "123qweASD/";

pub fn new_pos() -> Vec<(&'static str, &'static str)> {
    vec![
        ("integrator", "GARANTI"),
        ("name", "Garanti 2"),
        ("currency", "TRY"),
        ("clientId", "7000679"),
        ("terminalId", "30691298"),
        ("threedsKey", "12345678"),
        ("user-PROVAUT-name", "PROVAUT"),
        ("user-PROVAUT-password", GARANTI_PASSWORD),
        ("user-PROVRFN-name", "PROVRFN"),
        ("user-PROVRFN-password", GARANTI_PASSWORD),
        ("environment", "OTHER"),
        ("status", "AUTOPILOT"),
        ("orderNumber", "3"),
        ("auth-THREE_DS", "on"),
        ("auth-NON_THREE_DS", "on"),
        ("enableInstallment", "on"),
        ("enableLoyalty", "on"),
    ]
}

/// The form with some fields changed.
fn but<'a>(
    mut fields: Vec<(&'a str, &'a str)>,
    changes: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    for (name, value) in changes {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields
}

pub async fn of_name(shop: &Shop, name: &str) -> poses::Pos {
    let all = poses::of_merchant(&shop.app, shop.merchant).await.unwrap();
    all.into_iter().find(|pos| pos.name == name).unwrap()
}

#[tokio::test]
async fn a_pos_that_cannot_be_is_refused_at_its_field() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    panel
        .get("/panel/poses/new?integrator=YKB")
        .await
        .ok()
        .has("PosNet ID");
    assert_eq!(
        panel
            .get("/panel/poses/new?integrator=FIBABANK")
            .await
            .status,
        400
    );
    let base = format!("{}/garanti", shop.bank);

    for (change, said) in [
        (vec![], "Adres alanı zorunludur"),
        (
            vec![("endpoint", "https://evil.example")],
            "--allow-bank-host",
        ),
        (
            vec![("endpoint", &*base), ("clientId", "")],
            "Üye işyeri numarası alanı zorunludur",
        ),
        (
            vec![("endpoint", &*base), ("user-PROVRFN-password", "")],
            "iade kullanıcısının şifresi",
        ),
        (
            vec![("endpoint", &*base), ("orderNumber", "-4")],
            "Sıra 0 ile 1000 arasında",
        ),
        (
            vec![("endpoint", &*base), ("status", "DELETED")],
            "Durum alanının değeri tanınmıyor",
        ),
        (
            vec![
                ("endpoint", &*base),
                ("auth-THREE_DS", ""),
                ("auth-NON_THREE_DS", ""),
            ],
            "Kimlik doğrulama türü alanı zorunludur",
        ),
    ] {
        let refused = panel.post("/panel/poses", &but(new_pos(), &change)).await;
        assert!((400..500).contains(&refused.status), "{change:?}");
        refused.has_all(&[said, "value=\"Garanti 2\""]);
        refused.lacks_all(&[GARANTI_PASSWORD, "12345678\""]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_banks_3ds_page_does_is_chosen_where_there_is_a_choice() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    panel.language = "en";
    let new = "/panel/poses/new?integrator=";
    panel
        .get(&format!("{new}YKB"))
        .await
        .ok()
        .lacks("3DS model");
    panel
        .get(&format!("{new}GARANTI"))
        .await
        .ok()
        .has("In 3D Pay the bank’s page");
    let base = format!("{}/garanti", shop.bank);
    let fields = but(new_pos(), &[("endpoint", &base), ("threedsModel", "PAY")]);
    let wrong = but(fields.clone(), &[("threedsModel", "HOST")]);
    panel.post("/panel/poses", &wrong).await.has("3DS model");
    panel.post("/panel/poses", &fields).await;
    let pos = of_name(&shop, "Garanti 2").await;
    assert!(pos.sells_by_page());
    panel.get("/panel/poses").await.ok().has(" · 3D Pay");
    let (merchant, id) = (shop.merchant.to_string(), pos.id.to_string());
    let listed = || shop.run(&["pos", "list", "--merchant", &merchant]);
    assert!(listed().contains("PAY"), "{}", listed());

    // A form that does not say it leaves it, and the command changes it.
    let path = format!("/panel/poses/{id}");
    let silent = but(new_pos(), &[("endpoint", &base), ("name", "Garanti 3")]);
    panel.post(&path, &silent).await;
    assert!(of_name(&shop, "Garanti 3").await.sells_by_page());
    let edit = [
        "pos",
        "edit",
        "--merchant",
        &merchant,
        "--id",
        &id,
        "--threeds-model",
        "model",
    ];
    shop.run(&edit);
    assert!(!of_name(&shop, "Garanti 3").await.sells_by_page());
    let changed = shop.audit("pos.edit").await;
    let last = changed.iter().find(|entry| {
        entry
            .after
            .as_ref()
            .is_some_and(|after| after["threedsModel"] == "MODEL")
    });
    assert!(last.is_some(), "{changed:?}");
    let ykb = shop.fails(&[
        "pos",
        "create",
        "--merchant",
        &merchant,
        "--integrator",
        "YKB",
        "--client-id",
        "1",
        "--terminal-id",
        "1",
        "--posnet-id",
        "1",
        "--threeds-key",
        "1",
        "--threeds-model",
        "pay",
    ]);
    assert!(ykb.contains("--threeds-model"), "{ykb}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_merchants_of_a_bank_differ_in_is_chosen_in_panel_and_command() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    panel.language = "en";
    let new = "/panel/poses/new?integrator=";
    let plain = panel.get(&format!("{new}GARANTI")).await.ok();
    plain.lacks_all(&["Sale after 3DS", "Points agreement"]);
    let ziraat = panel.get(&format!("{new}ZIRAATBANK_INNOVA")).await.ok();
    ziraat.has("Sale after 3DS");
    ziraat.lacks("Points agreement");
    let vakif = panel.get(&format!("{new}VAKIFBANK")).await.ok();
    vakif.has_all(&[
        "As usual at the bank",
        "The card is sent again",
        "Points agreement",
    ]);
    let base = format!("{}/payflex", shop.bank);
    let fields = vec![
        ("integrator", "VAKIFBANK"),
        ("name", "VakıfBank"),
        ("currency", "TRY"),
        ("status", "ACTIVE"),
        ("clientId", "000000000007955"),
        ("terminalId", "VP000123"),
        ("user-STANDARD-name", "API"),
        ("user-STANDARD-password", "123Ab456"),
        ("auth-THREE_DS", "on"),
        ("environment", "OTHER"),
        ("endpoint", &base),
        ("once", "1"),
        ("threedsFinish", "WITH_CARD"),
        ("points", "AGREED"),
    ];
    let wrong = but(
        fields.clone(),
        &[("threedsFinish", "SOMETIMES"), ("once", "2")],
    );
    panel
        .post("/panel/poses", &wrong)
        .await
        .has("threedsFinish-wrong");
    panel.post("/panel/poses", &fields).await;
    let chosen = async || {
        let options = of_name(&shop, "VakıfBank").await.options;
        ["threedsFinish", "points"].map(|name| options.get(name).to_owned())
    };
    assert_eq!(chosen().await, ["WITH_CARD", "AGREED"]);
    let (merchant, id) = (
        shop.merchant.to_string(),
        of_name(&shop, "VakıfBank").await.id.to_string(),
    );
    let command = |option, choice| {
        [
            "pos",
            "edit",
            "--merchant",
            &merchant,
            "--id",
            &id,
            option,
            choice,
        ]
    };
    shop.run(&command("--threeds-finish", "without_card"));
    assert_eq!(chosen().await, ["WITHOUT_CARD", "AGREED"]);
    shop.run(&command("--points", "usual"));
    assert_eq!(chosen().await, ["WITHOUT_CARD", ""]);
    let refused = shop.fails(&command("--threeds-finish", "sometimes"));
    assert!(refused.contains("WITH_CARD"), "{refused}");
    let changed = shop.audit("pos.edit").await;
    let of = |name: &str| {
        let after = |entry: &serde_json::Value| entry[name].as_str().map(str::to_owned);
        changed
            .iter()
            .any(|entry| entry.after.as_ref().and_then(after).is_some())
    };
    assert!(of("threedsFinish"), "{changed:?}");
    // A bank that has no such choice says so with its name.
    let garanti = of_name(&shop, "Garanti").await.id.to_string();
    let other = [
        "pos",
        "edit",
        "--merchant",
        &merchant,
        "--id",
        &garanti,
        "--points",
        "agreed",
    ];
    let refused = shop.fails(&other);
    assert!(refused.contains("--points"), "{refused}");
    panel
        .post(
            &format!("/panel/poses/{id}"),
            &but(
                fields,
                &[("threedsFinish", ""), ("user-STANDARD-password", "")],
            ),
        )
        .await;
    assert_eq!(chosen().await, ["", "AGREED"]);
}

/// Words that stood in the field for the PosNet id before there were options.
#[tokio::test(flavor = "multi_thread")]
async fn migrate_reads_the_options_of_an_older_version() {
    let shop = Shop::open().await;
    let before = [
        ("VAKIFBANK", "ESKI3D", "WITH_CARD", ""),
        ("VAKIFBANK", "yeni3d", "WITHOUT_CARD", ""),
        ("VAKIFBANK", " ESKI3D , PUAN", "WITH_CARD", "AGREED"),
        ("VAKIFBANK", "PUAN", "", "AGREED"),
        ("ZIRAATBANK_INNOVA", "YENI3D,PUAN", "WITHOUT_CARD", ""),
        ("ZIRAATBANK_INNOVA", "", "", ""),
    ];
    let mut made = Vec::new();
    for (integrator, words, ..) in before {
        let request = with(
            vakifbank(),
            json!({"posIntegrator": integrator, "name": words}),
        );
        let id = shop.pos(with(request, json!({"name": "one"}))).await;
        let pos = poses::one_of_merchant(&shop.app, shop.merchant, id).await;
        let mut pos = pos.unwrap().unwrap();
        pos.settings.numbers.posnet_id = words.to_owned();
        let mut commit = Commit::new(shop.merchant, id);
        poses::save(&shop.app, &pos, &mut commit);
        shop.app.db.commit(commit).await.unwrap();
        made.push(id);
    }
    let commit = Commit::new(shop.merchant, 1)
        .any("alter table merchant_poses drop column options", params![])
        .then("delete from migrations where version = 29", params![]);
    shop.app.db.commit(commit).await.unwrap();
    shop.run(&["migrate"]);
    for (id, (_, words, finish, points)) in made.into_iter().zip(before) {
        let pos = poses::one_of_merchant(&shop.app, shop.merchant, id).await;
        let options = pos.unwrap().unwrap().options;
        let told = (options.get("threedsFinish"), options.get("points"));
        assert_eq!(told, (finish, points), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pos_takes_is_chosen_on_its_page() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    let base = format!("{}/garanti", shop.bank);
    let form = but(new_pos(), &[("endpoint", &base), ("phases", "PRE_AUTH")]);
    panel.post("/panel/poses", &form).await;
    let phases = async || of_name(&shop, "Garanti 2").await.settings.payment_phases;
    assert_eq!(phases().await, [PaymentPhase::PreAuth]);
    let path = format!("/panel/poses/{}", of_name(&shop, "Garanti 2").await.id);
    let wrong = but(form.clone(), &[("phases", "POST_AUTH")]);
    panel.post(&path, &wrong).await.has("id=\"phases-wrong\"");
    assert_eq!(phases().await, [PaymentPhase::PreAuth]);
    // A form that does not say it leaves it.
    panel
        .post(&path, &but(new_pos(), &[("endpoint", &base)]))
        .await;
    assert_eq!(phases().await, [PaymentPhase::PreAuth]);
    panel.post(&path, &but(form, &[("phases", "BOTH")])).await;
    assert_eq!(phases().await, [PaymentPhase::Auth, PaymentPhase::PreAuth]);
}

#[tokio::test]
async fn a_pos_is_added_changed_and_tried_out() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    let base = format!("{}/garanti", shop.bank);
    let fields = but(new_pos(), &[("endpoint", &base), ("once", "abc")]);
    let made = panel.post("/panel/poses", &fields).await;
    let pos = of_name(&shop, "Garanti 2").await;
    made.leads_to(&format!("/panel/poses/{}?done=saved", pos.id));
    panel
        .post("/panel/poses", &fields)
        .await
        .leads_to("/panel/poses");
    assert!(pos.settings.enable_loyalty && !pos.settings.enable_foreign_card);

    let path = format!("/panel/poses/{}", pos.id);
    let test = format!("{path}/test");
    panel.post(&test, &[]).await.ok().has("Bağlantı çalışıyor");
    // Empty secrets stay, and the address is not touched by a form that shows it.
    let kept = but(
        fields.clone(),
        &[
            ("name", "Garanti 3"),
            ("threedsKey", ""),
            ("user-PROVAUT-password", ""),
            ("user-PROVRFN-password", "********"),
        ],
    );
    panel
        .post(&path, &kept)
        .await
        .leads_to(&format!("{path}?done=saved"));
    let now = of_name(&shop, "Garanti 3").await;
    assert_eq!(now.settings.hostname, pos.settings.hostname);
    assert_eq!(now.credentials.threeds_key.expose(), "12345678");
    assert!(
        now.credentials
            .users
            .iter()
            .all(|user| user.password.expose() == GARANTI_PASSWORD)
    );
    panel.post(&test, &[]).await.ok().has("Bağlantı çalışıyor");
    // Wrong numbers and passwords are found out.
    for (change, said) in [
        (("clientId", "1"), "kabul etmedi"),
        (("user-PROVAUT-password", "yanlış"), "imzası doğrulanamadı"),
    ] {
        let saved = format!("{path}?done=saved");
        panel
            .post(&path, &but(kept.clone(), &[change]))
            .await
            .leads_to(&saved);
        panel.post(&test, &[]).await.ok().has(said);
        panel.post(&path, &fields).await.leads_to(&saved);
    }
    // To the bank's test system and its mode.
    let moved = but(fields.clone(), &[("environment", "TEST"), ("endpoint", "")]);
    panel
        .post(&path, &moved)
        .await
        .leads_to(&format!("{path}?done=saved"));
    let now = of_name(&shop, "Garanti 2").await;
    assert_eq!(now.settings.hostname, "sanalposprovtest.garantibbva.com.tr");
    assert_eq!(
        (now.settings.scheme.as_str(), now.settings.mode.as_str()),
        ("https", "T")
    );
    assert!(noted(&shop, "pos.edit", Outcome::Done).await >= 4);
    assert_eq!(panel.get("/panel/poses/1").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_test_says_of_each_bank_what_it_proved() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    for family in FAMILIES {
        let id = shop.pos((family.pos)()).await;
        let path = format!("/panel/poses/{id}");
        let needs = family.protocol.account();
        let form = panel.get(&path).await.ok();
        for user in needs.users {
            form.has(user.hint.tr);
        }
        let test = format!("{path}/test");
        let page = panel.post(&test, &[]).await.ok();
        match needs.tried.proven {
            Some(proven) => page.has_all(&["Bağlantı çalışıyor", proven.tr]),
            None => page.has("göstermez"),
        }
        // What is said to be proven is: any other value of it is found out. Without a user the number is changed.
        let request = UpdateMerchantPosRequest::default();
        let spoil = |pos: &mut poses::Pos| match &mut pos.credentials.users[..] {
            [] => pos.settings.numbers.client_id = "1234567890".to_owned(),
            users => users
                .iter_mut()
                .for_each(|user| user.password = Secret::new("Yanlis99")),
        };
        let by = Actor::operator();
        setup::edit_pos(&shop.app, &by, shop.merchant, id, request, spoil)
            .await
            .unwrap();
        let page = panel.post(&test, &[]).await.ok();
        page.lacks("Bağlantı çalışıyor");
        if let Some(proven) = needs.tried.proven {
            page.has_all(&["<strong>✕</strong>", proven.tr]);
        }
    }
}

#[tokio::test]
async fn order_and_status_decide_which_pos_takes_the_payment() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let (first, second) = (
        of_name(&shop, "Garanti").await,
        of_name(&shop, "Yapı Kredi").await,
    );
    let third = shop.pos(garanti()).await;
    let order = async || {
        let all = poses::of_merchant(&shop.app, shop.merchant).await.unwrap();
        all.iter().map(|pos| pos.id).collect::<Vec<_>>()
    };
    assert_eq!(order().await, [first.id, third, second.id]);
    let up = [("move", "up"), ("once", "one")];
    let path = format!("/panel/poses/{}/order", second.id);
    panel
        .post(&path, &up)
        .await
        .leads_to("/panel/poses?done=saved");
    assert_eq!(order().await, [first.id, second.id, third]);
    // A second click of the same form does not move it twice.
    panel.post(&path, &up).await.leads_to("/panel/poses");
    assert_eq!(order().await, [first.id, second.id, third]);
    panel
        .post(&path, &[("move", "up")])
        .await
        .leads_to("/panel/poses?done=saved");
    assert_eq!(order().await, [second.id, first.id, third]);
    panel
        .post(&path, &[("move", "up")])
        .await
        .leads_to("/panel/poses?done=saved");
    assert_eq!(order().await, [second.id, first.id, third]);
    assert_eq!(noted(&shop, "pos.order", Outcome::Done).await, 2);

    for id in [first.id, third] {
        let path = format!("/panel/poses/{id}/status");
        let set = panel.post(&path, &[("status", "PASSIVE")]).await;
        set.leads_to("/panel/poses?done=saved");
        assert_eq!(
            panel.post(&path, &[("status", "DELETED")]).await.status,
            400
        );
    }
    let paid = shop.pays("4043080000000003").await.ok();
    assert_eq!(paid.data("pos.id"), second.id);
}

#[tokio::test]
async fn switching_a_pos_off_asks_first_and_on_gives_back_its_status() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let (first, second) = (
        of_name(&shop, "Garanti").await,
        of_name(&shop, "Yapı Kredi").await,
    );
    let off = |id: i64| format!("/panel/poses/{id}/off?status=PASSIVE");
    let list = panel.get("/panel/poses").await.ok();
    list.has(&off(first.id));
    list.lacks("value=\"PASSIVE\"");
    let asks = panel.get(&off(first.id)).await.ok();
    asks.has_all(&[
        "Garanti pasifleştirilsin mi?",
        "kalan aktif POS’lardan denenir",
    ]);
    asks.lacks("Son aktif POS");
    assert!(of_name(&shop, "Garanti").await.is_usable());
    for wrong in ["ACTIVE", "DELETED", "", "x"] {
        let path = format!("/panel/poses/{}/off?status={wrong}", first.id);
        assert_eq!(panel.get(&path).await.status, 400, "{wrong}");
    }

    // The form saves everything else, and asks about this.
    let form = panel.get(&format!("/panel/poses/{}", first.id)).await.ok();
    let fields = [
        ("name", "Garanti 1"),
        ("clientId", &first.settings.numbers.client_id),
        ("terminalId", &first.settings.numbers.terminal_id),
        ("status", "REFUND_ONLY"),
        ("orderNumber", "1"),
        ("auth-THREE_DS", "on"),
    ];
    form.has("value=\"REFUND_ONLY\"");
    let path = format!("/panel/poses/{}", first.id);
    let saved = panel.post(&path, &fields).await;
    let asked = format!("{path}/off?status=REFUND_ONLY");
    saved.leads_to(&asked);
    assert!(of_name(&shop, "Garanti 1").await.is_usable());
    panel.get(&asked).await.ok().has("yalnızca iadeye mi");

    let status = format!("{path}/status");
    let done = "/panel/poses?done=saved";
    for (before, id) in [
        (PosStatus::Active, first.id),
        (PosStatus::RefundOnly, first.id),
    ] {
        let fields = [("status", before.as_str())];
        panel.post(&status, &fields).await.leads_to(done);
        let fields = [("status", "PASSIVE")];
        panel.post(&status, &fields).await.leads_to(done);
        let last = panel.get(&off(second.id)).await.ok();
        last.has("Son aktif POS: kart ödemesi alamayacaksınız");
        panel.language = "en";
        let last = panel.get(&format!("{}&lang=en", off(second.id))).await.ok();
        last.has("you will not be able to take card payments");
        panel.language = "tr";
        panel.get("/panel?lang=tr").await.ok();
        panel
            .post(&status, &[("active", "on")])
            .await
            .leads_to(done);
        let pos = poses::one_of_merchant(&shop.app, shop.merchant, id).await;
        assert_eq!(pos.unwrap().unwrap().status, before);
    }
}

#[tokio::test]
async fn a_new_pos_starts_careful_and_a_form_with_a_fault_keeps_its_currency() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let ticked = |page: &Shown, name: &str| {
        let start = format!("id=\"{name}\"");
        let tag = page.text.split_once(&start).unwrap().1;
        tag.split('>').next().unwrap().contains("checked")
    };
    let form = panel.get("/panel/poses/new?integrator=GARANTI").await.ok();
    assert!(ticked(&form, "auth-THREE_DS"));
    for off in [
        "auth-NON_THREE_DS",
        "enablePaymentWithoutCvc",
        "enableForeignCard",
    ] {
        assert!(!ticked(&form, off), "{off}");
    }
    form.has("value=\"TEST\" selected");

    let fields = but(new_pos(), &[("currency", "EUR"), ("clientId", "")]);
    let refused = panel.post("/panel/poses", &fields).await;
    assert_eq!(refused.status, 400);
    refused.has("value=\"EUR\" selected");
    // A POS that is there shows the one that it has.
    let pos = of_name(&shop, "Garanti").await;
    let path = format!("/panel/poses/{}", pos.id);
    let refused = panel.post(&path, &[("name", "")]).await;
    assert_eq!(refused.status, 400);
    refused.has("<dd>TRY</dd>");
}
