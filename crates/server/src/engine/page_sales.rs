//! The time of a 3DS page that sells by itself: when the bank is asked whether it sold although no browser
//! came back, and how long the browser's word is waited for (decision 0010). Asking is not here.

use super::threeds_page::RETURN_TIME;
use crate::app::App;
use crate::store::attempts::Attempt;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// After the form was handed out, before the bank is first asked; the waits double from there.
const FIRST_LOOK: Duration = Duration::from_secs(5 * 60);
/// A shopper who pays at all has paid by then: the form opens for half of it, and banks end their pages soon.
const AT_BANK_TIME: SignedDuration = SignedDuration::from_mins(30);

/// Until when the shopper of a form that is handed out now may come back.
pub(super) fn until(app: &App) -> Timestamp {
    app.after(RETURN_TIME)
}

/// When the bank is first asked about it.
pub(super) fn first_look(app: &App) -> Timestamp {
    app.after(FIRST_LOOK)
}

/// When the bank is asked again, at the latest when nobody can come back any more.
pub(super) fn next_look(app: &App, attempt: &Attempt) -> Timestamp {
    let Some(until) = attempt.page_sells_until else {
        return first_look(app);
    };
    let passed = app.now().duration_since(handed_out(until));
    let next = app.now().checked_add(passed);
    next.map_or(until, |next| next.max(first_look(app)).min(until))
}

/// Nobody can come back any more.
pub(super) fn is_over(app: &App, attempt: &Attempt) -> bool {
    attempt
        .page_sells_until
        .is_some_and(|until| until <= app.now())
}

/// Until when the shopper may be about to pay, or to come back with the bank's word on how they were
/// verified; `None` once that is over.
pub(super) fn awaited_until(app: &App, attempt: &Attempt) -> Option<Timestamp> {
    let until = attempt.page_sells_until?;
    let awaited = handed_out(until).checked_add(AT_BANK_TIME);
    awaited.ok().filter(|awaited| *awaited > app.now())
}

/// When the form was handed out last.
fn handed_out(until: Timestamp) -> Timestamp {
    let time = SignedDuration::try_from(RETURN_TIME).unwrap_or_default();
    until.checked_sub(time).unwrap_or(Timestamp::UNIX_EPOCH)
}
