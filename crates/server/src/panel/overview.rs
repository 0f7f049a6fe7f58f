//! `/panel`: how things go, by hour or day, renewed while one looks.

use super::chart::{self, Bar};
use super::door::Visit;
use super::{Page, format, look, render};
use crate::app::App;
use crate::clock::istanbul;
use crate::operations::Problem;
use crate::operations::figures::{self, Figures, Step};
use crate::store::figures::Approvals;
use axum::Router;
use axum::routing::get;
use connectors::lenders::LENDERS;
use contract::enums::{Currency, PaymentStatus};
use jiff::{SignedDuration, Timestamp, ToSpan};
use minijinja::{Value, context};
use std::sync::Arc;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/panel", get(look(overview)))
        .route("/panel/figures", get(look(live)))
}

async fn overview(app: Arc<App>, visit: Visit) -> Page {
    let values = overview_view(&app, &visit).await?;
    Ok(render::page(&visit, "overview.html", values))
}

/// The figures alone, for the page that renews itself.
async fn live(app: Arc<App>, visit: Visit) -> Page {
    let values = overview_view(&app, &visit).await?;
    Ok(render::page(&visit, "overview_figures.html", values))
}

/// The stretch that is looked at: its name, beginning, end and buckets. Days are Istanbul's.
fn stretch(app: &App, asked: &str) -> (&'static str, Timestamp, Timestamp, Step) {
    let now = istanbul(app.now());
    let midnight = now.start_of_day().map_or(app.now(), |day| day.timestamp());
    let days_before = |days: i64| {
        let start = istanbul(midnight).checked_sub(days.days());
        start.map_or(midnight, |day| day.timestamp())
    };
    // Now is part of it: ids are made in the very millisecond.
    let to = app.now() + SignedDuration::from_secs(1);
    match asked {
        "7d" => ("7d", days_before(6), to, Step::Day),
        "30d" => ("30d", days_before(29), to, Step::Day),
        _ => ("today", midnight, to, Step::Hour),
    }
}

async fn overview_view(app: &App, visit: &Visit) -> Result<Value, Problem> {
    let (range, from, to, step) = stretch(app, visit.asked("range"));
    let figures =
        figures::retrieve(app, &visit.by(), visit.merchant_id(), (from, to), step).await?;
    let count = |status: &[PaymentStatus]| -> i64 {
        let of = figures
            .buckets
            .iter()
            .filter(|b| status.contains(&b.status));
        of.map(|bucket| bucket.payments).sum()
    };
    let approved = count(&[PaymentStatus::Success]);
    let failed = count(&[PaymentStatus::Failure]);
    let all: i64 = figures.buckets.iter().map(|bucket| bucket.payments).sum();
    let ready: i64 = figures
        .loans
        .iter()
        .filter(|l| l.state == "READY")
        .map(|l| l.loans)
        .sum();
    Ok(context! {
        range, approved, failed, all, ready,
        open => all - approved - failed,
        decided => approved + failed,
        doubts => figures.doubts, asked => figures.asked,
        lender => context! { tr => LENDERS[0].set_it_up.tr, en => LENDERS[0].set_it_up.en },
        volumes => volumes(&figures),
        rewards => figures.rewards.iter().map(|spent| context! {
            currency => spent.currency.as_str(), payments => spent.payments,
            total => spent.card + spent.firm + spent.mile,
            card => spent.card, firm => spent.firm, mile => spent.mile,
        }).collect::<Vec<_>>(),
        volume_chart => volume_chart(visit, &figures, step),
        count_chart => count_chart(visit, &figures, step),
        rows => rows(visit, &figures, step),
        by_bank => approvals(&by_bank(&figures.by_pos)),
        by_brand => approvals(&figures.by_brand),
        errors => errors(visit, &figures),
        loans => figures.loans.iter().map(|loans| context! {
            bank => &loans.bank_code, state => &loans.state, loans => loans.loans,
            currency => loans.currency.as_str(), amount => loans.amount,
        }).collect::<Vec<_>>(),
    })
}

/// What was taken, by currency; lira stands even when it is nothing.
fn volumes(figures: &Figures) -> Vec<Value> {
    let mut sums: Vec<(Currency, i64)> = vec![(Currency::Try, 0)];
    for bucket in &figures.buckets {
        match sums.iter_mut().find(|(known, _)| *known == bucket.currency) {
            Some((_, sum)) => *sum += bucket.captured,
            None => sums.push((bucket.currency, bucket.captured)),
        }
    }
    let shown = sums
        .iter()
        .filter(|(known, sum)| *sum > 0 || *known == Currency::Try);
    shown
        .map(|(known, sum)| context! { currency => known.as_str(), sum })
        .collect()
}

fn label(visit: &Visit, starts: Timestamp, step: Step) -> String {
    match step {
        Step::Hour => istanbul(starts).strftime("%H").to_string(),
        Step::Day => {
            let day = format::day(visit.language, starts);
            day.rsplit_once(' ')
                .map_or(day.clone(), |(day, _)| day.to_owned())
        }
    }
}

/// The day's hours up to midnight, so that bars keep their place as the day goes on.
fn starts(figures: &Figures, step: Step) -> Vec<Timestamp> {
    let mut starts = figures.starts.clone();
    while step == Step::Hour && !starts.is_empty() && starts.len() < 24 {
        let last = starts.last().copied().unwrap_or(Timestamp::MIN);
        starts.push(last + SignedDuration::from_hours(1));
    }
    starts
}

fn summed(figures: &Figures, starts: Timestamp, of: impl Fn(&figures::Bucket) -> i64) -> i64 {
    let here = figures
        .buckets
        .iter()
        .filter(|bucket| bucket.starts_at == starts);
    here.map(of).sum()
}

fn volume_chart(visit: &Visit, figures: &Figures, step: Step) -> Value {
    let lira = |bucket: &figures::Bucket| match bucket.currency {
        Currency::Try => bucket.captured,
        _ => 0,
    };
    let bars: Vec<Bar> = starts(figures, step)
        .into_iter()
        .map(|at| Bar {
            label: label(visit, at, step),
            parts: vec![summed(figures, at, lira)],
        })
        .collect();
    chart::bars(&bars, &["f1"], |top| {
        format::money(visit.language, top, Currency::Try)
    })
}

/// Approved, failed and open payments of a bucket.
fn counts(figures: &Figures, at: Timestamp) -> [i64; 3] {
    let of = |wanted: &dyn Fn(PaymentStatus) -> bool| {
        summed(
            figures,
            at,
            |b| if wanted(b.status) { b.payments } else { 0 },
        )
    };
    let approved = of(&|status| status == PaymentStatus::Success);
    let failed = of(&|status| status == PaymentStatus::Failure);
    [approved, failed, of(&|_| true) - approved - failed]
}

fn count_chart(visit: &Visit, figures: &Figures, step: Step) -> Value {
    let bars: Vec<Bar> = starts(figures, step)
        .into_iter()
        .map(|at| Bar {
            label: label(visit, at, step),
            parts: counts(figures, at).to_vec(),
        })
        .collect();
    chart::bars(&bars, &["f4", "f5", "f2"], |top| {
        format::number(visit.language, top)
    })
}

/// The table behind both charts: buckets in which something happened.
fn rows(visit: &Visit, figures: &Figures, step: Step) -> Vec<Value> {
    let rows = figures.starts.iter().filter_map(|at| {
        let [approved, failed, open] = counts(figures, *at);
        let mut volumes: Vec<(Currency, i64)> = Vec::new();
        for bucket in figures
            .buckets
            .iter()
            .filter(|b| b.starts_at == *at && b.captured > 0)
        {
            volumes.push((bucket.currency, bucket.captured));
        }
        let hour = istanbul(*at).strftime("%H:%M").to_string();
        let name = match step {
            Step::Hour => hour,
            Step::Day => format::day(visit.language, *at),
        };
        let volumes: Vec<Value> = volumes
            .iter()
            .map(|(known, sum)| context! { currency => known.as_str(), sum })
            .collect();
        (approved + failed + open > 0).then(|| context! { name, approved, failed, open, volumes })
    });
    rows.collect()
}

/// The POSes of one bank taken together, under the bank's name.
fn by_bank(of_poses: &[Approvals]) -> Vec<Approvals> {
    let mut banks: Vec<Approvals> = Vec::new();
    for pos in of_poses {
        match banks.iter_mut().find(|bank| bank.bank_id == pos.bank_id) {
            Some(bank) => {
                bank.approved += pos.approved;
                bank.declined += pos.declined;
            }
            None => {
                let known = connectors::directory::bank_name(pos.bank_id);
                let name = known.unwrap_or(&pos.name).to_owned();
                banks.push(Approvals {
                    name,
                    ..pos.clone()
                });
            }
        }
    }
    banks
}

fn approvals(of: &[Approvals]) -> Vec<Value> {
    of.iter()
        .map(|one| {
            let all = one.approved + one.declined;
            context! { name => &one.name, approved => one.approved, all, permille => permille(one.approved, all) }
        })
        .collect()
}

fn permille(part: i64, whole: i64) -> i64 {
    match whole {
        0 => 0,
        _ => part.saturating_mul(1000) / whole,
    }
}

fn errors(visit: &Visit, figures: &Figures) -> Vec<Value> {
    let most = figures
        .errors
        .iter()
        .map(|(_, count)| *count)
        .max()
        .unwrap_or(0);
    figures
        .errors
        .iter()
        .map(|(group, count)| {
            context! {
                group => group.as_str(), text => group.text(visit.language), count,
                permille => permille(*count, most),
            }
        })
        .collect()
}
