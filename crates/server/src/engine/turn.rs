//! Moves that can happen once (3ds-complete, approve), or one at a time (refunds): a second call waits for the
//! outcome while the first one is at the bank. The row says that a move is under way, so this holds between processes,
//! and a call that comes alone reads no more than the row that it reads anyway.

use crate::app::App;
use crate::problem::Problem;
use crate::turns::Place;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between the first looks at the row; each is twice as long as the one before, up to the last.
const FIRST_LOOK: Duration = Duration::from_millis(50);
const LOOK_MAX: Duration = Duration::from_millis(800);
/// Beyond the bank's own time: the answer must be written too.
const BEYOND_TIMEOUT: Duration = Duration::from_secs(15);

/// A place in which a call waits for the outcome of another call's move.
pub struct Turn<'a> {
    _place: Place<'a>,
    payment_id: i64,
    until: Instant,
    look: Duration,
}

/// Takes a place; refused with [`Problem::UnderWay`] when too many wait about this payment already.
pub fn take(app: &App, payment_id: i64) -> Result<Turn<'_>, Problem> {
    let place = app.turns.place(payment_id);
    Ok(Turn {
        _place: place.ok_or(Problem::UnderWay { payment_id })?,
        payment_id,
        until: Instant::now() + app.settings.bank_timeout + BEYOND_TIMEOUT,
        look: FIRST_LOOK,
    })
}

impl Turn<'_> {
    /// Looks soon again: the move that was waited for has ended, and another one is under way.
    pub fn begin_anew(&mut self) {
        self.look = FIRST_LOOK;
    }

    /// Waits until the row is worth another look; refused when the move lasts longer than it can.
    pub async fn pause(&mut self) -> Result<(), Problem> {
        if Instant::now() >= self.until {
            return Err(Problem::UnderWay {
                payment_id: self.payment_id,
            });
        }
        sleep(self.look).await;
        self.look = (self.look * 2).min(LOOK_MAX);
        Ok(())
    }
}
