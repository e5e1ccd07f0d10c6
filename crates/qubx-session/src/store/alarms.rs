//! What is wrong with a session's files right now, in words, until it is mended.

use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use jiff::Timestamp;
use qubx_protocol::Alarm;

use super::StoreError;
use super::disk::{Disk, LOOK_EVERY, Room};
use super::log::Log;
use super::rescue::Rescued;

/// The alarms and the disk that they watch. Behind a lock, because asking for the alarms also looks at the disk; it is
/// held for a few lines.
#[derive(Debug)]
pub(super) struct Health(Mutex<Watch>);

#[derive(Debug)]
pub(super) struct Watch {
    pub(super) disk: Disk,
    disk_alarm: Option<Alarm>,
    log_alarm: Option<Alarm>,
    rescue_alarm: Option<Alarm>,
    ledger_alarm: Option<Alarm>,
    probed: Option<Instant>,
}

impl Health {
    pub(super) fn new(disk: Disk) -> Self {
        let watch = Watch {
            disk,
            disk_alarm: None,
            log_alarm: None,
            rescue_alarm: None,
            ledger_alarm: None,
            probed: None,
        };
        Self(Mutex::new(watch))
    }

    pub(super) fn watch(&self) -> MutexGuard<'_, Watch> {
        // A panic in a few lines that cannot half-change anything leaves what is behind the lock usable.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Watch {
    /// Looks at the disk, if the last look was some seconds ago.
    pub(super) fn look(&mut self, now: Timestamp) {
        let Some(room) = self.disk.look() else { return };
        let text = room.is_little().then(|| little_room(room, &self.disk));
        raise(&mut self.disk_alarm, "disk", text, false, now);
    }

    /// Notes whether the ledger could be written.
    pub(super) fn ledger(&mut self, result: Result<(), &StoreError>, now: Timestamp) {
        let text = result.err().map(|error| {
            format!(
                "{error}. No order is given while that lasts. Positions, quotes and Python go on, and the session \
                 can be stopped. Make room on the disk; everything goes on then by itself"
            )
        });
        raise(&mut self.ledger_alarm, "ledger", text, true, now);
    }

    /// Notes whether the session log could be written.
    pub(super) fn log(&mut self, log: &Log, result: Result<(), &StoreError>, now: Timestamp) {
        let why = match result {
            Err(error) => Some(error.to_string()),
            Ok(()) if !log.waiting().is_empty() => {
                Some("the room that is left is kept for the ledger".to_owned())
            }
            Ok(()) => None,
        };
        let text = why.map(|why| {
            let (waiting, lost) = (log.waiting().len(), log.waiting().lost());
            let lost = if lost == 0 { String::new() } else { format!(", {lost} older ones are lost") };
            format!(
                "history is not written down: {why}. {waiting} entries wait in memory{lost}. Orders and fills are \
                 safe in the ledger. Make room on the disk; what waits is written then"
            )
        });
        raise(&mut self.log_alarm, "log", text, false, now);
    }

    /// Notes that the session log was damaged and replaced. That stays true as long as this store is open.
    pub(super) fn rescued(&mut self, rescued: &Rescued, now: Timestamp) {
        raise(&mut self.rescue_alarm, "log", Some(rescued.to_string()), false, now);
    }

    /// Tells whether it is time to try whether the ledger can be written again.
    pub(super) fn should_probe(&mut self) -> bool {
        let is_due = self.ledger_alarm.is_some() && self.probed.is_none_or(|at| at.elapsed() >= LOOK_EVERY);
        if is_due {
            self.probed = Some(Instant::now());
        }
        is_due
    }

    /// Returns what is wrong now, the gravest first.
    pub(super) fn alarms(&self) -> Vec<Alarm> {
        let alarms = [&self.ledger_alarm, &self.log_alarm, &self.rescue_alarm, &self.disk_alarm];
        alarms.into_iter().flatten().cloned().collect()
    }
}

/// Sets an alarm, or takes it back when there is no text. It keeps the time since when it stands.
fn raise(alarm: &mut Option<Alarm>, source: &str, text: Option<String>, stops_orders: bool, now: Timestamp) {
    let since = alarm.as_ref().map_or(now, |alarm| alarm.since);
    *alarm = text.map(|text| Alarm { source: source.to_owned(), text, since, stops_orders });
}

fn little_room(room: Room, disk: &Disk) -> String {
    let (free, total, dir) = (room.free >> 20, room.total >> 20, disk.dir().display());
    format!(
        "only {free} MiB of {total} MiB are free below {dir}. When nothing is left, history is not written down any \
         more, and then no order is given. Make room on the disk"
    )
}
