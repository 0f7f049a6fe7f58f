//! Payments on their way into a file, by the filters of the report.

use super::payment_reporting::{search_of, summary};
use super::{Caller, Permission, Problem};
use crate::app::App;
use crate::store::db::Commit;
use crate::store::payment_search::{Order, Search};
use crate::store::payments::Payment;
use connectors::scrub::words;
use contract::payment_reporting::{ReportingPaymentResponse, SearchPaymentsRequest};
use serde_json::{Value as Json, json};

/// Payments that are read at a time.
const BATCH: i64 = 500;

/// An export under way: oldest first, each payment as it is when it is read. What is asked for
/// after the export began is not in it.
pub struct Export {
    search: Option<Search>,
    after: i64,
}

impl Export {
    /// Begins an export; the audit log says so, with the filters.
    pub async fn begin(
        app: &App,
        caller: &Caller,
        request: SearchPaymentsRequest,
    ) -> Result<Export, Problem> {
        const ACTION: &str = "payment.export";
        let (by, merchant_id) = (&caller.by, caller.merchant.id);
        by.require(app, merchant_id, Permission::ExportPayments, ACTION, "")
            .await?;
        let described = filters_snapshot(&request);
        let mut search = search_of(request)?;
        if let Some(search) = &mut search {
            search.older_than(app.next_id());
        }
        let mut commit = Commit::new(merchant_id, app.next_id());
        let change = (Json::Null, described);
        by.note(app, merchant_id, ACTION, "", change, &mut commit);
        app.commit(commit).await?.no_conflict()?;
        Ok(Export { search, after: 0 })
    }

    /// The next payments; empty at the end.
    pub async fn next(
        &mut self,
        app: &App,
        caller: &Caller,
    ) -> Result<Vec<ReportingPaymentResponse>, Problem> {
        let Some(search) = &self.search else {
            return Ok(Vec::new());
        };
        let mut search = search.clone();
        search.newer_than(self.after);
        let (id, order) = (caller.merchant.id, Order::OldestFirst);
        let found: Vec<Payment> = search.first(app, id, order, BATCH).await?;
        match found.last() {
            Some(last) => self.after = last.id,
            None => self.search = None,
        }
        Ok(found.iter().map(|p| summary(caller, p)).collect())
    }
}

/// The filters of a request as they stand in the audit log.
fn filters_snapshot(r: &SearchPaymentsRequest) -> Json {
    let all = json!({
        "paymentId": r.payment_id,
        "paymentTransactionId": r.payment_transaction_id,
        "buyerMemberId": r.buyer_member_id,
        "subMerchantMemberId": r.sub_merchant_member_id,
        "conversationId": r.conversation_id,
        "externalId": r.external_id,
        "orderId": r.order_id,
        "paymentType": r.payment_type,
        "paymentProvider": r.payment_provider,
        "paymentStatus": r.payment_status,
        "paymentSource": r.payment_source,
        "paymentChannel": r.payment_channel,
        "binNumber": r.bin_number,
        "lastFourDigits": r.last_four_digits,
        "currency": r.currency,
        "minPaidPrice": r.min_paid_price,
        "maxPaidPrice": r.max_paid_price,
        "installment": r.installment,
        "isThreeDS": r.is_three_ds,
        "minCreatedDate": r.min_created_date.as_ref().map(|date| &date.0),
        "maxCreatedDate": r.max_created_date.as_ref().map(|date| &date.0),
        "merchantPosId": r.merchant_pos_id,
    });
    let Json::Object(fields) = all else {
        return Json::Null;
    };
    let set = fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| match value {
            // People type anything into a filter, also a card number.
            Json::String(text) => (name, Json::String(words(&text))),
            other => (name, other),
        });
    Json::Object(set.collect())
}
