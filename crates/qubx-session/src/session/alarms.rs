//! What is wrong now, for everyone to see: with the files, with the quotes, and with the way in.

use jiff::Timestamp;
use qubx_protocol::{Alarm, Stale};

use super::Session;

/// How many instruments the alarm names.
const NAMED: usize = 5;

impl Session {
    pub(super) fn publish_alarms(&self) {
        // Looking at the disk may block.
        let mut alarms = tokio::task::block_in_place(|| self.store.alarms());
        alarms.extend(of_stale(&self.engine.market().borrow().stale));
        alarms.extend(self.unreachable.clone());
        self.alarms.send_if_modified(|shown| {
            let changed = *shown != alarms;
            *shown = alarms;
            changed
        });
    }

    /// Notes that nobody can come in, or can again.
    pub(super) fn unreachable(&mut self, why: Option<String>) {
        self.unreachable = why.map(|text| Alarm {
            source: "clients".to_owned(),
            text,
            since: Timestamp::now(),
            stops_orders: false,
        });
        self.publish_alarms();
    }
}

/// Returns the alarm about what is stale; none while nothing is.
fn of_stale(stale: &[Stale]) -> Option<Alarm> {
    let since = stale.iter().map(|stale| stale.since).min()?;
    let named: Vec<String> = stale
        .iter()
        .take(NAMED)
        .map(|stale| format!("{} since {}", stale.instrument, stale.since.strftime("%H:%M:%S")))
        .collect();
    let more = match stale.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let text = format!(
        "no quote of {}{more} (UTC). Positions are valued, and paper orders filled, at the last quotes. Verbs and \
         Python go on; when quotes come again, this ends by itself",
        named.join(", ")
    );
    Some(Alarm { source: "feed".to_owned(), text, since, stops_orders: false })
}

#[cfg(test)]
mod tests {
    use qubx_protocol::InstrumentId;

    use super::*;

    #[test]
    fn the_alarm_names_what_is_stale_and_since_when() {
        assert_eq!(of_stale(&[]), None);
        let stale = |number: usize| Stale {
            instrument: InstrumentId::new("SIM", format!("S{number}")),
            since: format!("2026-01-01T00:00:{:02}.7Z", 30 - number).parse().unwrap(),
        };
        let both = of_stale(&[stale(0), stale(1)]).unwrap();
        assert!(both.text.starts_with("no quote of SIM:S0 since 00:00:30, SIM:S1 since 00:00:29 (UTC)."));
        assert_eq!((both.source.as_str(), both.since, both.stops_orders), ("feed", stale(1).since, false));
        let many: Vec<Stale> = (0..8).map(stale).collect();
        assert!(of_stale(&many).unwrap().text.contains("SIM:S4 since 00:00:26 and 3 more (UTC)."));
    }
}
