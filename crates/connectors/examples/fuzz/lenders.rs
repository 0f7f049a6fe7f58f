//! Damaged replies and notifications of a lender. Half of the replies are signed anew, as a lender
//! would sign that speaks nonsense.

use super::damage::damaged;
use super::dice::Dice;
use super::folder::Folder;
use super::lender_bench::{Recording, account, now, perform, read, reply_of};
use super::{Ended, steers, way};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connectors::http::Response;
use connectors::lender::Lender;
use connectors::lenders::maslak::Maslak;
use contract::card::Secret;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

struct Case {
    name: String,
    call: Value,
    /// The signature of the request, which the reply's covers.
    asked: String,
    reply: Response,
}

/// The recorded exchanges with a lender.
pub(crate) struct Lenders(Vec<Case>);

const NOTIFICATION: &[u8] =
    br#"{"orderId":"LN0000000000000001","applicationId":"6f1c","state":"ready"}"#;

impl Lenders {
    /// Reads the fixtures that have a reply.
    pub(crate) fn load() -> Lenders {
        let cases = Folder::all("maslak").into_iter().filter_map(|folder| {
            Some(Case {
                name: folder.name().to_owned(),
                asked: read(&folder, "request.json")["headers"]["x-lender-signature"]
                    .as_str()?
                    .to_owned(),
                reply: reply_of(&read(&folder, "reply.json")).ok()?,
                call: folder.call,
            })
        });
        Lenders(cases.collect())
    }

    fn case(&self, dice: &mut Dice) -> &Case {
        &self.0[dice.below(self.0.len())]
    }

    /// Some reply's body.
    pub(crate) fn body(&self, dice: &mut Dice) -> Vec<u8> {
        self.case(dice).reply.body.clone()
    }

    /// Some signature of a lender, damaged.
    pub(crate) fn header(&self, dice: &mut Dice) -> String {
        let signature = self.case(dice).asked.clone();
        String::from_utf8_lossy(&damaged(signature.as_bytes(), dice)).into_owned()
    }

    /// A reply with its body, status or headers damaged.
    pub(crate) fn reply(&self, dice: &mut Dice) -> Ended {
        let case = self.case(dice);
        let mut reply = case.reply.clone();
        match dice.below(6) {
            0 => reply.status = [200, 201, 400, 404, 409, 422, 500, 302][dice.below(8)],
            1 => {
                let at = dice.below(reply.headers.len());
                if let Some((_, value)) = reply.headers.get_mut(at) {
                    *value = String::from_utf8_lossy(&damaged(value.as_bytes(), dice)).into_owned();
                }
            }
            _ => reply.body = damaged(&reply.body, dice),
        }
        if dice.once_in(2) {
            sign_anew(case, &mut reply);
        }
        let untouched = reply.status == case.reply.status
            && reply.headers == case.reply.headers
            && reply.body == case.reply.body;
        let http = Recording::of(Ok(reply.clone()));
        let answer = perform(&case.call, &http);
        let place = |why: &str| {
            let body = String::from_utf8_lossy(&reply.body);
            format!("{why}: {} {}\n{answer}{body}", case.name, reply.status)
        };
        match () {
            () if steers(&answer) => Err(place("a control character leaves the connector")),
            () if !is_signed(case, &reply) && !untouched && answer.starts_with("Ok") => {
                Err(place("an unsigned reply"))
            }
            () => match objection(case, &reply, &answer) {
                Some(why) => Err(place(why)),
                None if answer.starts_with("Ok(\n    Some") => Ok("standing"),
                None if answer.starts_with("Ok(\n    None") => Ok("unknown"),
                None if answer.starts_with("Ok(\n    [") => Ok("list"),
                None => Ok(way(&answer)),
            },
        }
    }

    /// A notification with its body or headers damaged.
    pub(crate) fn notification(&self, dice: &mut Dice) -> Ended {
        let account = account();
        let timestamp = now().timestamp().as_second().to_string();
        let sign = |timestamp: &str, client: &str, body: &[u8]| {
            let parts = [timestamp.as_bytes(), b"NOTIFY", client.as_bytes(), body];
            signature(&account.notification_secret, &parts)
        };
        let right = sign(&timestamp, &account.client_id, NOTIFICATION);
        let mut texts = [account.client_id.clone(), timestamp, right];
        let mut body = NOTIFICATION.to_vec();
        match dice.below(4) {
            at @ 0..=2 => {
                texts[at] =
                    String::from_utf8_lossy(&damaged(texts[at].as_bytes(), dice)).into_owned();
            }
            _ => body = damaged(&body, dice),
        }
        if dice.once_in(2) {
            texts[2] = sign(&texts[1], &texts[0], &body);
        }
        let [client, timestamp, signature] = texts;
        let genuine = signature == sign(&timestamp, &client, &body) && client == account.client_id;
        let headers = [
            ("x-lender-client".to_owned(), client),
            ("x-lender-timestamp".to_owned(), timestamp),
            ("x-lender-signature".to_owned(), signature),
        ];
        let said: Option<Value> = serde_json::from_slice(&body).ok();
        match Maslak.read_notification(&account, &headers, &body, &now()) {
            Ok(_) if !genuine => Err(format!("nobody's notification: {headers:?}")),
            Ok(order)
                if said
                    .as_ref()
                    .is_some_and(|said| said["orderId"] != order.as_str()) =>
            {
                Err(format!("another order: {order}"))
            }
            Ok(_) => Ok("taken"),
            Err(_) => Ok("refused"),
        }
    }
}

fn signature(secret: &Secret, parts: &[&[u8]]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
        return String::new();
    };
    mac.update(&parts.join(&b'\n'));
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Whether the reply carries its own signature, also where the damage undid what a fixture spoiled.
fn is_signed(case: &Case, reply: &Response) -> bool {
    let mut signed = reply.clone();
    sign_anew(case, &mut signed);
    signed.headers == reply.headers
}

fn sign_anew(case: &Case, reply: &mut Response) {
    let status = reply.status.to_string();
    let header = |name: &str| {
        let found = reply.headers.iter().find(|(known, _)| known == name);
        found.map_or_else(String::new, |(_, value)| value.clone())
    };
    let timestamp = header("x-lender-timestamp");
    let parts = [
        timestamp.as_bytes(),
        status.as_bytes(),
        case.asked.as_bytes(),
        &reply.body,
    ];
    let right = signature(&account().client_secret, &parts);
    for (name, value) in &mut reply.headers {
        if name == "x-lender-signature" {
            value.clone_from(&right);
        }
    }
}

/// Why an answer is not what the reply says; nothing when it is.
fn objection(case: &Case, reply: &Response, answer: &str) -> Option<&'static str> {
    let verb = case.call["verb"].as_str().unwrap_or_default();
    let approved = answer.starts_with("Ok(\n    Approved(");
    let stands = answer.starts_with("Ok(\n    Some");
    let lists = answer.starts_with("Ok(\n    [");
    if answer.starts_with("Ok(\n    None") {
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let known = reply.status == 404 && body["code"] == "APPLICATION_UNKNOWN";
        return (!known).then_some("unknown, without the lender's code for it");
    }
    if !(approved || stands || lists && verb == "given_back") {
        return None;
    }
    let body = reply
        .body
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(&reply.body);
    let Ok(said) = serde_json::from_slice::<Value>(body) else {
        return Some("the reply is no JSON");
    };
    let state = said["state"].as_str().unwrap_or_default();
    let wanted = match verb {
        "confirm" => state == "disbursed",
        "cancel" => state == "cancelled",
        "inquire" => answer
            .to_ascii_lowercase()
            .contains(&format!("state: {state}")),
        "void" | "refund" => {
            said["refund"]["kind"] == verb && said["refund"]["refundId"] == case.call["refundId"]
        }
        _ => true,
    };
    let same_amount = match verb {
        "apply" => said["amount"] == case.call["amount"],
        "void" | "refund" => said["refund"]["amount"] == case.call["amount"],
        "offers" => true,
        "given_back" => said["refunds"].as_array().is_some_and(|refunds| {
            let amount = |one: &Value| one["amount"].as_i64();
            let told = |minor| answer.contains(&format!("minor: {minor},"));
            refunds.iter().all(|one| amount(one).is_some_and(told))
        }),
        _ => said["amount"]
            .as_i64()
            .is_some_and(|minor| answer.contains(&format!("minor: {minor},"))),
    };
    match () {
        () if !matches!(reply.status, 200 | 201) => Some("the status is no approval"),
        () if verb != "offers" && said["orderId"] != case.call["orderId"] => Some("another order"),
        () if verb != "offers" && said["currency"] != "TRY" => Some("another currency"),
        () if !wanted => Some("another state"),
        () if !same_amount => Some("another amount"),
        () => None,
    }
}
