//! What is owed and what is due: tasks, timers, effects, and the leases on them.

use store::rows::TaskRow;
use store::tasks::{Ages, Owed, TaskFilter};
use store::{Store, commit, leases, outbox, tasks, timers};

use crate::fresh::Fresh;
use crate::sample::{NOW, outbox as effect, step, task, timer};

both!(
    tasks_are_found_by_case_role_subject_and_term,
    what_is_overdue_is_counted_by_age,
    a_timer_is_claimed_by_one_until_its_lease_ends,
    timers_are_claimed_in_the_order_of_their_moments,
    a_timer_that_failed_waits_for_somebody,
    a_timer_that_is_set_again_lives_again,
    rivals_share_the_timers,
    an_effect_is_tried_until_it_is_done_or_dead,
    an_effect_is_claimed_by_one_until_its_lease_ends,
    a_lease_has_one_owner_at_a_time,
);

async fn tasks_are_found_by_case_role_subject_and_term(fresh: &Fresh) {
    let mut write = step("a", 0);
    let (one, two) = (task("a", "draft", 1), task("a", "review", 1));
    write.tasks_put = vec![
        TaskRow { due_at_ms: None, due_date: None, ..one.clone() },
        TaskRow { role: "leader".to_owned(), due_at_ms: Some(NOW + 5), ..two },
        TaskRow { element: "m-1".to_owned(), subject: "platform/lụa".to_owned(), ..one },
    ];
    let [undated, leader, other] = [0, 1, 2].map(|n| write.tasks_put[n].clone());
    commit(&fresh.store, &[write, step("b", 0)]).await.unwrap();
    let of_cases = ["b", "a", "nowhere"].map(str::to_owned);
    let found = tasks::of_cases(&fresh.store, &of_cases).await.unwrap();
    assert_eq!(found, tasks::of_case(&fresh.store, "a").await.unwrap());
    let found = tasks::of_case(&fresh.store, "a").await.unwrap();
    assert_eq!(found, [undated.clone(), other.clone(), leader.clone()]);
    let all = TaskFilter::default();
    for (filter, expected) in [
        (all.clone(), vec![&leader, &other, &undated]),
        (TaskFilter { case_id: Some("b".to_owned()), ..all.clone() }, vec![]),
        (TaskFilter { role: Some("leader".to_owned()), ..all.clone() }, vec![&leader]),
        (
            TaskFilter {
                subjects: vec!["platform/gốm".to_owned(), "x".to_owned()], ..all.clone()
            },
            vec![&leader, &undated],
        ),
        (TaskFilter { due_before_ms: Some(NOW + 5), ..all.clone() }, vec![&leader]),
        (TaskFilter { skip: 1, ..all.clone() }, vec![&other, &undated]),
        (TaskFilter { except: vec!["a".to_owned()], ..all.clone() }, vec![]),
        (TaskFilter { of: Some(Vec::new()), ..all.clone() }, vec![]),
        (
            TaskFilter {
                of: Some(vec![
                    ("leader".to_owned(), "platform/gốm".to_owned()),
                    (leader.role.clone(), "platform/lụa".to_owned()),
                ]),
                ..all.clone()
            },
            vec![&leader],
        ),
    ] {
        let found = tasks::list(&fresh.store, &filter, 10).await.unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    }
    assert_eq!(tasks::list(&fresh.store, &all, 1).await.unwrap(), std::slice::from_ref(&leader));
    let owed = tasks::overdue(&fresh.store, NOW + 1_000).await.unwrap();
    let expected = |task: &TaskRow| Owed {
        role: task.role.clone(),
        subject: task.subject.clone(),
        tasks: 1,
        oldest_due_at_ms: task.due_at_ms.unwrap(),
    };
    assert_eq!(owed, [expected(&leader), expected(&other)]);
}

async fn what_is_overdue_is_counted_by_age(fresh: &Fresh) {
    let mut write = step("a", 0);
    let due = |element: &str, due_at_ms: i64| TaskRow {
        element: element.to_owned(),
        due_at_ms: Some(due_at_ms),
        ..task("a", "draft", 1)
    };
    write.tasks_put = vec![
        due("future", NOW + 1),
        due("now", NOW),
        due("edge", NOW - 10),
        due("old", NOW - 11),
        due("ancient", NOW - 20),
        TaskRow { due_at_ms: None, ..due("undated", 0) },
    ];
    let role = write.tasks_put[0].role.clone();
    let mut other = step("b", 0);
    other.tasks_put = vec![TaskRow { due_at_ms: Some(NOW - 5), ..task("b", "draft", 1) }];
    commit(&fresh.store, &[write, other]).await.unwrap();
    let edges = [NOW - 10, NOW - 20];
    let found = tasks::ages(&fresh.store, NOW, edges, &["b".to_owned()]).await.unwrap();
    let expected = Ages {
        role,
        subject: "platform/gốm".to_owned(),
        young: 1,
        older: 2,
        oldest: 1,
        oldest_due_at_ms: NOW - 20,
    };
    assert_eq!(found, std::slice::from_ref(&expected));
    let found = tasks::ages(&fresh.store, NOW, edges, &[]).await.unwrap();
    assert_eq!(found, [Ages { young: 2, ..expected }]);
    assert_eq!(tasks::count_due(&fresh.store, NOW - 10, NOW).await.unwrap(), 2);
    assert_eq!(tasks::count_due(&fresh.store, NOW, NOW + 1).await.unwrap(), 1);
}

/// A case with timers `name`, due at `NOW` plus so many milliseconds.
async fn set(store: &Store, case_id: &str, due: &[(&str, i64)]) {
    let mut write = step(case_id, 0);
    write.timers_put =
        due.iter().map(|(name, after)| timer(case_id, name, 1, NOW + after)).collect();
    commit(store, &[write]).await.unwrap();
}

async fn names(store: &Store, owner: &str, now_ms: i64, limit: u32) -> Vec<String> {
    let claimed = timers::claim(store, owner, now_ms, now_ms + 1_000, limit).await.unwrap();
    claimed.into_iter().map(|timer| timer.name).collect()
}

async fn a_timer_is_claimed_by_one_until_its_lease_ends(fresh: &Fresh) {
    let store = &fresh.store;
    assert_eq!(timers::next_due(store).await.unwrap(), None);
    set(store, "a", &[("x", 0), ("y", 10)]).await;
    assert_eq!(timers::next_due(store).await.unwrap(), Some(NOW));
    assert_eq!(names(store, "one", NOW - 1, 10).await, [""; 0], "before its moment");
    assert_eq!(names(store, "one", NOW, 10).await, ["x"]);
    assert_eq!(names(store, "two", NOW + 999, 10).await, ["y"], "the lease on x holds");
    let held = timers::of_case(store, "a").await.unwrap();
    assert_eq!(held[0].claimed_by.as_deref(), Some("one"));
    assert_eq!(names(store, "two", NOW + 1_000, 10).await, ["x"], "the lease on x is over");
    assert_eq!(timers::release(store, "two").await.unwrap(), 2);
    assert_eq!(names(store, "one", NOW + 1_001, 10).await, ["x", "y"]);
    assert!(timers::drop_void(store, &timer("a", "x", 1, 0)).await.unwrap());
    assert!(!timers::drop_void(store, &timer("a", "x", 1, 0)).await.unwrap());
    let left = timers::upcoming(store, NOW + 10, 10).await.unwrap();
    assert_eq!(left.iter().map(|stored| stored.timer.name.as_str()).collect::<Vec<_>>(), ["y"]);
    assert_eq!(timers::upcoming(store, NOW + 9, 10).await.unwrap(), []);
}

async fn timers_are_claimed_in_the_order_of_their_moments(fresh: &Fresh) {
    set(&fresh.store, "b", &[("late", 9), ("a", 5), ("b", 5)]).await;
    set(&fresh.store, "a", &[("z", 5), ("never", 100)]).await;
    assert_eq!(names(&fresh.store, "one", NOW + 50, 2).await, ["z", "a"]);
    assert_eq!(names(&fresh.store, "one", NOW + 50, 9).await, ["b", "late"]);
}

async fn a_timer_that_failed_waits_for_somebody(fresh: &Fresh) {
    let store = &fresh.store;
    set(store, "a", &[("x", 0), ("y", 0)]).await;
    let x = timer("a", "x", 1, NOW);
    assert_eq!(names(store, "one", NOW, 1).await, ["x"]);
    assert!(!timers::bury(store, "two", &x, "not in its hands", NOW).await.unwrap());
    assert!(timers::bury(store, "one", &x, "the guard failed", NOW).await.unwrap());
    assert!(!timers::bury(store, "one", &timer("a", "absent", 1, NOW), "x", NOW).await.unwrap());
    assert_eq!(names(store, "one", NOW, 10).await, ["y"]);
    assert_eq!(timers::dead_of_case(store, "a").await.unwrap(), [x]);
    assert_eq!(timers::of_case(store, "a").await.unwrap().len(), 1);
    assert_eq!(timers::revive(store, "a").await.unwrap(), 1);
    assert_eq!(names(store, "one", NOW, 10).await, ["x"]);
}

async fn a_timer_that_is_set_again_lives_again(fresh: &Fresh) {
    let store = &fresh.store;
    set(store, "a", &[("x", 0)]).await;
    names(store, "one", NOW, 10).await;
    timers::bury(store, "one", &timer("a", "x", 1, NOW), "why", NOW).await.unwrap();
    let mut write = step("a", 1);
    write.timers_put = vec![timer("a", "x", 1, NOW + 5)];
    commit(store, &[write]).await.unwrap();
    assert_eq!(names(store, "two", NOW + 5, 10).await, ["x"]);
}

async fn rivals_share_the_timers(fresh: &Fresh) {
    let many: Vec<_> = (0..300).map(|n| format!("t{n}")).collect();
    let due: Vec<_> = many.iter().map(|name| (name.as_str(), 0)).collect();
    set(&fresh.store, "a", &due).await;
    let mut rivals = Vec::new();
    for owner in ["one", "two", "three"] {
        let store = fresh.another().await;
        rivals.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claimed = names(&store, owner, NOW, 20).await;
                if claimed.is_empty() {
                    return mine;
                }
                mine.extend(claimed);
            }
        }));
    }
    let mut all = Vec::new();
    for rival in rivals {
        all.extend(rival.await.unwrap());
    }
    all.sort();
    let mut expected = many;
    expected.sort();
    assert_eq!(all, expected, "each timer once");
}

async fn queue(store: &Store, case_id: &str) {
    let mut write = step(case_id, 0);
    write.outbox = vec![effect(case_id, 1)];
    commit(store, &[write]).await.unwrap();
}

async fn an_effect_is_tried_until_it_is_done_or_dead(fresh: &Fresh) {
    let store = &fresh.store;
    assert_eq!(outbox::next_due(store).await.unwrap(), None);
    for case_id in ["a", "b"] {
        queue(store, case_id).await;
    }
    let [a, b] = ["a", "b"].map(|case_id| effect(case_id, 1).id);
    assert_eq!(outbox::next_due(store).await.unwrap(), Some(NOW));
    assert_eq!(outbox::claim(store, "slow", NOW, NOW + 1, 9).await.unwrap().len(), 2);
    assert_eq!(outbox::claim(store, "one", NOW + 1, NOW + 2, 9).await.unwrap().len(), 2);
    // Whoever slept past the lease does not speak for the one who took over.
    assert!(!outbox::failed(store, &a, "slow", "broken off", NOW + 5).await.unwrap());
    assert!(!outbox::dead(store, &a, "slow", "broken off", NOW + 5).await.unwrap());
    assert!(outbox::failed(store, &a, "one", "mail refused", NOW + 60).await.unwrap());
    // But what is done is done, whoever did it.
    assert_eq!(outbox::done(store, &[&b], NOW + 1).await.unwrap(), 1);
    assert_eq!(outbox::done(store, &[&b], NOW + 2).await.unwrap(), 0, "done is done");
    assert!(!outbox::failed(store, &b, "one", "late", NOW + 2).await.unwrap());
    let done = outbox::find(store, &b).await.unwrap().unwrap();
    assert_eq!((done.state.as_str(), done.attempts, done.done_at_ms), ("done", 1, Some(NOW + 1)));
    assert_eq!(outbox::claim(store, "one", NOW + 59, NOW + 99, 9).await.unwrap(), []);
    let claimed = outbox::claim(store, "one", NOW + 60, NOW + 99, 9).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!((claimed[0].attempts, claimed[0].error.as_deref()), (1, Some("mail refused")));
    assert!(outbox::dead(store, &a, "one", "no such address", NOW + 70).await.unwrap());
    let listed = outbox::list(store, Some("dead"), None, "", 9).await.unwrap();
    assert_eq!(listed.iter().map(|stored| stored.row.id.as_str()).collect::<Vec<_>>(), [&a]);
    assert_eq!(outbox::list(store, None, Some("b"), "", 9).await.unwrap().len(), 1);
    assert_eq!(outbox::list(store, None, None, &a, 9).await.unwrap().len(), 1);
    assert!(!outbox::requeue(store, &b, NOW + 80).await.unwrap(), "what is done stays done");
    assert!(outbox::requeue(store, &a, NOW + 80).await.unwrap());
    let again = outbox::claim(store, "one", NOW + 80, NOW + 99, 9).await.unwrap();
    assert_eq!((again.len(), again[0].attempts), (1, 0));
    assert_eq!(outbox::find(store, "absent").await.unwrap(), None);
}

async fn an_effect_is_claimed_by_one_until_its_lease_ends(fresh: &Fresh) {
    let store = &fresh.store;
    queue(store, "a").await;
    let claim = async |owner, now| outbox::claim(store, owner, now, now + 10, 9).await.unwrap();
    let claimed = claim("one", NOW).await;
    assert_eq!(claimed[0].row, effect("a", 1));
    assert_eq!(claimed[0].claimed_by.as_deref(), Some("one"));
    assert_eq!(claim("two", NOW + 9).await, []);
    let id = &claimed[0].row.id;
    assert!(outbox::renew(store, "one", id, NOW + 20).await.unwrap());
    assert_eq!(claim("two", NOW + 19).await, [], "it holds for longer");
    assert_eq!(claim("two", NOW + 20).await.len(), 1);
    assert!(!outbox::renew(store, "one", id, NOW + 40).await.unwrap(), "it is no longer theirs");
    assert_eq!(outbox::release(store, "one").await.unwrap(), 0, "it is no longer theirs");
    assert_eq!(outbox::release(store, "two").await.unwrap(), 1);
    assert_eq!(claim("one", NOW + 21).await.len(), 1);
    assert_eq!(outbox::done(store, &[id], NOW + 22).await.unwrap(), 1);
    assert!(!outbox::renew(store, "one", id, NOW + 40).await.unwrap(), "it is done");
}

async fn a_lease_has_one_owner_at_a_time(fresh: &Fresh) {
    let store = &fresh.store;
    let take =
        async |owner, now| leases::take(store, "anchor", owner, now, now + 10).await.unwrap();
    assert!(take("one", 0).await);
    assert!(!take("two", 9).await);
    assert!(take("one", 9).await, "the owner prolongs it");
    assert!(!take("two", 18).await);
    assert!(take("two", 19).await);
    assert!(!leases::release(store, "anchor", "one").await.unwrap());
    assert!(leases::release(store, "anchor", "two").await.unwrap());
    assert!(take("one", 19).await);
}
