//! Both flows, played by a shop and its shopper over real HTTP, and checked against the banks' own
//! books. What is told is meant for a person who watches.

mod browser;
mod callback;
mod inbox;
mod loans;
mod players;
mod points;
mod shop;
mod telling;

pub(crate) use inbox::WEBHOOK_PATH;

use crate::banks::Banks;
use crate::client::Http;
use crate::output::say;
use crate::seed::{API_KEY, CALLBACK_KEY, SECRET_KEY, WEBHOOK_KEY};
use browser::Browser;
use inbox::Inbox;
use players::Players;
use server::app::App;
use server::operations::Actor;
use server::setup;
use shop::Shop;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use telling::Telling;

/// A webhook may come this much later than its wait says: on another database, a process that died
/// there holds its lease on the due work for half a minute.
const WEBHOOK_SLACK: Duration = Duration::from_secs(60);

/// Where the flows are played.
pub(crate) struct Scene {
    /// The gateway's parts, to lend the demo merchant the player's webhook address.
    pub(crate) app: Arc<App>,
    /// The demo merchant.
    pub(crate) merchant_id: i64,
    /// Base URL of the gateway.
    pub(crate) gateway: String,
    /// Base URL of the simulator.
    pub(crate) simulator: String,
    /// Wait before a webhook's first call.
    pub(crate) webhook_wait: Duration,
}

/// Plays both flows, unless `stopped` comes first. True when every step ended as it should, nothing
/// when the play was cut short.
pub(crate) async fn play(scene: &Scene, stopped: impl Future<Output = ()>) -> Option<bool> {
    let mut telling = Telling::new();
    let (mut players, before) = match enter(scene).await {
        Ok(entered) => entered,
        Err(why) => {
            telling.wrong(&why);
            return Some(telling.ends());
        }
    };
    let finished = tokio::select! {
        () = perform(&mut players, &mut telling) => true,
        () = stopped => false,
    };
    // Also when cut short: the address may be one that somebody set.
    if let Err(why) = lend_webhooks(scene, before).await {
        telling.wrong(&why);
    }
    finished.then(|| telling.ends())
}

/// The players, and the webhook address to put back when they leave.
async fn enter(scene: &Scene) -> Result<(Players, String), String> {
    let inbox = Inbox::open()
        .await
        .map_err(|error| format!("the player cannot listen: {error}"))?;
    let before = lend_webhooks(scene, inbox.webhook_url()).await?;
    let http = Http::new();
    let players = Players {
        shop: Shop::new(http.clone(), &scene.gateway),
        browser: Browser::new(http.clone()),
        banks: Banks::new(http, &scene.simulator),
        inbox,
        webhook_wait: scene.webhook_wait + WEBHOOK_SLACK,
    };
    Ok((players, before))
}

async fn perform(players: &mut Players, telling: &mut Telling) {
    points::play(players, telling).await;
    loans::play(players, telling).await;
}

/// Sets the demo merchant's webhook address and answers the one before.
async fn lend_webhooks(scene: &Scene, url: String) -> Result<String, String> {
    let mut before = String::new();
    setup::change_merchant(
        &scene.app,
        &Actor::operator(),
        scene.merchant_id,
        |merchant| {
            before = std::mem::replace(&mut merchant.webhook_url, url.clone());
        },
    )
    .await
    .map_err(|problem| crate::seed::start_error(problem).to_string())?;
    Ok(before)
}

/// Tells where everything is and how to call it.
pub(crate) fn tell_addresses(scene: &Scene, directory: &Path) {
    let Scene {
        gateway, simulator, ..
    } = scene;
    say(&format!(
        "
Serving until Ctrl-C.
  panel        {gateway}/panel   (one click signs in)
  shop         {gateway}/shop
  test cards   {gateway}/sandbox/cards
  gateway      {gateway}
  simulator    {simulator}
  bank ledger  {simulator}/control/ledger
  loans        {simulator}/control/loans
  data         {directory}

Demo merchant
  API key {API_KEY}   secret key {SECRET_KEY}
  3DS callback key {CALLBACK_KEY}
  webhook key      {WEBHOOK_KEY}

Ask a card for its rewards with the official Node client (npm install @craftgate/craftgate):
  const Craftgate = require('@craftgate/craftgate');
  const gate = new Craftgate.Client({{apiKey: '{API_KEY}', secretKey: '{SECRET_KEY}', baseUrl: '{gateway}'}});
  gate.payment().retrieveLoyalties({{cardNumber: '4043080000000003', expireYear: '2044', expireMonth: '07', cvc: '000'}}).then(console.log);

Make Garanti refuse the next sale, or decide a waiting loan:
  curl {simulator}/control/faults -H 'content-type: application/json' -d '{{\"bank\": \"garanti\", \"operation\": \"sale\", \"fault\": {{\"kind\": \"decline\", \"code\": \"51\"}}}}'
  curl {simulator}/control/loans/ORDER_ID/decision -H 'content-type: application/json' -d '{{\"decision\": \"ready\"}}'",
        directory = directory.display(),
    ));
}
