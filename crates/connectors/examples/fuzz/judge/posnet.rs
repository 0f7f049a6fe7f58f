//! What PosNet's texts must say.

use super::super::bench::Call;
use super::super::returns::{all_is_back, digits, is_hold, only, pieces};
use super::{Judge, Read, said, says, says_something};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

pub(super) const JUDGE: Judge = Judge {
    objection,
    told,
    // What the browser brings is asked about, and the bank's reply is judged.
    objection_to_return: None,
    sign: None,
};

fn objection(call: &Call, documents: &[String], read: Read) -> Option<&'static str> {
    let last = documents.last()?;
    match read {
        Read::Unknown => {
            let known = ["E219", "0122", "0123"];
            let said = known.iter().any(|code| says(last, "respCode", code));
            (!said).then_some("an order is unknown without the bank's code for it")
        }
        Read::Yes => approval(call, documents),
        Read::GivenBack => record(call, last),
        read => standing(call, last, read),
    }
}

fn told(document: &str) -> Option<(i64, bool)> {
    let (mut sum, mut voided) = (0_i64, false);
    for piece in pieces(document, "transaction") {
        let kind = only(piece, "state")?.to_ascii_lowercase();
        let amount = only(piece, "amount")?;
        match (kind.as_str(), only(piece, "txnStatus")? == "1") {
            (_, false) | ("return_reverse" | "bonus_return_reverse", true) => {}
            ("return" | "bonus_return", true) => sum = sum.checked_add(digits(&amount)?)?,
            (kind, true) => voided |= kind.ends_with("_reverse"),
        }
    }
    Some((sum, voided))
}

/// The order id as PosNet knows it.
fn order_id(call: &Call) -> String {
    let id = call.order().id;
    if call.0["threeds"] == true {
        format!("TDS_{id}")
    } else {
        format!("{id:0>24}")
    }
}

/// What must hold of every list of the inquiry that something is read in.
fn record(call: &Call, document: &str) -> Option<&'static str> {
    match () {
        () if !says(document, "approved", "1") => Some("the inquiry was not approved"),
        () if !says(document, "orderID", &order_id(call)) => Some("another order"),
        () if !says(document, "currencyCode", "TL") => Some("another currency"),
        () => None,
    }
}

fn standing(call: &Call, document: &str, read: Read) -> Option<&'static str> {
    let minor = call.order().amount.minor;
    let amounts = said(document, "amount");
    let amount = amounts.iter().any(|text| {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        text.contains(',') && digits.parse() == Ok(minor)
    });
    let statuses = said(document, "txnStatus");
    let states = said(document, "state");
    let is = |word: &str| states.iter().any(|state| state == word);
    let undoes = |state: &String| state.ends_with("_Reverse") && !state.contains("Return_");
    let undone = states.iter().any(undoes);
    let worked = statuses.iter().any(|status| status == "1");
    let failed = statuses.iter().any(|status| status == "0");
    let taken = read == Read::Taken;
    match () {
        () if record(call, document).is_some() => record(call, document),
        () if !amount && !is("Capture") => Some("another amount"),
        () if is_hold(call) && (is("Sale") || is("Bonus_Usage")) => Some("a sale for a hold"),
        () if !is_hold(call) && (is("Authorization") || is("Capture")) => Some("a hold for a sale"),
        () if read == Read::Held && !(is("Authorization") || is("Authorization_Reverse")) => {
            Some("nothing was held")
        }
        () if taken && is_hold(call) && !(is("Capture") || is("Capture_Reverse")) => {
            Some("nothing was captured")
        }
        () if read != Read::Voided && !(worked || undone && failed) => Some("no sale that worked"),
        () if taken && undone && !failed => Some("it was undone"),
        () if read != Read::Voided || worked && undone => None,
        () => (!all_is_back(&JUDGE, call, document)).then_some("no reversal that worked"),
    }
}

fn approval(call: &Call, documents: &[String]) -> Option<&'static str> {
    let last = documents.last().map_or("", String::as_str);
    let approved = says(last, "approved", "1");
    match call.text("/verb") {
        "void" => {
            let done_before = ["0220", "0370"]
                .iter()
                .any(|code| says(last, "respCode", code));
            let undone = documents.iter().any(|document| {
                said(document, "state")
                    .iter()
                    .any(|state| state.ends_with("_Reverse"))
            });
            // Of a capture two steps: the first gives the money back, the second may be refused.
            let before = documents.get(1).map_or("", String::as_str);
            let money_is_back = ["0220", "0370"]
                .iter()
                .any(|code| says(before, "respCode", code))
                || says(before, "approved", "1");
            let half_done = documents.len() == 3 && money_is_back;
            let all_is_back = documents.len() == 1 && all_is_back(&JUDGE, call, last);
            let done = approved || done_before || undone || half_done || all_is_back;
            (!done).then_some("the void was not approved")
        }
        "finish_3ds" if !signed(call, last, "hostlogkey") => Some("the MAC of the sale is wrong"),
        "verify_3ds" if !signed(call, last, "mdStatus") => Some("the MAC of the order is wrong"),
        "loyalties" => {
            let approved = documents
                .iter()
                .any(|document| says(document, "approved", "1"));
            (!approved).then_some("neither question was approved")
        }
        "charge" | "finish_3ds" | "capture" if !says_something(last, "hostlogkey") => {
            Some("no reference")
        }
        _ => (!approved).then_some("the bank did not approve"),
    }
}

/// Whether some MAC in the document is that of our order under some word in it.
fn signed(call: &Call, document: &str, word: &str) -> bool {
    let (account, order) = (call.account(), call.order());
    let digest = |text: String| STANDARD.encode(Sha256::digest(text));
    let terminal = match account.threeds_terminal_id.as_str() {
        "" => &account.terminal_id,
        other => other,
    };
    let first = digest(format!("{};{terminal}", account.threeds_key.expose()));
    let mut words = said(document, word);
    words.push(String::new());
    words.iter().any(|word| {
        let minor = order.amount.minor;
        let text = format!(
            "{word};{};{minor};TL;{};{first}",
            order.id, account.client_id
        );
        said(document, "mac").contains(&digest(text))
    })
}
