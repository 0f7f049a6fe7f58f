//! The shape of a GVP reply, and the hash with which the bank signs every one of them.

use jiff::Timestamp;

use super::account::{PASSWORD, TERMINAL};
use super::hash;
use super::request::Request;
use crate::cards::{Card, Program};
use crate::clock::istanbul;
use crate::ledger::Order;
use crate::xml::{Node, node, text};
use crate::{codes, reply};

/// What the bank answers; absent parts are empty elements.
#[derive(Default)]
pub(crate) struct Answer {
    pub(super) source: &'static str,
    pub(super) code: String,
    pub(super) reason: String,
    pub(super) system_message: String,
    pub(super) retref: String,
    pub(super) auth: String,
    pub(super) sequence: i64,
    pub(super) masked: String,
    pub(super) card_type: &'static str,
    pub(super) host_message: Option<&'static str>,
    /// Purse types and their amounts in kuruş.
    pub(super) rewards: Vec<(&'static str, i64)>,
    pub(super) inquiry: Option<Node>,
}

impl Answer {
    /// A refusal of the gateway itself: 92 and a reason.
    pub(super) fn gateway(reason: &str, system_message: &str) -> Box<Answer> {
        Box::new(Answer {
            source: "GVPS",
            code: "92".to_owned(),
            reason: reason.to_owned(),
            system_message: system_message.to_owned(),
            ..Answer::default()
        })
    }

    /// The host's answer: 00 for yes, anything else for no; `92/0104` names code and reason.
    pub(super) fn host(code: &str) -> Box<Answer> {
        if let Some((code, reason)) = code.split_once('/') {
            let mut answer = Answer::gateway(reason, "");
            answer.code = code.to_owned();
            return answer;
        }
        let system_message = if code == "00" {
            String::new()
        } else {
            format!("RPC-{code}")
        };
        Box::new(Answer {
            source: "HOST",
            code: code.to_owned(),
            reason: code.to_owned(),
            system_message,
            ..Answer::default()
        })
    }

    /// The gateway tells what was asked.
    pub(super) fn told(inquiry: Node) -> Box<Answer> {
        Box::new(Answer {
            source: "GVPS",
            code: "00".to_owned(),
            inquiry: Some(inquiry),
            ..Answer::default()
        })
    }

    /// The host's yes about an order.
    pub(super) fn about(order: &Order) -> Box<Answer> {
        Answer::about_move(order, order.seq)
    }

    /// The host's yes about a move of an order, by its number.
    pub(super) fn about_move(order: &Order, seq: i64) -> Box<Answer> {
        let mut answer = Answer::host("00");
        answer.retref = retref(seq);
        answer.auth = auth_code(order);
        answer.sequence = seq;
        answer.masked = order.masked.to_string();
        answer
    }

    /// Adds what the host knows of the card.
    pub(super) fn add_card(&mut self, card: &Card) {
        self.card_type = match card.program {
            Program::Bonus => "BONUS",
            Program::Miles => "MILES",
            _ => "",
        };
        self.host_message = card.host_message;
    }

    /// The reply as bytes, signed; `spoilt` breaks the signature on purpose.
    pub(super) fn document(
        mut self: Box<Self>,
        request: &Request,
        now: Timestamp,
        spoilt: bool,
    ) -> Vec<u8> {
        let prov_date = istanbul(now).strftime("%Y%m%d %H:%M:%S").to_string();
        let security = hash::security_data(PASSWORD, TERMINAL);
        let mut signature = hash::of(&[
            &self.code,
            &self.retref,
            &self.auth,
            &prov_date,
            request.order_id(),
            &security,
        ]);
        if spoilt {
            reply::spoil(&mut signature);
        }
        let copied =
            |block: &'static str| move |name: &'static str| text(name, request.at(&[block, name]));
        let terminal = ["ProvUserID", "UserID", "ID", "MerchantID"].map(copied("Terminal"));
        let customer = ["IPAddress", "EmailAddress"].map(copied("Customer"));
        let mut order = vec![text("OrderID", request.order_id()), text("GroupID", "")];
        order.extend(self.inquiry.take());
        node(
            "GVPSResponse",
            vec![
                text("Mode", request.at(&["Mode"])),
                node("Terminal", terminal.to_vec()),
                node("Customer", customer.to_vec()),
                node("Order", order),
                self.transaction(prov_date, signature),
            ],
        )
        .document("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", false)
    }

    fn transaction(self: Box<Self>, prov_date: String, signature: String) -> Node {
        let approved = self.code == "00";
        let (batch, sequence) = if approved {
            ("000001", format!("{:06}", self.sequence))
        } else {
            ("", String::new())
        };
        let messages = self.host_message.map(|message| text("HostMsg", message));
        let rewards = self.rewards.iter().map(|(kind, amount)| {
            let amount = text("TotalAmount", amount.to_string());
            node(
                "Reward",
                vec![text("Type", *kind), amount, text("LastTxnGainAmount", "0")],
            )
        });
        let inquired = vec![
            node("RewardList", rewards.collect()),
            node("ChequeList", Vec::new()),
        ];
        node(
            "Transaction",
            vec![
                self.response(approved),
                text("RetrefNum", self.retref),
                text("AuthCode", self.auth),
                text("BatchNum", batch),
                text("SequenceNum", sequence),
                text("ProvDate", prov_date),
                text("CardNumberMasked", self.masked),
                text("CardHolderName", ""),
                text("CardType", self.card_type),
                text("HashData", signature),
                node("HostMsgList", messages.into_iter().collect()),
                node("RewardInqResult", inquired),
                text("GarantiCardInd", "Y"),
            ],
        )
    }

    fn response(&self, approved: bool) -> Node {
        let (verdict, error) = if approved {
            ("Approved", "")
        } else {
            ("Declined", error_message(&self.code, &self.reason))
        };
        node(
            "Response",
            vec![
                text("Source", self.source),
                text("Code", self.code.as_str()),
                text("ReasonCode", self.reason.as_str()),
                text("Message", verdict),
                text("ErrorMsg", error),
                text("SysErrMsg", self.system_message.as_str()),
            ],
        )
    }
}

fn error_message<'a>(code: &'a str, reason: &'a str) -> &'a str {
    match (code, reason) {
        ("92", "0002") => "Zorunlu alan eksik ya da hatalı",
        ("92", "0104") => "Bu sipariş numarasıyla satış yapılmış",
        ("92", "0108") => "Sipariş bulunamadı",
        ("92", "0110") => "İşlem bulunamadı",
        ("92", "0208") => "İşlem bu adıma uygun değil",
        ("92", "0753") => "Üye işyeri ile terminal uyuşmuyor",
        (code, _) => codes::message(code),
    }
}

/// The bank's reference of an order or move, by its number: 12 digits.
pub(super) fn retref(seq: i64) -> String {
    format!("3{seq:011}")
}

/// The number that a reference names.
pub(super) fn sequence(retref: &str) -> Option<i64> {
    retref
        .strip_prefix('3')
        .filter(|digits| digits.len() == 11)?
        .parse()
        .ok()
}

/// Six digits that look like an authorisation.
pub(super) fn auth_code(order: &Order) -> String {
    format!(
        "{:06}",
        order.seq.wrapping_mul(6_947).rem_euclid(900_000) + 100_000
    )
}
