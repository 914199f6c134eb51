//! Tokens and passwords: made from the system's randomness, kept as hashes.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use chart::canonical::sha256_hex;
use runtime::clock::Salts;

/// The fewest characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// The most bytes of a password that are looked at.
pub const PASSWORD_BYTES_MAX: usize = 1_000;

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
}
