//! The demo merchant, with the keys that the official clients' samples hold, and its accounts at
//! the simulator. What is there already is left as it is, but for the simulator's address.

use crate::{accounts, terms};
use connectors::directory;
use contract::card::Secret;
use contract::enums::ApmType;
use contract::merchant_poses::{CreateMerchantPosRequest, UpdateMerchantPosRequest};
use server::app::App;
use server::commands::Failed;
use server::operations::Actor;
use server::operations::Problem;
use server::operations::merchant_poses::Endpoint;
use server::setup::{self, ApmSetup, MerchantSetup, endpoint_behind};
use server::start::StartError;
use server::store::merchants::FEATURE_APMS;
use server::store::poses::Pos;
use server::store::{apms, merchants, poses};
use simulator::lenders;

/// API key of the samples.
pub(crate) const API_KEY: &str = "api-key";
/// API secret of the samples.
pub(crate) const SECRET_KEY: &str = "secret-key";
/// Key of the samples' callback hashes.
pub(crate) const CALLBACK_KEY: &str = "merchantThreeDsCallbackKeySndbox";
/// Key of the samples' webhook signatures.
pub(crate) const WEBHOOK_KEY: &str = "Aoh7tReTybO6wOjBmOJFFsOR53SBojEp";

/// The demo merchant's id, after making what is missing. `simulator` is its base URL.
pub(crate) async fn demo_merchant(app: &App, simulator: &str) -> Result<i64, StartError> {
    let known = merchants::by_api_key(app, API_KEY)
        .await
        .map_err(start_error)?;
    let id = match known {
        Some(owner) if owner.merchant.demo => owner.merchant.id,
        Some(_) => return Err(foreign_database()),
        None if !merchants::all(app).await.map_err(start_error)?.is_empty() => {
            return Err(foreign_database());
        }
        None => new_merchant(app).await.map_err(start_error)?,
    };
    let existing = poses::of_merchant(app, id).await.map_err(start_error)?;
    for wanted in accounts::all() {
        pos(app, id, &existing, wanted, simulator)
            .await
            .map_err(start_error)?;
    }
    lender(app, id, &format!("{simulator}/lender"))
        .await
        .map_err(start_error)?;
    Ok(id)
}

/// A problem as a reason not to start.
pub(crate) fn start_error(problem: impl Into<Problem>) -> StartError {
    StartError::new(Failed::from(problem.into()), "")
}

fn foreign_database() -> StartError {
    StartError::new(
        "this database holds merchants that are not the sandbox's",
        "the demo merchant's keys are public; use a database of its own for the sandbox",
    )
}

async fn new_merchant(app: &App) -> Result<i64, Problem> {
    let merchant = MerchantSetup {
        name: "Galata Demo".to_owned(),
        demo: true,
        api_key: Some(API_KEY.to_owned()),
        secret_key: Some(SECRET_KEY.to_owned()),
        callback_key: Some(CALLBACK_KEY.to_owned()),
        webhook_key: Some(WEBHOOK_KEY.to_owned()),
        webhook_url: String::new(),
    };
    Ok(setup::create_merchant(app, &Actor::operator(), merchant)
        .await?
        .id)
}

/// Makes a POS, unless one of its bank and currency is there; those at a simulator follow it to its
/// address.
async fn pos(
    app: &App,
    merchant_id: i64,
    existing: &[Pos],
    wanted: CreateMerchantPosRequest,
    simulator: &str,
) -> Result<(), Problem> {
    let Some(integrator) = wanted.pos_integrator else {
        return Ok(());
    };
    let Some(protocol) = directory::protocol(integrator) else {
        return Ok(());
    };
    // The simulator keeps each protocol behind its name.
    let endpoint = endpoint_behind(integrator, &format!("{simulator}/{}", protocol.name()))?;
    let mut of_bank = existing
        .iter()
        .filter(|pos| pos.integrator == integrator && Some(pos.currency) == wanted.currency)
        .peekable();
    if of_bank.peek().is_none() {
        let by = Actor::operator();
        let made = setup::create_pos(app, &by, merchant_id, wanted, Some(endpoint)).await?;
        return terms::fill(app, &made).await;
    }
    for known in of_bank.filter(|known| was_at_simulator(known, &endpoint)) {
        let unchanged = UpdateMerchantPosRequest::default();
        setup::edit_pos(
            app,
            &Actor::operator(),
            merchant_id,
            known.id,
            unchanged,
            |pos| {
                pos.settings.hostname.clone_from(&endpoint.hostname);
                pos.settings.port = endpoint.port;
            },
        )
        .await?;
    }
    Ok(())
}

/// At the simulator's paths on this machine, but not where the simulator is now.
fn was_at_simulator(pos: &Pos, now: &Endpoint) -> bool {
    let at = &pos.settings;
    is_loopback(&at.hostname)
        && at.path == now.path
        && (at.hostname != now.hostname || at.port != now.port)
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

/// The Maslak account, at the simulated lender.
async fn lender(app: &App, merchant_id: i64, api_url: &str) -> Result<(), Problem> {
    let known = apms::of_merchant(app, merchant_id).await?;
    let mut of_lender = known
        .iter()
        .filter(|apm| apm.apm_type == ApmType::Maslak)
        .peekable();
    if of_lender.peek().is_none() {
        setup::set_feature(app, &Actor::operator(), merchant_id, FEATURE_APMS, true).await?;
        let account = ApmSetup {
            name: Some("Maslak (simülatör)".to_owned()),
            api_url: Some(api_url.to_owned()),
            client_id: Some(lenders::CLIENT_ID.to_owned()),
            client_secret: Some(Secret::new(lenders::CLIENT_SECRET)),
            notification_secret: Some(Secret::new(lenders::NOTIFICATION_SECRET)),
            ..ApmSetup::default()
        };
        let made = setup::create_apm(
            app,
            &Actor::operator(),
            merchant_id,
            ApmType::Maslak,
            account,
        )
        .await?;
        return setup::set_apm_active(app, &Actor::operator(), merchant_id, made.id, true).await;
    }
    for apm in of_lender {
        let at_simulator = url::Url::parse(&apm.account.api_url)
            .is_ok_and(|url| url.host_str().is_some_and(is_loopback) && url.path() == "/lender");
        if at_simulator && apm.account.api_url != api_url {
            let moved = ApmSetup {
                api_url: Some(api_url.to_owned()),
                ..ApmSetup::default()
            };
            setup::edit_apm(app, &Actor::operator(), merchant_id, apm.id, moved).await?;
        }
    }
    Ok(())
}
