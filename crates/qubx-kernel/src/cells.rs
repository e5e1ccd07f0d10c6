//! Which request is which cell, and when a cell is over. No I/O.
//!
//! A cell of ours is over when both its reply and its idle status came: the reply alone may overtake output. The
//! parent that a message names is trusted only while that request runs, because the output of a thread bears
//! the name of whatever request came last.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use qubx_protocol::{CellNumber, CellStatus};

use crate::translate::{Broadcast, Reply};
use crate::wire::Header;
use crate::{CellRef, KernelEvent};

/// How long an idle status may come after its reply and the last output. It is lost only when the child dropped messages.
const LATEST_IDLE: Duration = Duration::from_secs(10);
/// How long a reply may come after its idle status. It is sent before it, on another socket; it is never sent when an
/// interrupt hit the kernel's own code around a cell.
const LATEST_REPLY: Duration = Duration::from_secs(1);
/// The most requests that are kept in mind. Only a loss of idle statuses could leave so many; the oldest is
/// forgotten then.
const MOST_REQUESTS: usize = 256;
/// The most cells that are over and whose beginning is still to be heard of. One is under way at a time.
const MOST_UNCLAIMED: usize = 16;

/// The requests that run or wait in the kernel.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    requests: Vec<Request>,
    /// Cells of ours that were over before Python's word that they begin was heard: it comes another way.
    unclaimed: VecDeque<(String, CellNumber)>,
}

#[derive(Debug)]
struct Request {
    id: String,
    /// None while a guest's request has shown no source, and for good when it belongs in no history.
    cell: Option<CellRef>,
    /// Whether Python told that it is about to run; ours only.
    is_claimed: bool,
    /// Ours only.
    code: String,
    /// How often the kernel was interrupted before it.
    interrupts_before: u64,
    /// By its reply, or for a guest by the exception that it showed.
    status: Option<CellStatus>,
    replied_at: Option<Instant>,
    idle_at: Option<Instant>,
}

/// What a reply to a cell leads to.
#[derive(Debug, PartialEq)]
pub(crate) enum Replied {
    /// Nothing more than these events.
    Events(Vec<KernelEvent>),
    /// The cell never ran and is to be sent again.
    Resend { cell: CellNumber, code: String },
}

impl Cells {
    /// Notes a cell of ours that is being sent; `interrupts` counts the interrupts until now.
    pub(crate) fn submit(&mut self, id: String, cell: CellNumber, code: &str, interrupts: u64) {
        self.push(Request {
            id,
            cell: Some(CellRef::Session(cell)),
            is_claimed: false,
            code: code.to_owned(),
            interrupts_before: interrupts,
            status: None,
            replied_at: None,
            idle_at: None,
        });
    }

    /// Returns the cell of ours that a request is about to run. It does so once: another request of that name is not ours.
    pub(crate) fn claim(&mut self, request: &str) -> Option<CellNumber> {
        let Some(place) = self.place(request) else {
            let place = self.unclaimed.iter().position(|(id, _)| id == request)?;
            return self.unclaimed.remove(place).map(|(_, cell)| cell);
        };
        match &self.requests[place] {
            Request { cell: Some(CellRef::Session(cell)), is_claimed: false, .. } => {
                let cell = *cell;
                self.requests[place].is_claimed = true;
                Some(cell)
            }
            _ => None,
        }
    }

    /// Returns the cell of a request that runs or waits; none for one that is not known or belongs in no history.
    pub(crate) fn cell(&self, request: &str) -> Option<CellRef> {
        self.requests[self.place(request)?].cell.clone()
    }

    /// Takes the reply to a cell of ours.
    pub(crate) fn reply(&mut self, parent: &Header, reply: Reply, interrupts: u64, now: Instant) -> Replied {
        let Some(place) = self.place(&parent.msg_id) else { return Replied::Events(Vec::new()) };
        let request = &mut self.requests[place];
        let was_interrupted = interrupts != request.interrupts_before;
        let status = match reply {
            Reply::Ran(status) => status,
            Reply::Cancelled if was_interrupted => CellStatus::Interrupted,
            Reply::Cancelled => CellStatus::Error,
            Reply::Aborted if was_interrupted => CellStatus::Interrupted,
            Reply::Aborted => {
                let request = self.requests.remove(place);
                let Some(CellRef::Session(cell)) = request.cell else { return Replied::Events(Vec::new()) };
                return Replied::Resend { cell, code: request.code };
            }
        };
        request.status = Some(status);
        request.replied_at = Some(now);
        Replied::Events(self.finish(place))
    }

    /// Takes a broadcast and returns what it means for the session.
    pub(crate) fn broadcast(
        &mut self,
        parent: &Header,
        broadcast: Broadcast,
        now: Instant,
    ) -> Vec<KernelEvent> {
        let place = self.place(&parent.msg_id);
        if let Some(replied_at) = place.and_then(|place| self.requests[place].replied_at.as_mut()) {
            // A slow reader may still have much of its output before it.
            *replied_at = now;
        }
        match broadcast {
            Broadcast::Busy => {
                if place.is_none() && parent.msg_type == "execute_request" {
                    self.push(Request {
                        id: parent.msg_id.clone(),
                        cell: None,
                        is_claimed: false,
                        code: String::new(),
                        interrupts_before: 0,
                        status: None,
                        replied_at: None,
                        idle_at: None,
                    });
                }
                Vec::new()
            }
            Broadcast::Input { code, execution_count, stored } => {
                let Some(request) = place.map(|place| &mut self.requests[place]) else { return Vec::new() };
                if request.cell.is_none() && stored {
                    request.cell = Some(CellRef::Guest(request.id.clone()));
                }
                let Some(cell) = request.cell.clone() else { return Vec::new() };
                vec![KernelEvent::CellStarted { cell, code, user: parent.username.clone(), execution_count }]
            }
            Broadcast::Output(content) => match self.author(place) {
                Some(cell) => vec![KernelEvent::Output { cell, content }],
                None => Vec::new(),
            },
            Broadcast::Error(error) => {
                if let Some(request) = place.map(|place| &mut self.requests[place])
                    && matches!(request.cell, Some(CellRef::Guest(_)))
                {
                    request.status = Some(match error.ename.as_str() {
                        "KeyboardInterrupt" => CellStatus::Interrupted,
                        _ => CellStatus::Error,
                    });
                }
                let Some(cell) = self.author(place) else { return Vec::new() };
                let (ename, evalue, traceback) = (error.ename, error.evalue, error.traceback);
                vec![KernelEvent::Error { cell, ename, evalue, traceback }]
            }
            Broadcast::Idle => {
                let Some(place) = place else { return Vec::new() };
                let request = &mut self.requests[place];
                request.idle_at = Some(now);
                if !matches!(request.cell, Some(CellRef::Session(_))) {
                    request.status.get_or_insert(CellStatus::Ok);
                }
                self.finish(place)
            }
        }
    }

    /// Ends the cells whose reply or idle status should have come long ago.
    pub(crate) fn give_up(&mut self, now: Instant) -> Vec<KernelEvent> {
        let mut events = Vec::new();
        while let Some(place) = self.requests.iter().position(|r| r.deadline().is_some_and(|at| at <= now)) {
            let request = &mut self.requests[place];
            tracing::warn!(
                request = request.id,
                "the kernel lost the reply to a cell, or the end of its output"
            );
            request.idle_at = Some(now);
            request.status.get_or_insert(CellStatus::Interrupted);
            events.extend(self.finish(place));
        }
        events
    }

    /// Returns when [`Cells::give_up`] has something to do next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.requests.iter().filter_map(Request::deadline).min()
    }

    /// Returns whose output this is; none for a request that belongs in no history.
    fn author(&self, place: Option<usize>) -> Option<CellRef> {
        match place {
            Some(place) => self.requests[place].cell.clone(),
            None => Some(CellRef::Strategy),
        }
    }

    fn finish(&mut self, place: usize) -> Vec<KernelEvent> {
        let request = &self.requests[place];
        let (Some(status), true) = (request.status, request.idle_at.is_some()) else { return Vec::new() };
        let request = self.requests.remove(place);
        if let Request { id, cell: Some(CellRef::Session(cell)), is_claimed: false, .. } = &request {
            self.unclaimed.push_back((id.clone(), *cell));
            if self.unclaimed.len() > MOST_UNCLAIMED {
                self.unclaimed.pop_front();
            }
        }
        request.cell.map(|cell| KernelEvent::CellFinished { cell, status }).into_iter().collect()
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.requests.iter().position(|request| request.id == id)
    }

    fn push(&mut self, request: Request) {
        if self.requests.len() == MOST_REQUESTS {
            self.requests.remove(0);
        }
        self.requests.push(request);
    }
}

impl Request {
    /// Returns when what is missing of its end should have come; none while it runs.
    fn deadline(&self) -> Option<Instant> {
        let latest_idle = self.replied_at.map(|at| at + LATEST_IDLE);
        latest_idle.or(self.idle_at.map(|at| at + LATEST_REPLY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parent(id: &str) -> Header {
        Header { msg_id: id.into(), msg_type: "execute_request".into(), ..Header::default() }
    }

    fn finished(status: CellStatus) -> Vec<KernelEvent> {
        vec![KernelEvent::CellFinished { cell: CellRef::Session(CellNumber(1)), status }]
    }

    fn submitted() -> Cells {
        let mut cells = Cells::default();
        cells.submit("a".into(), CellNumber(1), "1", 0);
        cells
    }

    #[test]
    fn a_cell_of_ours_is_claimed_once_also_when_it_is_over_already() {
        let (now, ok) = (Instant::now(), Reply::Ran(CellStatus::Ok));
        for is_over in [false, true] {
            let mut cells = submitted();
            if is_over {
                cells.reply(&parent("a"), ok, 0, now);
                cells.broadcast(&parent("a"), Broadcast::Idle, now);
            }
            assert_eq!(cells.claim("b"), None);
            assert_eq!(cells.claim("a"), Some(CellNumber(1)));
            assert_eq!(cells.claim("a"), None, "another one of that name is not ours");
        }
    }

    #[test]
    fn a_cell_is_over_when_its_reply_and_its_idle_status_came() {
        let (now, ok) = (Instant::now(), Reply::Ran(CellStatus::Ok));
        let mut cells = submitted();
        assert_eq!(cells.reply(&parent("a"), ok, 0, now), Replied::Events(Vec::new()));
        assert_eq!(cells.broadcast(&parent("a"), Broadcast::Idle, now), finished(CellStatus::Ok));
        let mut cells = submitted();
        assert_eq!(cells.broadcast(&parent("a"), Broadcast::Idle, now), []);
        assert_eq!(cells.reply(&parent("a"), ok, 0, now), Replied::Events(finished(CellStatus::Ok)));
    }

    #[test]
    fn a_cell_whose_idle_status_is_lost_ends_all_the_same() {
        let now = Instant::now();
        let mut cells = submitted();
        assert_eq!(cells.deadline(), None);
        cells.reply(&parent("a"), Reply::Ran(CellStatus::Error), 0, now);
        assert_eq!(cells.give_up(now), []);
        assert_eq!(cells.give_up(cells.deadline().unwrap()), finished(CellStatus::Error));
        assert_eq!(cells.deadline(), None);
    }

    #[test]
    fn a_cell_whose_output_still_comes_is_not_over() {
        let now = Instant::now();
        let mut cells = submitted();
        cells.reply(&parent("a"), Reply::Ran(CellStatus::Ok), 0, now);
        let late = cells.deadline().unwrap();
        let output = Broadcast::Output(qubx_protocol::OutputContent::Clear { wait: false });
        assert_eq!(cells.broadcast(&parent("a"), output, late).len(), 1);
        assert_eq!(cells.give_up(late), []);
        assert_eq!(cells.give_up(cells.deadline().unwrap()), finished(CellStatus::Ok));
    }

    #[test]
    fn a_cell_whose_reply_is_lost_ends_all_the_same() {
        let now = Instant::now();
        let mut cells = submitted();
        assert_eq!(cells.broadcast(&parent("a"), Broadcast::Idle, now), []);
        assert_eq!(cells.give_up(now), []);
        assert_eq!(cells.give_up(cells.deadline().unwrap()), finished(CellStatus::Interrupted));
        assert_eq!(cells.deadline(), None);
    }

    #[test]
    fn a_cancelled_await_is_an_interrupt_only_when_there_was_one() {
        for (interrupts, status) in [(0, CellStatus::Error), (1, CellStatus::Interrupted)] {
            let mut cells = submitted();
            cells.broadcast(&parent("a"), Broadcast::Idle, Instant::now());
            let replied = cells.reply(&parent("a"), Reply::Cancelled, interrupts, Instant::now());
            assert_eq!(replied, Replied::Events(finished(status)));
        }
    }

    #[test]
    fn a_cell_that_never_ran_is_sent_again() {
        let replied = submitted().reply(&parent("a"), Reply::Aborted, 0, Instant::now());
        assert_eq!(replied, Replied::Resend { cell: CellNumber(1), code: "1".into() });
    }
}
