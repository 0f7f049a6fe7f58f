//! The two hashes of a callback, as the demo merchant expects them.

use crate::seed::CALLBACK_KEY;
use contract::signature::{Callback, callback_hash_v1, callback_hash_v2};

/// The fields that the older hash covers, of 3DS callbacks.
pub(crate) const FIELDS_V1: [&str; 6] = [
    "status",
    "completeStatus",
    "paymentId",
    "conversationData",
    "conversationId",
    "callbackStatus",
];

/// The older hash over a form's fields; `value` reads them, empty when absent.
pub(crate) fn hash_v1<'a>(value: impl Fn(&str) -> &'a str) -> String {
    let [
        status,
        complete_status,
        payment_id,
        conversation_data,
        conversation_id,
        callback_status,
    ] = FIELDS_V1.map(value);
    let callback = Callback {
        status,
        complete_status,
        payment_id,
        conversation_data,
        conversation_id,
        callback_status,
    };
    callback_hash_v1(CALLBACK_KEY, &callback)
}

/// The newer hash, of loans' callbacks, over the fields that the callback itself names.
pub(crate) fn hash_v2<'a>(params: &[&str], value: impl Fn(&str) -> &'a str) -> String {
    let covered: Vec<_> = params.iter().map(|name| (*name, value(name))).collect();
    callback_hash_v2(CALLBACK_KEY, &covered).1
}
