use super::super::verify;
use super::*;

#[test]
fn verify_counts_everything_beside_a_writer_and_tells_how_far_it_is() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let drafts = [
        started(1, false),
        command("c1"),
        cell(1),
        order("q-1-1", OrderStatus::Intended),
        fill("q-1-1", "BTCUSDT", 1),
        order("q-1-1", OrderStatus::Filled),
        started(2, false),
        Draft::StrategyState(1.into()),
    ];
    store.append(&drafts, time()).unwrap();
    let mut told = Vec::new();
    let found = verify(dir.path(), |done, total| told.push((done, total))).unwrap();
    assert_eq!(told, [(12, 12)]);
    assert_eq!((found.rows, found.epochs, found.events), (6, 2, 6));
    assert_eq!((found.orders, found.fills, found.commands), (2, 1, 1));
    assert_eq!((found.head.len(), &found.findings), (64, &vec![]));
    store.append(&[verb("more")], time()).unwrap();
    assert_ne!(verify(dir.path(), |_, _| {}).unwrap().head, found.head);
}

#[test]
fn verify_names_the_file_and_the_row_of_whatever_is_wrong() {
    for (file, tampering, row, what) in [
        ("ledger.db", "UPDATE rows SET body = replace(body, 'one', 'two')", Some(2), "hash"),
        ("ledger.db", "DELETE FROM rows WHERE row = 3", Some(4), "row 3 is missing"),
        ("ledger.db", "UPDATE kept SET body = '2' WHERE kind = 'checkpoint'", None, "checkpoint of epoch 1"),
        ("session.db", "UPDATE events SET row = 99 WHERE row = 2", Some(2), "the ledger has no row 99"),
        ("session.db", "UPDATE events SET row = 3 WHERE row = 2", Some(2), "something else"),
        ("session.db", "UPDATE events SET kind = 'fill' WHERE row = 2", Some(2), "something else"),
        ("session.db", "UPDATE events SET body = '{}' WHERE kind = 'cell'", Some(3), "kind of a fact"),
        ("session.db", "UPDATE events SET time = 'noon' WHERE seq = 3", Some(3), "cannot be read"),
        ("session.db", "UPDATE meta SET value = '4 00' WHERE key = 'ledger'", Some(4), "was written with"),
    ] {
        let dir = tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let drafts = [started(1, false), verb("one"), command("c1"), cell(1), verb("last")];
        store.append(&drafts, time()).unwrap();
        drop(store);
        tamper(dir.path(), file, tampering);
        let findings = verify(dir.path(), |_, _| {}).unwrap().findings;
        let is_meant = |finding: &Finding| {
            let is_file = finding.file.ends_with(file) || finding.what.contains("was written with");
            is_file && finding.row == row && finding.what.contains(what)
        };
        assert!(findings.iter().any(is_meant), "{tampering}: {findings:?}");
    }
}

#[test]
fn verify_finds_every_byte_that_was_changed_in_a_row_of_the_ledger() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[started(1, false), order("q-1-1", OrderStatus::New), command("c1")], time()).unwrap();
    drop(store);
    let path = dir.path().join("ledger.db");
    let original = std::fs::read(&path).unwrap();
    let row = original.windows(9).position(|bytes| bytes == b"{\"id\":\"q-").unwrap();
    for at in row..row + 200 {
        let mut bytes = original.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let findings = verify(dir.path(), |_, _| {}).unwrap().findings;
        assert!(!findings.is_empty(), "byte {at}");
    }
    std::fs::write(&path, "this is no database, and long enough to be taken for one: ".repeat(20)).unwrap();
    let findings = verify(dir.path(), |_, _| {}).unwrap().findings;
    assert!(findings[0].what.contains("not a database"), "{findings:?}");
    assert!(matches!(Store::open(dir.path()), Err(StoreError::Damaged { row: None, .. })));
}

#[test]
fn verify_finds_an_order_without_the_command_that_it_names() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let caused = |id: &str, cause: &str| {
        let Draft::Order(order) = order(id, OrderStatus::New) else { unreachable!("it is one") };
        Draft::Order(Order { cause: Some(cause.into()), ..order })
    };
    store
        .append(
            &[started(1, false), command("c1"), caused("q-1-1", "c1"), order("q-1-2", OrderStatus::New)],
            time(),
        )
        .unwrap();
    assert_eq!(verify(dir.path(), |_, _| {}).unwrap().findings, []);
    store.append(&[caused("q-1-3", "c2"), command("c2")], time()).unwrap();
    let findings = verify(dir.path(), |_, _| {}).unwrap().findings;
    assert!(
        matches!(&findings[..], [Finding { row: Some(5), what, .. }] if what.contains("c2")),
        "{findings:?}"
    );
}
