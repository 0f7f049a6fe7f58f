//! POSes: what commands and panel set beyond the API, which is where an account points.

use super::{merchant, no_claims};
use crate::app::App;
use crate::operations::merchant_poses::{self, Endpoint};
use crate::operations::{By, Problem};
use crate::store::poses::Pos;
use contract::enums::PosIntegrator;
use contract::merchant_poses::{CreateMerchantPosRequest, UpdateMerchantPosRequest};
use contract::rules::Rule;

/// Makes a POS, at its bank's own address or at `endpoint`.
pub async fn create_pos(
    app: &App,
    by: &By,
    merchant_id: i64,
    request: CreateMerchantPosRequest,
    endpoint: Option<Endpoint>,
) -> Result<Pos, Problem> {
    merchant(app, merchant_id).await?;
    let claims = no_claims(merchant_id);
    merchant_poses::created(app, by, merchant_id, &claims, request, endpoint).await
}

/// Changes a POS.
pub async fn edit_pos(
    app: &App,
    by: &By,
    merchant_id: i64,
    id: i64,
    request: UpdateMerchantPosRequest,
    change: impl FnOnce(&mut Pos),
) -> Result<Pos, Problem> {
    merchant_poses::changed(app, by, &no_claims(merchant_id), id, "pos.edit", |pos| {
        change(pos);
        merchant_poses::change(app, pos, request)
    })
    .await
}

/// Where an account of a bank points when it is at `base` instead of its own address: the bank's
/// own paths behind it. `base` is `http://127.0.0.1:8081/posnet`, say.
pub fn endpoint_behind(integrator: PosIntegrator, base: &str) -> Result<Endpoint, Problem> {
    let refused = || Problem::field(Rule::NotAUrl, "endpoint");
    let url = url::Url::parse(base).map_err(|_| refused())?;
    let row = connectors::directory::row(integrator).ok_or_else(refused)?;
    let prefix = url.path().trim_end_matches('/');
    Ok(Endpoint {
        scheme: url.scheme().to_owned(),
        hostname: url.host_str().ok_or_else(refused)?.to_owned(),
        port: url.port_or_known_default().ok_or_else(refused)?,
        path: format!("{prefix}{}", row.path),
        threeds_path: format!("{prefix}{}", row.threeds_path),
    })
}
