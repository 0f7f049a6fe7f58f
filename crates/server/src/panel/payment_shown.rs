//! What the page of a payment shows: the payment's parts as values of its template.

use super::format::{self, in_lines};
use super::payments::{given, masked};
use super::{timeline, webhooks, words};
use crate::operations::captures;
use crate::operations::payment_detail::Detail;
use crate::store::attempts::{Attempt, AttemptState};
use crate::store::captures::{Capture, CaptureState};
use crate::store::exchanges::Exchange;
use crate::store::inquiries::{Found, Inquiry, Offer};
use crate::store::loans::Loan;
use crate::store::payments::{Hold, Payment};
use crate::store::refunds::{Refund, RefundState};
use connectors::bank::RewardUse;
use connectors::directory;
use connectors::scrub::without_cards;
use contract::card_loyalties::Loyalty;
use contract::enums::{CardAssociation, CardType, Currency, LoyaltyType, PaymentGroup};
use contract::errors::Language;
use contract::money::{Decimal, Money};
use minijinja::{Value, context};
use std::collections::BTreeSet;

/// All of it. What was said to banks comes along only when it was asked for.
pub(super) fn detail(language: Language, detail: &Detail, exchanges: bool) -> Value {
    let payment = &detail.standing.payment;
    let attempts = detail.standing.attempts.iter();
    context! {
        payment => facts(payment),
        items => items(detail),
        refunds => detail.refunds.iter().map(|one| refund(language, one)).collect::<Vec<_>>(),
        captures => detail.standing.captures.iter().map(|one| capture(language, one)).collect::<Vec<_>>(),
        left => payment.left(),
        loyalty => payment.loyalty.as_ref().map(|one| reward(one, payment.currency)),
        loan => detail.standing.loan.as_ref().map(|loan| loan_shown(detail, loan)),
        asked_before => detail.asked_before.as_ref().map(|inquiry| asked_before(language, detail, inquiry)),
        attempts => attempts.map(|one| attempt(detail, one)).collect::<Vec<_>>(),
        exchanges => detail.exchanges.iter().map(|one| exchange(detail, one, exchanges)).collect::<Vec<_>>(),
        webhooks => detail.webhooks.iter().map(|(sent, tries)| webhooks::shown(sent, tries)).collect::<Vec<_>>(),
        line => timeline::line(language, detail),
    }
}

fn facts(p: &Payment) -> Value {
    let card = &p.card;
    let pos = p.pos.as_ref();
    context! {
        created => p.created_at.to_string(),
        currency => p.currency.as_str(),
        price => p.price.minor, paid => p.paid_price.minor, captured => p.captured, refunded => p.refunded,
        pending => p.refund_pending,
        hold => p.hold.map(|hold| hold_shown(p, hold)),
        kind => p.payment_type.as_str(), provider => p.provider.as_str(), phase => p.phase.as_str(),
        group => p.group.map(PaymentGroup::as_str),
        channel => given(&p.channel), conversation => given(&p.conversation_id), external => given(&p.external_id),
        installment => p.installment, threeds => p.threeds, verification => p.verification, md_status => p.md_status,
        buyer => p.buyer_member_id, client_ip => &p.client_ip, callback_url => given(&p.callback_url),
        requested_pos => given(&p.requested_pos_alias),
        pos => pos.map(|pos| context! { id => pos.id, name => &pos.name, alias => &pos.alias, bank => directory::bank_name(pos.bank_id) }),
        order_id => given(&p.order_id), auth_code => &p.auth_code, host_reference => &p.host_reference, trans_id => &p.trans_id,
        card => masked(p.bin_number.as_deref(), p.last_four.as_deref()),
        holder => given(&card.holder), bank_holder => &card.bank_holder, issuer => &card.issuer_name,
        card_type => card.card_type.map(CardType::as_str), association => card.association.map(CardAssociation::as_str),
        brand => &card.brand, stored => p.paid_with_stored_card,
        more => p.additional.iter().map(|(name, value)| (name.clone(), without_cards(&plain(value)))).collect::<Vec<_>>(),
    }
}

/// A hold: `open` while it is neither taken nor released, `most` what may be taken of it, `plain` the amount as it is
/// typed.
fn hold_shown(p: &Payment, hold: Hold) -> Value {
    context! {
        amount => hold.amount, releasing => hold.releasing, released => hold.released,
        expires_at => hold.expires_at.to_string(),
        open => p.open_hold().is_some_and(|hold| hold.capturing == 0 && hold.releasing == 0),
        capturing => hold.capturing,
        most => captures::most_of(p),
        plain => Money::new(hold.amount, p.currency).decimal().to_string(),
    }
}

fn capture(language: Language, capture: &Capture) -> Value {
    let answer = capture.answer.as_ref();
    let charged = answer.and_then(|answer| answer.charged.as_ref());
    let error = capture.error.as_ref();
    let open = matches!(capture.state, CaptureState::Doubt | CaptureState::Review);
    context! {
        id => capture.id, amount => capture.amount.minor, state => capture.state.as_str(), open,
        inquiries => capture.inquiries, created_at => capture.created_at.to_string(),
        auth_code => charged.map(|one| &one.auth_code).filter(|code| !code.is_empty()),
        failure => error.map(|error| words::failure(language, error.group, false)),
        code => error.and_then(|error| error.provider_code.as_ref()),
        message => error.and_then(|error| error.provider_message.as_ref()),
        heard => answer.and_then(|answer| answer.message.as_ref()).filter(|_| open),
    }
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn refund(language: Language, refund: &Refund) -> Value {
    let answer = refund.answer.as_ref();
    let reversed = answer.and_then(|answer| answer.reversed.as_ref());
    let error = refund.error.as_ref();
    let open = matches!(refund.state, RefundState::Doubt | RefundState::Review);
    context! {
        id => refund.id, amount => refund.amount, kind => refund.kind.as_str(), marked => refund.marked,
        release => refund.release,
        state => refund.state.as_str(), open, inquiries => refund.inquiries,
        created_at => refund.created_at.to_string(), next => refund.inquire_at.map(|at| at.to_string()),
        auth_code => reversed.map(|one| &one.auth_code).filter(|code| !code.is_empty()),
        reference => reversed.map(|one| &one.host_reference).filter(|one| !one.is_empty() && refund.apm_id.is_some()),
        by_lender => refund.lender_reference.is_some(),
        failure => error.map(|error| words::failure(language, error.group, false)),
        code => error.and_then(|error| error.provider_code.as_ref()),
        message => error.and_then(|error| error.provider_message.as_ref()),
        heard => answer.and_then(|answer| answer.message.as_ref()).filter(|_| open),
    }
}

fn items(detail: &Detail) -> Vec<Value> {
    let shown = detail.items.iter().map(|item| {
        context! {
            id => item.id, name => given(&item.name), external => given(&item.external_id),
            price => item.price.minor, paid => item.paid_price,
            left => item.paid_price - item.refunded - item.refund_pending,
            seller => item.sub_merchant_member_id,
            share => item.sub_merchant_price.map(|amount| amount.minor),
        }
    });
    shown.collect()
}

/// The reward that a payment has: asked for while it waits, used once it is taken.
fn reward(loyalty: &Loyalty, currency: Currency) -> Value {
    let minor = |value: Option<Decimal>| value.and_then(|value| value.to_minor(currency).ok());
    let points = loyalty.reward.as_ref();
    context! {
        kind => loyalty.r#type.map(LoyaltyType::as_str),
        message => given(&loyalty.message),
        card => points.and_then(|one| minor(one.card_reward_money)),
        firm => points.and_then(|one| minor(one.firm_reward_money)),
        mile => points.and_then(|one| minor(one.mile_reward_money)),
        total => points.and_then(|one| minor(one.total_reward_money)),
    }
}

fn loan_shown(detail: &Detail, loan: &Loan) -> Value {
    let code = loan.bank_code.as_deref();
    let name = code.and_then(|code| directory::bank_name(code.parse().ok()?));
    let items = loan.items.iter().map(|line| {
        context! {
            id => without_cards(&line.id), name => without_cards(&line.name),
            brand => without_cards(&line.brand), category => line.category.as_str(),
            unit_price => line.unit_price, quantity => line.quantity,
        }
    });
    context! {
        lender => &detail.lender,
        bank => name, bank_code => code, term => loan.term,
        state => loan.state.as_str(), action => loan.action.as_str(),
        by_itself => loan.approves_by_itself(),
        application_id => &loan.application_id, order_id => &loan.order_id,
        returned => loan.returned,
        expires_at => loan.expires_at.to_string(),
        is_final => loan.state.is_final(),
        inquiries => loan.inquiries,
        items => items.collect::<Vec<_>>(),
    }
}

/// What the card had, or what the banks would have lent, when the shop asked before it paid.
fn asked_before(language: Language, detail: &Detail, inquiry: &Inquiry) -> Value {
    let at = inquiry.at.to_string();
    match &inquiry.found {
        // Inquiries are in lira, whatever the payment is in.
        Found::Rewards(rewards) => {
            let rewards = rewards.iter().map(|one| reward(one, Currency::Try));
            context! { at, rewards => rewards.collect::<Vec<_>>() }
        }
        Found::Offers(offers) => {
            let loan = detail.standing.loan.as_ref();
            let months: BTreeSet<u16> = offers
                .iter()
                .flat_map(|offer| offer.terms.iter().map(|term| term.months))
                .collect();
            let offers = offers.iter().map(|one| offer(language, one, &months, loan));
            context! { at, offer_id => inquiry.id, offers => offers.collect::<Vec<_>>(), months => &months }
        }
    }
}

/// One bank's line: a plan or nothing for each of the months that any bank offers.
fn offer(language: Language, offer: &Offer, months: &BTreeSet<u16>, loan: Option<&Loan>) -> Value {
    let chosen = loan.filter(|loan| loan.bank_code.as_deref() == Some(&offer.bank_code));
    let plans = months.iter().map(|months| {
        let term = offer.terms.iter().find(|term| term.months == *months)?;
        Some(context! {
            amount => term.amount, total => term.total, rate => format::rate(language, term.rate),
            chosen => chosen.is_some_and(|loan| loan.term == Some(*months)),
        })
    });
    context! {
        bank => &offer.bank_name, code => &offer.bank_code, chosen => chosen.is_some(),
        plan_calculated_by_bank => offer.plan_calculated_by_bank,
        plans => plans.collect::<Vec<_>>(),
    }
}

fn attempt(detail: &Detail, attempt: &Attempt) -> Value {
    let answer = attempt.answer.as_ref();
    let charged = answer.and_then(|answer| answer.charged.as_ref());
    let asked = attempt.reward.map(|reward| match reward {
        RewardUse::Money { card, firm, mile } => context! { card, firm, mile },
        RewardUse::Campaign(kind) => context! { campaign => kind.as_str() },
    });
    let spent = charged.and_then(|one| one.spent).map(|spent| {
        context! { card => spent.card, firm => spent.firm, mile => spent.mile }
    });
    let campaign = charged.and_then(|one| one.campaign.as_ref());
    let campaign = campaign.map(|one| {
        context! { campaign => one.loyalty_type.as_str(), message => &one.message }
    });
    let changed = detail.changed.get(&attempt.id);
    context! {
        id => attempt.id, pos_id => attempt.pos_id, pos => detail.poses.get(&attempt.pos_id),
        order_id => without_cards(&attempt.order_id), threeds => attempt.threeds,
        state => attempt.state.as_str(), amount => attempt.amount, installment => attempt.installment,
        asked_at => attempt.asked_at.to_string(), changed_at => changed.map(|at| at.to_string()),
        inquiries => if attempt.state == AttemptState::Page { 0 } else { attempt.inquiries },
        code => answer.and_then(|one| one.code.clone()),
        message => answer.and_then(|one| one.message.clone()),
        auth_code => charged.map(|one| one.auth_code.clone()),
        host_reference => charged.map(|one| one.host_reference.clone()),
        reward => asked, used => spent.or(campaign),
    }
}

fn exchange(detail: &Detail, exchange: &Exchange, with_texts: bool) -> Value {
    let e = exchange;
    let texts = with_texts.then(|| {
        context! { request => in_lines(&e.request), response => e.response.as_deref().map(in_lines) }
    });
    context! {
        id => e.id, party => &e.party, operation => timeline::operation(detail, e), url => &e.url,
        at => e.sent_at.to_string(), took => e.took_ms, status => e.status, failure => &e.failure, texts,
    }
}
