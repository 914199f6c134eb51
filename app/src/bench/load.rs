//! Callers, and how long they waited: the same load for everything that is compared.
//!
//! **Invariant:** a case belongs to one caller, and a caller waits for its answer before it sends
//! again.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use runtime::clock::Stopwatch;
use tokio::task::JoinSet;

/// What takes commands.
pub trait Target: Send + Sync + 'static {
    /// Why it does not.
    type Error: Send + 'static;

    /// Moves `case` on by one durable command of `caller`.
    fn send(
        &self,
        caller: usize,
        case: usize,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// What a span of load came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Durable commands a second.
    pub per_second: u64,
    /// Half of the answers came within so many microseconds.
    pub p50_us: u64,
    /// All but one in a hundred came within so many microseconds.
    pub p99_us: u64,
}

/// Lets `callers` send to their share of `cases` for `span`.
pub async fn measure<T: Target>(
    target: &Arc<T>,
    callers: usize,
    cases: usize,
    span: Duration,
) -> Result<Measured, T::Error> {
    let mut tasks = JoinSet::new();
    let whole = Stopwatch::start();
    for caller in 0..callers {
        let target = Arc::clone(target);
        tasks.spawn(async move {
            let mut waits: Vec<u64> = Vec::new();
            let mut case = caller;
            while whole.elapsed() < span {
                let one = Stopwatch::start();
                target.send(caller, case).await?;
                waits.push(micros(one.elapsed()));
                case += callers;
                if case >= cases {
                    case = caller;
                }
            }
            Ok(waits)
        });
    }
    let mut waits: Vec<u64> = Vec::new();
    while let Some(done) = tasks.join_next().await {
        if let Ok(done) = done {
            waits.extend(done?);
        }
    }
    let taken = micros(whole.elapsed()).max(1);
    let count = u64::try_from(waits.len()).unwrap_or(u64::MAX);
    waits.sort_unstable();
    let at = |hundredths: usize| {
        let place = (waits.len() * hundredths / 100).min(waits.len().saturating_sub(1));
        waits.get(place).copied().unwrap_or_default()
    };
    Ok(Measured {
        per_second: count.saturating_mul(1_000_000) / taken,
        p50_us: at(50),
        p99_us: at(99),
    })
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
