//! `/merchant/v1/merchant-poses`.

use crate::shop::{GARANTI, OTP, Shop, garanti, with, ykb};
use serde_json::{Value, json};
use server::operations::Actor;

const PATH: &str = "/merchant/v1/merchant-poses";
const MASK: &str = "********";

async fn put(shop: &Shop, id: &Value, body: Value) -> crate::shop::Reply {
    shop.call("PUT", &format!("{PATH}/{id}"), &body.to_string(), &[])
        .await
}

async fn status(shop: &Shop, id: &Value, status: &str) -> crate::shop::Reply {
    shop.call("PUT", &format!("{PATH}/{id}/status/{status}"), "", &[])
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pos_is_made_at_its_banks_own_address_and_its_secrets_are_masked() {
    let shop = Shop::open().await;
    let made = shop.post(PATH, garanti()).await.ok();
    assert_eq!(made.data("posIntegrator"), "GARANTI");
    assert_eq!(made.data("bankId"), 62);
    assert_eq!(made.data("currency"), "TRY");
    assert_eq!(made.data("posCurrencyCode"), "949");
    assert_eq!(made.data("status"), "AUTOPILOT");
    assert_eq!(made.data("orderNumber"), 1);
    assert_eq!(made.data("enableLoyalty"), true);
    assert_eq!(made.data("port"), 443);
    assert_eq!(made.data("threedsKey"), MASK);
    let users = made.list("merchantPosUsers");
    assert_eq!(users.len(), 2);
    for user in users {
        assert_eq!(user["posPassword"], MASK);
        assert_eq!(user["posUserType"], "API");
        assert!(user["id"].is_i64());
    }
    let id = made.data("id").clone();
    let read = shop.get(&format!("{PATH}/{id}")).await.ok();
    assert_eq!(read.body, made.body);
    let listed = shop.get(&format!("{PATH}?page=0&size=100")).await.ok();
    for reply in [&made, &read, &listed] {
        let text = reply.body.to_string();
        assert!(!text.contains("123qweASD/") && !text.contains("12345678\""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_by_each_of_its_conditions() {
    let shop = Shop::open().await;
    let dollars = with(
        ykb(),
        json!({"name": "Dollars", "currency": "USD", "enableInstallment": false,
               "enableForeignCard": false, "orderNumber": 9}),
    );
    let dollars = shop.post(PATH, dollars).await.ok();
    let alias = dollars.text("alias").to_owned();
    for query in [
        "name=dollar".to_owned(),
        format!("alias={alias}"),
        "currency=USD".to_owned(),
        "enableInstallment=false".to_owned(),
        "enableForeignCard=false".to_owned(),
    ] {
        let found = shop.get(&format!("{PATH}?{query}")).await.ok();
        assert_eq!(found.data("totalSize"), 1, "{query}");
        assert_eq!(found.data("items.0.id"), dollars.data("id"), "{query}");
    }
    let banks = shop.get(&format!("{PATH}?bankName=garanti")).await.ok();
    assert_eq!(banks.data("totalSize"), 1);
    assert_eq!(banks.data("items.0.bankId"), 62);
    let none = shop
        .get(&format!("{PATH}?name=%25&page=0&size=10"))
        .await
        .ok();
    assert_eq!(none.data("items"), &json!([]));

    let mut seen = Vec::new();
    for page in 0..4 {
        let part = shop.get(&format!("{PATH}?page={page}&size=1")).await.ok();
        assert_eq!(part.data("totalSize"), 3);
        assert_eq!(
            (part.data("page"), part.data("size")),
            (&json!(page), &json!(1))
        );
        seen.extend(part.list("items").iter().map(|pos| pos["id"].as_i64()));
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_masked_value_sent_back_changes_nothing() {
    let shop = Shop::open().await;
    let list = shop.get(&format!("{PATH}?bankName=garanti")).await.ok();
    let before = list.data("items.0").clone();
    // The whole answer as the shop read it, masks and all.
    let after = put(&shop, &before["id"], before.clone()).await.ok();
    assert_eq!(after.body["data"], before);
    // The bank still knows the passwords and the key.
    let paid = shop.pays(GARANTI).await.ok();
    assert_eq!(paid.data("pos.bankId"), 62);
    shop.pays(GARANTI).with_3ds(OTP).await.verified();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_changes_and_what_is_not_is_kept() {
    let shop = Shop::open().await;
    let list = shop.get(&format!("{PATH}?bankName=garanti")).await.ok();
    let before = list.data("items.0").clone();
    let id = &before["id"];
    let after = put(&shop, id, json!({"name": "Other", "orderNumber": 7}))
        .await
        .ok();
    let expected = with(before.clone(), json!({"name": "Other", "orderNumber": 7}));
    assert_eq!(after.body["data"], expected);

    // A new password of one user: the bank refuses it, so it was really changed.
    let user = &before["merchantPosUsers"][0];
    let users = json!([{"id": user["id"], "posPassword": "wrong"}, before["merchantPosUsers"][1]]);
    let after = put(&shop, id, json!({"merchantPosUsers": users}))
        .await
        .ok();
    assert_eq!(after.data("merchantPosUsers"), &before["merchantPosUsers"]);
    let here = json!({"posAlias": before["alias"], "retry": false});
    let refused = shop.pays(GARANTI).with(here.clone()).await;
    assert_eq!(refused.status, 422, "{:#}", refused.body);
    let users =
        json!([{"id": user["id"], "posPassword": "123qweASD/"}, before["merchantPosUsers"][1]]);
    put(&shop, id, json!({"merchantPosUsers": users}))
        .await
        .ok();
    shop.pays(GARANTI).with(here).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_update_cannot_change_is_refused_and_never_passed_over() {
    let shop = Shop::open().await;
    let list = shop.get(&format!("{PATH}?bankName=garanti")).await.ok();
    let before = list.data("items.0").clone();
    for (field, value) in [
        ("currency", "USD"),
        ("status", "PASSIVE"),
        ("posIntegrator", "YKB"),
        ("alias", "another"),
    ] {
        let reply = put(&shop, &before["id"], json!({ field: value, "name": "x" })).await;
        let told = (reply.status, reply.error_code(), reply.field());
        assert_eq!(told, (422, 2015, field), "{:#}", reply.body);
        // As it is, it may be sent along.
        let same = json!({ field: before[field] });
        put(&shop, &before["id"], same).await.ok();
    }
    for phases in [json!([]), json!(["POST_AUTH"]), json!("AUTH")] {
        let reply = put(
            &shop,
            &before["id"],
            json!({"enabledPaymentPhases": phases}),
        )
        .await;
        assert_eq!((reply.status, reply.field()), (400, "enabledPaymentPhases"));
    }
    let auth = json!({"enabledPaymentPhases": ["AUTH"]});
    put(&shop, &before["id"], auth).await.ok();
    let after = shop.get(&format!("{PATH}/{}", before["id"])).await.ok();
    assert_eq!(after.body["data"], before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_points_only_at_its_bank_or_where_the_operator_allows() {
    let shop = Shop::open().await;
    let list = shop.get(&format!("{PATH}?bankName=garanti")).await.ok();
    let before = list.data("items.0").clone();
    let id = &before["id"];
    for (host, port) in [
        ("evil.example.com", 443),
        ("10.0.0.1", 443),
        ("localhost", 443),
        ("127.0.0.2", 443),
        ("sanalposprov.garanti.com.tr.evil.example.com", 443),
        ("posnet.yapikredi.com.tr", 443),
    ] {
        let refused = put(&shop, id, json!({"hostname": host, "port": port})).await;
        assert_eq!(
            (refused.status, refused.field(), refused.error_code()),
            (422, "hostname", 5007),
            "{host}: {:#}",
            refused.body
        );
    }
    assert_eq!(
        shop.get(&format!("{PATH}/{id}")).await.ok().body["data"],
        before
    );
    // Its own address needs no leave, but on its own port.
    let made = shop.post(PATH, garanti()).await.ok();
    let own = json!({"hostname": made.data("hostname"), "port": 443});
    put(&shop, id, own).await.ok();
    let port = put(&shop, id, json!({"port": 8443})).await;
    assert_eq!((port.status, port.field()), (422, "hostname"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_3ds_page_at_another_host_is_its_banks_own_or_one_that_the_operator_allows() {
    let shop = Shop::open().await;
    let list = shop.get(&format!("{PATH}?bankName=garanti")).await.ok();
    let before = list.data("items.0").clone();
    let id = &before["id"];
    for page in [
        "https://evil.example.com/gate",
        "https://127.0.0.2/gate",
        "https://posnet.yapikredi.com.tr/gate",
        "https://sanalposprov.garanti.com.tr:8443/gate",
        "https://sanalposprov.garanti.com.tr.evil.example.com/gate",
    ] {
        let refused = put(&shop, id, json!({"threedsPath": page})).await;
        let told = (refused.status, refused.field(), refused.error_code());
        assert_eq!(told, (422, "threedsPath", 5007), "{page}");
    }
    let own = "https://sanalposprov.garanti.com.tr/servlet/gt3dengine";
    put(&shop, id, json!({"threedsPath": own})).await.ok();
    let begun = shop.pays(GARANTI).begin_3ds().await;
    assert_eq!(
        begun.page().submit(&shop.http, &[]).await.form().action,
        own
    );
    // Where the operator allows it: the same page by its whole address.
    let text = |field| before[field].as_str().unwrap();
    let page = format!(
        "http://{}:{}{}",
        text("hostname"),
        before["port"],
        text("threedsPath")
    );
    put(&shop, id, json!({"threedsPath": page})).await.ok();
    let returned = shop.pays(GARANTI).with_3ds(OTP).await.verified();
    returned.completes().await.succeeded();
    // The command line says it too.
    let (merchant, id) = (shop.merchant.to_string(), id.to_string());
    let edit = |page| {
        [
            "pos",
            "edit",
            "--merchant",
            &merchant,
            "--id",
            &id,
            "--threeds-page",
            page,
        ]
    };
    let refused = shop.fails(&edit("https://evil.example.com/gate"));
    assert!(refused.contains("evil.example.com"), "{refused}");
    shop.run(&edit(own));
    let now = shop.get(&format!("{PATH}/{id}")).await.ok();
    assert_eq!(now.data("threedsPath"), own);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_changes_what_routing_may_use() {
    let shop = Shop::open().await;
    let list = shop.get(&format!("{PATH}?bankName=garanti")).await.ok();
    let id = list.data("items.0.id").clone();
    let bank = async || {
        let paid = shop.pays(GARANTI).await.ok();
        paid.data("pos.bankId").clone()
    };
    for (new, taken_by) in [
        ("PASSIVE", 67),
        ("ACTIVE", 62),
        ("REFUND_ONLY", 67),
        ("AUTOPILOT", 62),
    ] {
        let reply = status(&shop, &id, new).await;
        assert_eq!((reply.status, &reply.body), (204, &json!("")), "{new}");
        let read = shop.get(&format!("{PATH}/{id}")).await.ok();
        assert_eq!(read.data("status"), new);
        assert_eq!(bank().await, taken_by, "{new}");
    }
    let open = status(&shop, &id, "OPEN").await;
    assert_eq!((open.status, open.field()), (400, "posStatus"));
    let read = shop.get(&format!("{PATH}/{id}")).await.ok();
    assert_eq!(read.data("status"), "AUTOPILOT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_pos_takes_nothing_more_and_its_payments_stay() {
    let shop = Shop::open().await;
    let pos = shop.poses().await.remove(0);
    let (id, alias) = (pos["id"].clone(), pos["alias"].as_str().unwrap());
    let here = json!({ "posAlias": alias });
    let paid = shop.pays(GARANTI).with(here.clone()).await.ok().id();
    shop.fault("garanti", "sale", "lose_reply").await;
    let doubt = shop.pays(GARANTI).with(here.clone()).await.in_doubt();
    let begun = shop.pays(GARANTI).with(here.clone()).with_3ds(OTP).await;
    let begun = begun.verified();

    let deletes = async || {
        let path = format!("{PATH}/{id}");
        shop.call("DELETE", &path, "", &[]).await
    };
    let deleted = deletes().await;
    assert_eq!((deleted.status, &deleted.body), (204, &json!("")));
    for reply in [
        deletes().await,
        shop.get(&format!("{PATH}/{id}")).await,
        put(&shop, &id, json!({"name": "again"})).await,
        status(&shop, &id, "ACTIVE").await,
        shop.get(&format!("{PATH}/{id}/commissions")).await,
    ] {
        assert_eq!((reply.status, reply.error_code()), (404, 9004));
    }
    assert_eq!(shop.poses().await.len(), 1);
    let audit = shop.audit("pos.delete").await;
    assert_eq!(audit[0].after.as_ref().unwrap()["status"], "DELETED");

    // It takes no payment, whoever names it; another POS does.
    let pinned = shop.pays(GARANTI).with(here).await;
    assert_eq!((pinned.status, pinned.error_code()), (422, 5001));
    let elsewhere = shop.pays(GARANTI).await.ok();
    assert_eq!(elsewhere.data("pos.bankId"), 67);
    // What is known and what is under way on it goes on.
    let read = shop.payment(paid).await;
    assert_eq!(read.data("pos.alias"), alias);
    assert_eq!(begun.completes().await.ok().data("pos.alias"), alias);
    shop.wait(30).await;
    assert_eq!(shop.outcome(doubt).await, "FAILURE");
    // The next one has a name of its own.
    let made = shop.post(PATH, garanti()).await.ok();
    assert_ne!(made.data("alias"), alias);

    let other = shop.poses().await.remove(0)["id"].clone();
    assert_eq!(status(&shop, &other, "DELETED").await.status, 204);
    assert_eq!(shop.get(&format!("{PATH}/{other}")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_merchants_pos_is_unknown() {
    let shop = Shop::open().await;
    let other = server::setup::create_merchant(
        &shop.app,
        &Actor::operator(),
        server::setup::MerchantSetup {
            name: "Other".to_owned(),
            ..Default::default()
        },
    )
    .await
    .unwrap();
    let request = serde_json::from_value(garanti()).unwrap();
    let pos = server::setup::create_pos(&shop.app, &Actor::operator(), other.id, request, None)
        .await
        .unwrap();
    let id = json!(pos.id);
    assert_eq!(shop.get(&format!("{PATH}/{id}")).await.status, 404);
    assert_eq!(put(&shop, &id, json!({"name": "mine"})).await.status, 404);
    assert_eq!(status(&shop, &id, "PASSIVE").await.status, 404);
    assert_eq!(shop.get(PATH).await.ok().data("totalSize"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_takes_the_four_letters_i_for_one() {
    let shop = Shop::open().await;
    let named = with(garanti(), json!({"name": "İş Bankası IŞIK"}));
    let made = shop.post(PATH, named).await.ok();
    for part in [
        "name=i%C5%9F",
        "name=%C4%B0%C5%9E%20BANKASI",
        "name=is%20bankasi",
        "name=I%C5%9F%C4%B1k",
        "name=ISIK",
        "alias=GARANTI",
        "bankName=garanti%20bankas%C4%B1&name=is",
    ] {
        let found = shop.get(&format!("{PATH}?{part}")).await.ok();
        let ids: Vec<&Value> = found.list("items").iter().collect();
        let found = ids.iter().any(|pos| pos["id"] == *made.data("id"));
        assert!(found, "{part}: {ids:?}");
    }
    let none = shop.get(&format!("{PATH}?name=ziraat")).await.ok();
    assert_eq!(none.data("totalSize"), 0);
}

/// Twelve at once: each is carried out as if it were alone, and none is lost or refused.
#[tokio::test(flavor = "multi_thread")]
async fn changes_that_cross_each_other_are_all_made() {
    let shop = Shop::open().await;
    let made = shop.post(PATH, garanti()).await.ok();
    let id = made.data("id");
    for round in 0..3 {
        let switched = ["PASSIVE", "AUTOPILOT", "ACTIVE"];
        let statuses = (0..6).map(|n| status(&shop, id, switched[(n + round) % 3]));
        let edits = ["clientId", "terminalId", "name"];
        let edits = (0..6).map(|n| put(&shop, id, json!({edits[n % 3]: format!("{round}{n}")})));
        let (statuses, edits) = tokio::join!(
            futures_util::future::join_all(statuses),
            futures_util::future::join_all(edits)
        );
        for reply in statuses.iter().chain(&edits) {
            assert!((200..300).contains(&reply.status), "{:#}", reply.body);
        }
        // What one of them changed, none of the others put back.
        let read = shop.get(&format!("{PATH}/{id}")).await.ok();
        for (field, of) in [
            ("clientId", [0, 3]),
            ("terminalId", [1, 4]),
            ("name", [2, 5]),
        ] {
            let either = of.map(|n| format!("{round}{n}"));
            let now = read.data(field).as_str().unwrap();
            assert!(either.iter().any(|one| one == now), "{field} is {now}");
        }
    }
}
