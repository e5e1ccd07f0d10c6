//! Formats of files, and what is wrong with some.

use super::*;

fn check(kind: RecordedKind, text: &str, expected: &[&str]) {
    let other = Folder::new().with("BTCUSDT", kind, "f.csv.gz", text);
    let folder = Folder::new().with("BTCUSDT", kind, "f.csv", text);
    let folder = match kind {
        // Rates alone are not enough.
        FUNDING => {
            folder.with("BTCUSDT", QUOTES, "q.csv", "time,bid,ask,bid_size,ask_size\n2262-01-01,1,1,1,1")
        }
        _ => folder,
    };
    let (mut events, end) = folder.replayed();
    assert_eq!(end, Ok(()), "{text}");
    if kind == FUNDING {
        events.pop();
    } else {
        assert_eq!(other.replayed().0, events);
    }
    assert_eq!(events, expected, "{text}");
}

#[test]
fn quotes_are_read_in_every_dialect() {
    for text in [
        "timestamp,ask_amount,ask_price,bid_price,bid_amount\n2026-01-01 00:00:02,5.799,87608.30,87608.2,4.258\n",
        "time,bid,ask,bid_size,ask_size\n2026-01-01T00:00:02Z,87608.2,87608.30,4.258,5.799",
        "Bid, Ask ,bid_qty,ask_qty,TS\r\n87608.2,87608.30,4.258,5.799,1767225602\r\n\r\n",
        "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time\n\
         7,87608.2,4.258,87608.30,5.799,1767225602000,1767225602001\n",
        "\u{feff}time,bid,ask,bid_size,ask_size\n\"2026-01-01 00:00:02\",\" 87608.2\",87608.30,4.258,5.799,more\n",
    ] {
        check(QUOTES, text, &["00:00:02 0 quote 87608.2 87608.30 4.258 5.799"]);
    }
}

#[test]
fn trades_are_read_in_every_dialect() {
    for text in [
        "time,price,size,side\n1730130143833000000,68613.90,0.005,-1\n1730130144263000000,68614,1.117,1\n",
        "timestamp,side,price,amount\n2024-10-28 15:42:23.833,sell,68613.90,0.005\n2024-10-28 15:42:24.263,BUY,68614,1.117\n",
        "id,price,qty,quote_qty,time,is_buyer_maker\n1,68613.90,0.005,343,1730130143833,true\n2,68614,1.117,7,1730130144263,False\n",
        "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n\
         1,68613.90,0.005,3,4,1730130143833,true\n2,68614,1.117,5,6,1730130144263,false\n",
    ] {
        let expected = [
            "15:42:23.833 0 quote 68613.90 68613.90 0.005 0.005",
            "15:42:23.833 0 trade 68613.90 0.005 sell",
            "15:42:24.263 0 quote 68614 68614 1.117 1.117",
            "15:42:24.263 0 trade 68614 1.117 buy",
        ];
        check(TRADES, text, &expected);
    }
}

#[test]
fn bars_are_read_in_every_dialect_and_told_at_their_end() {
    for text in [
        "time,open,high,low,close,volume\n2024-01-01T00:00:00.000,10,12,9,11.50,4\n2024-01-01T00:01:00.000,11,11,11,11,0\n",
        "timestamp,volume,close,low,high,open\n2024-01-01 00:00:00,4,11.50,9,12,10\n2024-01-01 00:01:00,0,11,11,11,11\n",
        "open_time,open,high,low,close,volume,close_time,quote_volume\n\
         1704067200000,10,12,9,11.50,4,1704067259999,40\n1704067260000,11,11,11,11,0,1704067319999,0\n",
    ] {
        let expected = [
            "00:00:00 0 quote 10 10 1.000 1.000",
            "00:00:15 0 quote 9 9 1.000 1.000",
            "00:00:45 0 quote 12 12 1.000 1.000",
            "00:00:59.999 0 quote 11.50 11.50 1.000 1.000",
            "00:01:00 0 1m 10 12 9 11.50 4",
            "00:01:00 0 quote 11 11 0.001 0.001",
            "00:01:15 0 quote 11 11 0.001 0.001",
            "00:01:45 0 quote 11 11 0.001 0.001",
            "00:01:59.999 0 quote 11 11 0.001 0.001",
            "00:02:00 0 1m 11 11 11 11 0",
        ];
        check(BARS, text, &expected);
    }
    let days =
        "date,open,high,low,close,volume\n2024-01-01,1,1,1,1,0\n2024-01-02,1,1,1,1,0\n2024-01-05,1,1,1,1,0\n";
    let (events, _) = Folder::new().with("BTCUSDT", BARS, "f.csv", days).replayed();
    assert_eq!(events.iter().filter(|event| event.ends_with("1d 1 1 1 1 0")).count(), 3);
}

#[test]
fn rates_of_funding_are_read_in_every_dialect() {
    for text in [
        "time,rate\n2024-01-01 08:00:00,0.00010000\n2024-01-01 16:00:00,-0.0002\n",
        "funding_rate,timestamp\n0.00010000,1704096000\n-2e-4,1704124800\n",
        "calc_time,funding_interval_hours,last_funding_rate\n1704096000000,8,0.00010000\n1704124800000,8,-0.0002\n",
    ] {
        check(FUNDING, text, &["08:00:00 0 rate 0.00010000", "16:00:00 0 rate -0.0002"]);
    }
}

#[test]
fn a_row_that_makes_no_sense_ends_the_replay_with_its_place() {
    const A_QUOTE: &str = "time,bid,bid_size,ask,ask_size\n1767225600,1,1,2,1\n";
    const A_TRADE: &str = "time,price,size,side\n1767225600,1,1,1\n";
    const A_BAR: &str = "time,open,high,low,close,volume\n1767225600,1,2,1,2,9\n1767225660,1,2,1,2,9\n";
    const A_RATE: &str = "time,rate\n1767225600,0.0001\n";
    for (kind, beginning, row, expected) in [
        (
            QUOTES,
            A_QUOTE,
            "1767225601,1,1,0.5,1",
            "line 3, column `bid`: the bid 1 is above the ask 0.5; correct or remove the row",
        ),
        (
            QUOTES,
            A_QUOTE,
            "1767225601,1,1,,1",
            "line 3, column `ask`: `` is not a number; write a decimal number such as 87608.2",
        ),
        (
            QUOTES,
            A_QUOTE,
            "1767225601,1,1",
            "line 3, column `ask`: the row has 3 columns, the header 5; correct or remove the row",
        ),
        (
            TRADES,
            A_TRADE,
            "1767225601,0,1,1",
            "line 3, column `price`: the price 0 is not between 0 and 1000000000000; correct or remove the row",
        ),
        (
            TRADES,
            A_TRADE,
            "1767225601,1,1000000000001,1",
            "line 3, column `size`: the size 1000000000001 is not between 0 and 1000000000000; correct or remove the row",
        ),
        (
            TRADES,
            A_TRADE,
            "1767225601,1,1,2",
            "line 3, column `side`: `2` is not a side; write 1 or buy when a buyer took what rested, -1 or sell when a seller did",
        ),
        (
            TRADES,
            "time,price,size,is_buyer_maker\n1767225600,1,1,true\n",
            "1767225601,1,1,buy",
            "line 3, column `is_buyer_maker`: `buy` does not tell whether the buyer is the maker; write true or false",
        ),
        (
            BARS,
            A_BAR,
            "1767225720,3,2,1,2,9",
            "line 4, column `high`: the high 2 is below the open 3; correct or remove the row",
        ),
        (
            BARS,
            A_BAR,
            "1767225720,1,2,1,0.5,9",
            "line 4, column `low`: the low 1 is above the close 0.5; correct or remove the row",
        ),
        (
            BARS,
            A_BAR,
            "1767225720,1,2,1,1,-9",
            "line 4, column `volume`: the size -9 is not between 0 and 1000000000000; correct or remove the row",
        ),
        (
            BARS,
            A_BAR,
            "midnight,1,2,1,1,9",
            "line 4, column `time`: `midnight` is not a time; write UTC as `2026-01-31 23:59:59.123` (a T and a final Z are fine) or as whole seconds, milliseconds, microseconds or nanoseconds since 1970",
        ),
        (
            FUNDING,
            A_RATE,
            "1767225601,-1.5",
            "line 3, column `rate`: the rate -1.5 is not between -1 and 1; write it as a part of the value: 0.0001 for a basis point",
        ),
    ] {
        let folder = |text: &str| {
            let folder = Folder::new().with("BTCUSDT", kind, "f.csv", text);
            if kind == FUNDING { folder.with("BTCUSDT", QUOTES, "q.csv", A_QUOTE) } else { folder }
        };
        let expected = format!("f.csv, {expected}");
        // What is before it comes.
        let (before, _) = folder(beginning).replayed();
        let (events, end) = folder(&format!("{beginning}{row}\n")).replayed();
        assert_eq!(end.unwrap_err(), expected);
        assert!(before.starts_with(&events) && !events.is_empty(), "{events:?} {before:?}");
        // As the first row it lets nothing begin.
        let header = beginning.split_once('\n').unwrap().0;
        let (events, end) = folder(&format!("{header}\n{row}\n")).replayed();
        assert_eq!(end.unwrap_err(), expected.replace("line 3", "line 2").replace("line 4", "line 2"));
        assert!(events.is_empty());
    }
}

#[test]
fn a_file_without_rows_or_columns_is_named() {
    for (kind, text, expected) in [
        (
            TRADES,
            "time,price,size,side\n",
            "f.csv: there is no row below the header; name a file that holds trades",
        ),
        (
            BARS,
            "time,open,high,low,close,volume\n",
            "f.csv: there is no row below the header; name a file that holds bars",
        ),
        (
            TRADES,
            "time,price,size\n1,1,1\n",
            "f.csv, line 1: there is no column for the side; the header is `time,price,size`; a file of trades needs one that is named `side`, `is_buyer_maker`, `isbuyermaker`",
        ),
        (
            BARS,
            "time,open,high,low,close\n",
            "f.csv, line 1: there is no column for the volume; the header is `time,open,high,low,close`; a file of bars needs one that is named `volume`, `amount`, `qty`, `quantity`, `size`",
        ),
    ] {
        assert_eq!(
            Folder::new().with("BTCUSDT", kind, "f.csv", text).replayed(),
            (Vec::new(), Err(expected.to_owned()))
        );
    }
}

#[test]
fn the_timeframe_of_bars_is_the_commonest_difference_of_their_times() {
    let bars = |times: &[&str]| {
        let rows = times.iter().map(|time| format!("{time},1,1,1,1,1\n")).collect::<String>();
        let text = format!("time,open,high,low,close,volume\n{rows}");
        Folder::new().with("BTCUSDT", BARS, "f.csv", &text).replayed()
    };
    // Gaps, doubles and rows that are out of order do not matter.
    let times =
        ["1767225600", "1767229200", "1767229200", "1767250800", "1767254400", "1767226000", "1767258000"];
    let (events, end) = bars(&times);
    assert_eq!((events.iter().filter(|event| event.contains(" 1h ")).count(), end), (7, Ok(())));
    let hint = "name a file of bars of one length, from a second to a day, whose times are their beginnings";
    let beginning = "f.csv: the timeframe of the bars cannot be found: ";
    for (times, problem) in [
        (
            &["1767225600"][..],
            "it is the commonest difference between the times of the first 100 rows, and there are no two that follow each other",
        ),
        (
            &["1767225600", "1767225600"],
            "it is the commonest difference between the times of the first 100 rows, and there are no two that follow each other",
        ),
        (
            &["1767225600", "1767830400"],
            "the commonest difference between the times of the first 100 rows is 168h, and that is no timeframe",
        ),
        (
            &["1767225600000", "1767225600500"],
            "the commonest difference between the times of the first 100 rows is 500ms, and that is no timeframe",
        ),
    ] {
        assert_eq!(bars(times).1.unwrap_err(), format!("{beginning}{problem}; {hint}"));
    }
}

#[test]
fn a_damaged_gzip_file_ends_the_replay_where_it_is_damaged() {
    let rows = (0..20_000).map(|second| format!("{},1,1,2,{second}\n", 1_767_225_600 + second));
    let text = format!("time,bid,bid_size,ask,ask_size\n{}", rows.collect::<String>());
    let folder = Folder::new().with("BTCUSDT", QUOTES, "f.csv.gz", &text);
    let path = &folder.files[0].path;
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    let (events, end) = folder.replayed();
    assert!(events.len() > 1_000 && events.len() < 20_000, "{}", events.len());
    let error = end.unwrap_err();
    assert!(error.starts_with("f.csv.gz, line "), "{error}");
    assert!(error.ends_with("; the file may be damaged or cut off; get it again"), "{error}");
}
