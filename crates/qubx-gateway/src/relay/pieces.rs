//! The service's frames as pieces of websocket messages, as they come. No I/O.
//!
//! A snapshot has megabytes. Passed on in pieces it is never there as a whole, so a tab costs the same whatever it is sent.

use bytes::{Buf, BytesMut};
use qubx_protocol::MAX_FRAME;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// The bytes of a frame's length, which stands before it.
const LENGTH: usize = 4;

/// How far the frames of one connection are passed on.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// What is still to come of the frame; none between frames.
    left: Option<usize>,
    /// Whether a piece of it has been passed on.
    is_begun: bool,
}

/// A frame that no service sends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Pieces {
    /// Takes the next piece out of what has come: a frame, or as much of it as is there. None when there is nothing of one.
    ///
    /// # Errors
    /// When a frame is longer than the protocol allows.
    pub(super) fn next(&mut self, come: &mut BytesMut) -> Result<Option<Frame>, TooLong> {
        if self.left.is_none() && come.len() >= LENGTH {
            let length = usize::try_from(come.get_u32()).unwrap_or(usize::MAX);
            if length > MAX_FRAME {
                return Err(TooLong);
            }
            (self.left, self.is_begun) = (Some(length), false);
        }
        let Some(left) = self.left else { return Ok(None) };
        if come.is_empty() && left > 0 {
            return Ok(None);
        }
        let piece = come.split_to(left.min(come.len())).freeze();
        let left = left - piece.len();
        let code = if self.is_begun { Data::Continue } else { Data::Text };
        (self.left, self.is_begun) = (Some(left).filter(|left| *left > 0), true);
        Ok(Some(Frame::message(piece, OpCode::Data(code), left == 0)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn messages_arrive_whole_however_they_are_cut(
            messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..8),
            cuts in proptest::collection::vec(1..40_usize, 1..20),
        ) {
            let mut stream = Vec::new();
            for message in &messages {
                stream.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
                stream.extend(message);
            }
            let (mut pieces, mut come) = (Pieces::default(), BytesMut::new());
            let (mut got, mut message) = (Vec::new(), None::<Vec<u8>>);
            let mut cuts = cuts.into_iter().cycle();
            let mut rest = &stream[..];
            while !rest.is_empty() {
                let (now, later) = rest.split_at(cuts.next().unwrap().min(rest.len()));
                come.extend_from_slice(now);
                rest = later;
                while let Some(frame) = pieces.next(&mut come).unwrap() {
                    let header = frame.header();
                    let code = if message.is_none() { Data::Text } else { Data::Continue };
                    prop_assert_eq!(header.opcode, OpCode::Data(code));
                    message.get_or_insert_default().extend(frame.payload());
                    if header.is_final {
                        got.extend(message.take());
                    }
                }
            }
            prop_assert_eq!(got, messages);
            prop_assert_eq!((message, come.len()), (None, 0));
        }
    }

    #[test]
    fn a_frame_that_is_too_long_is_an_error() {
        let mut come = BytesMut::from(&u32::MAX.to_be_bytes()[..]);
        assert_eq!(Pieces::default().next(&mut come).unwrap_err(), TooLong);
    }
}
