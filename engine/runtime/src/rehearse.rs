//! A command as it would go, without being written.
//!
//! It is admitted and planned exactly as the writer plans it, on the head the database has now, and thrown
//! away. What is answered here may be answered otherwise a moment later: somebody may act meanwhile.
//!
//! **Invariant:** nothing is written and nothing is kept.

use std::sync::Arc;

use store::cases;
use store::rows::Write;

use crate::command::{Admitted, Command, Receipt, SendError, admit};
use crate::engine::Runtime;
use crate::heads;
use crate::personal;
use crate::plan::{Answered, Plan, plan};
use crate::queue::{Outcome, Request, Work};

/// What a command would lead to.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsal {
    /// What its sender would be told.
    pub receipt: Receipt,
    /// What would be written; `None` where its key was answered before, and nothing would be.
    pub write: Option<Box<Write>>,
}

impl Runtime {
    /// What `command` would lead to if it were sent now.
    pub async fn rehearse(&self, command: Command) -> Result<Rehearsal, SendError> {
        let admitted = admit(command)?;
        let case_id = Arc::clone(&admitted.case_id);
        let context = self.shared.context();
        let keys = [(case_id.to_string(), admitted.key.to_string())];
        let read = cases::heads_and_receipts(self.store(), &[case_id.to_string()], &keys).await;
        let (heads, receipts) = read.map_err(|error| unavailable(&error))?;
        let head = heads.first().map(|row| heads::thaw(&context.library, row)).transpose()?;
        let head = head.map(Arc::new);
        let mut answered = None;
        if let Some(receipt) = receipts.into_iter().next() {
            let kept = match &head {
                Some(head) if personal::concerns(&head.chart, &admitted) => {
                    self.kept(&admitted).await?
                }
                _ => Vec::new(),
            };
            answered = Some(Answered { receipt, kept });
        }
        let (request, _nobody) = Request::new(case_id, Work::Command(Box::new(admitted)));
        match plan(&context, &request, head.as_ref(), answered.as_ref()) {
            Plan::Write(planned) => {
                Ok(Rehearsal { receipt: planned.receipt, write: Some(Box::new(planned.write)) })
            }
            Plan::Settled(Ok(Outcome::Stepped(receipt))) => Ok(Rehearsal { receipt, write: None }),
            Plan::Settled(Ok(Outcome::Void)) => unreachable!("a command is stepped or refused"),
            Plan::Settled(Err(error)) => Err(error),
        }
    }

    async fn kept(
        &self,
        command: &Admitted,
    ) -> Result<Vec<store::personal::PersonalRow>, SendError> {
        let kept = store::personal::of_case(self.store(), &command.case_id).await;
        kept.map_err(|error| unavailable(&error))
    }
}

fn unavailable(error: &store::ReadError) -> SendError {
    SendError::Unavailable { why: error.to_string() }
}
