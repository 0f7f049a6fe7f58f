//! Damaged replies, notifications, forms, documents, bodies and signatures, and what must hold of each:
//! nothing panics, and nothing is approved that the text does not say (`judge`). The example runs it
//! for long, a test for some seconds.

#[path = "../../tests/bench/banks.rs"]
mod bench;
mod damage;
mod dice;
#[path = "../../tests/bench/folder.rs"]
mod folder;
mod judge;
#[path = "../../tests/bench/lender.rs"]
mod lender_bench;
mod lenders;
mod returns;

use bench::{Case, Replay, cases, protocol, ready};
use connectors::bank::{BankContext, Returned, Verdict};
use connectors::scrub::scrub;
use connectors::xml::decode;
use contract::signature::{SignedRequest, sign, verify};
use damage::damaged;
use dice::Dice;
use lenders::Lenders;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a run came to.
#[derive(Default)]
pub(crate) struct Figures {
    /// How often each kind of input ended in each way.
    pub(crate) counts: BTreeMap<(&'static str, &'static str), u64>,
    /// What must not be: each names its number, which repeats it alone.
    pub(crate) findings: Vec<String>,
}

/// How one input ended: in which way, or why it must not have.
type Ended = Result<&'static str, String>;

/// Runs the inputs `numbers` under `seed`.
pub(crate) fn run(seed: u64, numbers: std::ops::Range<u64>) -> Figures {
    let subjects = Subjects {
        cases: cases()
            .into_iter()
            .filter(|case| !case.replies.is_empty())
            .collect(),
        returns: cases().into_iter().filter(is_signed_return).collect(),
        lenders: Lenders::load(),
    };
    let mut figures = Figures::default();
    for number in numbers {
        let mut dice = Dice::of(seed, number);
        let (kind, one): (_, fn(&Subjects, &mut Dice) -> Ended) = match dice.below(16) {
            0..=8 => ("bank reply", bank_reply),
            9..=11 => ("lender reply", |subjects, dice| {
                subjects.lenders.reply(dice)
            }),
            12 => ("notification", |subjects, dice| {
                subjects.lenders.notification(dice)
            }),
            13 => ("3DS return", threeds_return),
            14 => ("kept text", kept_text),
            _ => ("request", request),
        };
        let ended = catch_unwind(AssertUnwindSafe(|| one(&subjects, &mut dice)));
        let ended = ended.unwrap_or_else(|_| Err("a panic".to_owned()));
        let way = match &ended {
            Ok(way) => *way,
            Err(_) => "wrong",
        };
        *figures.counts.entry((kind, way)).or_default() += 1;
        if let Err(why) = ended {
            figures
                .findings
                .push(format!("--seed {seed} --only {number}: {kind}: {why}"));
        }
    }
    figures
}

struct Subjects {
    cases: Vec<Case>,
    /// Browsers that come back with what the bank signed.
    returns: Vec<Case>,
    lenders: Lenders,
}

fn is_signed_return(case: &Case) -> bool {
    let verbs = ["verify_3ds", "page_outcome"];
    let is_signed = judge::of(case.protocol).objection_to_return.is_some();
    is_signed && verbs.contains(&case.call.text("/verb"))
}

/// One recorded exchange with one reply damaged; where replies are signed, half are signed anew.
fn bank_reply(subjects: &Subjects, dice: &mut Dice) -> Ended {
    let case = &subjects.cases[dice.below(subjects.cases.len())];
    let which = dice.below(case.replies.len());
    let mut reply = damaged(&case.replies[which].body, dice);
    if let Some(sign) = judge::of(case.protocol).sign
        && dice.once_in(2)
        && let Some(signed) = sign(&case.call, &decode(&reply))
    {
        reply = signed.into_bytes();
    }
    let replies = case.with_body(which, reply);
    let documents: Vec<String> = replies
        .iter()
        .map(|reply| decode(&reply.body).into_owned())
        .collect();
    let http = Replay::of(replies);
    let answer = case.call.make(protocol(case.protocol), &http);
    let read = http.requests.lock().map_or(0, |requests| requests.len());
    let read = &documents[..read.min(documents.len())];
    let place = |why: &str| {
        format!(
            "{why}: {} {}\n{answer}{}",
            case.name,
            case.folder.places[0].display(),
            read.join("\n")
        )
    };
    if steers(&answer) {
        return Err(place("a control character leaves the connector"));
    }
    match judge::objection(case.protocol, &case.call, read, &answer) {
        Some(why) => Err(place(why)),
        None => Ok(way(&answer)),
    }
}

/// Whether an answer, as it is shown for developers, holds what steers a terminal or ends a text.
fn steers(answer: &str) -> bool {
    let shown = answer.replace("\\\\", "");
    shown.contains("\\u{1b}") || shown.contains("\\0")
}

fn way(answer: &str) -> &'static str {
    let ways = [
        ("Ok(\n    Approved", "approved"),
        ("Ok(\n    Declined", "declined"),
        ("Ok(\n    Captured", "taken"),
        ("Ok(\n    Refused", "refused"),
        ("Ok(\n    Held", "held"),
        ("Ok(\n    GivenBack", "given back"),
        ("Ok(\n    Voided", "voided"),
        ("Ok(\n    NotFound", "not found"),
        ("Ok(\n    Pending", "pending"),
        ("Err(", "doubt"),
    ];
    let found = ways.iter().find(|(start, _)| answer.starts_with(start));
    found.map_or("other", |(_, way)| way)
}

/// A browser comes back with fields changed, doubled, cut elsewhere or left out.
fn threeds_return(subjects: &Subjects, dice: &mut Dice) -> Ended {
    let case = &subjects.returns[dice.below(subjects.returns.len())];
    let mut fields = case.call.fields();
    for _ in 0..=dice.below(3) {
        let at = dice.below(fields.len());
        let Some((name, value)) = fields.get(at).cloned() else {
            continue;
        };
        match dice.below(5) {
            0 => drop(fields.remove(at)),
            1 => fields.insert(0, (name.to_ascii_uppercase(), "1".to_owned())),
            2 => fields[at].1 = dice.one_of(&["", "0", "1", "5", "7", "\0", "ş"]).to_owned(),
            3 => {
                let other = dice.below(fields.len());
                fields[at].1 = std::mem::replace(&mut fields[other].1, value);
            }
            _ => {
                fields[at].1 =
                    String::from_utf8_lossy(&damaged(value.as_bytes(), dice)).into_owned()
            }
        }
    }
    let (account, order) = (case.call.account(), case.call.order());
    let now = lender_bench::now();
    let http = Replay::of([]);
    let context = BankContext {
        account: &account,
        http: &http,
        now: &now,
    };
    let returned = Returned {
        sale: case.call.about(&order, &now),
        fields: &fields,
        return_url: "",
    };
    let bank = protocol(case.protocol);
    let sells = case.call.text("/verb") == "page_outcome";
    let approved = if sells {
        let outcome = ready(bank.page_outcome(context, returned));
        outcome.map(|said| match said.sale {
            Some(Verdict::Approved(_)) => Some(said.md_status),
            Some(Verdict::Declined(_)) | None => None,
        })
    } else {
        ready(bank.verify_3ds(context, returned)).map(|verdict| match verdict {
            Verdict::Approved(verified) => Some(verified.md_status),
            Verdict::Declined(_) => None,
        })
    };
    match approved {
        Ok(Some(status)) if (1..=4).contains(&status) => {
            let returned = judge::Return {
                fields: &fields,
                status,
                sells,
            };
            let objection = judge::of(case.protocol).objection_to_return;
            match objection.and_then(|objection| objection(&case.call, &returned)) {
                Some(why) => Err(format!("{why}: {}: {fields:?}", case.name)),
                None => Ok("approved"),
            }
        }
        Ok(_) => Ok("declined"),
        Err(_) => Ok("doubt"),
    }
}

/// What is kept of a damaged text holds no card and nothing that steers a terminal.
fn kept_text(subjects: &Subjects, dice: &mut Dice) -> Ended {
    const CARD: &str = "5406675406675403";
    let case = &subjects.cases[dice.below(subjects.cases.len())];
    let text = match dice.below(3) {
        0 => case.replies[0].body.clone(),
        1 => subjects.lenders.body(dice),
        _ => b"clientid=1&cardnumber=1&amount=100&oid=A".to_vec(),
    };
    let mut text = damaged(&text, dice);
    let at = dice.below(text.len() + 1);
    text.splice(at..at, CARD.bytes());
    let kept = scrub(&text, protocol(case.protocol).secret_fields());
    let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
    // Within a longer run of digits it is none.
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let holds_card = kept.match_indices(CARD).any(|(at, card)| {
        let (before, after) = (&kept[..at], &kept[at + card.len()..]);
        !digit(before.chars().next_back()) && !digit(after.chars().next())
    });
    match (holds_card, kept.contains(steers)) {
        (true, _) => Err(format!("a card is kept: {kept:?}")),
        (_, true) => Err(format!("a control character is kept: {kept:?}")),
        _ => Ok("kept"),
    }
}

/// A shop's request: its body is read or refused, and a changed one is not signed any more.
fn request(subjects: &Subjects, dice: &mut Dice) -> Ended {
    const BODY: &str = r#"{"price":100,"paidPrice":"100.50","walletPrice":0,"installment":1,"currency":"TRY","paymentGroup":"PRODUCT","card":{"cardHolderName":"A","cardNumber":"5406675406675403","expireYear":"2044","expireMonth":"07","cvc":"000","loyalty":{"type":"REWARD_MONEY","reward":{"cardRewardMoney":1.36}}},"items":[{"name":"a","price":100}]}"#;
    let body = damaged(BODY.as_bytes(), dice);
    let read =
        serde_json::from_slice::<contract::card_payments::CreatePaymentRequest>(&body).is_ok();
    let base_urls = ["https://pay.example.com".to_owned()];
    let target = "/payment/v1/card-payments";
    let url = format!("{}{target}", base_urls[0]);
    let right = sign(&url, "key", "secret", "rnd", BODY.as_bytes());
    let signature = if dice.once_in(2) {
        String::from_utf8_lossy(&damaged(right.as_bytes(), dice)).into_owned()
    } else {
        right.clone()
    };
    let given = SignedRequest {
        base_urls: &base_urls,
        raw_target: target,
        api_key: "key",
        secret: "secret",
        rnd_key: "rnd",
        body: &body,
    };
    let unchanged = body == BODY.as_bytes() && signature == right;
    if verify(&given, &signature) != unchanged {
        return Err(format!("a signature of another request: {signature:?}"));
    }
    let header = subjects.lenders.header(dice);
    if verify(&given, &header) {
        return Err(format!("a signature of nobody: {header:?}"));
    }
    Ok(if read { "read" } else { "refused" })
}
