//! The two queues before the writer, and how a batch is taken from them.
//!
//! People overtake machines, and machines never starve: whatever the rush, a share of each batch is
//! theirs. A case takes part in a batch once; its next request waits for the next batch.
//!
//! **Invariant:** requests of one queue for one case are taken in the order they came.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use store::rows::{InboxRow, TimerRow};
use tokio::sync::{mpsc, oneshot};

use crate::command::{Admitted, Receipt, SendError};

/// The most requests one commit carries.
pub const BATCH_MAX: usize = 100;
/// The part of a batch that belongs to timers and the inbox when people fill the rest.
pub const MACHINE_SHARE: usize = BATCH_MAX / 4;
/// How many requests each queue holds before senders wait.
pub const QUEUE_MAX: usize = 4_096;
/// How many requests the writer takes out of each queue beforehand.
const READY_MAX: usize = 4 * BATCH_MAX;

/// What the writer is asked to do to one case.
#[derive(Debug)]
pub(crate) enum Work {
    /// A command from outside.
    Command(Box<Admitted>),
    /// A timer that has come due.
    Timer(TimerRow),
    /// A message from another case.
    Inbox(Box<InboxRow>),
    /// The calendar changed under the term of this state (R32).
    Calendar(Arc<str>),
    /// The case is to be written whole, if it still stands at this revision (R7).
    Checkpoint(i64),
}

/// What became of a request that was not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A step was committed, or had been under the same key.
    Stepped(Receipt),
    /// There was nothing to do: a timer of another generation, a message already consumed.
    Void,
}

/// The answer to a request; it is given after the commit.
pub(crate) type Answer = Result<Outcome, SendError>;

/// One piece of work for one case, and where the answer goes.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) case_id: Arc<str>,
    pub(crate) work: Work,
    /// How often another process was faster (R15).
    pub(crate) losses: u8,
    /// The revision it was last stepped on and lost.
    pub(crate) lost_at: Option<u64>,
    /// Whether the head must be read anew before this request is refused (R18).
    pub(crate) fresh: bool,
    reply: oneshot::Sender<Answer>,
}

impl Request {
    /// A request and the place where its answer arrives.
    pub(crate) fn new(case_id: Arc<str>, work: Work) -> (Self, oneshot::Receiver<Answer>) {
        let (reply, answer) = oneshot::channel();
        (Self { case_id, work, losses: 0, lost_at: None, fresh: false, reply }, answer)
    }

    /// Tells the sender, if they still listen.
    pub(crate) fn answer(self, answer: Answer) {
        // A sender that went away finds the answer under its key.
        drop(self.reply.send(answer));
    }
}

/// Where requests are put.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    users: mpsc::Sender<Request>,
    machines: mpsc::Sender<Request>,
}

impl Door {
    /// Puts `request` into its queue and waits while that is full.
    pub(crate) async fn put(&self, request: Request) -> Result<(), SendError> {
        let queue = match request.work {
            Work::Command(_) => &self.users,
            Work::Timer(_) | Work::Inbox(_) | Work::Calendar(_) | Work::Checkpoint(_) => {
                &self.machines
            }
        };
        queue
            .send(request)
            .await
            .map_err(|_| SendError::Unavailable { why: "this process is shutting down".to_owned() })
    }
}

/// The writer's end of the queues.
#[derive(Debug)]
pub(crate) struct Queue {
    users: mpsc::Receiver<Request>,
    machines: mpsc::Receiver<Request>,
    ready_users: VecDeque<Request>,
    ready_machines: VecDeque<Request>,
}

/// Two empty queues.
pub(crate) fn queue() -> (Door, Queue) {
    let (users, from_users) = mpsc::channel(QUEUE_MAX);
    let (machines, from_machines) = mpsc::channel(QUEUE_MAX);
    let queue = Queue {
        users: from_users,
        machines: from_machines,
        ready_users: VecDeque::new(),
        ready_machines: VecDeque::new(),
    };
    (Door { users, machines }, queue)
}

impl Queue {
    /// Waits for work; `false` when every door is gone and nothing is left.
    pub(crate) async fn wait(&mut self) -> bool {
        if !self.ready_users.is_empty() || !self.ready_machines.is_empty() {
            return true;
        }
        tokio::select! {
            biased;
            Some(request) = self.users.recv() => self.ready_users.push_back(request),
            Some(request) = self.machines.recv() => self.ready_machines.push_back(request),
            else => return false,
        }
        true
    }

    /// Puts a request back to be taken first: it has waited already.
    pub(crate) fn again(&mut self, request: Request) {
        match request.work {
            Work::Command(_) => self.ready_users.push_front(request),
            Work::Timer(_) | Work::Inbox(_) | Work::Calendar(_) | Work::Checkpoint(_) => {
                self.ready_machines.push_front(request);
            }
        }
    }

    /// Takes the next batch: distinct cases, people first, a share for machines.
    pub(crate) fn take(&mut self) -> Vec<Request> {
        drain(&mut self.users, &mut self.ready_users);
        drain(&mut self.machines, &mut self.ready_machines);
        let share = MACHINE_SHARE.min(self.ready_machines.len());
        let mut batch = Vec::with_capacity(BATCH_MAX.min(self.ready_users.len() + share));
        let mut cases = HashSet::with_capacity(BATCH_MAX);
        pick(&mut self.ready_users, BATCH_MAX - share, &mut cases, &mut batch);
        pick(&mut self.ready_machines, BATCH_MAX, &mut cases, &mut batch);
        batch
    }
}

fn drain(queue: &mut mpsc::Receiver<Request>, ready: &mut VecDeque<Request>) {
    while ready.len() < READY_MAX {
        let Ok(request) = queue.try_recv() else { break };
        ready.push_back(request);
    }
}

/// Moves requests into `batch` until it holds `size`, leaving those whose case is in it already.
fn pick(
    ready: &mut VecDeque<Request>,
    size: usize,
    cases: &mut HashSet<Arc<str>>,
    batch: &mut Vec<Request>,
) {
    let mut waiting = VecDeque::new();
    while batch.len() < size {
        let Some(request) = ready.pop_front() else { break };
        if cases.insert(Arc::clone(&request.case_id)) {
            batch.push(request);
        } else {
            waiting.push_back(request);
        }
    }
    while let Some(request) = waiting.pop_back() {
        ready.push_front(request);
    }
}
