//! One frame: a length of four bytes, big-endian, and one JSON message.

use bytes::{Buf, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The largest frame that a client may send: a cell of 256 KiB, escaped, fits several times.
pub const MAX_CLIENT_FRAME: usize = 1 << 20;
/// The largest frame at all: a snapshot's three lists of 4 MiB, escaped, fit.
pub const MAX_FRAME: usize = 64 << 20;
/// The bytes of the length.
const HEADER: usize = 4;

/// A frame that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// It is longer than allowed; the rest of the stream is meaningless.
    #[error("a frame of {length} bytes is longer than the {limit} allowed")]
    TooLong {
        /// The length that it announces.
        length: usize,
        /// The length that is allowed.
        limit: usize,
    },
    /// It is not the JSON of a message; the next frame may be.
    #[error("not a message of this protocol: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// Returns `message` as one frame.
///
/// # Panics
/// Never for the messages of this crate: their JSON has string keys and no foreign `Serialize`.
#[must_use]
pub fn encode_frame<T: Serialize>(message: &T) -> Vec<u8> {
    let mut frame = vec![0; HEADER];
    serde_json::to_writer(&mut frame, message).expect("messages have string keys and finite numbers");
    let length = u32::try_from(frame.len() - HEADER).expect("a message is far below 4 GiB");
    frame[..HEADER].copy_from_slice(&length.to_be_bytes());
    frame
}

/// Bytes as they arrive, taken out as messages.
#[derive(Debug)]
pub struct FrameBuffer {
    bytes: BytesMut,
    limit: usize,
}

impl FrameBuffer {
    /// Returns an empty buffer for frames of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { bytes: BytesMut::new(), limit }
    }

    /// Returns the place where arriving bytes are appended.
    pub fn bytes_mut(&mut self) -> &mut BytesMut {
        &mut self.bytes
    }

    /// Takes the next whole message out; none until more bytes arrive.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] as soon as the length is known, and [`FrameError::Malformed`] when the frame is whole.
    pub fn next_message<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        let Some(header) = self.bytes.first_chunk::<HEADER>() else { return Ok(None) };
        let length = u32::from_be_bytes(*header) as usize;
        if length > self.limit {
            return Err(FrameError::TooLong { length, limit: self.limit });
        }
        if self.bytes.len() < HEADER + length {
            self.bytes.reserve(HEADER + length - self.bytes.len());
            return Ok(None);
        }
        self.bytes.advance(HEADER);
        let frame = self.bytes.split_to(length);
        Ok(Some(serde_json::from_slice(&frame)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn messages_survive_any_split_of_the_bytes(
            texts in proptest::collection::vec(".*", 0..8),
            cuts in proptest::collection::vec(1usize..40, 1..200),
        ) {
            let stream: Vec<u8> = texts.iter().flat_map(encode_frame).collect();
            let mut buffer = FrameBuffer::new(MAX_CLIENT_FRAME);
            let mut received: Vec<String> = Vec::new();
            let mut rest = &stream[..];
            let mut cuts = cuts.iter().cycle();
            while !rest.is_empty() {
                let (now, later) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                buffer.bytes_mut().extend_from_slice(now);
                rest = later;
                while let Some(text) = buffer.next_message().unwrap() {
                    received.push(text);
                }
            }
            prop_assert_eq!(received, texts);
        }
    }

    #[test]
    fn a_frame_that_announces_too_much_is_refused_before_it_is_read() {
        let mut buffer = FrameBuffer::new(10);
        buffer.bytes_mut().extend_from_slice(&11u32.to_be_bytes());
        assert!(matches!(
            buffer.next_message::<String>(),
            Err(FrameError::TooLong { length: 11, limit: 10 })
        ));
    }

    #[test]
    fn a_malformed_frame_does_not_spoil_the_next_one() {
        let mut buffer = FrameBuffer::new(100);
        buffer.bytes_mut().extend_from_slice(&2u32.to_be_bytes());
        buffer.bytes_mut().extend_from_slice(b"{x");
        buffer.bytes_mut().extend_from_slice(&encode_frame(&"next"));
        assert!(matches!(buffer.next_message::<String>(), Err(FrameError::Malformed(_))));
        assert_eq!(buffer.next_message::<String>().unwrap().as_deref(), Some("next"));
    }
}
