//! Heads and receipts, read.

use store::cases::{CaseFilter, StageCount};
use store::{cases, commit, receipts};

use crate::fresh::Fresh;
use crate::sample::{full, head, receipt, step};

both!(
    a_head_comes_back_as_it_was_written,
    a_list_is_narrowed_by_each_part_of_its_filter,
    pages_follow_the_order_of_ids,
    cases_of_a_chart_are_found_by_when_they_were_opened,
    stages_are_counted_open_and_ended_apart,
    heads_and_receipts_come_in_one_answer,
    open_cases_of_charts_that_are_not_known_are_named,
    cases_of_other_semantics_are_found_by_their_last_entry,
);

async fn cases_of_other_semantics_are_found_by_their_last_entry(fresh: &Fresh) {
    let under = |case_id: &str, expected, semantics| {
        let mut write = step(case_id, expected);
        write.entries[0].semantics = semantics;
        write
    };
    let births = [under("a", 0, 1), under("b", 0, 2), under("c", 0, 1), under("d", 0, 1)];
    commit(&fresh.store, &births).await.unwrap();
    commit(&fresh.store, &[under("c", 1, 2), under("b", 1, 1)]).await.unwrap();
    for (after, limit, wanted) in
        [("", 9, vec!["a", "b", "d"]), ("", 1, vec!["a"]), ("a", 9, vec!["b", "d"])]
    {
        let found = cases::of_other_semantics(&fresh.store, 2, after, limit).await.unwrap();
        let found: Vec<_> = found.iter().map(|head| head.case_id.as_str()).collect();
        assert_eq!(found, wanted, "after `{after}`");
    }
}

async fn open_cases_of_charts_that_are_not_known_are_named(fresh: &Fresh) {
    let mut writes = Vec::new();
    for (case_id, sha, done) in
        [("a", "known", false), ("b", "old", false), ("c", "older", true), ("d", "old", false)]
    {
        let mut write = step(case_id, 0);
        write.head.chart_sha = sha.to_owned();
        write.head.done = done;
        writes.push(write);
    }
    commit(&fresh.store, &writes).await.unwrap();
    let known = ["known".to_owned(), "other".to_owned()];
    let found = cases::open_under_other_charts(&fresh.store, &known).await.unwrap();
    let found: Vec<_> =
        found.iter().map(|one| (one.chart_sha.as_str(), one.case_id.as_str())).collect();
    assert_eq!(found, [("old", "b"), ("old", "d")]);
    let all = cases::open_under_other_charts(&fresh.store, &[]).await.unwrap();
    assert_eq!(all.len(), 3);
}

async fn a_head_comes_back_as_it_was_written(fresh: &Fresh) {
    let mut write = step("a", 0);
    write.head.parent_id = Some("parent".to_owned());
    write.head.done = true;
    commit(&fresh.store, std::slice::from_ref(&write)).await.unwrap();
    assert_eq!(cases::find(&fresh.store, "a").await.unwrap(), Some(write.head));
    assert_eq!(cases::find(&fresh.store, "A").await.unwrap(), None);
    let mut next = step("a", 1);
    next.head.stage = "certification".to_owned();
    commit(&fresh.store, std::slice::from_ref(&next)).await.unwrap();
    let found = cases::find(&fresh.store, "a").await.unwrap().unwrap();
    // What a case is about and who opened it were decided at its birth.
    next.head.parent_id = Some("parent".to_owned());
    assert_eq!(found, next.head);
}

async fn a_list_is_narrowed_by_each_part_of_its_filter(fresh: &Fresh) {
    let mut writes = Vec::new();
    for (case_id, chart, stage, subject, parent, done) in [
        ("a", "platform", "registration", "platform/gốm", None, false),
        ("b", "platform", "in force", "platform/gốm/x", None, true),
        ("c", "report", "", "platform/lụa", Some("a"), false),
    ] {
        let mut write = step(case_id, 0);
        write.head.chart = chart.to_owned();
        write.head.stage = stage.to_owned();
        write.head.subject = subject.to_owned();
        write.head.parent_id = parent.map(str::to_owned);
        write.head.done = done;
        writes.push(write);
    }
    commit(&fresh.store, &writes).await.unwrap();
    let all = CaseFilter::default();
    let some = |text: &str| Some(text.to_owned());
    let words = |words: &[&[&str]]| {
        let forms = |forms: &&[&str]| forms.iter().map(|form| (*form).to_owned()).collect();
        CaseFilter { words: words.iter().map(forms).collect(), ..CaseFilter::default() }
    };
    for (filter, expected) in [
        (all.clone(), vec!["a", "b", "c"]),
        (words(&[&["gốm"]]), vec!["a", "b"]),
        (words(&[&["gốm", "lụa"]]), vec!["a", "b", "c"]),
        (words(&[&["gốm"], &["x"]]), vec!["b"]),
        (words(&[&["gốm"], &["lụa"]]), vec![]),
        (words(&[&["gố"]]), vec![]),
        (words(&[&["c", "none"]]), vec!["c"]),
        (words(&[&[]]), vec![]),
        (words(&[&["%"]]), vec![]),
        (CaseFilter { chart: some("platform"), ..all.clone() }, vec!["a", "b"]),
        (CaseFilter { stage: some("in force"), ..all.clone() }, vec!["b"]),
        (CaseFilter { subject_prefix: some("platform/gốm"), ..all.clone() }, vec!["a", "b"]),
        (CaseFilter { subject_prefix: some("platform/%"), ..all.clone() }, vec![]),
        (CaseFilter { parent_id: some("a"), ..all.clone() }, vec!["c"]),
        (CaseFilter { open: Some(true), ..all.clone() }, vec!["a", "c"]),
        (CaseFilter { open: Some(false), chart: some("report"), ..all.clone() }, vec![]),
        (CaseFilter { open: Some(false), ..all }, vec!["b"]),
    ] {
        let found = cases::list(&fresh.store, &filter, "", 10).await.unwrap();
        let found: Vec<_> = found.iter().map(|head| head.case_id.as_str()).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

async fn pages_follow_the_order_of_ids(fresh: &Fresh) {
    let ids = ["Z", "_", "a", "a-b", "a1", "đ", "z"];
    let writes: Vec<_> = ids.iter().map(|case_id| step(case_id, 0)).collect();
    commit(&fresh.store, &writes).await.unwrap();
    let (mut after, mut seen) = (String::new(), Vec::new());
    loop {
        let page = cases::page(&fresh.store, &after, 2).await.unwrap();
        let listed = cases::list(&fresh.store, &CaseFilter::default(), &after, 2).await.unwrap();
        assert_eq!(page, listed);
        let Some(last) = page.last() else { break };
        after.clone_from(&last.case_id);
        seen.extend(page.into_iter().map(|head| head.case_id));
    }
    // The order of bytes, on both.
    assert_eq!(seen, ["Z", "_", "a", "a-b", "a1", "z", "đ"]);
}

async fn cases_of_a_chart_are_found_by_when_they_were_opened(fresh: &Fresh) {
    assert_eq!(cases::first_opened(&fresh.store, "report").await.unwrap(), None);
    let opened = |case_id: &str, opened_at_ms| {
        let mut write = step(case_id, 0);
        write.head.opened_at_ms = opened_at_ms;
        write
    };
    let mut other = opened("other", 5);
    other.head.chart = "plan".to_owned();
    let writes = [opened("b", 10), opened("a", 20), opened("c", 30), other];
    commit(&fresh.store, &writes).await.unwrap();
    commit(&fresh.store, &[step("a", 1)]).await.unwrap();
    let found = cases::opened_between(&fresh.store, "report", 10, 30).await.unwrap();
    assert_eq!(found, [("b".to_owned(), 1), ("a".to_owned(), 2)]);
    assert_eq!(cases::first_opened(&fresh.store, "report").await.unwrap(), Some(10));
}

async fn stages_are_counted_open_and_ended_apart(fresh: &Fresh) {
    let mut writes: Vec<_> = ["a", "b", "c"].map(|case_id| step(case_id, 0)).into();
    writes[2].head.done = true;
    commit(&fresh.store, &writes).await.unwrap();
    let count = |done, cases| StageCount {
        chart: "report".to_owned(),
        stage: "development".to_owned(),
        done,
        cases,
    };
    let counted = cases::count_by_stage(&fresh.store).await.unwrap();
    assert_eq!(counted, [count(false, 2), count(true, 1)]);
}

async fn heads_and_receipts_come_in_one_answer(fresh: &Fresh) {
    commit(&fresh.store, &[full("a", 0), full("b", 0)]).await.unwrap();
    let text = |text: &str| text.to_owned();
    let keys = [
        (text("a"), text("key 1")),
        (text("a"), text("another")),
        (text("b"), text("key 1")),
        (text("absent"), text("key 1")),
    ];
    let case_ids = [text("absent"), text("b")];
    let (heads, mut receipts) =
        cases::heads_and_receipts(&fresh.store, &case_ids, &keys).await.unwrap();
    receipts.sort_by(|one, other| one.case_id.cmp(&other.case_id));
    assert_eq!(heads, [head("b", 1)]);
    assert_eq!(receipts, [receipt("a", "key 1", 1), receipt("b", "key 1", 1)]);
    let nothing = cases::heads_and_receipts(&fresh.store, &[], &[]).await.unwrap();
    assert_eq!(nothing, (vec![], vec![]));
    let found = receipts::find(&fresh.store, "a", "key 1").await.unwrap();
    assert_eq!(found, Some(receipt("a", "key 1", 1)));
    assert_eq!(receipts::find(&fresh.store, "a", "key 2").await.unwrap(), None);
}
