//! The only file that reads the time, and the only one that draws random bytes.
//!
//! A database stores the clock it runs on (R35): the real one, or a virtual one that stands at an
//! instant until it is set. Every command, timer and schedule asks the [`Clock`] of its runtime, so
//! a year of the programme can pass in a minute and still be recorded with honest moments.
//!
//! **Invariant:** nothing pure reads a clock; a step gets its `now` as an argument.

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chart::moment::Timestamp;
use chrono::{DateTime, TimeZone as _, Utc};
use chrono_tz::Asia::Ho_Chi_Minh;
use chrono_tz::Tz;
use uuid::Uuid;

/// What a runtime takes for the present.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    Real,
    /// Stands at an instant until somebody sets it; clones share the instant.
    Virtual(Arc<AtomicI64>),
}

impl Clock {
    /// A virtual clock that stands at `at`.
    pub fn standing_at(at: Timestamp) -> Self {
        Self::Virtual(Arc::new(AtomicI64::new(at.as_ms())))
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Real => real_now(),
            Self::Virtual(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }

    /// Whether time passes only when it is set.
    pub fn is_virtual(&self) -> bool {
        matches!(self, Self::Virtual(_))
    }

    /// Sets a virtual clock to `to`, never backwards; a real clock is left alone.
    ///
    /// The stored clock is moved by [`crate::engine::Runtime::advance_to`], which calls this.
    pub(crate) fn advance(&self, to: Timestamp) {
        if let Self::Virtual(at) = self {
            at.fetch_max(to.as_ms(), Ordering::SeqCst);
        }
    }

    /// The clock as the database stores it: `real`, or the instant in milliseconds.
    pub fn to_text(&self) -> String {
        match self {
            Self::Real => "real".to_owned(),
            Self::Virtual(_) => self.now().as_ms().to_string(),
        }
    }

    /// Reads what [`Clock::to_text`] wrote; `None` where it is neither.
    pub fn from_text(text: &str) -> Option<Self> {
        if text == "real" {
            return Some(Self::Real);
        }
        text.parse().ok().map(|at| Self::standing_at(Timestamp(at)))
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real => f.write_str("the real clock"),
            Self::Virtual(_) => {
                write!(f, "a virtual clock at {}", local(self.now()).format("%Y-%m-%d %H:%M:%S"))
            }
        }
    }
}

/// A moment as people in Viet Nam read it.
pub fn local(at: Timestamp) -> DateTime<Tz> {
    let utc = Utc.timestamp_millis_opt(at.as_ms()).single().unwrap_or_default();
    utc.with_timezone(&Ho_Chi_Minh)
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
fn real_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A key for a command whose sender brings none, such as a page or the command line (`UUIDv7`).
#[expect(clippy::disallowed_methods, reason = "keys made up for people are the one drawn id (R4)")]
pub fn fresh_key() -> String {
    Uuid::now_v7().to_string()
}

/// Where salts come from (R9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Salts {
    /// The operating system's generator.
    Drawn,
    /// A function of the seed and of what is salted, so that a simulation repeats itself.
    Seeded(u64),
}

impl Salts {
    /// A salt of 64 hexadecimal digits for the value known as `reference`.
    ///
    /// # Panics
    /// When the operating system has no random bytes: nothing secret can be kept on such a machine.
    pub fn salt(self, reference: &str) -> String {
        let mut bytes = [0_u8; 32];
        match self {
            Self::Drawn => getrandom::fill(&mut bytes).expect("the system has random bytes"),
            Self::Seeded(seed) => {
                let [left, right] = ["salt-1", "salt-2"].map(|half| {
                    let name = format!("{half}/{seed}/{reference}");
                    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
                });
                bytes[..16].copy_from_slice(left.as_bytes());
                bytes[16..].copy_from_slice(right.as_bytes());
            }
        }
        bytes.iter().fold(String::with_capacity(64), |mut hex, byte| {
            // Writing to a string does not fail.
            let _written = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// Measures how long something takes, on the clock that never goes back.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// How long it has been.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
