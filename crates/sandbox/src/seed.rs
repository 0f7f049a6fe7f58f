//! The demo merchant, with the keys that the official clients' samples hold, and its accounts at
//! the simulator. What is there already is left as it is, but for the simulator's address.

use crate::terms;
use contract::card::{Secret, SensitiveText};
use contract::enums::{
    ApmType, Currency, PaymentAuthenticationType, PosIntegrator, PosOperationType, PosStatus,
    PosUserType,
};
use contract::merchant_poses::{
    CreateMerchantPosRequest, CreateMerchantPosUser, UpdateMerchantPosRequest,
};
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
    for (wanted, path) in [
        (garanti(), "garanti"),
        (yapi_kredi(), "posnet"),
        (dollars(), "garanti"),
        (euros(), "posnet"),
    ] {
        let base = format!("{simulator}/{path}");
        pos(app, id, &existing, wanted, &base)
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
    base: &str,
) -> Result<(), Problem> {
    let Some(integrator) = wanted.pos_integrator else {
        return Ok(());
    };
    let endpoint = endpoint_behind(integrator, base)?;
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

/// Open to everything that a POS can be open to.
fn open_pos(name: &str, integrator: PosIntegrator, order: i32) -> CreateMerchantPosRequest {
    CreateMerchantPosRequest {
        status: Some(PosStatus::Autopilot),
        name: Some(name.to_owned()),
        currency: Some(Currency::Try),
        enable_foreign_card: Some(true),
        enable_installment: Some(true),
        enable_payment_without_cvc: Some(true),
        enable_loyalty: Some(true),
        new_integration: Some(true),
        order_number: Some(order),
        pos_integrator: Some(integrator),
        enabled_payment_authentication_types: Some(vec![
            PaymentAuthenticationType::NonThreeDs,
            PaymentAuthenticationType::ThreeDs,
        ]),
        ..CreateMerchantPosRequest::default()
    }
}

/// The bank's public test account (pos-protocols 1.4), which the simulator knows.
fn garanti() -> CreateMerchantPosRequest {
    let user = |name: &str, operation| CreateMerchantPosUser {
        pos_username: Some(name.to_owned()),
        pos_password: Some(SensitiveText::new("123qweASD/")),
        pos_user_type: Some(PosUserType::Api),
        pos_operation_type: Some(operation),
    };
    CreateMerchantPosRequest {
        client_id: Some("7000679".to_owned()),
        terminal_id: Some("30691298".to_owned()),
        threeds_key: Some(SensitiveText::new("12345678")),
        merchant_pos_users: Some(vec![
            user("PROVAUT", PosOperationType::Provaut),
            user("PROVRFN", PosOperationType::Provrfn),
        ]),
        ..open_pos("Garanti BBVA (simülatör)", PosIntegrator::Garanti, 1)
    }
}

/// The bank's public test account (pos-protocols 1.4), which the simulator knows.
fn yapi_kredi() -> CreateMerchantPosRequest {
    CreateMerchantPosRequest {
        client_id: Some("6706598320".to_owned()),
        terminal_id: Some("67005551".to_owned()),
        posnet_id: Some("27426".to_owned()),
        threeds_key: Some(SensitiveText::new("10,10,10,10,10,10,10,10")),
        ..open_pos("Yapı Kredi (simülatör)", PosIntegrator::Ykb, 2)
    }
}

/// A bank gives a merchant one POS for each currency.
fn dollars() -> CreateMerchantPosRequest {
    CreateMerchantPosRequest {
        name: Some("Garanti BBVA USD (simülatör)".to_owned()),
        currency: Some(Currency::Usd),
        order_number: Some(3),
        ..garanti()
    }
}

fn euros() -> CreateMerchantPosRequest {
    CreateMerchantPosRequest {
        name: Some("Yapı Kredi EUR (simülatör)".to_owned()),
        currency: Some(Currency::Eur),
        order_number: Some(4),
        ..yapi_kredi()
    }
}
