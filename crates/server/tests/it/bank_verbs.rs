//! What the connectors say of money back and holds, and what the simulated banks did: two sides that
//! share no code.

use crate::shop::{FAMILIES, Family, Purse, Shop, declines_after};
use connectors::bank::{
    Account, Answer, BankContext, BankDay, Capture, CardData, CardEnds, Charge, Charged, Decline,
    Doubt, DoubtReason, GivenBack, Order, OrderRef, OrderStatus, Phase, Refund, Reversed,
    RewardMoney, RewardUse, Verdict,
};
use connectors::protocol::Protocol;
use contract::card::{Expiry, Pan};
use contract::enums::Currency;
use contract::errors::ErrorGroup;
use contract::money::Money;
use jiff::Zoned;
use serde_json::{Value, json};
use server::clock::istanbul;
use server::store::poses;

/// A merchant at one bank, who speaks to it by the connector alone.
struct Desk<'a> {
    shop: &'a Shop,
    family: &'static Family,
    bank: Protocol,
    account: Account,
    now: Zoned,
}

/// In what banks differ that all do the same.
struct Ways {
    /// How a refund is refused before the bank's day is closed; `None` where a part may go back at once.
    early: Option<(ErrorGroup, BankDay)>,
    /// How more than what is left is refused.
    too_much: ErrorGroup,
    /// What is taken of 10,000 that are held: the most, and less where the bank takes less.
    taken: [i64; 2],
    /// How a capture of far more than what is held is refused; `None` where the bank takes it as a whole, and is not
    /// asked.
    over_capture: Option<ErrorGroup>,
    /// How the next refund of what is back is refused.
    nothing_left: ErrorGroup,
    /// What a refused void says of a closed day.
    late_void: BankDay,
    /// What the inquiry says of a sale that was given back in parts.
    all_back: fn(&OrderStatus) -> bool,
    /// Whether a void has a reference of its own.
    numbers_voids: bool,
}

fn ways(bank: Protocol) -> Ways {
    let is_voided = |status: &OrderStatus| *status == OrderStatus::Voided;
    let is_captured = |status: &OrderStatus| matches!(status, OrderStatus::Captured(_));
    match bank {
        Protocol::PosNet => Ways {
            early: Some((ErrorGroup::RequiresDayEnd, BankDay::Open)),
            too_much: ErrorGroup::MayHaveAlreadyRefunded,
            taken: [11_500, 9_000],
            over_capture: Some(ErrorGroup::InvalidAmount),
            nothing_left: ErrorGroup::MayHaveAlreadyRefunded,
            late_void: BankDay::Closed,
            all_back: is_voided,
            numbers_voids: true,
        },
        Protocol::Garanti => Ways {
            early: Some((ErrorGroup::InvalidRefundTransaction, BankDay::Unsaid)),
            too_much: ErrorGroup::InvalidRefundTransaction,
            taken: [11_500, 9_000],
            over_capture: Some(ErrorGroup::InvalidAmount),
            nothing_left: ErrorGroup::MayHaveAlreadyRefunded,
            late_void: BankDay::Unsaid,
            all_back: is_captured,
            numbers_voids: true,
        },
        Protocol::NestPay => Ways {
            early: Some((ErrorGroup::RequiresDayEnd, BankDay::Open)),
            too_much: ErrorGroup::MayHaveAlreadyRefunded,
            taken: [11_500, 9_000],
            over_capture: Some(ErrorGroup::InvalidAmount),
            nothing_left: ErrorGroup::MayHaveAlreadyRefunded,
            late_void: BankDay::Closed,
            all_back: is_captured,
            numbers_voids: true,
        },
        Protocol::PayFor => Ways {
            early: Some((ErrorGroup::RequiresDayEnd, BankDay::Open)),
            too_much: ErrorGroup::InvalidAmount,
            taken: [11_500, 9_000],
            over_capture: Some(ErrorGroup::InvalidAmount),
            nothing_left: ErrorGroup::InvalidAmount,
            late_void: BankDay::Closed,
            all_back: is_voided,
            numbers_voids: true,
        },
        Protocol::Akbank => Ways {
            early: Some((ErrorGroup::RequiresDayEnd, BankDay::Unsaid)),
            too_much: ErrorGroup::InvalidAmount,
            taken: [11_500, 9_000],
            over_capture: Some(ErrorGroup::InvalidAmount),
            nothing_left: ErrorGroup::MayHaveAlreadyRefunded,
            late_void: BankDay::Unsaid,
            all_back: is_voided,
            numbers_voids: false,
        },
        Protocol::PayFlex => Ways {
            early: None,
            too_much: ErrorGroup::InvalidAmount,
            taken: [10_000, 9_000],
            over_capture: Some(ErrorGroup::InvalidAmount),
            nothing_left: ErrorGroup::MayHaveAlreadyRefunded,
            late_void: BankDay::Closed,
            all_back: is_voided,
            numbers_voids: true,
        },
        Protocol::Kuveyt | Protocol::VakifKatilim => Ways {
            early: None,
            too_much: ErrorGroup::InvalidAmount,
            taken: [10_000, 10_000],
            over_capture: None,
            nothing_left: ErrorGroup::MayHaveAlreadyRefunded,
            late_void: BankDay::Closed,
            all_back: is_voided,
            numbers_voids: true,
        },
        Protocol::InterVpos => Ways {
            early: Some((ErrorGroup::RequiresDayEnd, BankDay::Open)),
            too_much: ErrorGroup::InvalidAmount,
            taken: [11_500, 9_000],
            over_capture: Some(ErrorGroup::InvalidAmount),
            nothing_left: ErrorGroup::MayHaveAlreadyRefunded,
            late_void: BankDay::Closed,
            all_back: is_voided,
            numbers_voids: true,
        },
        // Whether the day is over the calendar tells, and here it is the same one.
        Protocol::Param => Ways {
            early: Some((ErrorGroup::RequiresDayEnd, BankDay::Open)),
            too_much: ErrorGroup::MayHaveAlreadyRefunded,
            taken: [11_500, 9_000],
            over_capture: Some(ErrorGroup::InvalidAmount),
            nothing_left: ErrorGroup::MayHaveAlreadyRefunded,
            late_void: BankDay::Unsaid,
            all_back: is_voided,
            numbers_voids: true,
        },
    }
}

/// Every bank, with a card of its own and the name that its faults go by.
async fn desks(shop: &Shop) -> Vec<(Desk<'_>, &'static str, &'static str)> {
    let all = poses::of_merchant(&shop.app, shop.merchant).await.unwrap();
    let desk = |family: &'static Family| {
        let of_family = |pos: &&poses::Pos| pos.integrator.as_str() == family.integrator;
        let pos = all.iter().find(of_family).unwrap();
        let desk = Desk {
            shop,
            family,
            bank: family.protocol,
            account: pos.account(),
            now: istanbul(shop.app.now()),
        };
        (desk, family.protocol.name(), family.card)
    };
    FAMILIES.iter().map(desk).collect()
}

/// An order, and what its bank knows it by.
#[derive(Clone)]
struct Known {
    order: Order,
    reference: Option<String>,
}

fn lira(minor: i64) -> Money {
    Money::new(minor, Currency::Try)
}

impl Desk<'_> {
    fn context(&self) -> BankContext<'_> {
        BankContext {
            account: &self.account,
            http: &self.shop.app.net,
            now: &self.now,
        }
    }

    async fn charges(
        &self,
        card: &str,
        (id, minor, phase): (&str, i64, Phase),
        reward: Option<RewardUse>,
    ) -> (Known, Answer<Charged>) {
        let order = Order {
            id: format!("{id:0>20}"),
            amount: lira(minor),
            installment: 1,
            phase,
        };
        let card = CardData {
            pan: Pan::parse(card).unwrap(),
            expiry: Expiry {
                year: 2040,
                month: 7,
            },
            cvc: None,
            holder: "Ayşe Yılmaz".to_owned(),
        };
        let charge = Charge {
            order: &order,
            card: &card,
            reward,
            client_ip: None,
        };
        let answer = self.bank.charge(self.context(), charge).await;
        let reference = match &answer {
            Ok(Verdict::Approved(charged)) => Some(charged.host_reference.clone()),
            _ => None,
        };
        (Known { order, reference }, answer)
    }

    async fn sells(&self, card: &str, id: &str, minor: i64) -> Known {
        let sold = self.charges(card, (id, minor, Phase::Sale), None).await;
        approved(sold.1);
        sold.0
    }

    async fn holds(&self, card: &str, id: &str, minor: i64) -> Known {
        let held = self.charges(card, (id, minor, Phase::Hold), None).await;
        approved(held.1);
        held.0
    }

    fn about<'b>(&'b self, known: &'b Known) -> OrderRef<'b> {
        OrderRef {
            order: &known.order,
            threeds: false,
            sent_at: &self.now,
            host_reference: known.reference.as_deref(),
            card: CardEnds::default(),
            id_chosen: false,
            with_points: false,
        }
    }

    async fn voids(&self, known: &Known) -> Answer<Reversed> {
        self.bank.void(self.context(), self.about(known)).await
    }

    async fn refunds(
        &self,
        known: &Known,
        minor: i64,
        points: Option<RewardMoney>,
    ) -> Answer<Reversed> {
        let refund = Refund {
            sale: self.about(known),
            amount: lira(minor),
            points,
            client_ip: None,
        };
        self.bank.refund(self.context(), refund).await
    }

    async fn captures(&self, known: &Known, minor: i64) -> Answer<Charged> {
        let capture = Capture {
            hold: self.about(known),
            amount: lira(minor),
            client_ip: None,
        };
        self.bank.capture(self.context(), capture).await
    }

    async fn given_back(&self, known: &Known) -> (bool, Option<i64>) {
        let answer = self
            .bank
            .given_back(self.context(), self.about(known))
            .await;
        let GivenBack { voided, refunded } = answer.unwrap();
        (voided, refunded)
    }

    async fn status(&self, known: &Known) -> OrderStatus {
        let answer = self.bank.inquire(self.context(), self.about(known)).await;
        answer.unwrap()
    }

    async fn ledger(&self, known: &Known) -> Value {
        let mut orders = self.shop.ledger(&known.order.id).await;
        orders.retain(|order| order["bank"] == self.name());
        orders.remove(0)
    }

    /// What the control API calls the bank.
    fn name(&self) -> &'static str {
        self.bank.name()
    }

    async fn closes_the_day(&self) {
        let path = "/control/settle-day";
        self.shop.control("POST", path, Value::Null).await;
    }
}

fn approved<T: std::fmt::Debug>(answer: Answer<T>) -> T {
    match answer {
        Ok(Verdict::Approved(done)) => done,
        other => panic!("not approved: {other:?}"),
    }
}

fn declined<T: std::fmt::Debug>(answer: Answer<T>) -> Decline {
    match answer {
        Ok(Verdict::Declined(decline)) => decline,
        other => panic!("not declined: {other:?}"),
    }
}

fn doubted<T: std::fmt::Debug>(answer: Answer<T>) -> Doubt {
    let doubt = answer.unwrap_err();
    assert!(doubt.may_have_been_sent, "{doubt:?}");
    doubt
}

#[tokio::test(flavor = "multi_thread")]
async fn refunds_are_summed_as_the_bank_made_them() {
    let shop = Shop::of_families().await;
    for (desk, bank, card) in desks(&shop).await {
        let sale = desk.sells(card, "REFUNDS", 10_000).await;
        assert_eq!(desk.given_back(&sale).await, (false, Some(0)), "{bank}");
        let early = desk.refunds(&sale, 1_000, None).await;
        let ways = ways(desk.bank);
        desk.closes_the_day().await;
        let first = match ways.early {
            None => approved(early),
            Some(told) => {
                let early = declined(early);
                assert_eq!((early.group, early.day), told, "{bank}");
                approved(desk.refunds(&sale, 1_000, None).await)
            }
        };
        let second = approved(desk.refunds(&sale, 2_500, None).await);
        assert_ne!(first.host_reference, second.host_reference);
        assert_ne!(Some(&first.host_reference), sale.reference.as_ref());
        assert_eq!(desk.given_back(&sale).await, (false, Some(3_500)), "{bank}");
        let too_much = declined(desk.refunds(&sale, 6_501, None).await);
        assert_eq!(too_much.group, ways.too_much, "{bank}");

        // A lost answer, and one that came too late at the bank itself: the sum tells.
        shop.fault(bank, "refund", "lose_reply").await;
        doubted(desk.refunds(&sale, 500, None).await);
        assert_eq!(desk.given_back(&sale).await, (false, Some(4_000)), "{bank}");
        shop.fault(bank, "refund", declines_after("91")).await;
        let doubt = doubted(desk.refunds(&sale, 500, None).await);
        assert!(matches!(doubt.reason, DoubtReason::TimedOut(_)), "{bank}");
        assert_eq!(desk.given_back(&sale).await, (false, Some(4_500)), "{bank}");
        shop.fault(bank, "refund", json!({"kind": "http_500"}))
            .await;
        doubted(desk.refunds(&sale, 500, None).await);
        assert_eq!(desk.given_back(&sale).await, (false, Some(4_500)), "{bank}");

        approved(desk.refunds(&sale, 5_500, None).await);
        assert_eq!(
            desk.given_back(&sale).await,
            (false, Some(10_000)),
            "{bank}"
        );
        let again = declined(desk.refunds(&sale, 1, None).await);
        assert_eq!(again.group, ways.nothing_left, "{bank}");
        let told = desk.ledger(&sale).await;
        assert_eq!(told["refunded"], 10_000, "{bank}: {told}");
        let status = desk.status(&sale).await;
        assert!((ways.all_back)(&status), "{bank}: {status:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_is_made_once_and_its_repeat_says_so() {
    let shop = Shop::of_families().await;
    for (desk, bank, card) in desks(&shop).await {
        let sale = desk.sells(card, "VOIDS", 10_000).await;
        shop.fault(bank, "void", "lose_reply").await;
        doubted(desk.voids(&sale).await);
        assert!(desk.given_back(&sale).await.0, "{bank}");
        approved(desk.voids(&sale).await);
        assert_eq!(desk.status(&sale).await, OrderStatus::Voided, "{bank}");
        let back = declined(desk.refunds(&sale, 10_000, None).await);
        let told = [
            ErrorGroup::MayHaveAlreadyRefunded,
            ErrorGroup::InvalidTransaction,
            ErrorGroup::RequiresDayEnd,
        ];
        assert!(told.contains(&back.group), "{bank}: {back:?}");

        let sale = desk.sells(card, "VOIDS2", 10_000).await;
        let reversed = approved(desk.voids(&sale).await);
        let is_numbered = !reversed.host_reference.is_empty();
        assert_eq!(is_numbered, ways(desk.bank).numbers_voids, "{bank}");
        assert_ne!(Some(&reversed.host_reference), sale.reference.as_ref());

        let late = desk.sells(card, "VOIDS3", 10_000).await;
        desk.closes_the_day().await;
        let closed = declined(desk.voids(&late).await);
        assert_eq!(closed.day, ways(desk.bank).late_void, "{bank}: {closed:?}");
        approved(desk.refunds(&late, 1, None).await);
        declined(desk.voids(&late).await);
        assert_eq!(desk.given_back(&late).await, (false, Some(1)), "{bank}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn points_go_back_with_their_share() {
    let shop = Shop::of_families().await;
    for (desk, bank, _) in desks(&shop).await {
        let Some(Purse {
            card, firm, part, ..
        }) = desk.family.purse
        else {
            continue;
        };
        let of = |card, firm| RewardMoney {
            card,
            firm,
            mile: 0,
        };
        let spends = |card, firm| {
            Some(RewardUse::Money {
                card,
                firm,
                mile: 0,
            })
        };
        if part {
            let firm = if firm { 100 } else { 0 };
            let sale = ("POINTS", 1_000, Phase::Sale);
            let (sale, sold) = desk.charges(card, sale, spends(200, firm)).await;
            approved(sold);
            desk.closes_the_day().await;
            let half = Some(of(100, firm / 2));
            approved(desk.refunds(&sale, 500, half).await);
            let told = desk.ledger(&sale).await;
            assert_eq!(told["pointsReturned"], 100 + firm / 2, "{bank}: {told}");
            approved(desk.refunds(&sale, 500, half).await);
            assert_eq!(desk.given_back(&sale).await, (false, Some(1_000)), "{bank}");
            let told = desk.ledger(&sale).await;
            assert_eq!(told["pointsReturned"], told["pointsSpent"], "{bank}");
        }

        let whole = ("POINTS2", 300, Phase::Sale);
        let (sale, sold) = desk.charges(card, whole, spends(300, 0)).await;
        approved(sold);
        desk.closes_the_day().await;
        approved(desk.refunds(&sale, 120, Some(of(120, 0))).await);
        assert_eq!(desk.given_back(&sale).await, (false, Some(120)), "{bank}");
        assert_eq!(desk.ledger(&sale).await["pointsReturned"], 120, "{bank}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_captured_once_whatever_gets_lost() {
    let shop = Shop::of_families().await;
    for (desk, bank, card) in desks(&shop).await {
        if !desk.family.holds {
            continue;
        }
        let mut hold = desk.holds(card, "HOLDS", 10_000).await;
        assert!(matches!(desk.status(&hold).await, OrderStatus::Held(_)));
        let Ways {
            taken: [most, _],
            over_capture,
            ..
        } = ways(desk.bank);
        let over = desk.captures(&hold, most + 1).await;
        match over_capture {
            Some(group) => assert_eq!(declined(over).group, group, "{bank}"),
            None => assert_eq!(
                over.unwrap_err().reason,
                DoubtReason::NotSupported,
                "{bank}"
            ),
        }
        let early = declined(desk.refunds(&hold, 1, None).await);
        assert_ne!(early.day, BankDay::Closed, "{bank}");
        shop.fault(bank, "capture", "lose_reply").await;
        doubted(desk.captures(&hold, most).await);
        let captured = approved(desk.captures(&hold, most).await);
        if over_capture.is_some() {
            let other = doubted(desk.captures(&hold, most - 1).await);
            assert_eq!(other.reason, DoubtReason::OtherSale, "{bank}");
        }
        match desk.status(&hold).await {
            OrderStatus::Captured(read) => assert_eq!(read.host_reference, captured.host_reference),
            other => panic!("{bank}: {other:?}"),
        }
        assert_eq!(desk.ledger(&hold).await["captured"], most, "{bank}");

        // Money back goes by the capture's reference, and may be more than was held.
        desk.closes_the_day().await;
        hold.reference = Some(captured.host_reference);
        approved(desk.refunds(&hold, most - 500, None).await);
        let back = (false, Some(most - 500));
        assert_eq!(desk.given_back(&hold).await, back, "{bank}");
        declined(desk.refunds(&hold, 501, None).await);
        approved(desk.refunds(&hold, 500, None).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_and_a_capture_are_undone_whole() {
    let shop = Shop::of_families().await;
    for (desk, bank, card) in desks(&shop).await {
        if !desk.family.holds {
            continue;
        }
        let hold = desk.holds(card, "UNDONE", 10_000).await;
        shop.fault(bank, "void", "cut_reply").await;
        doubted(desk.voids(&hold).await);
        approved(desk.voids(&hold).await);
        assert_eq!(desk.status(&hold).await, OrderStatus::Voided, "{bank}");
        assert_eq!(desk.given_back(&hold).await, (true, Some(0)), "{bank}");
        let [_, less] = ways(desk.bank).taken;
        declined(desk.captures(&hold, less).await);

        let mut hold = desk.holds(card, "UNDONE2", 10_000).await;
        let captured = approved(desk.captures(&hold, less).await);
        hold.reference = Some(captured.host_reference);
        let reversed = approved(desk.voids(&hold).await);
        let is_numbered = !reversed.host_reference.is_empty();
        assert_eq!(is_numbered, ways(desk.bank).numbers_voids, "{bank}");
        assert_eq!(desk.ledger(&hold).await["state"], "voided", "{bank}");
        assert!(desk.given_back(&hold).await.0, "{bank}");
        approved(desk.voids(&hold).await);

        // The capture is undone and the answer lost: the repeat releases what is still held.
        let hold = desk.holds(card, "UNDONE3", 10_000).await;
        approved(desk.captures(&hold, less).await);
        let hold = Known {
            reference: None,
            ..hold
        };
        shop.fault(bank, "void", "lose_reply").await;
        doubted(desk.voids(&hold).await);
        approved(desk.voids(&hold).await);
        assert_eq!(desk.ledger(&hold).await["state"], "voided", "{bank}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_cards_of_refunds_and_holds_name_their_group() {
    let shop = Shop::of_families().await;
    let buys = json!({ "requiresDayEndSaleSucceeds": true });
    shop.control("POST", "/control/switches", buys).await;
    let table = include_str!("../../../simulator/data/test-cards-error.csv");
    let lines = |of: &str| table.lines().filter(|line| line.starts_with(of)).count();
    let mut seen = 0;
    for (desk, bank, _) in desks(&shop).await {
        for (number, line) in table.lines().enumerate() {
            let columns: Vec<&str> = line.split(',').collect();
            let id = format!("CARD{number}");
            match columns[..] {
                ["refund", card, group, ..] => {
                    let sale = desk.sells(card, &id, 100).await;
                    for answer in [
                        desk.voids(&sale).await,
                        desk.refunds(&sale, 100, None).await,
                    ] {
                        assert_eq!(declined(answer).group.as_str(), group, "{bank}");
                    }
                    assert_eq!(desk.ledger(&sale).await["refunded"], 0);
                }
                ["pre_post_auth", card, group, .., last] if desk.family.holds => {
                    let held = desk.charges(card, (&id, 100, Phase::Hold), None).await;
                    let refused = if last.contains("||") {
                        approved(held.1);
                        declined(desk.captures(&held.0, 100).await)
                    } else {
                        declined(held.1)
                    };
                    assert_eq!(refused.group.as_str(), group, "{bank}");
                }
                _ => continue,
            }
            seen += 1;
        }
    }
    let refunds = lines("refund,");
    let holds = lines("pre_post_auth,");
    let holding = FAMILIES.iter().filter(|family| family.holds).count();
    assert_eq!(seen, FAMILIES.len() * refunds + holding * holds);
}
