//! The alarm while instruments get no quotes. No I/O.

use qubx_protocol::{Alarm, Stale};

/// How many instruments the alarm names.
const NAMED: usize = 5;

/// Returns the alarm about what is stale; none while nothing is.
pub(super) fn alarm(stale: &[Stale]) -> Option<Alarm> {
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
        assert_eq!(alarm(&[]), None);
        let stale = |number: usize| Stale {
            instrument: InstrumentId::new("SIM", format!("S{number}")),
            since: format!("2026-01-01T00:00:{:02}.7Z", 30 - number).parse().unwrap(),
        };
        let both = alarm(&[stale(0), stale(1)]).unwrap();
        assert!(both.text.starts_with("no quote of SIM:S0 since 00:00:30, SIM:S1 since 00:00:29 (UTC)."));
        assert_eq!((both.source.as_str(), both.since, both.stops_orders), ("feed", stale(1).since, false));
        let many: Vec<Stale> = (0..8).map(stale).collect();
        assert!(alarm(&many).unwrap().text.contains("SIM:S4 since 00:00:26 and 3 more (UTC)."));
    }
}
