//! The buttons of a bank's page: what each decides, what happens to the notification, and where the
//! browser goes. The shopper's are among the tester's.

use super::faults::{Fault, Kind};
use super::loan::{ASSESSMENT_SECONDS, ASSESSMENT_SECONDS_MAX, Decision, Rejection};

/// Reasons of a rejection that the page offers: codes of the protocol.
pub(crate) const REASONS: [&str; 3] = ["BANK_REJECTED", "LIMIT_NOT_SUFFICIENT", "SHOPPER_DECLINED"];
/// Seconds by which a notification can be late at a click.
pub(crate) const LATE_SECONDS: [u16; 3] = [5, 30, 120];
/// The longest that a notification can be late.
const LATE_SECONDS_MAX: u64 = 600;

/// Where the browser goes after a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Back to the shop.
    Shop,
    /// Back to the shop, and once more.
    ShopTwice,
    /// Nowhere.
    Stays,
    /// To the application's own page, which tells how it stands.
    Page,
}

/// A decision, and how the shop learns of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) decision: Decision,
    /// What goes wrong with the notification.
    pub(crate) fault: Option<Fault>,
    pub(crate) then: Then,
}

/// What a button stands for, with the selects beside it; `None` for a button that decides nothing.
pub(crate) fn of_button(action: &str, reason: &str, outcome: &str) -> Option<Choice> {
    let simple = |decision| Choice {
        decision,
        fault: None,
        then: Then::Shop,
    };
    let disturbed = |fault, then| Choice {
        decision: match outcome {
            "decline" => rejection(reason),
            _ => Decision::Agree,
        },
        fault,
        then,
    };
    let (name, number) = action.split_once(':').unwrap_or((action, ""));
    let choice = match name {
        "approve" => simple(Decision::Agree),
        "ready" => simple(Decision::Ready),
        "decline" => simple(rejection(reason)),
        "assess" if number.is_empty() => simple(Decision::Assess(ASSESSMENT_SECONDS)),
        "assess" => {
            let seconds = number.parse().ok()?;
            let bounded = (1..=ASSESSMENT_SECONDS_MAX).contains(&seconds);
            simple(bounded.then_some(Decision::Assess(seconds))?)
        }
        "cancel" => simple(Decision::Cancel),
        "expire" => Choice {
            then: Then::Page,
            ..simple(Decision::Expire)
        },
        "twice" => disturbed(fault(Kind::DuplicateCallback, None), Then::ShopTwice),
        "late" => {
            let seconds: u64 = number.parse().ok()?;
            let bounded = (1..=LATE_SECONDS_MAX).contains(&seconds);
            disturbed(
                fault(Kind::Delay, Some(bounded.then_some(seconds * 1000)?)),
                Then::Shop,
            )
        }
        "no_notice" => disturbed(fault(Kind::NoCallback, None), Then::Shop),
        "no_return" => disturbed(None, Then::Stays),
        _ => return None,
    };
    Some(choice)
}

fn fault(kind: Kind, ms: Option<u64>) -> Option<Fault> {
    Some(Fault {
        kind,
        code: None,
        ms,
        body: None,
    })
}

fn rejection(reason: &str) -> Decision {
    let code = REASONS.iter().find(|known| **known == reason);
    let message = match code {
        Some(&"LIMIT_NOT_SUFFICIENT") => "Limit yetersiz",
        Some(&"SHOPPER_DECLINED") => "Müşteri vazgeçti",
        _ => "Başvuru uygun bulunmadı",
    };
    Decision::Reject(Rejection {
        code: (*code.unwrap_or(&"BANK_REJECTED")).to_owned(),
        message: message.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_out_of_bounds_decides_nothing() {
        for action in [
            "",
            "late",
            "late:0",
            "late:601",
            "late:-1",
            "late:9999999999999999999999",
            "assess:0",
            "assess:x",
            "assess:2592001",
            "close_window",
            "other",
        ] {
            assert_eq!(of_button(action, "", ""), None, "{action}");
        }
        let late = of_button("late:30", "LIMIT_NOT_SUFFICIENT", "decline").unwrap();
        assert_eq!(late.fault.unwrap().ms, Some(30_000));
        assert_eq!(late.decision, rejection("LIMIT_NOT_SUFFICIENT"));
        assert_eq!(rejection("<script>"), rejection(""));
    }
}
