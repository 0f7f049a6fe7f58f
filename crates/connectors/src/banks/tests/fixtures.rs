//! Walks `fixtures/`: every case is a call, the replies to it, the requests it must make, and the
//! answer it must give. With `FIXTURES=write` the requests and answers are written, to be read
//! before they are kept.

use super::bench::{Case, cases};
use super::{Replay, protocol};
use crate::http::Request;
use std::fs;

/// The XML of each request, taken out of its form where it has one.
fn documents(http: &Replay) -> Vec<String> {
    let requests = http.requests.lock().unwrap();
    let document = |request: &Request| {
        let fields = form_urlencoded::parse(&request.body);
        let wrapped = fields.into_owned().find(|(name, _)| name == "xmldata");
        wrapped.map_or(
            String::from_utf8(request.body.clone()).unwrap(),
            |(_, xml)| xml,
        )
    };
    requests.iter().map(document).collect()
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
        let answer = case.call.make(protocol(&case.protocol), &http);
        for (at, document) in documents(&http).iter().enumerate() {
            let file = format!("request-{}.xml", at + 1);
            check(&case, &file, &one_tag_a_line(document));
        }
        check(&case, "answer.txt", &answer);
    }
}
