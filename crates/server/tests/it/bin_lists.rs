//! `galata bins …`: another list of BINs while payments go on.

use crate::process::{Serving, ended, until};
use crate::shop::{BONUS, KEYS, PAY, Reply, Shop, Signed, YKB, payment, send};
use serde_json::{Value, json};
use server::store::db::params;
use server::{jobs, random};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

const HEAD: &str = "bin,bank_code,bank_name,card_type,card_association,brand,family,commercial";
/// Two BINs, one of which another bank issues by now.
const MOVED: &str = "404308,67,,CREDIT_CARD,VISA,World,World,false\n\
                     540063,67,,DEBIT_CARD,MASTER_CARD,,,false";

impl Shop {
    /// A file of BINs with these rows.
    fn bins(&self, name: &str, rows: &str) -> PathBuf {
        let path = self.files.0.join(name);
        std::fs::write(&path, format!("{HEAD}\n{rows}\n")).unwrap();
        path
    }

    /// `galata bins …` that goes well, as JSON.
    fn bins_json(&self, arguments: &[&str]) -> Value {
        let all = [&["bins"], arguments, &["--json"]].concat();
        serde_json::from_str(&self.run(&all)).unwrap()
    }

    /// Imports a list in place of all that is known.
    fn imports(&self, file: &std::path::Path) -> Value {
        self.bins_json(&["import", "--force", file.to_str().unwrap()])
    }

    async fn lists(&self) -> i64 {
        self.count("select count(*) as n from bin_lists").await
    }

    /// What a server says of a BIN.
    async fn bin_at(&self, server: &str, digits: &str) -> Reply {
        let url = format!("{server}/installment/v1/bins/{digits}");
        let rnd = random::key(12);
        let signed = Signed::with(KEYS, &url, &rnd, "");
        send(&self.http, "GET", &url, b"", &signed.headers()).await
    }

    /// Waits until a server says that a bank issues the cards of a BIN.
    async fn issuer_becomes(&self, server: &str, digits: &str, code: i64) {
        until("another list is in use", async || {
            let told = self.bin_at(server, digits).await;
            (told.status == 200 && told.data("bankCode") == code).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_takes_another_list_up_and_payments_follow_it() {
    let shop = &Shop::open().await;
    let log = shop.files.0.join("serving.log");
    let serving = Serving::start(&shop.http, shop.command(&["serve", "--no-jobs"]), log).await;
    let pays = async |card| {
        let paid = shop.post_at(&serving.url, PAY, &payment(card)).await;
        paid.unwrap().ok().text("pos.name").to_owned()
    };
    assert_eq!(pays(BONUS).await, "Garanti");
    shop.issuer_becomes(&serving.url, "404308", 62).await;

    let told = shop.imports(&shop.bins("new.csv", MOVED));
    assert_eq!((&told["edition"], &told["bins"]), (&json!(1), &json!(2)));
    shop.issuer_becomes(&serving.url, "40430800", 67).await;
    assert_eq!(pays(BONUS).await, "Yapı Kredi");
    shop.bin_at(&serving.url, "52092200")
        .await
        .refused(404, 9005);
    // What was known as a credit card is a debit card, which has no instalments.
    jobs::follow_bins(&shop.app).await.unwrap();
    let three = json!({"installment": 3});
    let refused = shop.pays(YKB).with(three).await;
    let group = refused.error_group();
    assert_eq!(
        group, "DEBIT_CARDS_INSTALLMENT_NOT_ALLOWED",
        "{:#}",
        refused.body
    );

    let told = shop.bins_json(&["reset"]);
    assert_eq!(
        (&told["edition"], &told["list"]),
        (&json!(2), &json!("compiled in"))
    );
    shop.issuer_becomes(&serving.url, "404308", 62).await;
    assert_eq!(pays(BONUS).await, "Garanti");
    assert_eq!(shop.bins_json(&["reset"])["edition"], Value::Null);
    // One that starts later has the newest list from its first answer on.
    shop.imports(&shop.bins("again.csv", MOVED));
    let later = shop.process(&shop.clock).await;
    assert_eq!(later.bins.of("404308").unwrap().bank_code, 67);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_file_is_named_and_nothing_is_taken() {
    let shop = &Shop::open().await;
    let row = "404308,62,,CREDIT_CARD,VISA,Bonus,Bonus,false\n";
    for (rows, said) in [
        (String::new(), "line 1: a heading and at least one BIN"),
        (
            format!("{row}4043,62,,CREDIT_CARD,,,,false"),
            "line 3, column bin: 6 or 8 digits",
        ),
        (
            format!("{row}{row}"),
            "line 3, column bin: a BIN that stands on no other line",
        ),
        (
            format!("{row}540667,62,,CREDIT_CARD,,,Bonuss,false"),
            "line 3, column family: one of",
        ),
        (
            format!("{row}540667,62,,CREDIT_CARD"),
            "line 3: 8 cells are expected",
        ),
        (row.to_owned(), "of them"),
    ] {
        let file = shop.bins("wrong.csv", &rows);
        let refused = shop.fails(&["bins", "import", file.to_str().unwrap()]);
        let said = match said {
            // A file that is right, and knows one BIN of all.
            "of them" => "--force takes it all the same",
            said => said,
        };
        assert!(refused.contains(said), "{rows}: {refused}");
    }
    let file = shop.files.0.join("bytes.csv");
    for (bytes, said) in [
        (b"bin\n\xff\n".to_vec(), "line 2: UTF-8 is expected"),
        (vec![b'1'; (4 << 20) + 1], "larger than 4 MiB"),
        (
            b"5406675406675403\n".to_vec(),
            "line 1: column 1 must be headed bin",
        ),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let refused = shop.fails(&["bins", "import", file.to_str().unwrap()]);
        assert!(
            refused.contains(said) && !refused.contains("5406675406675403"),
            "{refused}"
        );
    }
    shop.fails(&["bins", "import", "/nowhere.csv"]);
    assert_eq!(shop.lists().await, 0);
    assert!(shop.audit("bins.import").await.is_empty());
    // Nor does the database take what is no list.
    let half = "insert into bin_lists (edition, imported_at, content) values (1, $1, 'x')";
    let commit = server::store::db::Commit::new(0, 0).then(half, params![shop.app.now()]);
    assert!(shop.app.commit(commit).await.unwrap().is_conflict());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_difference_is_told_and_a_dry_run_changes_nothing() {
    let shop = &Shop::open().await;
    let exported = shop.run(&["bins", "export"]);
    let mut lines: Vec<&str> = exported.lines().collect();
    let all = lines.len() - 1;
    let gone = lines
        .iter()
        .position(|line| line.starts_with("016101,"))
        .unwrap();
    lines.remove(gone);
    lines.push("999999,67,,CREDIT_CARD,VISA,World,World,true");
    let text = lines
        .join("\n")
        .replacen("41628300,209,", "41628300,210,", 1);
    let file = shop.files.0.join("edited.csv");
    std::fs::write(&file, format!("\u{feff}{text}")).unwrap();
    let import = ["import", file.to_str().unwrap()];

    let told = shop.bins_json(&[&import[..], &["--dry-run"]].concat());
    assert_eq!(told["binsInUse"], all);
    assert_eq!(told["edition"], Value::Null);
    assert_eq!(
        (&told["newBins"], &told["goneBins"]),
        (&json!(["999999"]), &json!(["016101"]))
    );
    let changed = told["changedBins"].as_array().unwrap();
    assert!(changed.contains(&json!("41628300")), "{told:#}");
    assert_eq!(shop.lists().await, 0);

    let said = shop.run(&[&["bins"], &import[..]].concat());
    assert!(
        said.contains("edited.csv") && said.contains("edition 1 is in use"),
        "{said}"
    );
    let same = shop.run(&[&["bins"], &import[..]].concat());
    assert!(same.contains("in use already"), "{same}");
    assert_eq!(shop.lists().await, 1);
    let noted = shop.audit("bins.import").await;
    assert_eq!((noted.len(), noted[0].target.as_str()), (1, "edited.csv"));
    assert_eq!(noted[0].after.as_ref().unwrap()["gone"], 1);

    let shown = shop.bins_json(&["show"]);
    let (newest, first) = (&shown[0], &shown[1]);
    assert_eq!(
        (&newest["edition"], &newest["list"]),
        (&json!(1), &json!("edited.csv"))
    );
    assert_eq!(
        (&newest["bins"], &newest["inUse"]),
        (&json!(all), &json!(true))
    );
    assert_eq!(
        (&first["edition"], &first["inUse"]),
        (&Value::Null, &json!(false))
    );
    let bin = shop.bins_json(&["show", "9999 9912 3456"]);
    assert_eq!(
        (&bin["bin"], &bin["family"]),
        (&json!("99999912"), &json!("World"))
    );
    shop.fails(&["bins", "show", "016101"]);
    shop.fails(&["bins", "show", "5406"]);
    let doctor = ended(shop.command(&["doctor"])).out;
    assert!(doctor.contains("edition 1 of those imported"), "{doctor}");

    // An edition that was in use comes back, through a pipe.
    let kept = shop.run(&["bins", "export", "--edition", "1"]);
    assert_eq!(shop.run(&["bins", "export"]), kept);
    shop.run(&["bins", "reset"]);
    let mut again = shop.command(&["bins", "import", "-"]);
    again.stdin(std::fs::File::open(&file).unwrap());
    let again = ended(again);
    assert!(again.out.contains("standard input"), "{}", again.error);
    assert_eq!(shop.run(&["bins", "export"]), kept);
    shop.fails(&["bins", "export", "--edition", "9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_imports_at_once_one_is_in_use_whole() {
    let shop = &Shop::open().await;
    let files: Vec<PathBuf> = (0..4)
        .map(|at| {
            shop.bins(
                &format!("{at}.csv"),
                &format!("40430{at},67,,CREDIT_CARD,,,,false"),
            )
        })
        .collect();
    let begun: Vec<_> = files
        .iter()
        .map(|file| {
            let mut command = shop.command(&["bins", "import", "--force"]);
            command
                .arg(file)
                .stdout(Stdio::null())
                .stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let mut taken = 0;
    for child in begun {
        let output = tokio::task::block_in_place(|| child.wait_with_output().unwrap());
        let error = String::from_utf8(output.stderr).unwrap();
        if output.status.success() {
            taken += 1;
        } else {
            assert!(error.contains("at the same moment"), "{error}");
        }
    }
    assert!(taken >= 1);
    assert_eq!(shop.lists().await, taken);
    let last = shop.run(&["bins", "export"]);
    assert_eq!(last.lines().count(), 2, "{last}");
    assert!(last.contains(",67,"), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_killed_took_the_whole_list_or_nothing() {
    let shop = &Shop::open().await;
    let rows: Vec<String> = (400_000..420_000)
        .map(|bin| format!("{bin},67,,CREDIT_CARD,VISA,World,World,false"))
        .collect();
    let file = shop.bins("large.csv", &rows.join("\n"));
    for milliseconds in [5, 100, 300, 600, 1000] {
        let mut command = shop.command(&["bins", "import", "--force"]);
        command
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let shown = shop.bins_json(&["show"]);
        let used = shown
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["inUse"] == true);
        match shop.lists().await {
            0 => assert_eq!(used.unwrap()["edition"], Value::Null),
            _ => assert_eq!(used.unwrap()["bins"], 20_000),
        }
    }
    shop.imports(&file);
    jobs::follow_bins(&shop.app).await.unwrap();
    assert_eq!(shop.app.bins.now().len(), 20_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_read_is_told_and_the_one_before_stays() {
    let shop = &Shop::open().await;
    shop.imports(&shop.bins("good.csv", MOVED));
    jobs::follow_bins(&shop.app).await.unwrap();
    let damaged = "insert into bin_lists (edition, imported_at, file_name, bins, sha256, content) \
                   values (2, $1, 'x.csv', 1, $2, 'bin')";
    let values = params![shop.app.now(), "0".repeat(64)];
    shop.execute(damaged, values).await;
    jobs::follow_bins(&shop.app).await.unwrap();
    assert_eq!(shop.app.bins.editions(), (1, 2));
    assert_eq!(
        shop.bin_at(&shop.gateway, "404308")
            .await
            .ok()
            .data("bankCode"),
        67
    );
    let doctor = ended(shop.command(&["doctor"]));
    assert_eq!(doctor.status.code(), Some(2), "{}", doctor.out);
    assert!(
        doctor.out.contains("edition 2 of the list cannot be read"),
        "{}",
        doctor.out
    );
    // The same list again is another edition: what is in use here may not be in use elsewhere.
    let told = shop.imports(&shop.bins("good.csv", MOVED));
    assert_eq!(told["edition"], 3);
    jobs::follow_bins(&shop.app).await.unwrap();
    assert_eq!(shop.app.bins.editions(), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_editions_are_kept_and_no_more() {
    let shop = &Shop::open().await;
    let file = shop.bins("list.csv", MOVED);
    for _ in 0..4 {
        shop.imports(&file);
        shop.run(&["bins", "reset"]);
    }
    let shown = shop.bins_json(&["show"]);
    let editions = shown.as_array().unwrap().iter();
    let editions: BTreeSet<i64> = editions.filter_map(|one| one["edition"].as_i64()).collect();
    assert_eq!(editions, BTreeSet::from([4, 5, 6, 7, 8]));
}
