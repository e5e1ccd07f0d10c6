//! Jupyter's messages as zeromq frames: signed, with a content that is read only where it is needed.

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::connection::hex;

/// Stands between the routing frames and the message.
const DELIMITER: &[u8] = b"<IDS|MSG>";
/// Begins the routing frame in which our kernel numbers what it broadcasts.
const NUMBER: &[u8] = b"qubx-";

/// What a message is and who sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Unique.
    #[serde(default)]
    pub msg_id: String,
    /// For example `execute_request`.
    #[serde(default)]
    pub msg_type: String,
    /// The sender's own id.
    #[serde(default)]
    pub session: String,
    /// The sender's name for itself.
    #[serde(default)]
    pub username: String,
    /// When.
    #[serde(default)]
    pub date: String,
    /// Of the protocol.
    #[serde(default)]
    pub version: String,
}

/// A message as it arrived.
#[derive(Debug)]
pub struct Message {
    /// What it is.
    pub header: Header,
    /// What it answers; all fields are empty when it answers nothing.
    pub parent: Header,
    /// JSON, as it came.
    pub metadata: Bytes,
    /// JSON, as it came.
    pub content: Bytes,
    /// The running number of a broadcast of our kernel, from 1. It is not signed: it finds losses, not forgeries.
    pub number: Option<u64>,
    /// The bytes of all of its frames.
    pub size: usize,
}

/// Signs requests and checks what arrives.
#[derive(Clone, Debug)]
pub struct Signer {
    key: Vec<u8>,
    session: String,
}

impl Signer {
    /// Returns a signer with a connection file's key, for a client that calls itself `session`.
    #[must_use]
    pub fn new(key: &str, session: impl Into<String>) -> Self {
        Self { key: key.as_bytes().to_vec(), session: session.into() }
    }

    /// Returns the frames of a request.
    #[must_use]
    pub fn request(&self, msg_id: &str, msg_type: &str, content: &serde_json::Value) -> Vec<Bytes> {
        let header = serde_json::json!({
            "msg_id": msg_id,
            "msg_type": msg_type,
            "session": self.session,
            "username": "qubx",
            "date": jiff::Timestamp::now().to_string(),
            "version": "5.3",
        });
        let parts = [header.to_string(), "{}".into(), "{}".into(), content.to_string()];
        let signature = hex(&self.mac(&parts).finalize().into_bytes());
        let mut frames = vec![Bytes::from_static(DELIMITER), Bytes::from(signature)];
        frames.extend(parts.map(Bytes::from));
        frames
    }

    /// Returns the message in `frames`; none when it is not signed with the key or is no message.
    #[must_use]
    pub fn read(&self, frames: &[Bytes]) -> Option<Message> {
        let start = frames.iter().position(|frame| frame == DELIMITER)?;
        let [signature, parts @ ..] = &frames[start + 1..] else { return None };
        let parts: &[Bytes; 4] = parts.first_chunk()?;
        self.mac(parts).verify_slice(&unhex(signature)?).ok()?;
        let [header, parent, metadata, content] = parts;
        Some(Message {
            header: serde_json::from_slice(header).ok()?,
            parent: serde_json::from_slice(parent).ok()?,
            metadata: metadata.clone(),
            content: content.clone(),
            number: frames[..start].iter().find_map(number),
            size: frames.iter().map(Bytes::len).sum(),
        })
    }

    fn mac<T: AsRef<[u8]>>(&self, parts: &[T]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        for part in parts {
            mac.update(part.as_ref());
        }
        mac
    }
}

/// Returns the number in a routing frame of ours.
fn number(frame: &Bytes) -> Option<u64> {
    std::str::from_utf8(frame.strip_prefix(NUMBER)?).ok()?.parse().ok()
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    text.chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_with_the_right_key_only() {
        let signer = Signer::new("secret", "me");
        let mut frames = vec![Bytes::from_static(b"topic")];
        frames.extend(signer.request("7", "execute_request", &serde_json::json!({"code": "1"})));
        let message = signer.read(&frames).unwrap();
        assert_eq!((message.header.msg_id.as_str(), &message.content[..]), ("7", &br#"{"code":"1"}"#[..]));
        assert_eq!(message.number, None);
        assert!(Signer::new("other", "me").read(&frames).is_none());
        frames.insert(1, Bytes::from_static(b"qubx-12"));
        assert_eq!(signer.read(&frames).unwrap().number, Some(12));
    }

    #[test]
    fn frames_that_are_no_message_are_refused() {
        let signer = Signer::new("secret", "me");
        let whole = signer.request("7", "kernel_info_request", &serde_json::json!({}));
        for length in 0..whole.len() {
            assert!(signer.read(&whole[..length]).is_none(), "{length}");
        }
        let mut altered = whole.clone();
        altered[5] = Bytes::from_static(b"{\"code\":\"2\"}");
        assert!(signer.read(&altered).is_none());
    }
}
