//! What is due: webhooks to deliver, payments, loans, refunds and captures in doubt, holds that are over, reports to make, days to compare. A row says by
//! itself when it is due (decision 0001); here the rows of all seven tables are looked for in one way.

use super::db::{Commit, Row, Unavailable, params};
use super::id_list;
use crate::app::App;
use crate::desk::{Due, Kind};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// Which part of what is due is looked at.
pub struct Look<'a> {
    /// Our shards.
    pub shards: &'a [i64],
    /// Due by then.
    pub now: Timestamp,
    /// Behind this one; from the beginning when absent.
    pub after: Option<&'a Due>,
    /// Leaving these lanes out.
    pub without: &'a [i64],
    /// At most so many.
    pub limit: i64,
}

/// What is due, the longest due first.
pub async fn look(app: &App, kind: Kind, look: &Look<'_>) -> Result<Vec<Due>, Unavailable> {
    let shards = id_list(look.shards);
    // No id is negative.
    let without = match look.without {
        [] => "-1".to_owned(),
        lanes => id_list(lanes),
    };
    let sql = match kind {
        Kind::Webhook => format!(
            "select w.merchant_id, w.id, w.due_at, w.merchant_id as lane, m.webhook_url as address \
             from webhooks w left join merchants m on m.id = w.merchant_id \
             where w.shard in ({shards}) and w.due_at <= $1 and w.due_at >= $2 \
             and (w.due_at > $2 or w.id > $3) and w.merchant_id not in ({without}) \
             order by w.due_at, w.id limit $4"
        ),
        Kind::Payment => format!(
            "select a.merchant_id, a.payment_id as id, a.inquire_at as due_at, a.pos_id as lane, p.settings as address \
             from attempts a left join merchant_poses p on p.merchant_id = a.merchant_id and p.id = a.pos_id \
             where a.shard in ({shards}) and a.inquire_at <= $1 and a.inquire_at >= $2 \
             and (a.inquire_at > $2 or a.payment_id > $3) and a.pos_id not in ({without}) \
             order by a.inquire_at, a.payment_id limit $4"
        ),
        Kind::Loan => format!(
            "select l.merchant_id, l.payment_id as id, l.inquire_at as due_at, l.apm_id as lane, m.api_url as address \
             from loans l left join merchant_apms m on m.merchant_id = l.merchant_id and m.id = l.apm_id \
             where l.shard in ({shards}) and l.inquire_at <= $1 and l.inquire_at >= $2 \
             and (l.inquire_at > $2 or l.payment_id > $3) and l.apm_id not in ({without}) \
             order by l.inquire_at, l.payment_id limit $4"
        ),
        Kind::Refund => format!(
            "select r.merchant_id, r.id, r.inquire_at as due_at, coalesce(r.pos_id, r.apm_id) as lane, \
             p.settings as address, m.api_url as lender \
             from refunds r left join merchant_poses p on p.merchant_id = r.merchant_id and p.id = r.pos_id \
             left join merchant_apms m on m.merchant_id = r.merchant_id and m.id = r.apm_id \
             where r.shard in ({shards}) and r.inquire_at <= $1 and r.inquire_at >= $2 \
             and (r.inquire_at > $2 or r.id > $3) and coalesce(r.pos_id, r.apm_id) not in ({without}) \
             order by r.inquire_at, r.id limit $4"
        ),
        Kind::Capture => format!(
            "select c.merchant_id, c.id, c.inquire_at as due_at, c.pos_id as lane, p.settings as address \
             from captures c left join merchant_poses p on p.merchant_id = c.merchant_id and p.id = c.pos_id \
             where c.shard in ({shards}) and c.inquire_at <= $1 and c.inquire_at >= $2 \
             and (c.inquire_at > $2 or c.id > $3) and c.pos_id not in ({without}) \
             order by c.inquire_at, c.id limit $4"
        ),
        Kind::Report => format!(
            "select d.merchant_id, d.id, d.due_at, d.merchant_id as lane from report_demands d \
             where d.shard in ({shards}) and d.due_at <= $1 and d.due_at >= $2 \
             and (d.due_at > $2 or d.id > $3) and d.merchant_id not in ({without}) \
             order by d.due_at, d.id limit $4"
        ),
        Kind::Reconciliation => format!(
            "select r.merchant_id, r.id, r.due_at, r.pos_id as lane, p.settings as address \
             from reconciliations r left join merchant_poses p on p.merchant_id = r.merchant_id and p.id = r.pos_id \
             where r.shard in ({shards}) and r.due_at <= $1 and r.due_at >= $2 \
             and (r.due_at > $2 or r.id > $3) and r.pos_id not in ({without}) \
             order by r.due_at, r.id limit $4"
        ),
    };
    let (since, behind) = look
        .after
        .map_or((Timestamp::UNIX_EPOCH, 0), |due| (due.due_at, due.id));
    let rows = app
        .db
        .rows_owned(sql, params![look.now, since, behind, look.limit])
        .await?;
    rows.iter().map(|row| read(kind, row)).collect()
}

fn read(kind: Kind, row: &Row) -> Result<Due, Unavailable> {
    let of_url = |column: &str| {
        let url = row.opt_text(column)?;
        Ok::<_, Unavailable>(url.and_then(|url| host_of(&url)))
    };
    let of_pos = || {
        let host = row.opt_json("address")?.and_then(|settings| {
            let host = settings.get("hostname")?.as_str()?;
            Some(format!("{host}:{}", settings.get("port")?))
        });
        Ok::<_, Unavailable>(host)
    };
    // A row whose POS is gone is due all the same; who works it finds out.
    let host = match kind {
        Kind::Webhook | Kind::Loan => of_url("address")?,
        Kind::Payment | Kind::Capture | Kind::Reconciliation => of_pos()?,
        Kind::Refund => of_pos()?.or(of_url("lender")?),
        Kind::Report => None,
    };
    Ok(Due {
        merchant_id: row.int("merchant_id")?,
        id: row.int("id")?,
        due_at: row.time("due_at")?,
        lane: row.int("lane")?,
        host: host.unwrap_or_default(),
    })
}

fn host_of(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let port = url.port_or_known_default()?;
    Some(format!("{}:{port}", url.host_str()?))
}

/// Further ahead than this no two clocks are that are looked after.
const CLOCKS_DIFFER_MAX: SignedDuration = SignedDuration::from_mins(10);

/// Days after which what a version before left to a person is not asked about any more.
const LEFT_DAYS: i64 = 10;

/// Makes due what was put off by a clock that was far ahead: a webhook beyond its longest wait, and
/// whatever bank or lender were asked in a time to come.
pub fn call_back(app: &App, shards: &[i64], commit: &mut Commit) {
    let now = app.now();
    let later = |wait: SignedDuration| {
        now.checked_add(wait)
            .and_then(|time| time.checked_add(CLOCKS_DIFFER_MAX))
            .unwrap_or(Timestamp::MAX)
    };
    let before = |days: i64| {
        now.checked_sub(SignedDuration::from_hours(days * 24))
            .unwrap_or(Timestamp::UNIX_EPOCH)
    };
    let longest = app.settings.webhook_waits.iter().max();
    let longest = longest.map_or(Duration::ZERO, |wait| *wait);
    let longest = SignedDuration::try_from(longest).unwrap_or(SignedDuration::ZERO);
    for shard in shards {
        commit.maybe(
            "update webhooks set due_at = $2 where shard = $1 and due_at > $3",
            params![*shard, now, later(longest)],
        );
        commit.maybe(
            "update attempts set inquire_at = $2 where shard = $1 and inquire_at > $2 and asked_at > $3 \
             and state not in ('PAGE', 'APPROVED')",
            params![*shard, now, later(SignedDuration::ZERO)],
        );
        commit.maybe(
            "update loans set inquire_at = $2 where shard = $1 and inquire_at > $2 and asked_at > $3",
            params![*shard, now, later(SignedDuration::ZERO)],
        );
        commit.maybe(
            "update refunds set inquire_at = $2 where shard = $1 and inquire_at > $2 and asked_at > $3",
            params![*shard, now, later(SignedDuration::ZERO)],
        );
        commit.maybe(
            "update captures set inquire_at = $2 where shard = $1 and inquire_at > $2 and asked_at > $3",
            params![*shard, now, later(SignedDuration::ZERO)],
        );
        commit.maybe(
            "update report_demands set due_at = $2 where shard = $1 and due_at > $3",
            params![*shard, now, later(SignedDuration::ZERO)],
        );
        // What a version before left to a person for good is asked about once more, and then by the
        // schedule of REVIEW. Not what is old: a bank may have forgotten it.
        commit.maybe(
            "update attempts set inquire_at = $2 where shard = $1 and inquire_at is null and state = 'REVIEW' \
             and review_since is null and asked_at > $3",
            params![*shard, now, before(LEFT_DAYS)],
        );
        commit.maybe(
            "update loans set inquire_at = $2 where shard = $1 and inquire_at is null and review_since is null \
             and state in ('ASKED', 'PENDING', 'ASSESSING', 'READY', 'CONFIRMING') and asked_at > $3",
            params![*shard, now, before(LEFT_DAYS)],
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_host_are_one_host() {
        for same in [
            "https://Shop.example.com/a",
            "https://shop.example.com:443/b?c",
        ] {
            assert_eq!(host_of(same).as_deref(), Some("shop.example.com:443"));
        }
        assert_eq!(host_of("nowhere"), None);
    }
}
