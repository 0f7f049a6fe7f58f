//! A day of a POS is compared with its bank's list of it: what differs is written down for people, and what is in doubt
//! here is asked about at once. Nothing moves money: a list is evidence, and what becomes of a doubt is the inquiry's.

mod books;
mod judge;

use super::bank_call::BankCall;
use super::{CONFLICTS_MAX, inquiry};
use crate::app::{App, CALLER_WAIT};
use crate::clock::{first_id_at, istanbul};
use crate::problem::Problem;
use crate::store::db::{Commit, Unavailable};
use crate::store::poses::Pos;
use crate::store::reconciliations::{
    self as runs, Closing, Difference, DifferenceKind, Run, RunState, Source,
};
use crate::store::{attempts, captures, refunds};
use books::{Books, Ours, plain_id};
use connectors::bank::{BankMove, Doubt, ListGaps, Verb};
use connectors::protocol::Protocol;
use connectors::{directory, scrub};
use contract::enums::PosIntegrator;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use judge::{Asked, Finding, Judgement};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Differences of a day that are kept.
pub const DIFFERENCES_MAX: usize = 500;
/// Differences of a day that are kept with those that were closed since.
const ROWS_MAX: usize = 2_000;
/// Characters of an order id that is somebody else's.
const ORDER_ID_MAX: usize = 64;
/// The hour in Istanbul from which a bank's list of the day before is taken to be complete.
pub const LISTED_FROM_HOUR: i8 = 6;
/// Days that are compared, or compared again, after they are over.
const LOOK_BACK_DAYS: i8 = 7;
/// The waits before a bank that gave no list is asked again; then a person is told.
const WAITS: [SignedDuration; 5] = [
    SignedDuration::from_mins(15),
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(3),
    SignedDuration::from_hours(6),
    SignedDuration::from_hours(12),
];

/// What a day is compared with.
pub enum List<'a> {
    /// The bank's own list.
    Bank,
    /// The moves of a file, which may be of other days too.
    File(&'a [BankMove]),
}

/// Why a day could not be compared.
pub enum Uncompared {
    /// The bank gave no list.
    NoList(Doubt),
    /// Something of ours failed.
    Problem(Problem),
}

impl From<Unavailable> for Uncompared {
    fn from(error: Unavailable) -> Uncompared {
        Uncompared::Problem(error.into())
    }
}

impl From<Problem> for Uncompared {
    fn from(problem: Problem) -> Uncompared {
        Uncompared::Problem(problem)
    }
}

/// Whether the bank of a POS gives its list by itself.
pub fn has_list(integrator: PosIntegrator) -> bool {
    directory::can(integrator, Verb::DayList)
}

/// Compares a day of a POS and writes what differs. A day that was compared before is compared anew: what is there is
/// brought up to date, and what is gone is closed. `noted` adds to the commit of it.
pub async fn compare(
    app: &App,
    pos: &Pos,
    day: Date,
    list: List<'_>,
    noted: impl Fn(&Run, &mut Commit),
) -> Result<Run, Uncompared> {
    let (listed, source, gaps) = match list {
        List::Bank => {
            let protocol = directory::protocol(pos.integrator);
            let gaps = protocol.map(Protocol::list_gaps).unwrap_or_default();
            (ask(app, pos, day).await?, Source::Bank, gaps)
        }
        List::File(moves) => (moves.to_vec(), Source::File, ListGaps::default()),
    };
    let on = |moves: &[BankMove], day: Date| -> Vec<BankMove> {
        let of_day = moves.iter().filter(|one| date_of(one) == Some(day));
        of_day.cloned().collect()
    };
    let told = match source {
        // What a bank lists without a moment, it lists of this day.
        Source::Bank => listed.clone(),
        Source::File => on(&listed, day),
    };
    for _ in 0..CONFLICTS_MAX {
        let books = Books::read(app, pos, day, &told).await?;
        let judged = judge_all(day, gaps, &told, &books);
        let is_near = judged.iter().any(|one| one.judgement.is_near());
        let judged = match source {
            _ if !is_near => judged,
            Source::Bank => {
                let beside = ask_beside(app, pos, day, &judged).await?;
                without_neighbours(judged, &beside, day, source)
            }
            Source::File => without_neighbours(judged, &listed, day, source),
        };
        if let Some(run) = write(app, pos, (day, source), (&told, judged), &noted).await? {
            return Ok(run);
        }
    }
    Err(Problem::Moved.into())
}

fn date_of(one: &BankMove) -> Option<Date> {
    one.at.map(|at| at.date())
}

async fn ask(app: &App, pos: &Pos, day: Date) -> Result<Vec<BankMove>, Uncompared> {
    let call = BankCall::without_payment(app, pos).map_err(Uncompared::NoList)?;
    let listed = call.bank.day_list(call.context(), day).await;
    listed.map_err(Uncompared::NoList)
}

/// An order and how it was judged.
struct Judged<'a> {
    order_id: String,
    judgement: Judgement<'a>,
    /// `None` where no payment has it.
    ours: Option<&'a Ours>,
    /// The first move of it in the list.
    first: Option<&'a BankMove>,
}

fn judge_all<'a>(
    day: Date,
    gaps: ListGaps,
    told: &'a [BankMove],
    books: &'a Books,
) -> Vec<Judged<'a>> {
    let mut moves: BTreeMap<&str, Vec<&BankMove>> = BTreeMap::new();
    for one in told {
        moves.entry(plain_id(&one.order_id)).or_default().push(one);
    }
    for order in books.orders.values().flatten() {
        moves.entry(plain_id(&order.order_id)).or_default();
    }
    let mut judged = Vec::new();
    // Of rows without an order id it is not known which belong together: one says nothing of another.
    if !books.orders.contains_key("")
        && let Some(rows) = moves.remove("")
    {
        judged.extend(rows.into_iter().map(|row| Judged {
            order_id: row.host_reference.clone(),
            judgement: judge::order(day, gaps, &[row], None),
            ours: None,
            first: Some(row),
        }));
    }
    for (id, rows) in moves {
        let is_here = books.orders.contains_key(id);
        if !is_here && books.elsewhere.contains(id) {
            continue;
        }
        let ours = books.orders.get(id).map_or(&[][..], Vec::as_slice);
        let first = rows.first().copied();
        // An order id that was declined may be used again: the try that was taken is the one to compare.
        let chosen = judge::of_tries(ours);
        let judgement = judge::order(day, gaps, &rows, chosen);
        let theirs = first.map_or("", |one| &one.order_id);
        judged.push(Judged {
            order_id: chosen.map_or(theirs, |ours| &ours.order_id).to_owned(),
            judgement,
            ours: chosen,
            first,
        });
    }
    judged
}

/// The bank's lists of the days beside this one, where something of ours that was near midnight is missing.
async fn ask_beside(
    app: &App,
    pos: &Pos,
    day: Date,
    judged: &[Judged<'_>],
) -> Result<Vec<BankMove>, Uncompared> {
    let mut beside = Vec::new();
    let near = |early: bool| {
        let mut findings = judged.iter().flat_map(|one| &one.judgement.findings);
        findings.any(|finding| finding.near == Some(early))
    };
    let neighbours = [(true, day.yesterday()), (false, day.tomorrow())];
    for (early, neighbour) in neighbours {
        if let (true, Ok(neighbour)) = (near(early), neighbour) {
            beside.extend(ask(app, pos, neighbour).await?);
        }
    }
    Ok(beside)
}

/// What is missing of this day's list but near midnight is no difference where a neighbouring day has moves of the
/// order; nor where the source cannot tell.
fn without_neighbours<'a>(
    mut judged: Vec<Judged<'a>>,
    beside: &[BankMove],
    day: Date,
    source: Source,
) -> Vec<Judged<'a>> {
    let other_days = beside.iter().filter(|one| date_of(one) != Some(day));
    let known: HashMap<&str, Vec<&BankMove>> = other_days.fold(HashMap::new(), |mut all, one| {
        all.entry(plain_id(&one.order_id)).or_default().push(one);
        all
    });
    let has_day = |early: bool| {
        let neighbour = if early {
            day.yesterday()
        } else {
            day.tomorrow()
        };
        let neighbour = neighbour.ok();
        source == Source::Bank || beside.iter().any(|one| date_of(one) == neighbour)
    };
    for one in &mut judged {
        let moves = known.get(plain_id(&one.order_id));
        one.judgement.findings.retain(|finding| match finding.near {
            None => true,
            Some(early) => has_day(early) && !moves.is_some_and(|all| finding.is_told_by(all)),
        });
    }
    judged
}

/// Writes a comparison. `None` when another one crossed it.
async fn write(
    app: &App,
    pos: &Pos,
    (day, source): (Date, Source),
    (told, judged): (&[BankMove], Vec<Judged<'_>>),
    noted: &impl Fn(&Run, &mut Commit),
) -> Result<Option<Run>, Problem> {
    let of = (pos.merchant_id, pos.id);
    let now = app.now();
    let was = runs::of_day(app, of, day).await?;
    let known = runs::differences_of_day(app, of, day).await?;
    let mut commit = Commit::new(pos.merchant_id, pos.id);
    for one in &judged {
        one.judgement
            .asked
            .iter()
            .for_each(|asked| ask_soon(app, asked, day, &mut commit));
    }
    let found = found(app, pos, (day, source), judged);
    let mut run = was.clone().unwrap_or_else(|| Run::new(app, of, day));
    run.state = RunState::Compared;
    run.source = Some(source);
    run.compared_at = Some(now);
    run.moves = count(told.len());
    run.differences = count(found.len());
    (run.tries, run.message, run.due_at) = (0, None, None);
    match was {
        Some(_) => runs::save(&run, &mut commit),
        None => runs::insert(&run, &mut commit),
    }
    // Where the bank gives its list, a file that a person brings is less than that.
    let is_less = source == Source::File && has_list(pos.integrator);
    write_differences(now, is_less, (known, found), &mut commit);
    noted(&run, &mut commit);
    if app.commit(commit).await?.is_conflict() {
        return Ok(None);
    }
    tracing::info!(pos = pos.id, %day, moves = run.moves, differences = run.differences, "a day was compared with its bank's list");
    Ok(Some(run))
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// Has the bank asked at once, unless somebody asked out of turn since the day is over and within the wait that the
/// schedule keeps: comparing again and again asks once.
fn ask_soon(app: &App, asked: &Asked<'_>, day: Date, commit: &mut Commit) {
    let now = app.now();
    let times = |inquiries: i64, review_since: Option<Timestamp>| {
        let next = inquiry::next_inquiry(app, inquiries, review_since).at;
        let wait = next.map_or(CALLER_WAIT, |next| next.duration_since(now));
        let before = now.checked_sub(wait).unwrap_or(Timestamp::MIN);
        (now, before.max(end_of(day)))
    };
    match asked {
        Asked::Attempt(one) => {
            let (of, times) = (
                (one.merchant_id, one.id, one.state),
                times(one.inquiries, one.review_since),
            );
            attempts::look_now(of, times, commit);
        }
        Asked::Refund(one) => {
            refunds::look_now(one, times(one.inquiries, one.review_since), commit)
        }
        Asked::Capture(one) => {
            captures::look_now(one, times(one.inquiries, one.review_since), commit)
        }
    }
}

/// How early a difference is kept, where there is no room for all: money that the bank has and should not have first, what
/// its list may only have left out last.
fn rank(kind: DifferenceKind) -> u8 {
    use DifferenceKind::{Amount, NotAtBank, TakenFailed, TakenInDoubt, TakenUnknown};
    match kind {
        TakenFailed | TakenInDoubt | TakenUnknown | Amount => 0,
        NotAtBank => 2,
        _ => 1,
    }
}

/// The differences as rows, one of a kind for an order, by rank, and in it those about payments of ours first.
fn found(
    app: &App,
    pos: &Pos,
    (day, source): (Date, Source),
    judged: Vec<Judged<'_>>,
) -> Vec<Difference> {
    let now = app.now();
    let mut found: BTreeMap<(u8, bool, String, &str), Difference> = BTreeMap::new();
    for one in judged {
        let (ours, first) = (one.ours, one.first);
        let order_id = match ours {
            Some(_) => one.order_id,
            None => scrub::line(&one.order_id, ORDER_ID_MAX),
        };
        for finding in one.judgement.findings {
            let Finding {
                kind,
                ours: here,
                theirs,
                their_currency,
                ..
            } = finding;
            let words = |text: &str| scrub::line(text, ORDER_ID_MAX);
            let difference = Difference {
                merchant_id: pos.merchant_id,
                id: app.next_id(),
                pos_id: pos.id,
                day,
                order_id: order_id.clone(),
                kind,
                source,
                payment_id: ours.map(|ours| ours.payment_id),
                currency: ours.map_or(pos.currency, |ours| ours.currency),
                their_currency,
                ours: here,
                theirs,
                reference: first.map_or_else(String::new, |one| words(&one.host_reference)),
                card: first.map_or_else(String::new, |one| words(&one.card)),
                first_seen_at: now,
                last_seen_at: now,
                closing: None,
                closed_at: None,
                closed_by: None,
                note: None,
            };
            let key = (rank(kind), ours.is_none(), order_id.clone(), kind.as_str());
            match found.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(difference);
                }
                // Rows without an order id that nothing tells apart are one difference, of all their money.
                Entry::Occupied(mut same) => {
                    let before = same.get().theirs;
                    let both = before.zip(difference.theirs);
                    same.get_mut().theirs = both.and_then(|(one, other)| one.checked_add(other));
                }
            }
        }
    }
    found.into_values().collect()
}

/// Adds what is new as far as there is room, brings up to date what is there, and closes what is gone. What a person
/// closed stays closed as long as both amounts are what they were, and what the bank's own list told stays open as it
/// is where less than that `is_less` tells otherwise.
fn write_differences(
    now: Timestamp,
    is_less: bool,
    (known, found): (Vec<Difference>, Vec<Difference>),
    commit: &mut Commit,
) {
    let is_told = |was: &Difference| is_less && was.source == Source::Bank && was.closing.is_none();
    let key = |one: &Difference| (one.order_id.clone(), one.kind.as_str());
    let rows = known.len();
    let mut known: HashMap<_, Difference> = known.into_iter().map(|one| (key(&one), one)).collect();
    let again: HashSet<_> = found.iter().map(&key).collect();
    let stay = known
        .iter()
        .filter(|(key, was)| again.contains(*key) || is_told(was));
    let room = DIFFERENCES_MAX.saturating_sub(stay.count());
    let mut room = room.min(ROWS_MAX.saturating_sub(rows));
    for fresh in found {
        match known.remove(&key(&fresh)) {
            None if room == 0 => {}
            None => {
                room -= 1;
                runs::insert_difference(&fresh, commit);
            }
            Some(was) if is_told(&was) => {}
            Some(was) => {
                let same = (was.ours, was.theirs) == (fresh.ours, fresh.theirs);
                let mut is = Difference {
                    first_seen_at: was.first_seen_at,
                    ..fresh
                };
                if same && was.closing == Some(Closing::ByHand) {
                    (is.closing, is.closed_at) = (was.closing, was.closed_at);
                    (is.closed_by, is.note) = (was.closed_by.clone(), was.note.clone());
                }
                runs::save_difference(&is, &was, commit);
            }
        }
    }
    let open = |was: &Difference| was.closing.is_none() && !is_told(was);
    for was in known.into_values().filter(open) {
        let gone = Difference {
            closing: Some(Closing::Gone),
            closed_at: Some(now),
            ..was.clone()
        };
        runs::save_difference(&gone, &was, commit);
    }
}

/// Plans the comparisons of the days that are over at banks that give their list, and once more of those that have
/// open differences. Any process may do it, and several at once.
pub async fn plan(app: &App) -> Result<(), Unavailable> {
    let Some(last) = last_listed(app) else {
        return Ok(());
    };
    let first = last.saturating_sub(jiff::Span::new().days(LOOK_BACK_DAYS - 1));
    let since = first_id_at(begin_of(first));
    let accounts = runs::accounts(app, since).await?;
    for (merchant_id, pos_id, integrator) in accounts {
        if !has_list(integrator) {
            continue;
        }
        let mut commit = Commit::new(merchant_id, pos_id);
        let mut day = first;
        while day <= last {
            // An account that was not here on a day has nothing to be compared.
            if pos_id < first_id_at(end_of(day)) {
                runs::plan(&Run::new(app, (merchant_id, pos_id), day), &mut commit);
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        app.commit(commit).await?.ignore_conflict();
    }
    let listed_from = last
        .tomorrow()
        .map_or(Timestamp::MIN, |day| moment(day, LISTED_FROM_HOUR));
    let mut commit = Commit::new(0, 0);
    runs::plan_again(first, listed_from, app.now(), &mut commit);
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}

/// The last day whose list is taken to be complete.
pub fn last_listed(app: &App) -> Option<Date> {
    let now = app.istanbul_now();
    let yesterday = now.date().yesterday().ok()?;
    if now.hour() >= LISTED_FROM_HOUR {
        Some(yesterday)
    } else {
        yesterday.yesterday().ok()
    }
}

/// An hour of a day in Istanbul.
fn moment(day: Date, hour: i8) -> Timestamp {
    let zone = istanbul(Timestamp::UNIX_EPOCH).time_zone().clone();
    let at = day.at(hour, 0, 0, 0).to_zoned(zone);
    at.map_or(Timestamp::MAX, |at| at.timestamp())
}

/// When a day begins in Istanbul.
fn begin_of(day: Date) -> Timestamp {
    moment(day, 0)
}

/// When a day is over in Istanbul.
fn end_of(day: Date) -> Timestamp {
    day.tomorrow().map_or(Timestamp::MAX, begin_of)
}

/// Carries out a comparison that is due. A bank that gives no list is asked again with growing waits; then a person
/// is told.
pub async fn carry_out(app: &App, pos: &Pos, run: &Run) -> Result<(), Problem> {
    let doubt = match compare(app, pos, run.day, List::Bank, |_, _| ()).await {
        Ok(_) => return Ok(()),
        Err(Uncompared::Problem(problem)) => return Err(problem),
        Err(Uncompared::NoList(doubt)) => doubt,
    };
    let tries = usize::try_from(run.tries).unwrap_or(WAITS.len());
    let wait = WAITS.get(tries).filter(|_| has_list(pos.integrator));
    let next = wait.and_then(|wait| app.now().checked_add(*wait).ok());
    let mut run = run.clone();
    run.tries += 1;
    run.message = Some(scrub::words(&doubt.detail));
    run.due_at = next;
    if next.is_none() {
        let day = run.day;
        tracing::error!(pos = pos.id, %day, why = %doubt.detail, "the bank gives no list of a day: a person must compare it");
        if run.compared_at.is_none() {
            run.state = RunState::GivenUp;
        }
    }
    let mut commit = Commit::new(run.merchant_id, run.pos_id);
    runs::save(&run, &mut commit);
    app.commit(commit).await?.ignore_conflict();
    Ok(())
}
