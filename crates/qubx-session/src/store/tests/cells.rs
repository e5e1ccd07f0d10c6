//! The search for cells of before.

use qubx_protocol::PastCell;

use super::*;

fn given(number: u64, author: &str, code: &str) -> Draft {
    let (cell, author, code) = (CellNumber(number), Author::from(author), code.to_owned());
    Draft::Session(Fact::Cell { cell, code, author, command: None })
}

#[test]
fn cells_are_found_by_text_and_author_newest_first() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let drafts = [
        given(1, "op1@pts/0", "Trade('BTCUSDT', 1)"),
        log_line("trade"),
        given(2, "op2@pts/1", "positions()"),
        verb("trade"),
        given(3, "op1@pts/3", "trade('ETHUSDT', -1)"),
    ];
    store.append(&drafts, time()).unwrap();
    let find = |before, contains: Option<&str>, author: Option<&str>, limit| {
        let wanted = Wanted { contains: contains.map(str::to_owned), author: author.map(Into::into) };
        let (found, complete) = super::super::cells(dir.path(), Seq(before), &wanted, limit).unwrap();
        (found.iter().map(|found| found.cell.0).collect::<Vec<_>>(), complete)
    };
    let all = u64::MAX;
    for (before, contains, author, limit, expected) in [
        (all, None, None, 10, (vec![3, 2, 1], true)),
        (all, None, None, 3, (vec![3, 2, 1], true)),
        (all, None, None, 2, (vec![3, 2], false)),
        (5, None, None, 10, (vec![2, 1], true)),
        (all, Some("trade"), None, 10, (vec![3, 1], true)),
        (all, Some("trade"), None, 1, (vec![3], false)),
        (all, Some("Trade"), None, 10, (vec![1], true)),
        (all, Some("usdt"), Some("op1"), 10, (vec![3, 1], true)),
        (all, None, Some("op1@pts/0"), 10, (vec![1], true)),
        (all, None, Some("op"), 10, (vec![], true)),
        // What SQL would take for a pattern is a text.
        (all, Some("%"), None, 10, (vec![], true)),
        (1, None, None, 10, (vec![], true)),
    ] {
        assert_eq!(
            find(before, contains, author, limit),
            expected,
            "{before} {contains:?} {author:?} {limit}"
        );
    }
    let (found, _) = super::super::cells(dir.path(), Seq(2), &Wanted::default(), 1).unwrap();
    let author = Author::from("op1@pts/0");
    let code = "Trade('BTCUSDT', 1)".to_owned();
    assert_eq!(found, [PastCell { seq: Seq(1), cell: CellNumber(1), code, author, time: time() }]);
}

#[test]
fn a_cell_that_cannot_be_read_hides_no_other_one() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[cell(1), cell(2), cell(3)], time()).unwrap();
    drop(store);
    tamper(dir.path(), "session.db", "UPDATE events SET body = '{' WHERE seq = 2");
    let (found, complete) = super::super::cells(dir.path(), Seq(9), &Wanted::default(), 10).unwrap();
    assert_eq!((found.iter().map(|found| found.cell.0).collect::<Vec<_>>(), complete), (vec![3, 1], true));
}

#[test]
fn the_search_walks_through_cells_alone() {
    let dir = tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    let log = Connection::open(dir.path().join("session.db")).unwrap();
    let plan: String = log
        .query_row(
            "EXPLAIN QUERY PLAN SELECT seq, time, kind, row, body FROM events \
             WHERE kind = 'cell' AND seq < 9 ORDER BY seq DESC",
            [],
            |row| row.get(3),
        )
        .unwrap();
    assert!(plan.contains("USING INDEX events_cell"), "{plan}");
}
