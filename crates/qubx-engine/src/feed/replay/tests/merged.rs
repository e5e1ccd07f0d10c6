//! Several files at once, what stands for quotes, and that nothing is early.

use proptest::prelude::*;

use super::*;

const QUOTE_HEADER: &str = "time,bid,ask,bid_size,ask_size\n";
const TRADE_HEADER: &str = "time,price,size,side\n";
const BAR_HEADER: &str = "time,open,high,low,close,volume\n";

#[test]
fn files_of_all_kinds_are_merged_by_time_and_equal_times_have_a_fixed_order() {
    let bars = "00:00:00,10,10,10,10,1\n00:01:00,11,11,11,11,1\n".replace("00:0", "2026-01-01 00:0");
    let quotes =
        "00:00:59,4,5,1,1\n00:01:00,6,7,1,1\n00:01:00,6.5,7,1,1\n".replace("00:0", "2026-01-01 00:0");
    let trades = "00:01:00,6,2,1\n00:01:00,7,3,-1\n".replace("00:0", "2026-01-01 00:0");
    let rates = "00:01:00,0.01\n".replace("00:0", "2026-01-01 00:0");
    // The order of the files is not that of the instruments.
    let folder = Folder::new()
        .with("ETHUSDT", QUOTES, "q.csv", &format!("{QUOTE_HEADER}{quotes}"))
        .with("ETHUSDT", TRADES, "t.csv.gz", &format!("{TRADE_HEADER}{trades}"))
        .with("BTCUSDT", FUNDING, "f.csv", &format!("time,rate\n{rates}"))
        .with("ETHUSDT", FUNDING, "g.csv", &format!("time,rate\n{rates}"))
        .with("ETHUSDT", BARS, "c.csv", &format!("{BAR_HEADER}{bars}"))
        .with("BTCUSDT", BARS, "b.csv", &format!("{BAR_HEADER}{bars}"));
    let (events, end) = folder.replayed();
    assert_eq!(end, Ok(()));
    assert_eq!(
        events,
        [
            "00:00:00 0 quote 10 10 0.250 0.250",
            "00:00:15 0 quote 10 10 0.250 0.250",
            "00:00:45 0 quote 10 10 0.250 0.250",
            "00:00:59 1 quote 4 5 1 1",
            "00:00:59.999 0 quote 10 10 0.250 0.250",
            "00:01:00 0 rate 0.01",
            "00:01:00 1 rate 0.01",
            "00:01:00 0 1m 10 10 10 10 1",
            "00:01:00 1 1m 10 10 10 10 1",
            "00:01:00 1 trade 6 2 buy",
            "00:01:00 1 trade 7 3 sell",
            "00:01:00 0 quote 11 11 0.250 0.250",
            "00:01:00 1 quote 6 7 1 1",
            "00:01:00 1 quote 6.5 7 1 1",
            "00:01:15 0 quote 11 11 0.250 0.250",
            "00:01:45 0 quote 11 11 0.250 0.250",
            "00:01:59.999 0 quote 11 11 0.250 0.250",
            "00:02:00 0 1m 11 11 11 11 1",
            "00:02:00 1 1m 11 11 11 11 1",
        ]
    );
}

#[test]
fn trades_give_the_quotes_where_there_are_bars_but_no_quotes() {
    let folder = Folder::new()
        .with("BTCUSDT", TRADES, "t.csv", &format!("{TRADE_HEADER}1767225600,6,2,1\n"))
        .with("BTCUSDT", BARS, "b.csv", &format!("{BAR_HEADER}1767225600,6,6,6,6,2\n1767225660,7,7,7,7,2\n"));
    assert_eq!(
        folder.replayed().0,
        [
            "00:00:00 0 quote 6 6 2 2",
            "00:00:00 0 trade 6 2 buy",
            "00:01:00 0 1m 6 6 6 6 2",
            "00:02:00 0 1m 7 7 7 7 2"
        ]
    );
}

#[test]
fn a_row_that_is_older_than_the_one_before_it_comes_right_behind_it_and_the_clock_stands_still() {
    let row = |time: u64, bid| format!("{},{bid},{bid},1,1\n", 1_767_225_600 + time);
    let text = format!("{QUOTE_HEADER}{}{}{}", row(5, 1), row(2, 2), row(9, 3));
    let other = format!("{QUOTE_HEADER}{}{}", row(5, 10), row(7, 11));
    let folder =
        Folder::new().with("BTCUSDT", QUOTES, "f.csv", &text).with("ETHUSDT", QUOTES, "g.csv", &other);
    let mut feed = folder.open("max").unwrap();
    let mut seen = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut events = Vec::new();
    while runtime.block_on(feed.next(&mut events, 1)).unwrap() {
        let event = events.pop().unwrap();
        seen.push(format!("{} {}", short(&event), feed.now().strftime("%S")));
    }
    assert_eq!(
        seen,
        [
            "00:00:05 0 quote 1 1 1 1 05",
            "00:00:02 0 quote 2 2 1 1 05",
            "00:00:05 1 quote 10 10 1 1 05",
            "00:00:07 1 quote 11 11 1 1 07",
            "00:00:09 0 quote 3 3 1 1 09",
        ]
    );
}

/// A bar as it is written: gap before it in minutes, open, how far the others are from it, and volume.
type Written = (u8, u16, u8, u8, u8, u16);

/// The bars before those that are written, without gaps and more than they are: a minute is the commonest difference then.
const LEAD: usize = 25;

fn bars_of(written: &[Written]) -> (String, Vec<Timestamp>) {
    let (mut text, mut starts) = (BAR_HEADER.to_owned(), Vec::new());
    let mut minute = -(LEAD as i64);
    for (gap, open, up, down, close, volume) in [(0, 1_000, 0, 0, 0, 1); LEAD].iter().chain(written) {
        let second = 1_767_225_600 + 60 * minute;
        let (open, up, down) = (i64::from(*open) + 1_000, i64::from(*up), i64::from(*down));
        let close = open - down + i64::from(*close) % (up + down + 1);
        text.push_str(&format!("{second},{open},{},{},{close},{volume}\n", open + up, open - down));
        starts.push(Timestamp::from_second(second).unwrap());
        minute += 1 + i64::from(*gap);
    }
    (text, starts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn nothing_of_a_bar_is_known_early(
        one in proptest::collection::vec(any::<Written>(), 1..20),
        other in any::<Written>(),
        place in any::<proptest::sample::Index>(),
    ) {
        let place = place.index(one.len());
        let mut changed = one.clone();
        changed[place] = (one[place].0, other.1, other.2, other.3, other.4, other.5);
        let mut close_changed = one.clone();
        close_changed[place].4 = other.4;
        let mut volume_changed = one.clone();
        volume_changed[place].5 = other.5;
        let events = |written: &[Written]| {
            let folder = Folder::new().with("BTCUSDT", BARS, "f.csv", &bars_of(written).0);
            all(&mut folder.open("max").unwrap()).0
        };
        let start = bars_of(&one).1[place + LEAD];
        let whole = events(&one);
        prop_assert!(whole.is_sorted_by_key(|event| event.time));
        prop_assert_eq!(whole.len(), 5 * (one.len() + LEAD));
        let before = |events: Vec<MarketEvent>, time: Timestamp| {
            events.into_iter().take_while(|event| event.time < time).collect::<Vec<_>>()
        };
        let millisecond = jiff::SignedDuration::from_millis(1);
        let end = start + jiff::SignedDuration::from_mins(1);
        // Whatever is in a bar changes nothing before it begins, and its close nothing before it is over.
        for (written, known) in [(changed, start), (close_changed, end - millisecond), (volume_changed, start)] {
            prop_assert_eq!(before(events(&written), known), before(whole.clone(), known));
        }
        let is_quote = |event: &&MarketEvent| matches!(event.data, MarketData::Quote(_));
        let quotes = whole.iter().filter(is_quote).filter(|event| event.time >= start && event.time < end);
        prop_assert_eq!(quotes.count(), 4);
    }
}
