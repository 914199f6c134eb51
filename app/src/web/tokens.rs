//! Tokens and passwords: made from the system's randomness, kept as hashes.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use chart::canonical::sha256_hex;
use runtime::clock::Salts;
use store::tokens::TokenRow;

/// The fewest characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// The most bytes of a password that are looked at.
pub const PASSWORD_BYTES_MAX: usize = 1_000;
/// What the token of a program begins with, so that it is known for one wherever it is found.
pub const PREFIX: &str = "ctm_";
/// The longest name of a token, in characters.
pub const NAME_CHARS_MAX: usize = 100;
/// How many days a token of a program may be good for.
pub const DAYS_MAX: i64 = 730;

/// What a token of a program may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Scope {
    /// Reading what its person may see.
    Read,
    /// Acting on cases as its person may.
    Act,
    /// Handing in reports.
    Report,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Act, Self::Report];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Act => "act",
            Self::Report => "report",
        }
    }

    /// Those that `words` names, with blanks between them.
    pub fn among(words: &str) -> Vec<Self> {
        let is_there = |scope: &Self| words.split(' ').any(|word| word == scope.word());
        Self::ALL.into_iter().filter(is_there).collect()
    }
}

/// A token of a program to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minting {
    /// What it is for.
    pub name: String,
    /// The organisation it acts for.
    pub organisation: String,
    /// The person who acts through it.
    pub person: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// For how many days.
    pub days: i64,
    /// Who makes it.
    pub by: String,
}

impl Minting {
    /// The secret, which is told once, and what is kept of it.
    pub fn mint(self, now_ms: i64) -> (String, TokenRow) {
        let secret = format!("{PREFIX}{}", token());
        let token_sha = kept(&secret);
        let scopes = Scope::ALL.into_iter().filter(|scope| self.scopes.contains(scope));
        let row = TokenRow {
            // A few digits of the hash of 256 random bits say nothing of them.
            id: token_sha[..12].to_owned(),
            token_sha,
            name: self.name,
            organisation: self.organisation,
            person: self.person,
            scopes: scopes.map(Scope::word).collect::<Vec<_>>().join(" "),
            created_at_ms: now_ms,
            created_by: self.by,
            expires_at_ms: now_ms + self.days.clamp(1, DAYS_MAX) * 86_400_000,
            seen_at_ms: None,
            revoked_at_ms: None,
            revoked_by: None,
        };
        (secret, row)
    }
}

/// A new token that nobody can guess: 256 random bits in 64 hexadecimal digits.
pub fn token() -> String {
    Salts::Drawn.salt("")
}

/// What is kept of a token.
pub fn kept(token: &str) -> String {
    sha256_hex(token)
}

/// What is kept of a password (Argon2id, with a salt of its own). Takes some 20 ms.
pub fn hashed(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

/// Whether `password` is the one of which `hash` was kept. Takes as long as [`hashed`].
pub fn is_right(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let hash = hashed("Mốc biên giới 1297").expect("hashing works");
        assert!(hash.starts_with("$argon2id$"));
        assert!(is_right("Mốc biên giới 1297", &hash));
        assert!(!is_right("mốc biên giới 1297", &hash));
        assert!(!is_right("", "not a hash"));
        assert_ne!(hash, hashed("Mốc biên giới 1297").expect("hashing works"));
    }

    #[test]
    fn tokens_are_long_and_never_twice_the_same() {
        let (one, other) = (token(), token());
        assert_ne!(one, other);
        assert_eq!((one.len(), kept(&one).len()), (64, 64));
    }

    #[test]
    fn what_is_kept_of_a_programs_token_is_not_its_secret() {
        let minting = Minting {
            name: "Phần mềm kế toán".to_owned(),
            organisation: "dn-a1".to_owned(),
            person: "p-1".to_owned(),
            scopes: vec![Scope::Report, Scope::Read, Scope::Read],
            days: 90,
            by: "p-1".to_owned(),
        };
        let (secret, row) = minting.clone().mint(1_000);
        assert!(secret.starts_with("ctm_") && secret.len() == 68);
        assert_eq!((row.token_sha.as_str(), row.scopes.as_str()), (&*kept(&secret), "read report"));
        assert_eq!(Scope::among(&row.scopes), [Scope::Read, Scope::Report]);
        assert!(!secret.contains(&row.id));
        assert_eq!(row.expires_at_ms, 1_000 + 90 * 86_400_000);
        assert_ne!(minting.mint(1_000).1.id, row.id);
        assert_eq!(Scope::among("readact"), []);
    }
}
