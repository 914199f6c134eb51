//! The one writer of this process: whatever is queued when the last commit returns is one commit.
//!
//! ```text
//! take a batch -> what memory lacks, in one read -> plan each -> one commit -> answer each
//! ```
//!
//! No timer paces it: under load the batches grow, alone a command goes at once. Who loses a race
//! against another process is planned again on the newer head (R15); who spoils a batch is found by
//! committing one at a time (R17); what a broken connection left unknown is looked up by receipt.
//!
//! Reading order: [`Writer::run`], then [`Writer::process`], then what may go wrong.
//!
//! **Invariant:** an answer is given only after its commit returned (R18); the task is never
//! cancelled, it ends when the last door is gone.

use std::collections::HashMap;
use std::sync::Arc;

use store::cases;
use store::commit::{CommitError, commit};
use store::error::ReadError;
use store::rows::{ReceiptRow, Write};
use tracing::{error, warn};

use crate::cache::{Cache, Head};
use crate::clock::Stopwatch;
use crate::command::SendError;
use crate::heads;
use crate::personal;
use crate::plan::{Answered, Context, Plan, Planned, plan};
use crate::queue::{Answer, Outcome, Queue, Request, Work};
use crate::shared::Shared;

/// How often a request is planned again because another process was faster (R15).
pub const LOSSES_MAX: u8 = 3;
/// How often a batch is tried again when the database was busy or chose it as a victim (R17).
pub const BUSY_MAX: u32 = 5;

/// The task that owns the write side of the store.
#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    queue: Queue,
    cache: Cache,
}

/// A request with the commit it asks for.
type Ready = (Request, Box<Planned>);

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, queue: Queue, cache_bytes_max: usize) -> Self {
        Self { shared, queue, cache: Cache::new(cache_bytes_max) }
    }

    /// Works until every door is gone and the queues are empty.
    pub(crate) async fn run(mut self) {
        while self.queue.wait().await {
            // Callers answered a moment ago get the chance to send again into this batch.
            tokio::task::yield_now().await;
            let batch = self.queue.take();
            self.process(batch).await;
        }
    }

    async fn process(&mut self, batch: Vec<Request>) {
        let planning = Stopwatch::start();
        let mut read = match self.read(&batch).await {
            Ok(read) => read,
            Err(error) => {
                let answer = SendError::Unavailable { why: error.to_string() };
                for request in batch {
                    request.answer(Err(answer.clone()));
                }
                return;
            }
        };
        let context = self.shared.context();
        let mut ready: Vec<Ready> = Vec::with_capacity(batch.len());
        for request in batch {
            let (head, cached) = match self.head(&request.case_id, &read, &context) {
                Ok(found) => found,
                Err(error) => {
                    request.answer(Err(error));
                    continue;
                }
            };
            let answered = match self.answered(&request, head.as_ref(), &mut read).await {
                Ok(answered) => answered,
                Err(error) => {
                    request.answer(Err(SendError::Unavailable { why: error.to_string() }));
                    continue;
                }
            };
            match plan(&context, &request, head.as_ref(), answered.as_ref()) {
                Plan::Write(planned) => ready.push((request, planned)),
                Plan::Settled(answer) if cached && depends_on_head(&answer) => {
                    self.again_fresh(request);
                }
                Plan::Settled(answer) => request.answer(answer),
            }
        }
        self.shared.counts.planned(planning.elapsed());
        if !ready.is_empty() {
            self.commit(ready).await;
        }
    }

    /// The head a request is planned on, and whether it came from the cache.
    fn head(
        &mut self,
        case_id: &Arc<str>,
        read: &Read,
        context: &Context,
    ) -> Result<(Option<Arc<Head>>, bool), SendError> {
        if let Some(head) = self.cache.find(case_id) {
            return Ok((Some(head), true));
        }
        let Some(row) = read.heads.get(case_id.as_ref()) else { return Ok((None, false)) };
        let head = Arc::new(heads::thaw(&context.library, row)?);
        self.cache.put(Arc::clone(&head));
        Ok((Some(head), false))
    }

    /// What was answered under the key of `request` before, with the personal values it compares.
    async fn answered(
        &self,
        request: &Request,
        head: Option<&Arc<Head>>,
        read: &mut Read,
    ) -> Result<Option<Answered>, ReadError> {
        let Some(receipt) = read.receipts.remove(&request.case_id) else { return Ok(None) };
        let kept = match (&request.work, head) {
            (Work::Command(command), Some(head)) if personal::concerns(&head.chart, command) => {
                store::personal::of_case(&self.shared.store, &request.case_id).await?
            }
            _ => Vec::new(),
        };
        Ok(Some(Answered { receipt, kept }))
    }

    /// Reads heads that are not in the cache, with the receipts of their commands' keys. A batch on
    /// cases that are in memory reads nothing.
    async fn read(&mut self, batch: &[Request]) -> Result<Read, ReadError> {
        let mut missing = Vec::new();
        let mut keys = Vec::new();
        for request in batch {
            if request.fresh {
                self.cache.evict(&request.case_id);
            }
            if self.cache.find(&request.case_id).is_some() {
                // A key that was used before is refused by the commit, and looked up then.
                continue;
            }
            missing.push(request.case_id.as_ref().to_owned());
            if let Work::Command(command) = &request.work {
                keys.push((command.case_id.as_ref().to_owned(), command.key.as_ref().to_owned()));
            }
        }
        let mut read = Read::default();
        if missing.is_empty() {
            return Ok(read);
        }
        let (heads, receipts) =
            cases::heads_and_receipts(&self.shared.store, &missing, &keys).await?;
        read.heads = heads.into_iter().map(|head| (head.case_id.clone(), head)).collect();
        read.receipts =
            receipts.into_iter().map(|row| (Arc::from(row.case_id.as_str()), row)).collect();
        Ok(read)
    }

    /// Commits the batch; a busy database is asked again, a spoilt batch goes one at a time.
    async fn commit(&mut self, ready: Vec<Ready>) {
        let (requests, planned): (Vec<Request>, Vec<Box<Planned>>) = ready.into_iter().unzip();
        let (writes, rest): (Vec<Write>, Vec<_>) =
            planned.into_iter().map(|one| (one.write, (one.head, one.receipt))).unzip();
        let (mut tries, committing) = (0, Stopwatch::start());
        let outcome = loop {
            match commit(&self.shared.store, &writes).await {
                Err(error @ CommitError::Busy(_)) if tries < BUSY_MAX => {
                    tries += 1;
                    warn!(%error, tries, "a batch is committed again");
                }
                outcome => break outcome,
            }
        };
        match outcome {
            Ok(accepted) => {
                let written = accepted.iter().filter(|accepted| **accepted).count();
                self.shared.counts.committed(written, committing.elapsed());
                for (((request, (head, receipt)), accepted), write) in
                    requests.into_iter().zip(rest).zip(accepted).zip(&writes)
                {
                    if accepted {
                        self.shared.wake.after(write);
                        self.shared.counts.told(write);
                        self.cache.put(head);
                        request.answer(Ok(Outcome::Stepped(receipt)));
                    } else {
                        self.lost(request, write.expected_revision, head.snapshot.decision);
                    }
                }
            }
            Err(error @ CommitError::Data(_)) if requests.len() > 1 => {
                error!(%error, "a batch is committed one at a time to find what spoils it");
                for one in requests.into_iter().zip(writes).zip(rest) {
                    let ((request, write), (head, receipt)) = one;
                    let planned = Planned { write, head, receipt };
                    Box::pin(self.commit(vec![(request, Box::new(planned))])).await;
                }
            }
            Err(error) => self.failed(requests, &error),
        }
    }

    /// Another process moved the case: plan again on what it left, a few times.
    fn lost(&mut self, mut request: Request, stepped_on: i64, decision: u64) {
        self.cache.evict(&request.case_id);
        request.losses += 1;
        request.lost_at = u64::try_from(stepped_on).ok();
        if request.losses <= LOSSES_MAX {
            self.again_fresh(request);
            return;
        }
        let case_id = request.case_id.as_ref().to_owned();
        let expected = match &request.work {
            Work::Command(command) => command.expected_decision,
            _ => None,
        };
        request.answer(Err(SendError::Stale { case_id, expected, decision }));
    }

    fn again_fresh(&mut self, mut request: Request) {
        self.cache.evict(&request.case_id);
        request.fresh = true;
        self.queue.again(request);
    }

    /// The commit failed as a whole. Where its outcome is unknown, what was committed is found by
    /// receipt or by the head's revision when the requests are planned again.
    fn failed(&mut self, requests: Vec<Request>, error: &CommitError) {
        error!(%error, cases = requests.len(), "a batch was not committed");
        for mut request in requests {
            self.cache.evict(&request.case_id);
            match error {
                CommitError::Unknown(_) if request.losses < LOSSES_MAX => {
                    request.losses += 1;
                    self.again_fresh(request);
                }
                CommitError::Data(_) => {
                    let case_id = request.case_id.as_ref().to_owned();
                    let why = format!("{error}: {}", cause(error));
                    request.answer(Err(SendError::Corrupt { case_id, why }));
                }
                _ => {
                    let why = format!("{error}: {}", cause(error));
                    request.answer(Err(SendError::Unavailable { why }));
                }
            }
        }
    }
}

/// What the driver said, in one line.
fn cause(error: &CommitError) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    source.lines().next().unwrap_or_default().to_owned()
}

/// What one batch read.
#[derive(Debug, Default)]
struct Read {
    heads: HashMap<String, store::rows::Head>,
    receipts: HashMap<Arc<str>, ReceiptRow>,
}

/// Whether a newer head could turn this answer into another (R18). A timer that is void on an old
/// head may be what another process has just written; its row would be dropped and never fire.
fn depends_on_head(answer: &Answer) -> bool {
    matches!(
        answer,
        Ok(Outcome::Void)
            | Err(SendError::Refused(_)
                | SendError::Stale { .. }
                | SendError::Exists { .. }
                | SendError::Forbidden { .. })
    )
}
