//! A bank of the contract that is not spoken to gets a row of the directory, and nothing else: panel,
//! API and command line have it.

use crate::panel::Panel;
use crate::shop::{Shop, with, ykb};
use clap::Parser;
use connectors::directory::{self, BankRow};
use connectors::protocol::Protocol;
use contract::enums::PosIntegrator;
use serde_json::{Value, json};
use server::commands::{self, Cli};
use server::operations::Role;
use server::store::poses::{self, Pos};

const PATH: &str = "/merchant/v1/merchant-poses";

/// All that it takes: here it stands in for the row in `connectors/src/directory.rs`.
fn row() -> BankRow {
    BankRow {
        integrator: PosIntegrator::Fibabank,
        name: "Fibabanka",
        bank_id: 103,
        protocol: Some(Protocol::PosNet),
        hostname: "vpos.example.com",
        test_hostname: "vpos-test.example.com",
        page_hostname: "",
        without: &[],
        agreed_rewards: None,
        test_page_hostname: "",
        port: 443,
        path: "/PosnetWebService/XML",
        threeds_path: "/3DSWebService/YKBPaymentService",
        rewards: None,
    }
}

/// An account that the simulated bank knows.
fn account() -> Value {
    with(
        ykb(),
        json!({"posIntegrator": "FIBABANK", "name": "Actor the API"}),
    )
}

async fn of_name(shop: &Shop, name: &str) -> Pos {
    let all = poses::of_merchant(&shop.app, shop.merchant);
    let mut all = all.await.unwrap().into_iter();
    all.find(|pos| pos.name == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_all_that_a_bank_on_a_known_protocol_needs() {
    let shop = &Shop::open().await;
    let refused = shop.post(PATH, account()).await;
    assert_eq!((refused.status, refused.field()), (422, "posIntegrator"));

    directory::try_row(row());
    by_the_api(shop).await;
    by_the_panel(shop).await;
    by_the_command_line(shop).await;
}

async fn by_the_api(shop: &Shop) {
    let incomplete = with(account(), json!({"posnetId": ""}));
    let refused = shop.post(PATH, incomplete).await;
    assert_eq!((refused.status, refused.field()), (422, "posnetId"));
    let made = shop.post(PATH, account()).await.ok();
    assert_eq!(made.data("bankId"), 103);
    assert_eq!(made.data("bankName"), "FIBABANKA A.Ş.");
    assert_eq!(made.data("hostname"), "vpos.example.com");
    assert_eq!(made.data("posnetId"), "27426");
    assert_eq!(made.data("threedsKey"), "********");
    let path = format!("{PATH}/{}", made.data("id"));
    let change = json!({"threedsPosnetId": "27427"}).to_string();
    let changed = shop.call("PUT", &path, &change, &[]).await.ok();
    assert_eq!(changed.data("threedsPosnetId"), "27427");
}

async fn by_the_panel(shop: &Shop) {
    let mut panel = Panel::sign_in(shop, Role::Developer).await;
    let new = panel.get("/panel/poses/new?integrator=FIBABANK").await;
    let new = new.ok();
    for text in [
        "<option value=\"FIBABANK\" selected>Fibabanka</option>",
        "Üye işyeri numarası (MID)",
        "name=\"posnetId\"",
        "name=\"threedsTerminalId\"",
        "vpos-test.example.com",
    ] {
        new.has(text);
    }
    new.lacks("user-PROVAUT-name");
    new.lacks("GBP");
    let mut fields = vec![
        ("integrator", "FIBABANK"),
        ("name", "Actor the panel"),
        ("currency", "TRY"),
        ("clientId", "6706598320"),
        ("terminalId", "67005551"),
        ("threedsKey", "10,10,10,10,10,10,10,10"),
        ("status", "AUTOPILOT"),
        ("auth-THREE_DS", "on"),
        ("auth-NON_THREE_DS", "on"),
    ];
    let base = format!("{}/posnet", shop.bank);
    fields.push(("endpoint", &base));
    let refused = panel.post("/panel/poses", &fields).await;
    refused.has("PosNet ID alanı zorunludur");
    fields.push(("posnetId", "27426"));
    let made = panel.post("/panel/poses", &fields).await;
    let pos = of_name(shop, "Actor the panel").await;
    let path = format!("/panel/poses/{}", pos.id);
    made.leads_to(&format!("{path}?done=saved"));
    let tested = panel.post(&format!("{path}/test"), &[]).await.ok();
    tested.has("Bağlantı çalışıyor");
    let at_this = json!({"posAlias": pos.alias, "installment": 1});
    let paid = shop.pays("5209220000000002").with(at_this).await.ok();
    assert_eq!(paid.data("pos.bankId"), 103);
}

async fn by_the_command_line(shop: &Shop) {
    let merchant = shop.merchant.to_string();
    let base = format!("{}/posnet", shop.bank);
    let run = async |arguments: &[&str]| {
        let store = ["--database-url", &shop.database_url, "--key", &shop.keys];
        let known = ["galata", "pos", "create", "--merchant", &merchant];
        let all = known.iter().chain(&store).chain(arguments);
        let hosts = ["--allow-bank-host", "127.0.0.1"];
        let cli = Cli::try_parse_from(all.chain(&hosts)).unwrap();
        commands::run(cli).await
    };
    let mut arguments = vec![
        "--integrator",
        "fibabank",
        "--name",
        "Actor a command",
        "--client-id",
        "6706598320",
        "--terminal-id",
        "67005551",
        "--threeds-key",
        "10,10,10,10,10,10,10,10",
        "--endpoint",
        &base,
    ];
    let Err(refused) = run(&arguments).await else {
        panic!("a POS without its PosNet id was made");
    };
    assert_eq!(refused.to_string(), "--posnet-id is needed");
    arguments.extend(["--posnet-id", "27426", "--loyalty", "on"]);
    run(&arguments)
        .await
        .map_err(|why| why.to_string())
        .unwrap();
    let pos = of_name(shop, "Actor a command").await;
    assert_eq!(pos.settings.numbers.posnet_id, "27426");
    assert!(pos.settings.enable_loyalty && !pos.settings.enable_foreign_card);
}
