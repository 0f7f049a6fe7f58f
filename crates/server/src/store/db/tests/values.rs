//! Values and parameters, the same on both databases.

use super::*;
use jiff::SignedDuration;

#[tokio::test(flavor = "multi_thread")]
async fn values_come_back_as_they_went() {
    for place in places().await {
        let db = open(&place).await;
        let body = json!({"a": 12.30, "ğ": [null, true, "\u{1f4b3}"]});
        let full = params![1, "İstanbul 'x' $1", true, now(), body.clone()];
        let empty = params![
            2,
            None::<String>,
            None::<bool>,
            None::<Timestamp>,
            Value::Null
        ];
        let commit = Commit::new(0, 1)
            .then(INSERT_THING, full)
            .then(INSERT_THING, empty);
        db.commit(commit).await.unwrap();
        let rows = db
            .rows("select * from things order by id", params![])
            .await
            .unwrap();
        assert_eq!(rows[0].text("label").unwrap(), "İstanbul 'x' $1");
        assert_eq!(rows[0].boolean("flag"), Ok(true));
        assert_eq!(rows[0].time("at"), Ok(now()));
        assert_eq!(rows[0].json("body"), Ok(body));
        assert_eq!(rows[1].opt_text("label"), Ok(None));
        assert_eq!(rows[1].opt_boolean("flag"), Ok(None));
        assert_eq!(rows[1].opt_time("at"), Ok(None));
        assert_eq!(rows[1].opt_json("body"), Ok(None));
        assert_eq!(rows[1].opt_int("id"), Ok(Some(2)));
        assert!(rows[1].text("label").is_err());
        assert!(rows[0].int("label").is_err());
        assert!(rows[0].int("nowhere").is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_parameter_may_occur_twice_and_be_null() {
    for place in places().await {
        let db = open(&place).await;
        db.commit(payment(1, 100)).await.unwrap();
        let filter = "select id from payments
             where merchant_id = $2 and (cast($1 as text) is null or status = $1)
               and (cast($3 as bigint) is null or captured >= $3)";
        for (status, least, found) in [
            (None, None, 1),
            (Some("OPEN"), Some(100), 1),
            (Some("PAID"), None, 0),
            (None, Some(101), 0),
        ] {
            let rows = db
                .rows_owned(filter.to_owned(), params![status, MERCHANT, least])
                .await
                .unwrap();
            assert_eq!(rows.len(), found, "{status:?} {least:?}");
        }
        let sum = "select count(*) as n, cast(coalesce(sum(captured), 0) as bigint) as total
             from payments having sum(captured) >= $1";
        let row = db.row(sum, params![100]).await.unwrap().unwrap();
        assert_eq!((row.int("n"), row.int("total")), (Ok(1), Ok(100)));
        assert_eq!(db.row(sum, params![101]).await.unwrap().map(|_| ()), None);
        assert!(db.rows(filter, params![1]).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_have_their_order() {
    for place in places().await {
        let db = open(&place).await;
        let times = [
            "0000-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.000001Z",
            "2026-01-01T00:00:00.1Z",
            "2026-01-01T00:00:01Z",
            "9999-12-30T22:00:00.999999Z",
        ]
        .map(|text| text.parse::<Timestamp>().unwrap());
        for (id, at) in (1..).zip(times.iter().rev()) {
            let thing = params![id, Value::Null, Value::Null, *at, Value::Null];
            db.commit(Commit::new(0, id).then(INSERT_THING, thing))
                .await
                .unwrap();
        }
        let rows = db
            .rows("select at from things order by at", params![])
            .await
            .unwrap();
        let read = rows.iter().map(|row| row.time("at").unwrap());
        assert_eq!(read.collect::<Vec<_>>(), times);
        let later = "select id from things where at > $1 and at <= $2";
        let within = params![times[2], times[4]];
        assert_eq!(db.rows(later, within).await.unwrap().len(), 2);
        let early = times[0] - SignedDuration::from_secs(1);
        assert!(db.rows(later, params![early, early]).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_is_refused_before_it_reaches_the_database() {
    for place in places().await {
        let db = open(&place).await;
        for (label, body) in [("a\0b", json!({})), ("a", json!({"x": ["\u{0}"]}))] {
            let thing = params![1, label, true, now(), body];
            let outcome = db.commit(Commit::new(0, 1).then(INSERT_THING, thing)).await;
            assert!(matches!(outcome, Err(CommitError::Unavailable(_))));
        }
        let shown = format!("{:?}", payment(1, 5).then(CLAIM, params![1, "5188"]));
        assert!(!shown.contains("5188"));
    }
}
