//! Secrets that give access: made of the system's randomness, shown once, kept as hashes only.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What every secret begins with, so that one that was pasted somewhere can be found.
const PREFIX: &str = "qx_";
/// The random bytes of a secret: 256 bits, so that guessing is hopeless and a plain hash is enough.
const BYTES: usize = 32;

/// A secret in clear. It cannot be printed by accident: it has neither `Debug` nor `Display` nor `Serialize`.
pub struct Secret(String);

impl Secret {
    /// Makes one.
    ///
    /// # Panics
    /// When the system has no randomness; nothing could be safe then.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).expect("the system gives random bytes");
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Returns it in clear, to be shown once to the person whom it is for.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns what is kept of it.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash::of(&self.0)
    }
}

/// What is kept of a secret: its SHA-256, in hexadecimal digits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(String);

impl SecretHash {
    /// Returns the hash of what somebody says is a secret.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Tells whether two are the same, in a time that does not depend on where they differ.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_only_themselves_have_their_hash() {
        let (one, other) = (Secret::random(), Secret::random());
        assert_eq!(one.reveal().len(), PREFIX.len() + 43, "256 bits");
        assert!(one.hash().is(&SecretHash::of(one.reveal())));
        assert!(!one.hash().is(&other.hash()));
        assert!(!one.hash().is(&SecretHash::of("")));
        assert!(!serde_json::to_string(&one.hash()).unwrap().contains(&one.reveal()[PREFIX.len()..]));
    }
}
