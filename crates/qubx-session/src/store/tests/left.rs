//! What a service that died left without an answer.

use qubx_protocol::{CellNumber, CellStatus, Fact, OutputContent, StreamName};

use super::*;

#[test]
fn a_cell_that_showed_much_before_the_kill_is_still_found() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let fact = |fact| Draft::Session(fact);
    let cell = |number| Fact::Cell {
        cell: CellNumber(number),
        code: "x".to_owned(),
        author: "op1".into(),
        command: Some(format!("c{number}").into()),
    };
    let ended = Fact::CellFinished { cell: CellNumber(1), status: CellStatus::Ok, duration_ms: 1 };
    let output = |number: u64| Fact::Output {
        cell: Some(CellNumber(2)),
        content: OutputContent::Stream { stream: StreamName::Stdout, text: number.to_string() },
    };
    let mut drafts = vec![fact(cell(1)), fact(ended), fact(cell(2)), fact(cell(3))];
    drafts.extend((0..6_000).map(|number| fact(output(number))));
    store.append(&drafts, Timestamp::now()).unwrap();
    drop(store);
    let left = Store::open(dir.path()).unwrap().take_left();
    let commands = [2, 3].map(|number| (CellNumber(number), Some(format!("c{number}").into())));
    assert_eq!(left.cells, commands);
}

#[test]
fn what_guests_ran_without_an_end_is_found_in_the_ledger() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let guest = |id: &str| {
        let command = Command::Execute { code: "hidden".to_owned() };
        Draft::GuestCell(CommandAudit { id: id.into(), author: "jupyter".into(), command })
    };
    let end = |id: &str| Draft::CellEnd(CellEnd { command: id.into(), status: CellStatus::Ok });
    let drafts = [guest("jupyter-1"), guest("jupyter-2"), end("jupyter-1"), command("c1"), end("c1")];
    store.append(&drafts, Timestamp::now()).unwrap();
    drop(store);
    let left = Store::open(dir.path()).unwrap().take_left();
    assert_eq!(left.guests, ["jupyter-2".into()]);
    assert!(
        left.commands.iter().all(|audit| audit.author != "jupyter".into()),
        "nobody waits for its answer"
    );
}

#[test]
fn an_order_that_a_verb_gave_is_found_with_it() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let begun = |id: &str| {
        Draft::Verb(VerbProgress {
            command: Some(id.into()),
            author: "op1".into(),
            verb: "place".to_owned(),
            target: String::new(),
            outcome: VerbOutcome::Started,
            text: String::new(),
        })
    };
    let of = |id: &str, cause: &str, status| {
        let Draft::Order(order) = order(id, status) else { unreachable!() };
        Draft::Order(Order { cause: Some(cause.into()), ..order })
    };
    let drafts = [
        begun("c1"),
        of("q1", "c1", OrderStatus::Intended),
        begun("c2"),
        of("q2", "another", OrderStatus::New),
        of("q1", "c1", OrderStatus::New),
    ];
    store.append(&drafts, Timestamp::now()).unwrap();
    drop(store);
    let left = Store::open(dir.path()).unwrap().take_left();
    assert_eq!(left.verbs.len(), 2);
    let found: Vec<_> = left.orders.iter().map(|order| (order.id.as_str(), order.status)).collect();
    assert_eq!(found, [("q1", OrderStatus::New)]);
}
