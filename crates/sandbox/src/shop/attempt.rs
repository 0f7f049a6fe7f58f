//! One attempt at paying an order: who it is for, and what its calls need. Nothing of the order is held
//! between two steps.

use super::gateway::Gateway;
use super::lang::Lang;
use super::order::Order;
use super::state::Shop;
use std::sync::Arc;

/// An attempt under way.
pub(super) struct Attempt {
    pub(super) shop: Arc<Shop>,
    /// Id of the order.
    pub(super) id: String,
    pub(super) visitor: String,
    /// The shop's reference of the attempt.
    pub(super) reference: String,
    pub(super) lang: Lang,
}

impl Attempt {
    /// The current attempt of an order, if `take` takes a step of it; with what the step needs.
    pub(super) fn step<T>(
        shop: &Arc<Shop>,
        id: &str,
        lang: Lang,
        take: impl FnOnce(&mut Order) -> Option<T>,
    ) -> Option<(Attempt, T)> {
        let mut store = shop.store();
        let order = store.order_mut(id)?;
        let taken = take(order)?;
        let attempt = Attempt {
            shop: Arc::clone(shop),
            id: order.id.clone(),
            visitor: order.visitor.clone(),
            reference: order.reference(),
            lang,
        };
        Some((attempt, taken))
    }

    /// The way to the gateway, under the visitor's list of calls.
    pub(super) fn gateway(&self) -> Gateway<'_> {
        Gateway::new(&self.shop, &self.visitor, self.lang)
    }

    /// Notes in the order what came of a step; the cart of an order that was placed is emptied.
    pub(super) fn note(&self, change: impl FnOnce(&mut Order)) {
        let mut store = self.shop.store();
        if let Some(order) = store.order_mut(&self.id) {
            change(order);
        }
        store.empty_cart_of(&self.id);
    }
}

/// Carries something on to its end although the browser may go away.
pub(super) async fn carry_on(what: &str, work: impl Future<Output = ()> + Send + 'static) {
    if let Err(error) = tokio::spawn(work).await {
        tracing::error!(%error, what, "it could not be carried to its end");
    }
}
