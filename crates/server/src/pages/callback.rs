//! What the shop's callback address is posted, with the hash that proves it.

use crate::engine::loan::LoanReturn;
use crate::engine::three_ds::ThreedsReturn;
use crate::operations::bnpl_payments::callback_action;
use contract::enums::{PaymentStatus, RefundStatus};
use contract::signature::{Callback, callback_hash_v1, callback_hash_v2};

const ALREADY_RETURNED: &str = "ALREADY_RETURNED";

/// Fields of a 3DS callback: version 2 when the shop asked for it, else the older one
/// (platform-semantics section 6). Where the bank's page sold by itself nothing is left to complete.
pub(super) fn threeds(back: &ThreedsReturn) -> Vec<(String, String)> {
    let payment = &back.payment;
    let (good, complete_status) = match payment.status {
        _ if back.already => (false, ""),
        PaymentStatus::CallbackThreeds => (true, "WAITING"),
        status if back.sold_by_page => (status == PaymentStatus::Success, "COMPLETED"),
        _ => (false, ""),
    };
    let id = payment.id.to_string();
    let status = if good { "SUCCESS" } else { "FAILURE" };
    // A bank that declined had verified the shopper.
    let declined = back.sold_by_page && payment.error.is_some();
    let payment_id = if good || back.already || declined {
        id.as_str()
    } else {
        ""
    };
    let conversation_id = payment.conversation_id.as_deref().unwrap_or("");
    let callback_status = if back.already { ALREADY_RETURNED } else { "" };
    let md_status = payment
        .md_status
        .map(|md| md.to_string())
        .unwrap_or_default();
    let key = back.merchant.callback_key.expose();
    let version_2 = payment
        .additional
        .get("threeDSCallbackVersion")
        .and_then(|v| v.as_str())
        == Some("2");
    let mut fields = vec![
        ("status", status.to_owned()),
        ("callbackStatus", callback_status.to_owned()),
        ("completeStatus", complete_status.to_owned()),
        ("paymentId", payment_id.to_owned()),
        ("conversationData", String::new()),
        ("conversationId", conversation_id.to_owned()),
    ];
    if version_2 {
        fields.push(("mdStatus", md_status));
        return with_hash(key, fields);
    }
    let hash = callback_hash_v1(
        key,
        &Callback {
            status,
            complete_status,
            payment_id,
            conversation_data: "",
            conversation_id,
            callback_status,
        },
    );
    fields.push(("hash", hash));
    without_empty(fields)
}

/// Fields of the callback of a card verification with 3DS (decision 0029): those of a 3DS payment that is
/// complete, for nothing is left to the shop however it ends, in the second version's order, then the stored
/// card and how far its money is on its way back.
pub(super) fn verification(
    back: &ThreedsReturn,
    refunded: Option<RefundStatus>,
) -> Vec<(String, String)> {
    let payment = &back.payment;
    let verified = !back.already && payment.status == PaymentStatus::Success;
    let told = |text: &str, holds: bool| if holds { text } else { "" }.to_owned();
    let key = |key: &Option<String>| told(key.as_deref().unwrap_or(""), verified);
    let status = if verified { "SUCCESS" } else { "FAILURE" };
    let md_status = payment.md_status.map(|md| md.to_string());
    let fields = vec![
        ("status", status.to_owned()),
        ("callbackStatus", told(ALREADY_RETURNED, back.already)),
        ("completeStatus", told("COMPLETED", !back.already)),
        ("paymentId", payment.id.to_string()),
        (
            "conversationId",
            payment.conversation_id.clone().unwrap_or_default(),
        ),
        ("mdStatus", md_status.unwrap_or_default()),
        ("cardVerifyStatus", told(status, !back.already)),
        (
            "refundStatus",
            refunded.map_or(String::new(), |status| status.to_string()),
        ),
        ("cardUserKey", key(&payment.card_user_key)),
        ("cardToken", key(&payment.card_token)),
    ];
    with_hash(back.merchant.callback_key.expose(), fields)
}

/// Fields of a loan's callback, with the action under both generations' names.
pub(super) fn loan(back: &LoanReturn) -> Vec<(String, String)> {
    let payment = &back.payment;
    // A replay tells nothing new: the shop looks at its own state.
    let (status, action) = if back.already {
        ("FAILURE", "")
    } else {
        (
            payment.told_status().as_str(),
            callback_action(payment, &back.loan).as_str(),
        )
    };
    let fields = vec![
        ("paymentId", payment.id.to_string()),
        ("paymentStatus", status.to_owned()),
        ("additionalAction", action.to_owned()),
        ("apmAdditionalAction", action.to_owned()),
        (
            "conversationId",
            payment.conversation_id.clone().unwrap_or_default(),
        ),
        (
            "callbackStatus",
            if back.already {
                ALREADY_RETURNED.to_owned()
            } else {
                String::new()
            },
        ),
    ];
    with_hash(back.merchant.callback_key.expose(), fields)
}

fn with_hash(key: &str, mut fields: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    let values: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let (params, hash) = callback_hash_v2(key, &values);
    fields.push(("hashParams", params));
    fields.push(("hash", hash));
    without_empty(fields)
}

/// Fields without a value are left out: they count as empty in both hashes.
fn without_empty(fields: Vec<(&'static str, String)>) -> Vec<(String, String)> {
    fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
