//! Hands events to all screens, on the screens' own thread: the session, which orders wait for, tells each of them once,
//! however many screens there are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use qubx_protocol::{ErrorMessage, Event, ServerMessage, encode_frame};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::session::input::{FrameSender, SubscriberId};

/// The bytes of events that wait for the thread at most, as near as [`size`](qubx_protocol::Fact::size) knows them. Above
/// it every screen is cut off, and resumes by itself.
const WAITING_BYTES: usize = 32 << 20;

/// The session's end: what it tells comes to every screen in the same order.
#[derive(Debug)]
pub(crate) struct FanOut {
    told: mpsc::UnboundedSender<Told>,
    /// The bytes of the events that wait.
    waiting: Arc<AtomicUsize>,
}

#[derive(Debug)]
enum Told {
    Come(SubscriberId, Way),
    Left(SubscriberId),
    /// Events, and their bytes.
    Events(Vec<Event>, usize),
    /// Events were dropped here: whoever is attached has a gap.
    Gap,
    Over(ErrorMessage),
}

/// The way to a screen.
#[derive(Debug)]
struct Way {
    frames: FrameSender,
    cut: CancellationToken,
}

/// Begins to hand out events. The task is to be spawned; it ends with the [`FanOut`].
pub(crate) fn fan_out() -> (FanOut, impl Future<Output = ()> + Send + 'static) {
    let (sender, told) = mpsc::unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    (FanOut { told: sender, waiting: waiting.clone() }, hand_out(told, waiting))
}

impl FanOut {
    /// Adds a screen: it gets every event that is told from now on. `cut` is cancelled when it reads too slowly.
    pub(crate) fn add(&self, id: SubscriberId, frames: FrameSender, cut: CancellationToken) {
        self.tell(Told::Come(id, Way { frames, cut }));
    }

    /// Forgets a screen that left.
    pub(crate) fn remove(&self, id: SubscriberId) {
        self.tell(Told::Left(id));
    }

    /// Tells everyone.
    pub(crate) fn events(&self, events: Vec<Event>) {
        let bytes = events.iter().map(|event| event.fact.size()).sum();
        let waiting = self.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if waiting <= WAITING_BYTES {
            return self.tell(Told::Events(events, bytes));
        }
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        tracing::warn!("screens cannot be told as fast as things happen; all of them are cut off and resume");
        self.tell(Told::Gap);
    }

    /// Says goodbye to everyone: the last frame tells why, then the queues end.
    pub(crate) fn over(&self, why: ErrorMessage) {
        self.tell(Told::Over(why));
    }

    fn tell(&self, told: Told) {
        // The task ends after this only, or with the whole thread.
        let _ = self.told.send(told);
    }
}

async fn hand_out(mut told: mpsc::UnboundedReceiver<Told>, waiting: Arc<AtomicUsize>) {
    let mut ways = BTreeMap::new();
    while let Some(told) = told.recv().await {
        match told {
            Told::Come(id, way) => drop(ways.insert(id, way)),
            Told::Left(id) => drop(ways.remove(&id)),
            Told::Events(events, bytes) => {
                for event in events {
                    send(&mut ways, ServerMessage::Event(event));
                    // The screens write between two events.
                    tokio::task::yield_now().await;
                }
                waiting.fetch_sub(bytes, Ordering::Relaxed);
            }
            Told::Gap => {
                for way in std::mem::take(&mut ways).into_values() {
                    way.cut.cancel();
                }
            }
            Told::Over(why) => {
                send(&mut ways, ServerMessage::Error(why));
                ways.clear();
            }
        }
    }
}

/// Sends a message to everyone, and cuts off whoever has no room for it.
fn send(ways: &mut BTreeMap<SubscriberId, Way>, message: ServerMessage) {
    if ways.is_empty() {
        return;
    }
    let frame: Arc<[u8]> = encode_frame(&message).into();
    ways.retain(|_, way| {
        let has_room = way.frames.send(&frame);
        if !has_room {
            way.cut.cancel();
        }
        has_room
    });
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use qubx_protocol::{ErrorCode, Fact, FrameBuffer, LogLevel, Seq};
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::session::input::frames;

    fn event(seq: u64, text: &str) -> Event {
        let (level, source) = (LogLevel::Info, "session".to_owned());
        let fact = Fact::Log { level, source, text: text.to_owned(), market_time: None };
        Event { seq: Seq(seq), time: Timestamp::UNIX_EPOCH, fact }
    }

    fn read(frame: &[u8]) -> ServerMessage {
        let mut buffer = FrameBuffer::new(usize::MAX);
        buffer.bytes_mut().extend_from_slice(frame);
        buffer.next_message().unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_screen_gets_what_is_told_between_its_coming_and_its_end() {
        let (told, task) = fan_out();
        let ((first, mut first_gets), (second, mut second_gets)) = (frames(), frames());
        let cut = CancellationToken::new();
        told.add(1, first, cut.clone());
        told.events(vec![event(1, "a"), event(2, "b")]);
        told.add(2, second, cut.clone());
        told.events(vec![event(3, "c")]);
        told.remove(1);
        told.events(vec![event(4, "d")]);
        let why = ErrorMessage { code: ErrorCode::Ended, message: "over".to_owned(), hint: None };
        told.over(why.clone());
        told.events(vec![event(5, "to nobody")]);
        drop(told);
        task.await;
        for seq in 1..=3 {
            let ServerMessage::Event(got) = read(&first_gets.recv().await.unwrap()) else { panic!() };
            assert_eq!(got.seq, Seq(seq));
        }
        assert!(first_gets.recv().await.is_none());
        for seq in 3..=4 {
            let ServerMessage::Event(got) = read(&second_gets.recv().await.unwrap()) else { panic!() };
            assert_eq!(got.seq, Seq(seq));
        }
        assert_eq!(read(&second_gets.recv().await.unwrap()), ServerMessage::Error(why));
        assert!(second_gets.recv().await.is_none() && !cut.is_cancelled());
    }

    #[tokio::test]
    async fn events_that_nobody_takes_are_dropped_at_a_limit_and_whoever_missed_them_is_cut_off() {
        let (told, task) = fan_out();
        let ((early, _early_gets), (late, _late_gets)) = (frames(), frames());
        let cuts = [CancellationToken::new(), CancellationToken::new(), CancellationToken::new()];
        told.add(1, early, cuts[0].clone());
        let large = "x".repeat(1 << 20);
        for seq in 0..40 {
            told.events(vec![event(seq, &large)]);
        }
        // Who comes into the gap misses what is dropped after it.
        told.add(2, late, cuts[1].clone());
        told.events(vec![event(40, &large)]);
        assert!(told.waiting.load(Ordering::Relaxed) <= WAITING_BYTES);
        let waiting = told.waiting.clone();
        let handing = TaskTracker::new().spawn(task);
        while waiting.load(Ordering::Relaxed) > 0 {
            tokio::task::yield_now().await;
        }
        let (third, mut third_gets) = frames();
        told.add(3, third, cuts[2].clone());
        told.events(vec![event(41, "again")]);
        let ServerMessage::Event(got) = read(&third_gets.recv().await.unwrap()) else { panic!() };
        assert_eq!(got.seq, Seq(41));
        drop(told);
        handing.await.unwrap();
        assert_eq!(cuts.map(|cut| cut.is_cancelled()), [true, true, false]);
    }
}
