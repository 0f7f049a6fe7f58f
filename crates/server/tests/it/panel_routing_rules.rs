//! Routing rules in the panel and on the command line, and the dry run there.

use crate::panel::{Panel, Shown};
use crate::panel_poses::of_name;
use crate::routing_rules::first;
use crate::shop::{Shop, payment};
use serde_json::{Value, json};
use server::operations::Role;
use server::store::routing_rules::of_merchant;
use std::path::PathBuf;

const PAGE: &str = "/panel/routing-rules";
const DRY_RUN: &str = "/panel/routing-rules/dry-run";
/// Akbank's: goes to the first POS in order.
const AXESS: &str = "4355080000000005";

/// A rule as its form sends it: Axess cards to Yapı Kredi.
struct Form(Vec<(String, String)>);

impl Form {
    async fn of(shop: &Shop) -> Form {
        let ykb = of_name(shop, "Yapı Kredi").await.id;
        let fields = [
            ("name", "Axess gece"),
            ("active", "on"),
            ("bins", "4355, 435508"),
            ("families", "Axess"),
            ("cardTypes", "CREDIT_CARD"),
            ("currency", "TRY"),
            ("amountFrom", "10,50"),
            ("kind", "FIRST"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut form = Form(fields.to_vec());
        form.0.push((format!("place-{ykb}"), "1".to_owned()));
        form
    }

    fn but(&self, name: &str, value: &str) -> Form {
        let mut fields = self.0.clone();
        fields.retain(|(known, _)| known != name);
        fields.push((name.to_owned(), value.to_owned()));
        Form(fields)
    }

    async fn posted(&self, panel: &mut Panel<'_>, path: &str) -> Shown {
        let fields = self
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        panel.post(path, &fields.collect::<Vec<_>>()).await
    }
}

async fn goes_to(shop: &Shop) -> String {
    let paid = shop.pays_as(payment(AXESS)).await.ok();
    paid.text("pos.name").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_are_written_in_the_panel_and_shown_as_they_were_written() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    panel.get(PAGE).await.ok().has("Henüz kural yok");
    panel
        .get(&format!("{PAGE}/new"))
        .await
        .ok()
        .has_all(&["Kural ekle", "Bonus", "Garanti"]);
    let form = Form::of(&shop).await;
    form.posted(&mut panel, PAGE)
        .await
        .leads_to(&format!("{PAGE}?done=saved"));
    assert_eq!(goes_to(&shop).await, "Yapı Kredi");
    let list = panel.get(PAGE).await.ok();
    list.has_all(&[
        "Axess gece",
        "4355, 435508",
        "Kredi kartı",
        "≥ 10,50\u{a0}₺",
        "Yapı Kredi",
        "Açık",
    ]);
    let id = of_merchant(&shop.app, shop.merchant).await.unwrap()[0].id;
    let own = format!("{PAGE}/{id}");
    let page = panel.get(&format!("{own}?lang=en")).await.ok();
    page.has_all(&[
        "value=\"10.50\"",
        "value=\"Axess\" checked",
        "value=\"CREDIT_CARD\" checked",
    ]);
    panel
        .get(&format!("{own}?lang=tr"))
        .await
        .ok()
        .has("value=\"10,50\"");

    // A second one of hours and buyers, saved as a split.
    let (garanti, ykb) = (
        of_name(&shop, "Garanti").await.id,
        of_name(&shop, "Yapı Kredi").await.id,
    );
    let split = Form::of(&shop)
        .await
        .but("name", "Paylaş")
        .but("kind", "SPLIT")
        .but("weekdays", "MONDAY");
    let split = split
        .but("hourFrom", "22")
        .but("hourTo", "6")
        .but("buyers", "42 43; 44")
        .but("issuers", "46");
    let split = split
        .but(&format!("percent-{garanti}"), "30")
        .but(&format!("percent-{ykb}"), "70");
    split
        .posted(&mut panel, PAGE)
        .await
        .leads_to(&format!("{PAGE}?done=saved"));
    panel.get(PAGE).await.ok().has_all(&[
        "22:00–06:00",
        "42, 43, 44",
        "Pazartesi",
        "AKBANK",
        "%70",
        "%30",
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_is_moved_switched_edited_and_deleted_in_the_panel() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    let form = Form::of(&shop).await;
    for one in [&form, &form.but("name", "Paylaş").but("buyers", "42")] {
        one.posted(&mut panel, PAGE)
            .await
            .leads_to(&format!("{PAGE}?done=saved"));
    }
    let own = of_merchant(&shop.app, shop.merchant).await.unwrap()[0].id;
    let own = format!("{PAGE}/{own}");
    let second = of_merchant(&shop.app, shop.merchant).await.unwrap()[1].id;
    let order = format!("{PAGE}/{second}/order");
    let move_up = [("move", "up"), ("once", "once-1")];
    panel
        .post(&order, &move_up)
        .await
        .leads_to(&format!("{PAGE}?done=saved"));
    // A form that is sent twice moves once.
    panel.post(&order, &move_up).await.leads_to(PAGE);
    let names = async || -> Vec<String> {
        let rules = of_merchant(&shop.app, shop.merchant).await.unwrap();
        rules.into_iter().map(|rule| rule.name).collect()
    };
    assert_eq!(names().await, ["Paylaş", "Axess gece"]);

    panel
        .post(&format!("{own}/status"), &[("active", "off")])
        .await
        .leads_to(&format!("{PAGE}?done=saved"));
    panel.get(PAGE).await.ok().has("Kapalı");
    assert_eq!(goes_to(&shop).await, "Garanti");
    panel
        .post(&format!("{own}/status"), &[("active", "on")])
        .await
        .leads_to(&format!("{PAGE}?done=saved"));
    form.but("amountFrom", "100,01")
        .posted(&mut panel, &own)
        .await
        .leads_to(&format!("{PAGE}?done=saved"));
    assert_eq!(goes_to(&shop).await, "Garanti");
    panel
        .get(&format!("{own}/delete"))
        .await
        .ok()
        .has("Axess gece kuralı silinsin mi?");
    panel
        .post(&format!("{own}/delete"), &[])
        .await
        .leads_to(&format!("{PAGE}?done=removed"));
    assert_eq!(names().await, ["Paylaş"]);
    assert_eq!(panel.get(&own).await.status, 404);
    for action in [
        "routing.add",
        "routing.edit",
        "routing.status",
        "routing.order",
        "routing.remove",
    ] {
        let entries = shop.audit(action).await;
        assert_eq!(entries[0].actor_kind, "USER", "{action}");
    }
    let edited = &shop.audit("routing.edit").await[0];
    let amount = |json: &Option<Value>| json.as_ref().unwrap()["when"]["amountFrom"].to_string();
    assert_eq!(
        (amount(&edited.before), amount(&edited.after)),
        ("10.50".to_owned(), "100.01".to_owned())
    );
}

/// What is wrong with one field of a rule, the field's id, and what is said.
#[rustfmt::skip] // A table.
const WRONG: [(&str, &str, &str, &str); 24] = [
    ("name", "", "name", "Ad alanı zorunludur"),
    ("bins", "4355, abc", "bins", "BIN alanının değeri tanınmıyor"),
    ("bins", "435508000", "bins", "BIN alanının değeri tanınmıyor"),
    ("families", "Bonu", "families", "Kart ailesi alanının değeri tanınmıyor"),
    ("issuers", "Garanti", "issuers", "Kartın bankası alanının türü hatalı"),
    ("issuers", "0", "issuers", "Kartın bankası alanının değeri tanınmıyor"),
    ("cardTypes", "GOLD", "cardTypes", "Kart türü alanının değeri tanınmıyor"),
    ("commercial", "maybe", "commercial", "Ticari kart alanının türü hatalı"),
    ("currency", "", "currency", "Para birimi alanı zorunludur"),
    ("currency", "XXX", "currency", "Para birimi alanının değeri tanınmıyor"),
    ("amountFrom", "çok", "amountFrom", "En düşük tutar alanının türü hatalı"),
    ("amountFrom", "-1", "amountFrom", "En düşük tutar negatif olamaz"),
    ("amountFrom", "1.005", "amountFrom", "En düşük tutar TRY için en fazla 2 ondalık hane içerebilir"),
    ("amountTo", "10,49", "amountTo", "En yüksek tutar aralığın başından küçük olamaz"),
    ("installmentFrom", "37", "installmentFrom", "En az taksit 1 ile 36 arasında olmalıdır"),
    ("installmentTo", "0", "installmentTo", "En çok taksit 1 ile 36 arasında olmalıdır"),
    ("hourFrom", "22", "hourTo", "Bitiş saati alanı zorunludur"),
    ("hourTo", "6", "hourFrom", "Başlangıç saati alanı zorunludur"),
    ("weekdays", "PAZAR", "weekdays", "Gün alanının değeri tanınmıyor"),
    ("buyers", "x", "buyers", "Alıcı alanının türü hatalı"),
    ("buyers", "-7", "buyers", "Alıcı alanının değeri tanınmıyor"),
    ("phase", "LATER", "phase", "İşlem aşaması alanının değeri tanınmıyor"),
    ("kind", "RANDOM", "kind", "Yönlendirme alanının değeri tanınmıyor"),
    ("kind", "SPLIT", "poses", "Yüzde alanı zorunludur"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_rule_is_told_at_its_field_and_nothing_is_stored() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::Developer).await;
    let form = Form::of(&shop).await;
    let (garanti, ykb) = (
        of_name(&shop, "Garanti").await.id,
        of_name(&shop, "Yapı Kredi").await.id,
    );
    let (place, percent) = (format!("place-{ykb}"), format!("percent-{ykb}"));
    let (place, percent) = (&*place, &*percent);
    let long = "x".repeat(101);
    let dynamic = [
        ("name", &*long, "name", "Ad en fazla 100 karakter olabilir"),
        (place, "", "poses", "POS alanı zorunludur"),
        (place, "ilk", "poses", "Sıra alanının türü hatalı"),
        (
            percent,
            "50",
            "poses",
            "Yüzde yalnızca yüzdeyle paylaştırmada girilir",
        ),
    ];
    for (name, value, id, told) in WRONG.into_iter().chain(dynamic) {
        let page = form.but(name, value).posted(&mut panel, PAGE).await;
        assert_eq!(page.status, 400, "{name} {value} {}", page.text);
        page.has_all(&[&format!("id=\"{id}-wrong\""), told]);
    }
    let split = form
        .but("kind", "SPLIT")
        .but(percent, "60")
        .but(&format!("percent-{garanti}"), "39");
    let page = split.posted(&mut panel, PAGE).await;
    page.has_all(&[
        "id=\"poses-wrong\"",
        "Yüzde toplamı 100 değerine eşit olmalıdır",
    ]);
    let page = split.posted(&mut panel, &format!("{PAGE}?lang=en")).await;
    page.has("The sum of the percentage must equal 100");
    panel.language = "tr";
    let same = form
        .but("hourFrom", "6")
        .but("hourTo", "6")
        .posted(&mut panel, PAGE)
        .await;
    same.has("id=\"hourTo-wrong\"");
    let hour = form
        .but("hourFrom", "24")
        .but("hourTo", "6")
        .posted(&mut panel, PAGE)
        .await;
    hour.has("Başlangıç saati 0 ile 23 arasında olmalıdır");
    assert!(
        of_merchant(&shop.app, shop.merchant)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(shop.audit("routing.add").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_changes_no_rule() {
    let shop = Shop::open().await;
    let form = Form::of(&shop).await;
    let id = shop
        .rule(first(json!({}), &[&of_name(&shop, "Garanti").await.alias]))
        .await;
    let mut reader = Panel::sign_in(&shop, Role::ReadOnly).await;
    reader.get(PAGE).await.ok().lacks("Kural ekle");
    reader
        .get(&format!("{PAGE}/{id}"))
        .await
        .ok()
        .lacks("Kaydet");
    reader.get(DRY_RUN).await.ok();
    for path in [
        PAGE.to_owned(),
        format!("{PAGE}/{id}"),
        format!("{PAGE}/{id}/status"),
        format!("{PAGE}/{id}/order"),
        format!("{PAGE}/{id}/delete"),
    ] {
        assert_eq!(form.posted(&mut reader, &path).await.status, 403, "{path}");
    }
    assert_eq!(
        of_merchant(&shop.app, shop.merchant).await.unwrap().len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_of_every_pos_and_rule_and_keeps_no_number() {
    let shop = Shop::open().await;
    let mut panel = Panel::sign_in(&shop, Role::ReadOnly).await;
    let (garanti, ykb) = (
        of_name(&shop, "Garanti").await,
        of_name(&shop, "Yapı Kredi").await,
    );
    shop.rule(first(json!({"families": ["Bonus"]}), &[&garanti.alias]))
        .await;
    shop.rule(first(json!({}), &[&ykb.alias])).await;
    panel.get(DRY_RUN).await.ok().has("Yönlendirme denemesi");
    let asked = [
        ("bin", "4355 0800 0000 0005"),
        ("amount", "100,00"),
        ("currency", "TRY"),
        ("installment", "1"),
        ("phase", "AUTH"),
    ];
    let page = panel.post(DRY_RUN, &asked).await.ok();
    page.has_all(&[
        "43550800",
        "Axess",
        "1. sıra",
        "2. sıra",
        "kural seçti",
        "komisyonu bilinmiyor",
        "Tutmayan koşul: Kart ailesi",
        "Bu kural karar verdi",
        "ilk denenen POS olur",
    ]);
    page.lacks_all(&["4355080000000005", "4355 0800 0000 0005"]);

    let off = format!("/merchant/v1/merchant-poses/{}/status/PASSIVE", ykb.id);
    shop.call("PUT", &off, "", &[]).await.ok();
    let page = panel.post(&format!("{DRY_RUN}?lang=en"), &asked).await.ok();
    page.has_all(&["It is out of use", "passed over", "Left out"]);
    for (name, value, id) in [
        ("bin", "43", "bin"),
        ("bin", "kart", "bin"),
        ("amount", "", "amount"),
        ("amount", "0", "amount"),
        ("installment", "37", "installment"),
        ("installment", "x", "installment"),
        ("at", "dün", "at"),
        ("buyer", "x", "buyer"),
        ("points", "200", "points"),
        ("payment", "x", "payment"),
    ] {
        let mut form = asked.to_vec();
        form.retain(|(known, _)| *known != name);
        form.push((name, value));
        let page = panel.post(DRY_RUN, &form).await;
        assert_eq!(page.status, 400, "{name} {value}");
        page.has(&format!("id=\"{id}-wrong\""));
    }
    let mut form = asked.to_vec();
    form.push(("posAlias", "nobody"));
    panel.post(DRY_RUN, &form).await.ok().has("nobody");
}

/// A file with a rule.
fn file(shop: &Shop, rule: &Value) -> PathBuf {
    let path = shop.files.0.join("rule.json");
    std::fs::write(&path, rule.to_string()).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_write_rules_and_say_where_a_payment_would_go() {
    let shop = Shop::open().await;
    let run = |verb: &str, more: &[&str]| run(&shop, verb, more);
    let [_, ykb] = shop.aliases().await;
    let rule = first(
        json!({"families": ["axess"], "hours": {"from": 0, "to": 24}}),
        &[&ykb],
    );
    let path = file(&shop, &rule);
    let path = path.to_str().unwrap();
    let id = run("add", &[path])
        .trim()
        .strip_prefix("rule ")
        .unwrap()
        .to_owned();
    let listed: Value = serde_json::from_str(&run("rules", &["--json"])).unwrap();
    assert_eq!(
        listed[0]["when"],
        json!({"families": ["Axess"], "hours": {"from": 0, "to": 24}})
    );
    assert_eq!(listed[0]["then"], rule["then"]);
    assert_eq!(listed[0]["id"].to_string(), id);
    let table = run("rules", &[]);
    assert!(
        table.contains("families Axess, hours 00:00–24:00")
            && table.contains(&format!("first {ykb}")),
        "{table}"
    );

    let asked = ["--bin", AXESS, "--amount", "100"];
    let told: Value =
        serde_json::from_str(&run("dry-run", &[&asked[..], &["--json"]].concat())).unwrap();
    assert_eq!(told["poses"][0]["alias"], ykb.as_str());
    assert_eq!(told["poses"][0]["because"][0], "RULE");
    assert_eq!(told["rules"][0]["fate"], "DECIDED");
    assert!(!told.to_string().contains(AXESS));
    let text = run("dry-run", &[&asked[..], &["--ignore-rules"]].concat());
    assert!(
        text.contains("commission is not known") && !text.contains("DECIDED"),
        "{text}"
    );
    let none = run("dry-run", &[&asked[..], &["--currency", "usd"]].concat());
    assert!(
        none.contains("CURRENCY") && none.contains("No suitable POS"),
        "{none}"
    );
}

/// Runs a command about the shop's rules.
fn run(shop: &Shop, verb: &str, more: &[&str]) -> String {
    let merchant = shop.merchant.to_string();
    shop.run(&[&["routing", verb, "--merchant", &merchant], more].concat())
}

/// Runs one that must fail.
fn fails(shop: &Shop, verb: &str, more: &[&str]) -> String {
    let merchant = shop.merchant.to_string();
    shop.fails(&[&["routing", verb, "--merchant", &merchant], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_file_is_told_with_its_place() {
    let shop = Shop::open().await;
    let run = |verb: &str, more: &[&str]| run(&shop, verb, more);
    let fails = |verb: &str, more: &[&str]| fails(&shop, verb, more);
    let [garanti, ykb] = shop.aliases().await;
    let rule = first(json!({"families": ["Axess"]}), &[&ykb]);
    let id = shop.rule(rule.clone()).await.to_string();
    let listed: Value = serde_json::from_str(&run("rules", &["--json"])).unwrap();
    // What `rules --json` shows of a rule can be given back.
    let mut known = listed[0].clone();
    let fields = known.as_object_mut().unwrap();
    fields.retain(|name, _| ["name", "active", "when", "then"].contains(&name.as_str()));
    let same = file(&shop, &known);
    assert!(run("edit", &["--id", &id, same.to_str().unwrap()]).contains("as it was"));
    for (rule, told) in [
        (
            json!({"name": "x", "then": {"kind": "FIRST", "poses": [{"alias": "nobody"}]}}),
            "then.poses[0].alias of the rule",
        ),
        (
            json!({"name": "x", "when": {"bin": ["4"]}, "then": rule["then"]}),
            "unknown field `bin`",
        ),
        (
            json!({"name": "x", "when": {"bins": ["x"]}, "then": rule["then"]}),
            "when.bins[0] of the rule",
        ),
        (
            json!({"name": "x", "when": {"hours": {"from": 24, "to": 3}}, "then": rule["then"]}),
            "when.hours.from of the rule must be between 0 and 23",
        ),
        (
            json!({"name": "x", "when": {"installmentFrom": 300}, "then": rule["then"]}),
            "when.installmentFrom",
        ),
        (
            json!({"name": "x", "when": {"phase": "POST_AUTH"}, "then": rule["then"]}),
            "when.phase",
        ),
        (
            json!({"name": "x", "then": {"kind": "FIRST", "poses": [{"alias": garanti}, {"alias": garanti}]}}),
            "is already there",
        ),
        (
            json!({"name": "x", "then": {"kind": "FIRST", "poses": []}}),
            "then.poses of the rule",
        ),
        (json!({"name": "x"}), "then of the rule is required"),
        (
            json!({"then": rule["then"]}),
            "name of the rule is required",
        ),
        (json!([]), "does not hold one JSON object"),
    ] {
        let path = file(&shop, &rule);
        for (verb, more) in [("add", vec![]), ("edit", vec!["--id", &*id])] {
            let why = fails(verb, &[&more[..], &[path.to_str().unwrap()]].concat());
            assert!(why.contains(told), "{rule}: {why}");
        }
    }
    let split = json!({"name": "split", "then": {"kind": "SPLIT", "poses": [{"alias": garanti, "percent": 99}, {"alias": ykb, "percent": 1}]}});
    run("add", &[file(&shop, &split).to_str().unwrap()]);
    assert_eq!(
        run("move", &["--id", &id, "down"]).trim(),
        "asked in this order: split, first"
    );
    assert!(fails("remove", &["--id", "1"]).contains("galata routing rules"));
    assert!(fails("dry-run", &["--bin", "4", "--amount", "100"]).contains("--bin"));
    assert!(fails("dry-run", &["--bin", "404308", "--amount", "1e2"]).contains("--amount"));
    run("remove", &["--id", &id]);
    let left: Value = serde_json::from_str(&run("rules", &["--json"])).unwrap();
    assert_eq!(left.as_array().unwrap().len(), 1);
    for action in ["routing.add", "routing.order", "routing.remove"] {
        assert_eq!(
            shop.audit(action).await[0].actor_kind,
            "OPERATOR",
            "{action}"
        );
    }
    assert!(shop.audit("routing.edit").await.is_empty());
}
