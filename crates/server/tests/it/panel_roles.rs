//! Who sees and may do what in the panel, for which merchant, and in which language.

use crate::panel::{PASSWORD, Panel, actions, invited};
use crate::shop::Shop;
use contract::card::Secret;
use server::operations::people::{self, Link};
use server::operations::{Actor, Role};
use server::setup::{self, MerchantSetup};
use server::store::audit;

#[tokio::test]
async fn roles_are_enforced_and_what_is_refused_is_in_the_audit_log() {
    let shop = Shop::open().await;
    for role in [
        Role::Finance,
        Role::Support,
        Role::Developer,
        Role::ReadOnly,
    ] {
        let mut panel = Panel::sign_in(&shop, role).await;
        let looked = panel.get("/panel/people").await;
        assert_eq!(looked.status, 403, "{role}");
        let fields = [("email", "eve@example.com"), ("role", "OWNER")];
        let refused = panel.post("/panel/people", &fields).await;
        assert_eq!(refused.status, 403, "{role}");
        refused.has("Rolünüz bu işleme izin vermiyor");
    }
    let log = actions(&shop, shop.merchant).await;
    let refused = |action: &str| {
        let wanted = (action.to_owned(), audit::Outcome::Refused);
        log.iter().filter(|entry| **entry == wanted).count()
    };
    assert_eq!((refused("user.list"), refused("user.invite")), (4, 4));
}

#[tokio::test]
async fn whoever_was_removed_can_be_invited_again_and_nothing_old_opens() {
    let shop = Shop::open().await;
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let mut reader = Panel::sign_in(&shop, Role::ReadOnly).await;
    let people = server::store::users::of_merchant(&shop.app, shop.merchant);
    let people = people.await.unwrap();
    let reads = people.iter().find(|(_, role)| *role == Role::ReadOnly);
    let (user, _) = reads.unwrap();
    let path = format!("/panel/people/{}/remove", user.id);
    owner
        .post(&path, &[])
        .await
        .leads_to("/panel/people?done=saved");
    let fields = [
        ("email", user.email.as_str()),
        ("name", "Ayşe"),
        ("role", "SUPPORT"),
    ];
    let invited = owner.post("/panel/people", &fields).await.ok();
    let shown = invited.text.replace("&#x2f;", "/");
    let link = shown.split("/panel/link/").nth(1).unwrap();
    let link = Link {
        token: Secret::new(link.split('<').next().unwrap().trim()),
        email: user.email.clone(),
    };
    assert_eq!(reader.get("/panel/account").await.status, 303);
    let old = reader.sign_in_as(&user.email, PASSWORD, "").await;
    assert_eq!(old.status, 401);
    reader.choose_password(&link).await.leads_to("/panel");
    reader.get("/panel/account").await.ok().has("Ayşe");
    // Who is in already stays as they are.
    let again = owner.post("/panel/people", &fields).await;
    again.has("zaten");
    reader.get("/panel/account").await.ok();
}

#[tokio::test]
async fn the_other_language_is_a_click_away_on_every_page_and_loses_nothing() {
    let shop = Shop::open().await;
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    // A list keeps its filter.
    let list = "/panel/payments?paymentStatus=WAITING&conversationId=a%26b";
    let page = owner.get(list).await.ok();
    let other = page.language_link();
    assert!(other.contains("paymentStatus=WAITING") && other.contains("conversationId=a%26b"));
    let english = owner.get(&other).await.ok();
    english.has_all(&["value=\"a&amp;b\"", "Payments"]);
    // What was answered at a form's own address leads to the page that the form is on.
    let apm = format!("/panel/apms/{}", shop.apm);
    for (form, leads_to) in [
        (format!("{apm}/test"), apm.clone()),
        (
            "/panel/settings/keys-look".to_owned(),
            "/panel/settings".to_owned(),
        ),
    ] {
        let answered = owner.post(&form, &[]).await.ok();
        let other = answered.language_link();
        owner
            .get(&other)
            .await
            .leads_to(&format!("{leads_to}?lang=tr"));
        owner.get(&format!("{leads_to}?lang=en")).await.ok();
    }
    // What is shown once has no such link.
    let made = owner.post("/panel/keys", &[]).await.ok();
    assert!(!made.text.contains("lang=tr") && !made.text.contains("lang=en"));
    // Nor does it cost an invitation, or the way back after the sign-in.
    let link = invited(&shop, "ada@example.com", Role::Support).await;
    let mut ada = Panel::new(&shop);
    let token = link.token.expose().to_owned();
    ada.get(&format!("/panel/link/{token}")).await.ok();
    let fields = [
        ("link", token.as_str()),
        ("password", "short"),
        ("again", "short"),
    ];
    let refused = ada.post("/panel/link", &fields).await;
    let other = refused.language_link();
    ada.get(&other).await.ok().has("name=\"again\"");
    let wrong = [
        ("email", "ada@example.com"),
        ("password", "wrong"),
        ("next", "/panel/doubts"),
    ];
    let refused = ada.post("/panel/sign-in", &wrong).await;
    ada.get(&refused.language_link())
        .await
        .ok()
        .has("value=\"&#x2f;panel&#x2f;doubts\"");
}

#[tokio::test]
async fn the_last_owner_stays_and_who_is_removed_is_out_at_once() {
    let shop = Shop::open().await;
    let mut owner = Panel::sign_in(&shop, Role::Owner).await;
    let mut reader = Panel::sign_in(&shop, Role::ReadOnly).await;
    reader.get("/panel/account").await.ok();
    let people = server::store::users::of_merchant(&shop.app, shop.merchant)
        .await
        .unwrap();
    let id = |role: Role| {
        people
            .iter()
            .find(|(_, known)| *known == role)
            .unwrap()
            .0
            .id
    };

    let path = format!("/panel/people/{}/role", id(Role::Owner));
    // The change is asked about first, with what it takes away.
    let asks = owner.get(&format!("{path}?role=SUPPORT")).await.ok();
    asks.has_all(&["Kendi rolünüzü değiştiriyorsunuz", "Kullanıcı yönetimi"]);
    owner.get(&path).await.leads_to("/panel/people");
    assert_eq!(owner.post(&path, &[("role", "SUPPORT")]).await.status, 422);
    let path = format!("/panel/people/{}/remove", id(Role::ReadOnly));
    owner
        .post(&path, &[])
        .await
        .leads_to("/panel/people?done=saved");
    assert_eq!(reader.get("/panel/account").await.status, 303);
}

#[tokio::test]
async fn somebody_of_two_merchants_sees_one_at_a_time_and_no_third() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Owner).await;
    let mut ids = Vec::new();
    for name in ["Ikinci", "Yabanci"] {
        let setup = MerchantSetup {
            name: name.to_owned(),
            ..MerchantSetup::default()
        };
        let made = setup::create_merchant(&shop.app, &Actor::operator(), setup)
            .await
            .unwrap();
        ids.push(made.id);
    }
    let by = Actor::operator();
    let invited = people::invite(
        &shop.app,
        &by,
        ids[0],
        "owner@example.com",
        "",
        Role::ReadOnly,
    );
    // Nothing that opened the first merchant opens the second: they choose a password anew.
    let link = invited.await.unwrap().unwrap();
    assert_eq!(panel.get("/panel/account").await.status, 303);
    panel.choose_password(&link).await.leads_to("/panel");
    let first = shop.merchant.to_string();
    panel
        .post("/panel/merchant", &[("merchant", &first)])
        .await
        .leads_to("/panel");
    let token = panel.get("/panel/account").await.ok();
    let token = token.hidden("form_token");
    let second = ids[0].to_string();
    panel
        .post("/panel/merchant", &[("merchant", &second)])
        .await
        .leads_to("/panel");
    // A form of the tab in which the first merchant was open does nothing to the second.
    let late = panel
        .raw_post("/panel/account/totp-off", &[("form_token", token)], &[])
        .await;
    assert_eq!(late.status, 403);
    // What one is here decides, not what one is elsewhere.
    assert_eq!(panel.get("/panel/people").await.status, 403);
    let refused = panel.get("/panel/people").await;
    refused.has("denetim kaydına yazıldı");
    assert!(!late.text.contains("denetim kaydına"), "nothing was noted");
    let third = ids[1].to_string();
    assert_eq!(
        panel
            .post("/panel/merchant", &[("merchant", &third)])
            .await
            .status,
        403
    );

    let log = actions(&shop, ids[0]).await;
    let tried = ("merchant.open".to_owned(), audit::Outcome::Refused);
    assert!(log.contains(&tried), "{log:?}");

    // And an owner of one cannot take over a colleague who serves another too.
    let mut owner = Panel::new(&shop);
    owner
        .sign_in_as("owner@example.com", PASSWORD, "")
        .await
        .leads_to("/panel");
    let people = server::store::users::of_merchant(&shop.app, ids[0])
        .await
        .unwrap();
    let first = shop.merchant.to_string();
    owner
        .post("/panel/merchant", &[("merchant", &first)])
        .await
        .leads_to("/panel");
    let path = format!("/panel/people/{}/link", people[0].0.id);
    assert_eq!(owner.post(&path, &[]).await.status, 422);
}

#[tokio::test]
async fn pages_speak_the_chosen_language_and_say_what_is_wrong() {
    let shop = Shop::open().await;
    let mut panel = Panel::new(&shop);
    panel.get("/panel/sign-in").await.ok().has("Giriş yapın");
    panel
        .get("/panel/sign-in?lang=en")
        .await
        .ok()
        .has("<html lang=\"en\">");
    // The choice stays, and one that is made inside as well.
    panel.get("/panel/sign-in").await.ok().has("Sign in");
    let mut inside = Panel::sign_in(&shop, Role::ReadOnly).await;
    inside
        .get("/panel/account?lang=en")
        .await
        .ok()
        .has("<html lang=\"en\">");
    inside
        .get("/panel/account")
        .await
        .ok()
        .has("<html lang=\"en\">");
    let link = invited(&shop, "ada@example.com", Role::Owner).await;
    let page = panel
        .get(&format!("/panel/link/{}", link.token.expose()))
        .await
        .ok();
    for (password, again, told) in [
        (
            "short",
            "short",
            "password must have at least 12 characters",
        ),
        (
            PASSWORD,
            "another one of them",
            "The two passwords are not the same",
        ),
    ] {
        let fields = [
            ("form_token", page.hidden("form_token")),
            ("link", page.hidden("link")),
            ("password", password.to_owned()),
            ("again", again.to_owned()),
        ];
        let refused = panel.raw_post("/panel/link", &fields, &[]).await;
        assert_eq!(refused.status, 400);
        refused.has_all(&[told, "aria-invalid=\"true\""]);
    }
}
