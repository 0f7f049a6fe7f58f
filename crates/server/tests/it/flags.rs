//! Options and variables that mean nothing: each is refused, with its name and what would be right.

use crate::process::{Ended, ended, words};
use crate::shop::Shop;

fn said(shop: &Shop, arguments: &[&str]) -> Ended {
    ended(shop.command(arguments))
}

/// Every option of a server that takes a value, with values that mean nothing; each is refused with
/// its name.
const SENSELESS: &[(&str, &[&str])] = &[
    (
        "--public-url",
        &[
            "",
            " ",
            "pay.example.com",
            "ftp://pay.example.com",
            "http://",
            "http://user:geheim@x",
            "https://x?a=b",
            "https://x#a",
            "https://x/\u{7}",
            "https://x,",
        ],
    ),
    (
        "--allow-bank-host",
        &[
            "http://x/",
            "x/",
            "user:geheim@x",
            "x:0",
            "x:99999",
            "x:y",
            "a b",
            "::1",
            "x,",
        ],
    ),
    (
        "--allow-webhook-host",
        &["http://x/", "https://x", "x?y", "x\u{7}", "x:-1", "x,"],
    ),
    (
        "--webhook-waits",
        &[
            "",
            " ",
            "0",
            "30,0",
            "-1",
            "30,",
            "604801",
            "99999999999999999999",
            "1.5",
            "x",
        ],
    ),
    (
        "--inquiry-waits",
        &["", " ", "0", "5,0,30", "-1", "604801", "x"],
    ),
    ("--bank-timeout", &["", "0", "-1", "601", "x"]),
    (
        "--mail-from",
        &["", " ", "x", "a\r\nBcc: b@example.com <a@example.com>"],
    ),
    ("--smtp-url", &["", " ", "x", "http://x", "smtp://"]),
    ("--keep-answers-days", &["", "0", "-1", "3661"]),
    ("--keep-requests-days", &["", "0", "-1", "3661"]),
    ("--keep-exchanges-days", &["", "0", "-1", "3661"]),
    ("--keep-webhooks-days", &["", "0", "-1", "3661"]),
    ("--max-connections", &["", "0", "-1", "1000001", "x"]),
    ("--max-connections-per-address", &["", "-1", "1000001", "x"]),
    ("--head-timeout", &["", "0", "-1", "3601", "x"]),
    ("--body-timeout", &["", "0", "-1", "3601", "x"]),
    ("--idle-timeout", &["", "0", "-1", "3601", "x"]),
    ("--stranger-rate", &["", "-1", "1000001", "4294967296"]),
    ("--stranger-burst", &["", "0", "-1", "1000001"]),
    ("--key-rate", &["", "-1", "1000001"]),
    ("--key-burst", &["", "0", "-1", "1000001"]),
    ("--sign-in-rate", &["", "-1", "1000001"]),
    ("--sign-in-burst", &["", "0", "-1", "1000001"]),
    (
        "--listen",
        &[
            "",
            " ",
            "-1",
            "99999",
            "localhost:1",
            "http://127.0.0.1:1",
            "127.0.0.1",
        ],
    ),
    ("--database-url", &["", " ", "x", "http://x", "mysql://x/y"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_means_nothing_is_refused_with_the_name_of_its_option() {
    let shop = Shop::open().await;
    for (flag, values) in SENSELESS {
        for value in *values {
            let given = format!("{flag}={value}");
            let mut arguments = vec!["serve", given.as_str()];
            match *flag {
                "--mail-from" => arguments.push("--smtp-url=smtp://127.0.0.1:1"),
                "--smtp-url" => arguments.push("--mail-from=a@example.com"),
                _ => {}
            }
            if *flag != "--listen" {
                arguments.push("--listen=127.0.0.1:0");
            }
            let refused = said(&shop, &arguments);
            assert!(!refused.status.success(), "{given:?}");
            assert!(refused.error.contains(flag), "{given:?}: {}", refused.error);
            assert!(!refused.error.contains("geheim"), "{}", refused.error);
            assert!(!refused.error.contains("panicked"), "{}", refused.error);
        }
    }
    // A list that a variable sets, and one word for another.
    for (variable, value, named) in [
        ("GALATA_PUBLIC_URL", "https://a,http://b?c", "--public-url"),
        (
            "GALATA_ALLOW_WEBHOOK_HOST",
            "a,http://b/",
            "--allow-webhook-host",
        ),
        ("GALATA_BEHIND_PROXY", "perhaps", "--behind-proxy"),
        ("GALATA_LOG_REQUESTS", "perhaps", "--log-requests"),
        ("GALATA_NO_JOBS", "perhaps", "--no-jobs"),
        ("GALATA_MIGRATE", "perhaps", "--migrate"),
        ("GALATA_LOG_FORMAT", "perhaps", "--log-format"),
        ("GALATA_ALLOW_CORE_DUMPS", "perhaps", "--allow-core-dumps"),
    ] {
        let mut command = shop.command(&["serve", "--listen=127.0.0.1:0"]);
        let refused = ended_within(command.env(variable, value));
        assert!(!refused.status.success(), "{variable}");
        assert!(
            refused.error.contains(named),
            "{variable}: {}",
            refused.error
        );
    }
    let link = [
        "--merchant=1",
        "--email=a@example.com",
        "--public-url=http://a:geheim@b",
    ];
    let refused = said(&shop, &[&["user", "create"], &link[..]].concat());
    assert!(refused.error.contains("--public-url"), "{}", refused.error);
    assert!(!refused.error.contains("geheim"), "{}", refused.error);
}

/// A server that begins where it should refuse must not hang the test.
fn ended_within(command: &mut std::process::Command) -> Ended {
    use std::process::Stdio;
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    for _ in 0..200 {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    _ = child.kill();
    let output = child.wait_with_output().unwrap();
    Ended {
        status: output.status,
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        error: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_one_line_that_says_something() {
    let shop = Shop::open().await;
    let merchant = format!("--merchant={}", shop.merchant);
    let long = "x".repeat(5000);
    for name in ["", " ", "a\nb", "a\u{7}b", long.as_str()] {
        let name = format!("--name={name}");
        let pos = words(
            "--integrator=YKB --client-id=1 --terminal-id=1 --posnet-id=1 \
             --threeds-key=1",
        );
        let email = "--email=a@example.com";
        for command in [
            vec!["merchant", "create", &name],
            [&["pos", "create", &merchant, &name], &pos[..]].concat(),
            vec!["apm", "create", &merchant, &name],
            vec!["user", "create", &merchant, email, &name],
        ] {
            // A person may go without a name; the address stands for it.
            if command[0] == "user" && name.trim_end().ends_with('=') {
                continue;
            }
            let refused = said(&shop, &command);
            assert!(!refused.status.success(), "{command:?}");
            assert!(
                refused.error.contains("--name"),
                "{command:?}: {}",
                refused.error
            );
        }
    }
    let taken = shop.run(&["merchant", "create", "--name= Kuşadası Çiçek "]);
    assert!(taken.starts_with("merchant"), "{taken}");
    let list = shop.run(&["merchant", "list", "--json"]);
    assert!(list.contains("\"Kuşadası Çiçek\""), "{list}");
}
