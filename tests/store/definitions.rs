//! Charts and calendars: published once, never changed.

use store::calendars::CalendarRow;
use store::charts::{ChartRow, PublishError};
use store::{calendars, charts};

use crate::fresh::Fresh;

both!(
    a_chart_is_published_once_and_its_words_may_change,
    a_version_is_never_two_things,
    a_calendar_is_published_once,
);

fn chart(version: i64, sha: &str) -> ChartRow {
    ChartRow {
        name: "report".to_owned(),
        version,
        sha: sha.repeat(64),
        definition: r#"{"initial":"draft"}"#.to_owned(),
        document: "chart: report".to_owned(),
        wording: r#"{"draft":"Dự thảo"}"#.to_owned(),
    }
}

async fn a_chart_is_published_once_and_its_words_may_change(fresh: &Fresh) {
    let store = &fresh.store;
    charts::publish(store, &chart(2, "b"), 0).await.unwrap();
    charts::publish(store, &chart(1, "a"), 0).await.unwrap();
    let reworded = ChartRow { wording: r#"{"draft":"Bản thảo"}"#.to_owned(), ..chart(1, "a") };
    charts::publish(store, &reworded, 9).await.unwrap();
    assert_eq!(charts::list(store).await.unwrap(), [reworded.clone(), chart(2, "b")]);
    assert_eq!(charts::find(store, "report", 1).await.unwrap(), Some(reworded));
    assert_eq!(charts::find(store, "report", 3).await.unwrap(), None);
    for sql in ["UPDATE charts SET definition = '{}'", "DELETE FROM charts"] {
        let refused = fresh.run(sql).await.unwrap_err().to_string();
        assert!(refused.contains("charts are append-only"), "{sql}: {refused}");
    }
}

async fn a_version_is_never_two_things(fresh: &Fresh) {
    let store = &fresh.store;
    charts::publish(store, &chart(1, "a"), 0).await.unwrap();
    let other = ChartRow { wording: "{}".to_owned(), ..chart(1, "b") };
    let error = charts::publish(store, &other, 0).await.unwrap_err();
    let said = error.to_string();
    assert!(
        matches!(error, PublishError::Contradiction { what: "chart", version: 1, .. }),
        "{said}"
    );
    for part in ["`report`", &"a".repeat(64), &"b".repeat(64)] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(charts::list(store).await.unwrap(), [chart(1, "a")], "nor are its words replaced");
}

async fn a_calendar_is_published_once(fresh: &Fresh) {
    let store = &fresh.store;
    let calendar = |version, sha: &str| CalendarRow {
        name: "vn".to_owned(),
        version,
        sha: sha.repeat(64),
        document: r#"{"2022":[]}"#.to_owned(),
    };
    for (version, sha) in [(1, "a"), (2, "b"), (1, "a")] {
        calendars::publish(store, &calendar(version, sha), 0).await.unwrap();
    }
    let error = calendars::publish(store, &calendar(1, "b"), 0).await.unwrap_err();
    assert!(matches!(error, PublishError::Contradiction { what: "calendar", .. }), "{error}");
    assert_eq!(calendars::list(store).await.unwrap(), [calendar(1, "a"), calendar(2, "b")]);
    let found = calendars::find(store, &"b".repeat(64)).await.unwrap();
    assert_eq!(found, Some(calendar(2, "b")));
    assert_eq!(calendars::find(store, "c").await.unwrap(), None);
    assert!(fresh.run("UPDATE calendars SET document = '{}'").await.is_err());
}
