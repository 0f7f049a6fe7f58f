//! Payment plans in whole numbers. Rounding: the growth factor is kept to eighteen places, rounded
//! half up; the instalment is rounded up to the next kuruş, so that the instalments always repay
//! the loan; the total is the instalment times the months.

/// One payment plan. Amounts in kuruş, rates in millionths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Months.
    pub(crate) term: u16,
    /// One instalment.
    pub(crate) amount: i64,
    /// All instalments.
    pub(crate) total_amount: i64,
    /// A month.
    pub(crate) interest_rate: i64,
    /// A year: twelve times the month's, not compounded.
    pub(crate) annual_interest_rate: i64,
}

/// Places of the growth factor.
const FACTOR_ONE: u128 = 1_000_000_000_000_000_000;
/// A rate of one (a hundred percent) in millionths of a percent.
const RATE_ONE: u128 = 100_000_000;

/// Equal instalments: `amount * r * g / (g - 1)` with `g = (1 + r)^term`. None for a term or an
/// amount of nothing, or one beyond what the arithmetic holds (a thousand million lira).
pub(crate) fn annuity(amount: i64, term: u16, monthly_rate: i64) -> Option<Plan> {
    let principal = u128::try_from(amount).ok().filter(|amount| *amount > 0)?;
    let rate = u128::try_from(monthly_rate).ok()?;
    let months = u128::from(term);
    if months == 0 {
        return None;
    }
    let mut factor = FACTOR_ONE;
    for _ in 0..term {
        let grown = factor.checked_mul(RATE_ONE + rate)?;
        factor = grown.checked_add(RATE_ONE / 2)? / RATE_ONE;
    }
    let instalment = if rate == 0 {
        principal.div_ceil(months)
    } else {
        let numerator = principal.checked_mul(rate)?.checked_mul(factor)?;
        numerator.div_ceil(RATE_ONE.checked_mul(factor - FACTOR_ONE)?)
    };
    let instalment = i64::try_from(instalment).ok()?;
    Some(Plan {
        term,
        amount: instalment,
        total_amount: instalment.checked_mul(i64::from(term))?,
        interest_rate: monthly_rate,
        annual_interest_rate: monthly_rate.checked_mul(12)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instalment_is_the_annuity_rounded_up() {
        // Checked with exact fractions elsewhere.
        let plan = annuity(1_000_000, 12, 3_590_000).unwrap();
        assert_eq!(plan.amount, 104_033);
        assert_eq!(plan.total_amount, 104_033 * 12);
        assert_eq!(plan.annual_interest_rate, 43_080_000);
    }

    #[test]
    fn the_instalments_repay_the_loan_and_not_a_kurus_a_month_more() {
        for (amount, term, rate) in [(50_000, 3, 3_490_000), (12_345_678, 36, 4_250_000)] {
            let owed_after = |instalment: i64| {
                (0..term).fold(i128::from(amount) * 100_000_000, |owed, _| {
                    owed + owed * i128::from(rate) / 100_000_000
                        - i128::from(instalment) * 100_000_000
                })
            };
            let plan = annuity(amount, term, rate).unwrap();
            assert!(owed_after(plan.amount) <= 0);
            assert!(owed_after(plan.amount - 1) > 0);
        }
    }

    #[test]
    fn without_interest_it_is_the_share_and_nothing_is_lent_for_no_months() {
        assert_eq!(annuity(1_000, 3, 0).unwrap().amount, 334);
        assert_eq!(annuity(1_000, 0, 3_590_000), None);
        assert_eq!(annuity(0, 3, 3_590_000), None);
        assert_eq!(annuity(i64::MAX, 36, 4_250_000), None);
    }
}
