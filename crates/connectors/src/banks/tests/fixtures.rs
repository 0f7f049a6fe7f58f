//! Walks `fixtures/`: every case is a call, the replies to it, the requests it must make, and the
//! answer it must give. With `FIXTURES=write` the requests and answers are written, to be read
//! before they are kept.

use super::bench::{Case, cases};
use super::{Replay, protocol};
use crate::http::Request;
use crate::xml::decode;
use std::fs;

/// What each request says, for people who compare, and what its file is called after: XML (taken out of
/// its form where it has one), JSON, or the fields of a form. Of JSON the headers stand first.
fn documents(http: &Replay) -> Vec<(&'static str, String)> {
    let requests = http.requests.lock().unwrap();
    requests.iter().map(document).collect()
}

fn document(request: &Request) -> (&'static str, String) {
    const WRAPPED: [&str; 2] = ["xmldata", "prmstr"];
    let text = decode(&request.body);
    let fields: Vec<(String, String)> =
        form_urlencoded::parse(&request.body).into_owned().collect();
    let wrapped = fields
        .iter()
        .find(|(name, _)| WRAPPED.contains(&name.as_str()));
    let (kind, body) = match (wrapped, text.trim_start().chars().next()) {
        (Some((_, xml)), _) => ("xml", one_tag_a_line(xml)),
        (None, Some('<')) => ("xml", one_tag_a_line(&text)),
        (None, Some('{')) => {
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let own = |(name, _): &&(&str, String)| *name != "content-type";
            let headers = request.headers.iter().filter(own);
            let headers = headers.map(|(name, value)| format!("{name}: {value}\n"));
            (
                "json",
                headers.collect::<String>() + &format!("{value:#}\n"),
            )
        }
        _ => {
            let lines = fields
                .iter()
                .map(|(name, value)| format!("{name}={value}\n"));
            ("txt", lines.collect())
        }
    };
    (kind, body)
}

fn check(case: &Case, file: &str, got: &str) {
    let own = case.folder.places[0].join(file);
    let want = || String::from_utf8(case.folder.read(file).unwrap_or_default()).unwrap();
    if std::env::var("FIXTURES").as_deref() == Ok("write") && got != want() {
        fs::write(&own, got).unwrap();
        return;
    }
    assert_eq!(got, want(), "{}", own.display());
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
        let answer = case.call.make(protocol(case.protocol), &http);
        for (at, (kind, document)) in documents(&http).iter().enumerate() {
            check(&case, &format!("request-{}.{kind}", at + 1), document);
        }
        check(&case, "answer.txt", &answer);
    }
}
