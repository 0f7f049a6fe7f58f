//! Sales with and without points, holds, captures, voids, refunds and the inquiry of points: how they are
//! read and how they are answered.

use std::sync::Arc;

use super::Param;
use super::answer::{self, Reply, refusal, refusal_for};
use super::request::{
    HOLD, Request, WORLD_PURSE, comma_lira, currency, instalments, is_id, points,
};
use super::{inquiries, threeds};
use crate::cards::{Card, Program};
use crate::desk::{Case, Operation, Outcome, Purchase};
use crate::fields::lira;
use crate::ledger::{Capture, Kind, Moved, Points, Sold, Split, Undo, id_of_account};

/// How many percent more than is held may be captured. Recorded are 2.
const CAPTURE_MARGIN: i64 = 15;

/// A sale by card as its message asks for it, or the reply that says what is wrong with the message.
pub(super) fn sale<'a>(case: &'a Case<'_, Param>) -> Result<Operation<'a>, Reply> {
    let request = &case.message;
    let refuse = |field: &str| Err(refusal_for(request, &format!("{field} geçersiz.")));
    if request.order_id().is_empty() || !is_id(request.order_id()) {
        return refuse("Siparis_ID");
    }
    if !is_id(request.value("Islem_ID")) {
        return refuse("Islem_ID");
    }
    let price = comma_lira(request.value("Islem_Tutar"));
    let Some(price) = price.filter(|price| *price > 0) else {
        return refuse("Islem_Tutar");
    };
    // With the commission of the chosen instalment, where the shopper bears it.
    let total = comma_lira(request.value("Toplam_Tutar"));
    let Some(amount) = total.filter(|total| *total >= price) else {
        return refuse("Toplam_Tutar");
    };
    let taksit = match request.value("Taksit") {
        // Methods in foreign currency have none.
        "" if !request.has("Taksit") => "1",
        digits => digits,
    };
    let Some(instalments) = instalments(taksit) else {
        return refuse("Taksit");
    };
    let Some(currency) = currency(request) else {
        return refuse("Doviz_Kodu");
    };
    let Some(points) = points(request.value("Puan")) else {
        return refuse("Puan");
    };
    let card = case.app.accept(request.pan(), request.expires());
    let known = card.is_ok_and(|card| card.program != Program::None);
    if points > 0 && !known {
        return Err(refusal_for(request, NO_POINTS));
    }
    let purchase = Purchase {
        id: id_of_account(request.value("Islem_ID"), request.order_id()),
        label: String::new(),
        kind: if request.method() == HOLD {
            Kind::Hold
        } else {
            Kind::Sale
        },
        card,
        pan: request.pan(),
        currency,
        amount,
        instalments,
        points: Points::InOrder(points),
        campaign: 0,
        nonce: None,
        unproven: None,
        objection: None,
    };
    if request.value("Islem_Guvenlik_Tip") == "3D" || request.method() == "Pos_Odeme" {
        return Err(threeds::begin(case, &purchase, points));
    }
    Ok(Operation::Sale(purchase))
}

const NO_POINTS: &str = "Kart puan kullanımına uygun değil.";

/// Tells what a card's purse holds: of any program, or of World alone.
pub(super) fn purse<'a>(case: &'a Case<'_, Param>) -> Result<Operation<'a>, Reply> {
    let request = &case.message;
    let card = case
        .app
        .accept(request.pan(), request.expires())
        .map_err(|code| refusal(request, code))?;
    let takes = match request.method() {
        WORLD_PURSE => card.program == Program::World,
        _ => card.program != Program::None,
    };
    if takes {
        Ok(Operation::Purse(card))
    } else {
        Err(refusal_for(request, NO_POINTS))
    }
}

/// Takes of a hold.
pub(super) fn capture<'a>(request: &Request) -> Result<Operation<'a>, Reply> {
    let amount = comma_lira(request.value("Prov_Tutar"));
    let amount = amount.ok_or_else(|| refusal_for(request, "Prov_Tutar geçersiz."))?;
    Ok(Operation::Capture {
        key: request.key(),
        capture: Capture {
            amount,
            margin: CAPTURE_MARGIN,
            held: None,
        },
    })
}

/// Lets a hold go.
pub(super) fn release<'a>(request: &Request) -> Operation<'a> {
    Operation::Void {
        key: request.key(),
        undo: Undo::Whole(Kind::Hold),
    }
}

/// `IPTAL` takes the whole payment back on its day, `IADE` gives some of it back later. Unlike elsewhere the
/// amount has a point.
pub(super) fn undo<'a>(request: &Request) -> Result<Operation<'a>, Reply> {
    let amount = lira(request.value("Tutar")).filter(|amount| *amount > 0);
    let amount = amount.ok_or_else(|| refusal_for(request, "Tutar geçersiz."))?;
    let key = request.key();
    match request.value("Durum") {
        "IPTAL" => Ok(Operation::Void {
            key,
            undo: Undo::Taken(amount),
        }),
        "IADE" => Ok(Operation::Refund {
            key,
            amount,
            split: Split::Proportional,
        }),
        _ => Err(refusal_for(request, "Durum geçersiz.")),
    }
}

/// Words what came of an operation.
pub(super) fn answer(case: &Case<'_, Param>, outcome: Outcome<'_>) -> Reply {
    let request = &case.message;
    let refuse = |code: &str| refusal(request, code);
    match outcome {
        Outcome::Sold(Sold::Approved(order, _), card) if case.session.is_some() => {
            answer::finished(&order, card)
        }
        Outcome::Sold(Sold::Approved(order, _), card) => answer::sold(request, &order, card),
        Outcome::Sold(Sold::Repeated(_) | Sold::AuthenticationUsed, _) => {
            refusal_for(request, "Bu 3D işlemi daha önce kullanılmış.")
        }
        Outcome::Sold(Sold::Declined(code), _) => refuse(&code),
        Outcome::UsedBefore { approved } => {
            answer::used_before(request, if approved { "T98" } else { "2507" })
        }
        Outcome::Voided(Moved::Done(order, made, _))
        | Outcome::Refunded(Moved::Done(order, made, _))
        | Outcome::Captured(Moved::Done(order, made, _)) => {
            let card: Option<&Card> = case.app.cards.by_reference(&order.card).map(Arc::as_ref);
            answer::moved(request, &order, (made.seq, made.at), card)
        }
        Outcome::Refunded(Moved::TooMuch | Moved::NothingLeft) => refuse("99/221"),
        // The bank behind the service counts.
        Outcome::Captured(Moved::TooMuch) => refuse("13"),
        Outcome::Voided(_) | Outcome::Refunded(_) | Outcome::Captured(_) => refuse("99/210"),
        Outcome::Found(found) => inquiries::told(case.app, found.map(|(order, _)| *order).as_ref()),
        Outcome::Purse(_, purse) => vec![
            ("Sonuc", "1".to_owned()),
            ("Sonuc_Str", "Başarılı".to_owned()),
            (
                "Puan",
                answer::lira_with('.', purse.total().unwrap_or_default()),
            ),
        ]
        .into(),
    }
}
