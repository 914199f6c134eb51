//! Letters leave the house: by SMTP, into a folder, or into memory for runs that need no world.
//!
//! A letter in the outbox is whole but for two things: the address, and the name of the person. They
//! are looked up when it leaves, so an erased person is in no letter that waits. Everything else was
//! written when the letter was built, its moment and its boundary too, so a second attempt sends the
//! same bytes under the same `Message-ID`, which is the outbox id.
//!
//! Reading order: [`Mail`], [`Sender`], [`performer`].
//!
//! **Invariant:** a letter is called done only after the other side has said that it has it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};
use std::{fs, io};

use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use runtime::outbox::{Performed, Performer};
use store::people::PersonRow;
use store::rows::OutboxRow;
use store::{Store, people};
use tracing::info;

use crate::letters::letter::{self, Letter};

/// The environment variable that names the mail server, such as `smtp://mail.example.vn:25`.
pub const SMTP: &str = "COTMOC_SMTP";
/// The environment variable with the sender, such as `Cột Mốc <cotmoc@example.vn>`.
pub const FROM: &str = "COTMOC_FROM";
/// Who letters are from when [`FROM`] is not set.
pub const FROM_DEFAULT: &str = "Cột Mốc <cotmoc@localhost>";
/// How long a mail server may take to answer one line of the protocol.
pub const ANSWER_MAX: Duration = Duration::from_secs(10);
/// How long one letter may take as a whole.
pub const SEND_MAX: Duration = Duration::from_secs(20);
/// How many connections to the mail server are kept.
const CONNECTIONS_MAX: u32 = 4;

/// Why letters cannot be sent at all; each is a mistake in the settings.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The address of the mail server.
    #[error(
        "`{url}` is not a mail server; write `smtp://host:port`, `smtps://host:port` or \
         `smtp://host:port?tls=required`"
    )]
    Server {
        /// What was written, without a password.
        url: String,
        /// What the parser says.
        source: lettre::transport::smtp::Error,
    },
    /// The sender.
    #[error("`{from}` is not a sender; write `Name <name@example.vn>`")]
    Sender {
        /// What was written.
        from: String,
        /// What the parser says.
        source: lettre::address::AddressError,
    },
}

/// Where letters go. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Mail {
    /// To a mail server.
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// Into a folder, one `<outbox id>.eml` each; a letter sent again overwrites itself.
    Folder(PathBuf),
    /// Nowhere: counted by outbox id.
    Memory(Arc<Mutex<BTreeMap<String, u32>>>),
}

impl Mail {
    /// The mail server at `url`: `smtp://` plain or `?tls=required` (STARTTLS), `smtps://` for TLS
    /// from the first byte, `user:password@` where it asks for one. Nothing is connected yet.
    pub fn smtp(url: &str) -> Result<Self, MailError> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|source| MailError::Server { url: without_password(url), source })?;
        let pool = PoolConfig::new().max_size(CONNECTIONS_MAX);
        Ok(Self::Smtp(builder.timeout(Some(ANSWER_MAX)).pool_config(pool).build()))
    }

    /// Letters into memory; the caller may keep a clone and look.
    pub fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// The mail server if one is named (the value of [`SMTP`]), otherwise the folder.
    pub fn from_setting(smtp: Option<&str>, folder: &Path) -> Result<Self, MailError> {
        match smtp.map(str::trim).filter(|url| !url.is_empty()) {
            Some(url) => Self::smtp(url),
            None => Ok(Self::Folder(folder.to_owned())),
        }
    }

    /// Gives `message` away under `id`.
    async fn give(&self, id: &str, message: Message) -> Performed {
        match self {
            Self::Smtp(transport) => {
                match tokio::time::timeout(SEND_MAX, transport.send(message)).await {
                    Ok(Ok(_)) => Performed::Done,
                    // A refused connection is neither transient nor permanent to lettre.
                    Ok(Err(error)) if error.is_permanent() => {
                        Performed::Dead(format!("the mail server refuses the letter: {error}"))
                    }
                    Ok(Err(error)) => Performed::Retry(format!(
                        "the mail server does not take the letter now: {}",
                        with_causes(&error)
                    )),
                    Err(_) => Performed::Retry(format!(
                        "the mail server did not take the letter within {} s",
                        SEND_MAX.as_secs()
                    )),
                }
            }
            Self::Folder(folder) => match keep(folder, id, &message.formatted()) {
                Ok(()) => Performed::Done,
                Err(error) => Performed::Retry(format!(
                    "the letter cannot be written into `{}`: {error}",
                    folder.display()
                )),
            },
            Self::Memory(given) => {
                let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
                *given.entry(id.to_owned()).or_default() += 1;
                Performed::Done
            }
        }
    }
}

/// Writes whole or not at all; the same id again is the same file.
fn keep(folder: &Path, id: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let part = folder.join(format!("{id}.part"));
    fs::write(&part, bytes)?;
    fs::File::open(&part)?.sync_all()?;
    fs::rename(&part, folder.join(format!("{id}.eml")))
}

/// An error and what lies beneath it; lettre keeps `connection refused` there.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let mut words = error.to_string();
    for cause in causes.map(ToString::to_string) {
        if !words.contains(&cause) {
            words = format!("{words}: {cause}");
        }
    }
    words
}

fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://…@{host}"),
        _ => url.to_owned(),
    }
}

/// Who letters are from; the domain is that of every `Message-ID`.
#[derive(Debug, Clone)]
pub struct Sender(Mailbox);

impl Sender {
    /// The sender that `from` writes, such as `Cột Mốc <cotmoc@example.vn>`.
    pub fn parse(from: &str) -> Result<Self, MailError> {
        let mistake = |source| MailError::Sender { from: from.to_owned(), source };
        from.parse().map(Self).map_err(mistake)
    }

    /// The value of [`FROM`], or [`FROM_DEFAULT`].
    pub fn from_setting(from: Option<&str>) -> Result<Self, MailError> {
        Self::parse(from.filter(|from| !from.trim().is_empty()).unwrap_or(FROM_DEFAULT))
    }
}

/// What performs the effects `letter` and `document` of a database.
///
/// A letter to somebody who has been erased or has no address is dead with that reason and is not
/// tried again. No template for documents is shipped yet, so a document is dead with that reason.
pub fn performer(mail: Mail, sender: Sender, store: Store) -> Performer {
    Performer::new(move |row: OutboxRow| {
        let (mail, sender, store) = (mail.clone(), sender.clone(), store.clone());
        async move {
            match row.kind.as_str() {
                "letter" => send(&mail, &sender, &store, &row).await,
                "document" => Performed::Dead(
                    "this version ships no template for documents; draw it up by hand".to_owned(),
                ),
                other => Performed::Dead(format!("nobody performs effects of the kind `{other}`")),
            }
        }
    })
}

async fn send(mail: &Mail, sender: &Sender, store: &Store, row: &OutboxRow) -> Performed {
    let letter: Letter = match serde_json::from_str(&row.body) {
        Ok(letter) => letter,
        Err(error) => return Performed::Dead(format!("the letter cannot be read: {error}")),
    };
    let person = match people::find_person(store, &letter.person).await {
        Ok(person) => person,
        Err(error) => return Performed::Retry(format!("the address cannot be read: {error}")),
    };
    let undeliverable = |why: &str| {
        info!(letter = row.id, person = letter.person, why, "a letter is undeliverable");
        Performed::Dead(format!("undeliverable: `{}` {why}", letter.person))
    };
    match person {
        None => undeliverable("is not known here"),
        Some(person) if person.erased => undeliverable("has been erased"),
        Some(person) if person.email.is_empty() => undeliverable("has no address"),
        Some(person) => match message(sender, &row.id, &letter, &person) {
            Ok(message) => mail.give(&row.id, message).await,
            Err(why) => undeliverable(&why),
        },
    }
}

/// The whole letter `id` to `person`; the same bytes each time.
fn message(
    sender: &Sender,
    id: &str,
    letter: &Letter,
    person: &PersonRow,
) -> Result<Message, String> {
    let to = Address::from_str(&person.email)
        .map_err(|error| format!("has the address `{}`: {error}", person.email))?;
    let name = (!person.name.is_empty()).then(|| letter::nfc(&person.name));
    let at = UNIX_EPOCH + Duration::from_millis(u64::try_from(letter.at_ms).unwrap_or(0));
    let domain = sender.0.email.domain();
    let body = MultiPart::alternative()
        .boundary(format!("=_{id}"))
        .singlepart(SinglePart::plain(letter.text_for(&person.name)))
        .singlepart(SinglePart::html(letter.html_for(&person.name)));
    Message::builder()
        .from(sender.0.clone())
        .to(Mailbox::new(name, to))
        .subject(letter.subject.clone())
        .date(at)
        .message_id(Some(format!("<{id}@{domain}>")))
        .multipart(body)
        .map_err(|error| format!("cannot be written to: {error}"))
}
