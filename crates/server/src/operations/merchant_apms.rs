//! `/merchant/v1/merchant-apms`: the alternative methods that a merchant has.

use super::{Caller, Problem};
use crate::app::App;
use crate::store::apms;
use connectors::lenders;
use contract::enums::Status;
use contract::envelope::Items;
use contract::merchant_apms::MerchantApmResponse;

/// `GET /merchant/v1/merchant-apms`.
pub async fn list(app: &App, caller: &Caller) -> Result<Items<MerchantApmResponse>, Problem> {
    let apms = apms::of_merchant(app, caller.merchant.id).await?;
    let items: Vec<_> = apms
        .into_iter()
        .map(|apm| {
            let hostname = url::Url::parse(&apm.account.api_url).ok();
            let hostname = hostname.and_then(|url| url.host_str().map(str::to_owned));
            MerchantApmResponse {
                id: Some(apm.id),
                status: Some(if apm.active {
                    Status::Active
                } else {
                    Status::Passive
                }),
                name: Some(apm.name),
                apm_type: Some(apm.apm_type),
                hostname: hostname.clone(),
                supported_currencies: lenders::row(apm.apm_type)
                    .map_or_else(Vec::new, |lender| lender.currencies.to_vec()),
                host_name: hostname,
            }
        })
        .collect();
    Ok(Items::whole(items))
}
