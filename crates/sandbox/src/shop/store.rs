//! The shop's memory: visitors with their carts and calls, and orders. Bounded: the oldest go.

use super::call::Entry;
use super::catalogue::{COUNT, PRODUCTS};
use super::order::{Line, Order, Stage};
use std::collections::{HashMap, VecDeque};

/// Visitors that are kept.
const VISITORS_MAX: usize = 200;
/// Characters of an order's id: more than 128 random bits.
const ORDER_ID_LENGTH: usize = 22;
/// Orders that are kept.
const ORDERS_MAX: usize = 500;
/// Orders of a visitor that are listed.
const VISITORS_ORDERS_MAX: usize = 30;
/// Calls of a visitor that are kept.
const ENTRIES_MAX: usize = 40;
/// Of one product in a cart.
pub(super) const QUANTITY_MAX: u32 = 9;

/// A bounded map that forgets what was put in first.
struct Kept<T> {
    most: usize,
    values: HashMap<String, T>,
    order: VecDeque<String>,
}

impl<T> Kept<T> {
    fn new(most: usize) -> Kept<T> {
        Kept {
            most,
            values: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    fn insert(&mut self, key: String, value: T) {
        if self.values.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.values.len() > self.most {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            self.values.remove(&oldest);
        }
    }
}

/// What a visitor has chosen.
#[derive(Clone)]
pub(super) struct Cart {
    /// Another one after each order.
    pub(super) token: String,
    /// By place in the catalogue.
    pub(super) quantities: [u32; COUNT],
}

impl Default for Cart {
    fn default() -> Cart {
        Cart {
            token: server::random::token(),
            quantities: [0; COUNT],
        }
    }
}

impl Cart {
    /// What is in it.
    pub(super) fn lines(&self) -> Vec<Line> {
        let chosen = self.quantities.iter().enumerate();
        chosen
            .filter(|(_, quantity)| **quantity > 0)
            .map(|(product, quantity)| Line {
                product,
                quantity: *quantity,
            })
            .collect()
    }

    /// Its price in kuruş.
    pub(super) fn total(&self) -> i64 {
        total(&self.lines())
    }

    /// Pieces in it.
    pub(super) fn pieces(&self) -> u32 {
        self.quantities.iter().sum()
    }
}

/// The price of lines in kuruş. Quantities and prices are small: it cannot overflow.
pub(super) fn total(lines: &[Line]) -> i64 {
    let price = |line: &Line| {
        PRODUCTS
            .get(line.product)
            .map_or(0, |product| product.price)
    };
    lines
        .iter()
        .map(|line| price(line) * i64::from(line.quantity))
        .sum()
}

/// A visitor.
#[derive(Default)]
pub(super) struct Visitor {
    pub(super) cart: Cart,
    /// Oldest first.
    pub(super) entries: VecDeque<Entry>,
    /// Ids of orders, oldest first.
    pub(super) orders: Vec<String>,
}

/// Everything that the shop remembers.
pub(super) struct Store {
    visitors: Kept<Visitor>,
    orders: Kept<Order>,
    /// The last entry's id and version.
    counter: u64,
}

impl Default for Store {
    fn default() -> Store {
        Store {
            visitors: Kept::new(VISITORS_MAX),
            orders: Kept::new(ORDERS_MAX),
            counter: 0,
        }
    }
}

impl Store {
    /// The visitor of a cookie, if it is known.
    pub(super) fn visitor(&self, token: &str) -> Option<&Visitor> {
        self.visitors.values.get(token)
    }

    /// The visitor of a cookie, made if it is not known.
    pub(super) fn visitor_mut(&mut self, token: &str) -> &mut Visitor {
        if !self.visitors.values.contains_key(token) {
            self.visitors.insert(token.to_owned(), Visitor::default());
        }
        self.visitors.values.entry(token.to_owned()).or_default()
    }

    /// An order.
    pub(super) fn order(&self, id: &str) -> Option<&Order> {
        self.orders.values.get(id)
    }

    /// An order, to change it.
    pub(super) fn order_mut(&mut self, id: &str) -> Option<&mut Order> {
        self.orders.values.get_mut(id)
    }

    /// Id of the order that has this payment under way or behind it.
    pub(super) fn order_of_payment(&self, payment: i64) -> Option<String> {
        let mut orders = self.orders.values.values();
        orders
            .find(|order| order.payment() == Some(payment) || order.left == Some(payment))
            .map(|order| order.id.clone())
    }

    /// The order of a visitor's cart: the one that is there, unless it can still be paid and the
    /// cart has changed since. `None` for an empty cart.
    pub(super) fn checkout(&mut self, visitor: &str) -> Option<String> {
        let cart = self.visitor(visitor)?.cart.clone();
        let lines = cart.lines();
        if lines.is_empty() {
            return None;
        }
        let known = self
            .orders
            .values
            .values_mut()
            .find(|order| order.cart == cart.token);
        if let Some(order) = known {
            let open = order.stage == Stage::Open;
            if open && order.lines != lines {
                // Rewards and offers were asked for another price.
                order.rewards = None;
                order.offers = None;
                order.total = total(&lines);
                order.lines = lines;
                order.version += 1;
            }
            return Some(order.id.clone());
        }
        // Letters and digits alone: the order goes to the gateway as `externalId`, and the API refuses a
        // text that begins with a minus, as one of 64 URL-safe tokens does.
        let id = server::random::key(ORDER_ID_LENGTH);
        let sum = total(&lines);
        let order = Order::new(id.clone(), visitor.to_owned(), cart.token, lines, sum);
        self.orders.insert(id.clone(), order);
        let orders = &mut self.visitor_mut(visitor).orders;
        orders.push(id.clone());
        if orders.len() > VISITORS_ORDERS_MAX {
            orders.remove(0);
        }
        Some(id)
    }

    /// Empties the cart of an order that was placed.
    pub(super) fn empty_cart_of(&mut self, id: &str) {
        let Some((visitor, cart)) = self
            .order(id)
            .filter(|order| order.is_placed())
            .map(|order| (order.visitor.clone(), order.cart.clone()))
        else {
            return;
        };
        let visitor = self.visitor_mut(&visitor);
        if visitor.cart.token == cart {
            visitor.cart = Cart::default();
        }
    }

    /// Adds an entry to a visitor's list and answers its id.
    pub(super) fn add_entry(&mut self, visitor: &str, mut entry: Entry) -> u64 {
        self.counter += 1;
        let id = self.counter;
        (entry.id, entry.version) = (id, id);
        let entries = &mut self.visitor_mut(visitor).entries;
        entries.push_back(entry);
        while entries.len() > ENTRIES_MAX {
            entries.pop_front();
        }
        id
    }

    /// Changes an entry, which then counts as new.
    pub(super) fn change_entry(&mut self, visitor: &str, id: u64, change: impl FnOnce(&mut Entry)) {
        self.counter += 1;
        let version = self.counter;
        let entries = &mut self.visitor_mut(visitor).entries;
        if let Some(entry) = entries.iter_mut().find(|entry| entry.id == id) {
            entry.version = version;
            change(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::order::Way;

    #[test]
    fn what_is_oldest_goes_first() {
        let mut kept = Kept::new(2);
        for key in ["a", "b", "a", "c"] {
            kept.insert(key.to_owned(), ());
        }
        assert!(!kept.values.contains_key("a") && kept.values.contains_key("c"));
        assert_eq!(kept.order.len(), 2);
    }

    #[test]
    fn an_orders_id_is_taken_by_the_api_as_it_stands() {
        let mut store = Store::default();
        for n in 0..ORDERS_MAX {
            let visitor = format!("v{n}");
            store.visitor_mut(&visitor).cart.quantities[0] = 1;
            let id = store.checkout(&visitor).unwrap();
            assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        }
    }

    #[test]
    fn a_cart_makes_one_order_and_the_next_cart_another() {
        let mut store = Store::default();
        assert_eq!(store.checkout("v"), None);
        store.visitor_mut("v").cart.quantities[0] = 1;
        let first = store.checkout("v").unwrap();
        assert_eq!(store.checkout("v"), Some(first.clone()));
        store.visitor_mut("v").cart.quantities[0] = 2;
        assert_eq!(store.checkout("v"), Some(first.clone()));
        assert_eq!(store.order(&first).unwrap().total, 2 * PRODUCTS[0].price);

        // Under way, it is no longer changed by the cart.
        assert!(store.order_mut(&first).unwrap().begin(Way::Card));
        store.visitor_mut("v").cart.quantities[0] = 3;
        assert_eq!(store.checkout("v"), Some(first.clone()));
        assert_eq!(store.order(&first).unwrap().total, 2 * PRODUCTS[0].price);

        let receipt = crate::shop::outcome::Receipt::default();
        assert!(store.order_mut(&first).unwrap().mark_paid(1, receipt));
        store.empty_cart_of(&first);
        assert_eq!(store.checkout("v"), None);
        store.visitor_mut("v").cart.quantities[1] = 1;
        assert_ne!(store.checkout("v"), Some(first));
    }
}
