//! What `recorder.c` has recorded, and the judgement on it: no answer before the sync that covers it.
//!
//! A command is known by its key, a text that occurs nowhere else. Its answer holds the key, and so do
//! the bytes that carry its receipt into the write-ahead log. An answer is *covered* when the write that
//! brought the key, and the one that brought the commit, each ended before a sync of that file began
//! which ended before the answer began.

use std::collections::BTreeMap;
use std::path::Path;

/// A key is `kq`, this many digits, and `zw`.
const DIGITS: usize = 6;
const KEY_BYTES: usize = DIGITS + 4;
/// What PostgreSQL writes its log by, and into.
const PAGE: usize = 8_192;
const SEGMENT: usize = 16 * 1_024 * 1_024;

/// The text of the key `number`.
pub(crate) fn key(number: usize) -> String {
    format!("kq{number:06}zw")
}

/// A call that was made.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) kind: u8,
    pub(crate) pid: u32,
    pub(crate) begin: u64,
    pub(crate) end: u64,
    pub(crate) offset: usize,
    pub(crate) path: String,
    pub(crate) bytes: Vec<u8>,
}

/// The commit of a transaction in PostgreSQL's log: where its record is, and its first eight bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) at: usize,
    pub(crate) length: usize,
    pub(crate) opening: [u8; 8],
}

/// The calls in `file`, in the order they were recorded.
pub(crate) fn read(file: &Path) -> Vec<Call> {
    let recorded = std::fs::read(file).expect("the recorder wrote it");
    let mut calls = Vec::new();
    let mut rest = recorded.as_slice();
    while let Some(at) = rest.iter().position(|&byte| byte == b'\n') {
        let head = std::str::from_utf8(&rest[..at]).expect("a record begins with text");
        let mut words = head.splitn(7, ' ');
        let mut word = || words.next().expect("a record has seven words");
        let (kind, pid) = (word().as_bytes()[0], word().parse().expect("a process id"));
        let mut number = || word().parse::<u64>().expect("a number");
        let (begin, end, offset, length) = (number(), number(), number(), number());
        let path = word().to_owned();
        let [offset, length] = [offset, length].map(|one| usize::try_from(one).expect("small"));
        let bytes = rest[at + 1..at + 1 + length].to_vec();
        rest = &rest[at + 1 + length + 1..];
        calls.push(Call { kind, pid, begin, end, offset, path, bytes });
    }
    calls
}

/// The keys in `bytes`.
pub(crate) fn keys_in(bytes: &[u8]) -> impl Iterator<Item = &str> {
    bytes.windows(KEY_BYTES).filter_map(|some| {
        let digits = some.strip_prefix(b"kq")?.strip_suffix(b"zw")?;
        let numbered = digits.iter().all(u8::is_ascii_digit);
        numbered.then(|| std::str::from_utf8(some).expect("digits are text"))
    })
}

/// The first answer of `pid` that holds each key.
pub(crate) fn answers(calls: &[Call], pid: u32) -> BTreeMap<String, &Call> {
    let mut answers = BTreeMap::new();
    for call in calls.iter().filter(|call| call.kind == b'A' && call.pid == pid) {
        for key in keys_in(&call.bytes) {
            answers.entry(key.to_owned()).or_insert(call);
        }
    }
    answers
}

/// The writes each key needs to be durable in `SQLite`'s log: the one that first brought it, and the
/// first page after it whose frame says that a transaction ends there.
pub(crate) fn sqlite_writes(calls: &[Call]) -> BTreeMap<String, Vec<&Call>> {
    let mut needed: BTreeMap<String, Vec<&Call>> = BTreeMap::new();
    let mut uncommitted: Vec<String> = Vec::new();
    let mut ends = false;
    for call in calls.iter().filter(|call| call.kind == b'W') {
        // A frame is a head of 24 bytes, in which the fifth to eighth are not 0 at a commit, and a
        // page. The log itself has a head of 32.
        if call.bytes.len() == 24 {
            ends = call.bytes[4..8] != [0; 4];
            continue;
        }
        for key in keys_in(&call.bytes) {
            needed.entry(key.to_owned()).or_insert_with(|| {
                uncommitted.push(key.to_owned());
                vec![call]
            });
        }
        if ends {
            for key in uncommitted.drain(..) {
                needed.entry(key).or_default().push(call);
            }
        }
        ends = false;
    }
    // Without its commit a key is not in the log.
    needed.retain(|_, writes| writes.len() == 2);
    needed
}

/// The writes each key needs to be durable in PostgreSQL's log: the one that first brought it, and
/// those that brought the record of its commit.
pub(crate) fn postgres_writes<'a>(
    calls: &'a [Call],
    commits: &BTreeMap<String, Commit>,
) -> BTreeMap<String, Vec<&'a Call>> {
    let mut needed: BTreeMap<String, Vec<&Call>> = BTreeMap::new();
    let mut committed: BTreeMap<usize, Vec<&Call>> = BTreeMap::new();
    let mut image: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
    let waiting: BTreeMap<usize, &Commit> = commits.values().map(|one| (one.at, one)).collect();
    for call in calls.iter().filter(|call| call.kind == b'W') {
        let Some(from) = position(call) else { continue };
        let to = from + call.bytes.len();
        for (at, page) in (from..to).step_by(PAGE).zip(call.bytes.chunks(PAGE)) {
            image.insert(at, page.to_vec());
        }
        // A key may begin on the page before.
        let before = image.get(&from.wrapping_sub(PAGE)).map(|page| (from - PAGE, page.as_slice()));
        let pages = (from..to).step_by(PAGE).zip(call.bytes.chunks(PAGE));
        let bytes: Vec<u8> =
            before.into_iter().chain(pages).flat_map(|(at, page)| inside(at, page)).collect();
        for key in keys_in(&bytes) {
            needed.entry(key.to_owned()).or_insert_with(|| vec![call]);
        }
        for (&at, commit) in waiting.range(from.saturating_sub(PAGE)..to) {
            let found = committed.entry(at).or_default();
            // A record may go on after the head of the next page.
            let end = at + commit.length;
            let end = if at / PAGE == (end - 1) / PAGE { end } else { end + 40 };
            let opens = at >= from && call.bytes[at - from..].starts_with(&commit.opening);
            // What came whole is not written again: a later write of its second page is for others.
            let is_half = found.len() == 1 && !ends_after(found[0], commit);
            let goes_on = at < from && end > from && end <= to && is_half;
            if (opens && found.is_empty()) || goes_on {
                found.push(call);
            }
        }
    }
    let whole = |at: usize, length: usize| 1 + usize::from(at / PAGE != (at + length - 1) / PAGE);
    for (key, writes) in &mut needed {
        let commit = commits.get(key).filter(|one| {
            // A record on two pages may have come with one write or with two.
            committed.get(&one.at).is_some_and(|found| {
                found.len() == whole(one.at, one.length)
                    || found.first().is_some_and(|call| ends_after(call, one))
            })
        });
        match commit {
            Some(one) => writes.extend(&committed[&one.at]),
            None => writes.clear(),
        }
    }
    needed.retain(|_, writes| !writes.is_empty());
    needed
}

fn ends_after(call: &Call, commit: &Commit) -> bool {
    position(call).is_some_and(|from| from + call.bytes.len() >= commit.at + commit.length + 40)
}

/// Where a write lies in PostgreSQL's log as a whole; none where it is no segment of it.
fn position(call: &Call) -> Option<usize> {
    let (_, name) = call.path.rsplit_once('/')?;
    if name.len() != 24 || !call.offset.is_multiple_of(PAGE) {
        return None;
    }
    let high = usize::from_str_radix(&name[8..16], 16).ok()?;
    let low = usize::from_str_radix(&name[16..], 16).ok()?;
    Some((high * 256 + low) * SEGMENT + call.offset)
}

/// A page of PostgreSQL's log without its head.
fn inside(at: usize, page: &[u8]) -> Vec<u8> {
    let head = if at.is_multiple_of(SEGMENT) { 40 } else { 24 };
    page.get(head..).unwrap_or_default().to_vec()
}

/// The keys of `answers` that were given before they were durable, with why.
pub(crate) fn uncovered(
    calls: &[Call],
    answers: &BTreeMap<String, &Call>,
    needed: &BTreeMap<String, Vec<&Call>>,
) -> Vec<String> {
    let mut syncs: BTreeMap<&str, Vec<&Call>> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.kind == b'S') {
        syncs.entry(&call.path).or_default().push(call);
    }
    let mut problems = Vec::new();
    for (key, answer) in answers {
        let Some(writes) = needed.get(key) else {
            problems.push(format!("{key}: it is not in the log"));
            continue;
        };
        for write in writes {
            let syncs = syncs.get(write.path.as_str()).map(Vec::as_slice).unwrap_or_default();
            let covers = |sync: &&Call| sync.begin >= write.end && sync.end <= answer.begin;
            if !syncs.iter().any(covers) {
                let (end, begin) = (write.end, answer.begin);
                problems.push(format!("{key}: written by {end}, answered at {begin}, no sync"));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(kind: u8, begin: u64, end: u64, bytes: &[u8]) -> Call {
        let (path, bytes) = ("a.db-wal".to_owned(), bytes.to_vec());
        Call { kind, pid: 1, begin, end, offset: 0, path, bytes }
    }

    #[test]
    fn an_answer_is_covered_only_by_a_sync_between_the_commit_and_itself() {
        let head = |ends: u8| [[0, 0, 0, 0, 0, 0, 0, ends].as_slice(), &[0; 16]].concat();
        for (begin, end, ends, problems) in [
            (50, 60, 1, 0),
            // It began before the page of the commit was written.
            (35, 60, 1, 1),
            // It ended after the answer began.
            (50, 75, 1, 2),
            // Nothing in the log ends the transaction.
            (50, 60, 0, 1),
        ] {
            let calls = [
                call(b'W', 0, 5, &head(0)),
                call(b'W', 10, 20, b"..kq000001zw.."),
                call(b'W', 25, 26, &head(ends)),
                call(b'W', 30, 40, b"the last page of it"),
                call(b'S', begin, end, b""),
                call(b'A', 70, 80, b"{\"key\":\"kq000001zw\"}"),
            ];
            let found = uncovered(&calls, &answers(&calls, 1), &sqlite_writes(&calls));
            assert_eq!(found.len(), problems, "{begin} {end} {ends}: {found:?}");
        }
    }

    #[test]
    fn a_key_across_two_pages_of_postgres_is_found() {
        let mut bytes = vec![0; 2 * PAGE];
        bytes[PAGE - 4..PAGE].copy_from_slice(b"kq00");
        bytes[PAGE + 24..PAGE + 30].copy_from_slice(b"0007zw");
        bytes[PAGE + 64..PAGE + 72].copy_from_slice(&[34, 0, 0, 0, 9, 0, 0, 0]);
        let write = |offset: usize, bytes: &[u8]| Call {
            offset,
            path: "pg_wal/000000010000000000000001".to_owned(),
            ..call(b'W', 1, 2, bytes)
        };
        let at = SEGMENT + PAGE + 64;
        let commit = Commit { at, length: 34, opening: [34, 0, 0, 0, 9, 0, 0, 0] };
        let commits = BTreeMap::from([(key(7), commit)]);
        let (first, second) = bytes.split_at(PAGE);
        for calls in [vec![write(0, &bytes)], vec![write(0, first), write(PAGE, second)]] {
            let needed = postgres_writes(&calls, &commits);
            assert_eq!(needed.keys().collect::<Vec<_>>(), [&key(7)]);
            assert_eq!(needed[&key(7)].len(), 2, "the key and its commit");
        }
        let calls = [write(0, first)];
        assert!(postgres_writes(&calls, &commits).is_empty(), "half of it is not enough");
    }

    #[test]
    fn a_page_written_again_adds_nothing_to_a_commit_that_was_whole() {
        // The commit begins on the first page and ends on the second; both came with one write.
        let opening = [34, 0, 0, 0, 9, 0, 0, 0];
        let mut bytes = vec![0; 2 * PAGE];
        bytes[100..110].copy_from_slice(key(7).as_bytes());
        bytes[PAGE - 16..PAGE - 8].copy_from_slice(&opening);
        let write = |begin: u64, offset: usize, bytes: &[u8]| Call {
            offset,
            path: "pg_wal/000000010000000000000001".to_owned(),
            ..call(b'W', begin, begin + 1, bytes)
        };
        let commit = Commit { at: SEGMENT + PAGE - 16, length: 34, opening };
        let commits = BTreeMap::from([(key(7), commit)]);
        let (first, second) = bytes.split_at(PAGE);
        let once = [write(1, 0, &bytes), write(9, PAGE, second)];
        let twice = [write(1, 0, first), write(3, PAGE, second), write(9, PAGE, second)];
        for (calls, last) in [(&once[..], 1), (&twice[..], 3)] {
            let needed = postgres_writes(calls, &commits);
            let latest = needed[&key(7)].iter().map(|call| call.begin).max();
            assert_eq!(latest, Some(last), "what is written later belongs to others");
        }
    }
}
