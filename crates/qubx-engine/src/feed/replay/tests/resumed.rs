//! A replay that goes on in the middle.

use super::*;
use crate::bars::Bars;

/// Returns the bars that are complete, and those that are remembered at the end.
fn bars_of(
    before: &[MarketEvent],
    behind: &[MarketEvent],
) -> (Vec<qubx_protocol::Bar>, Vec<qubx_protocol::Bar>) {
    let mut bars = Bars::new(["BTCUSDT", "ETHUSDT"].map(id));
    let timeframes = ["10s", "1m", "3m"].map(|timeframe| timeframe.parse().unwrap());
    bars.make(&timeframes);
    let mut complete = Vec::new();
    before.iter().for_each(|event| bars.market(event, &mut complete));
    complete.clear();
    timeframes.iter().for_each(|timeframe| bars.subscribe(*timeframe));
    behind.iter().for_each(|event| bars.market(event, &mut complete));
    let mut known =
        |place| timeframes.map(|timeframe| bars.history(InstrumentIndex(place), timeframe, 1_000));
    let known = [known(0), known(1)].into_iter().flatten().flatten().collect();
    (complete, known)
}

#[test]
fn a_replay_goes_on_at_every_place_as_if_it_had_not_stopped() {
    let time = |second: u64| 1_767_225_600 + second;
    let bars = (0..8).map(|minute| format!("{},{1}0,{1}9,{1}0,{1}5,{1}\n", time(minute * 60), minute + 1));
    let quotes = (0..150).map(|row| format!("{},{1},{1}.5,1,1\n", time(row * 3), 100 + row % 13));
    let trades = (0..40)
        .map(|row| format!("{},{},0.5,{}\n", time(row * 11), 100 + row, if row % 3 == 0 { 1 } else { -1 }));
    let folder = Folder::new()
        .with(
            "BTCUSDT",
            BARS,
            "b.csv",
            &format!("time,open,high,low,close,volume\n{}", bars.collect::<String>()),
        )
        .with(
            "ETHUSDT",
            QUOTES,
            "q.csv.gz",
            &format!("time,bid,ask,bid_size,ask_size\n{}", quotes.collect::<String>()),
        )
        .with("ETHUSDT", TRADES, "t.csv", &format!("time,price,size,side\n{}", trades.collect::<String>()))
        .with("ETHUSDT", FUNDING, "f.csv", "time,rate\n1767225660,0.1\n1767225720,0.2\n");
    let mut feed = folder.open("max").unwrap();
    let (events, end) = all(&mut feed);
    assert_eq!((events.len(), end), (8 * 5 + 150 + 40 + 2, Ok(())));
    let (told, known) = bars_of(&[], &events);
    for place in 0..=events.len() {
        let mut feed = folder.open("max").unwrap();
        let mut skipped = Vec::new();
        let time = place
            .checked_sub(1)
            .map(|newest| events[..=newest].iter().map(|event| event.time).max().unwrap());
        feed.skip(place as u64, time, |event| skipped.push(*event)).unwrap();
        assert_eq!(skipped, events[..place]);
        assert_eq!(feed.now(), time.unwrap_or(events[0].time));
        let (rest, end) = all(&mut feed);
        assert!(rest == events[place..] && end == Ok(()), "at {place}");
        let (complete, remembered) = bars_of(&skipped, &rest);
        assert!(told.ends_with(&complete) && remembered == known, "at {place}");
    }
}

#[test]
fn a_replay_goes_on_in_any_batch() {
    let rows = (0..20_000).map(|row| format!("{},{row},{row},1,1\n", 1_767_225_600 + row));
    let text =
        format!("time,bid,ask,bid_size,ask_size\n{}", rows.collect::<String>().replace(",0,0,", ",1,1,"));
    let folder = Folder::new().with("BTCUSDT", QUOTES, "q.csv", &text);
    let (events, _) = all(&mut folder.open("max").unwrap());
    for place in [1, 4_095, 4_096, 4_097, 8_192, 19_999, 20_000] {
        let mut feed = folder.open("max").unwrap();
        feed.skip(place, None, |_| {}).unwrap();
        let (rest, end) = all(&mut feed);
        assert!(rest == events[place as usize..] && end == Ok(()), "at {place}");
    }
}

#[test]
fn files_that_changed_before_the_place_are_refused() {
    let header = "time,open,high,low,close,volume\n";
    let row = |second: u64| format!("{},1,1,1,1,1\n", 1_767_225_600 + second);
    let folder = Folder::new().with("BTCUSDT", BARS, "b.csv", &format!("{header}{}{}", row(0), row(60)));
    let refused = |place, time: &str| {
        let mut feed = folder.open("max").unwrap();
        let error = feed.skip(place, Some(time.parse().unwrap()), |_| {}).unwrap_err().to_string();
        error.split_once("b.csv: ").unwrap().1.to_owned()
    };
    let hint = "put the file back as it was, or start without --restore";
    assert_eq!(
        refused(11, "2026-01-01T00:02:00Z"),
        format!("the replay is to go on after event 11, and 10 are there; {hint}")
    );
    assert_eq!(
        refused(3, "2026-01-01T00:00:40Z"),
        format!(
            "the replay is to go on after event 3, of 2026-01-01T00:00:40Z, which is of 2026-01-01T00:00:45Z now; {hint}"
        )
    );
}
