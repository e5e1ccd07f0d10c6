//! Who is behind what Python does, and the rows that say so: a cell's beginning, whoever sent it, and its end.

use qubx_kernel::{CallOrigin, CellRef, RunId};
use qubx_protocol::{Author, By, CellStatus, Command, CommandId};

use super::{JUPYTER, STRATEGY, Session};
use crate::store::{CellEnd, CommandAudit, Draft, GUEST};

/// What the audit has instead of code when a guest acts without a cell.
const NO_CELL: &str = "# no cell: a message of a Jupyter client, or what a cell of long ago left behind";

impl Session {
    /// Notes that a request is about to run a cell. A guest's is written down now, before anything that it does.
    pub(super) fn run_begins(&mut self, run: RunId, cell: &CellRef, code: &str, user: &str) {
        if let CellRef::Session(cell) = cell
            && self.causes.began(run, *cell)
        {
            return;
        }
        let by = self.guest_acts(guest(user), code.to_owned());
        self.causes.guest_began(run, by);
    }

    /// Notes that a request ended. The end of a cell of ours is written down with all that it showed.
    pub(super) fn run_ends(&mut self, run: RunId, status: CellStatus) {
        if let Some(command) = self.causes.ended(run) {
            self.drafts.push(Draft::CellEnd(CellEnd { command, status }));
        }
    }

    /// Notes that Python is gone, and with it whatever guests ran.
    pub(super) fn abandon_guests(&mut self) {
        let ends = self.causes.take_all().into_iter();
        self.drafts.extend(ends.map(|command| {
            let status = CellStatus::KernelDied;
            Draft::CellEnd(CellEnd { command, status })
        }));
    }

    /// Returns who is behind a call.
    pub(super) fn cause_of(&mut self, origin: CallOrigin) -> By {
        match origin {
            CallOrigin::Strategy => STRATEGY.into(),
            CallOrigin::Command(id) => match self.told.get(&id) {
                Some(told) => By { author: told.author.clone(), cause: Some(id) },
                // It is over; what it left behind is the strategy's.
                None => STRATEGY.into(),
            },
            CallOrigin::Cell(run) => match self.causes.of(run) {
                Some(by) => by.clone(),
                None => self.guest_acts(JUPYTER.into(), NO_CELL.to_owned()),
            },
            CallOrigin::Outside => self.guest_acts(JUPYTER.into(), NO_CELL.to_owned()),
        }
    }

    fn guest_acts(&mut self, author: Author, code: String) -> By {
        let id = random_id(GUEST);
        let command = Command::Execute { code };
        self.drafts.push(Draft::GuestCell(CommandAudit { id: id.clone(), author: author.clone(), command }));
        By { author, cause: Some(id) }
    }
}

/// Returns the author of a guest's cells, by the name that it gives itself.
pub(super) fn guest(user: &str) -> Author {
    // `username` is what Jupyter's clients say when they know no name.
    let is_named = !matches!(user, "" | "username");
    let author = if is_named { format!("{user}@{JUPYTER}") } else { JUPYTER.to_owned() };
    author.into()
}

/// Returns an id for a command that came without one.
pub(super) fn random_id(prefix: &str) -> CommandId {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    CommandId(format!("{prefix}{digits}"))
}
