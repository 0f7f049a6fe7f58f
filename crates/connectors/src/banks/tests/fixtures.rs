//! Walks `fixtures/`: every case is a call, the replies to it, the requests it must make, and the
//! answer it must give. With `FIXTURES=write` the requests and answers are written, to be read
//! before they are kept.

use super::{Call, Replay, protocol};
use crate::digest::{same, sha1_hex};
use crate::xml::Element;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) struct Case {
    pub(super) protocol: String,
    pub(super) name: String,
    folder: PathBuf,
    pub(super) call: Call,
    pub(super) replies: Vec<Vec<u8>>,
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(parent)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

pub(super) fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut cases = Vec::new();
    for protocol in ["garanti", "posnet"] {
        for folder in folders(&root.join(protocol)) {
            let call = fs::read_to_string(folder.join("call.json")).unwrap();
            let call = Call(serde_json::from_str(&call).unwrap());
            let replies = (1..)
                .map_while(|number| fs::read(folder.join(format!("reply-{number}.xml"))).ok())
                .map(|reply| match call.0["legacyHash"] == true {
                    true => signed_anew(&call, reply),
                    false => reply,
                })
                .collect();
            let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
            cases.push(Case {
                protocol: protocol.to_owned(),
                name,
                folder,
                call,
                replies,
            });
        }
    }
    cases
}

/// A recording of Garanti's older version, whose reply hash is SHA-1: proves that hash, and puts
/// the one in its place that version 512 would have.
fn signed_anew(call: &Call, reply: Vec<u8>) -> Vec<u8> {
    let root = Element::parse(&reply).unwrap();
    let account = call.account();
    let password = account.users[0].password.expose();
    let security = sha1_hex(&format!("{password}{:0>9}", account.terminal_id));
    let transaction = |name| root.exact(&["Transaction", name]).unwrap();
    let text = format!(
        "{}{}{}{}{}{security}",
        root.exact(&["Transaction", "Response", "Code"]).unwrap(),
        transaction("RetrefNum"),
        transaction("AuthCode"),
        transaction("ProvDate"),
        root.exact(&["Order", "OrderID"]).unwrap(),
    );
    let legacy = transaction("HashData");
    assert!(same(legacy, &sha1_hex(&text)), "the recorded hash is wrong");
    let reply = String::from_utf8(reply).unwrap();
    reply
        .replace(legacy, &crate::digest::sha512_hex(&text))
        .into_bytes()
}

fn check(file: &Path, got: &str) {
    if std::env::var("FIXTURES").as_deref() == Ok("write") {
        fs::write(file, got).unwrap();
    }
    let want = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(got, want, "{}", file.display());
}

/// Breaks a document where a tag opens or closes others, for people who compare.
fn one_tag_a_line(document: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for tag in document.replace("><", ">\n<").lines() {
        match lines.last_mut() {
            Some(line) if *line == tag.replacen("</", "<", 1) => line.push_str(tag),
            _ => lines.push(tag.to_owned()),
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn every_recorded_exchange_gives_its_answer() {
    let cases = cases();
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    for case in cases {
        let http = Replay::of(case.replies.clone());
        let answer = case.call.make(protocol(&case.protocol), &http);
        for (at, document) in http.documents().iter().enumerate() {
            let file = case.folder.join(format!("request-{}.xml", at + 1));
            check(&file, &one_tag_a_line(document));
        }
        check(&case.folder.join("answer.txt"), &answer);
    }
}
