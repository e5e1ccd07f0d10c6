//! Properties of the reducer: however the events are split, repeated or lost, the state is right or the loss is told.

use proptest::prelude::*;
use qubx_protocol::*;

use crate::samples::{events, facts, fill, order, position, shown, time};

/// Any fact of a session with a few cells and orders, so that facts meet each other.
fn any_fact() -> impl Strategy<Value = Fact> {
    let cell = (1u64..6).prop_map(CellNumber);
    let order_status = prop_oneof![
        Just(OrderStatus::Intended),
        Just(OrderStatus::New),
        Just(OrderStatus::Filled),
        Just(OrderStatus::Cancelled)
    ];
    prop_oneof![
        proptest::sample::select(facts()),
        cell.clone().prop_map(|cell| Fact::Cell {
            cell,
            code: "x".repeat(300),
            author: "op".into(),
            command: None
        }),
        cell.clone().prop_map(|cell| Fact::CellStarted { cell, execution_count: None }),
        cell.clone().prop_map(|cell| Fact::CellFinished { cell, status: CellStatus::Ok, duration_ms: 1 }),
        (cell, 0usize..700_000).prop_map(|(cell, size)| Fact::Output {
            cell: Some(cell),
            content: OutputContent::Stream { stream: StreamName::Stdout, text: "y".repeat(size) },
        }),
        (0u32..4, order_status).prop_map(|(id, status)| Fact::Order {
            row: LedgerRow(1),
            order: order(&format!("q-{id}"), status)
        }),
        (-3i64..3).prop_map(|quantity| Fact::Fill {
            row: LedgerRow(1),
            fill: fill("t"),
            position: position(&quantity.to_string())
        }),
    ]
}

fn numbered(facts: Vec<Fact>) -> Vec<Event> {
    facts.into_iter().zip(1..).map(|(fact, seq)| Event { seq: Seq(seq), time: time(0), fact }).collect()
}

fn state_after(events: &[Event]) -> SessionState {
    let mut state = SessionState::new("log".into(), 5);
    for event in events {
        assert_eq!(state.apply(event), Applied::Applied);
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_snapshot_anywhere_and_the_events_after_it_give_the_same_state(
        facts in proptest::collection::vec(any_fact(), 1..60),
        split in 0.0..1.0f64,
        overlap in 0usize..5,
    ) {
        let events = numbered(facts);
        let split = (events.len() as f64 * split) as usize;
        let whole = state_after(&events);

        let snapshot = serde_json::to_string(&state_after(&events[..split])).unwrap();
        let mut resumed: SessionState = serde_json::from_str(&snapshot).unwrap();
        for event in &events[split.saturating_sub(overlap)..] {
            let expected = if event.seq.0 as usize <= split { Applied::Duplicate } else { Applied::Applied };
            prop_assert_eq!(resumed.apply(event), expected);
        }
        prop_assert_eq!(resumed, whole);
    }

    #[test]
    fn events_that_come_again_change_nothing(
        facts in proptest::collection::vec(any_fact(), 1..40),
        repeats in proptest::collection::vec((0usize..40, 0usize..40), 0..20),
    ) {
        let events = numbered(facts);
        let mut state = SessionState::new("log".into(), 5);
        for (index, event) in events.iter().enumerate() {
            prop_assert_eq!(state.apply(event), Applied::Applied);
            for (_, again) in repeats.iter().filter(|(after, _)| *after == index) {
                let earlier = &events[again % (index + 1)];
                prop_assert_eq!(state.apply(earlier), Applied::Duplicate);
            }
        }
        prop_assert_eq!(state, state_after(&events));
    }

    #[test]
    fn a_lost_event_is_noticed_at_the_next_one(
        facts in proptest::collection::vec(any_fact(), 2..40),
        lost in 0usize..38,
    ) {
        let events = numbered(facts);
        let lost = lost % (events.len() - 1);
        let mut state = state_after(&events[..lost]);
        let before = state.clone();
        prop_assert_eq!(state.apply(&events[lost + 1]), Applied::Gap);
        prop_assert_eq!(state, before);
    }

    #[test]
    fn the_history_is_bounded_by_entries_and_by_bytes(facts in proptest::collection::vec(any_fact(), 1..120)) {
        let state = state_after(&numbered(facts));
        for kind in [HistoryKind::Session, HistoryKind::Trading, HistoryKind::Log] {
            let begins = |event: &&Event| matches!(event.fact, Fact::Cell { .. } | Fact::Fill { .. } | Fact::Order { .. } | Fact::Log { .. });
            prop_assert!(state.history.of(kind).filter(begins).count() <= 5);
        }
        let json = serde_json::to_string(&state.history).unwrap().len();
        prop_assert!(json < 3 * (4 << 20) + 120 * 700_000, "{json}");
    }
}

fn outputs(contents: impl IntoIterator<Item = OutputContent>) -> Vec<OutputContent> {
    let cell = Some(CellNumber(1));
    let facts = contents.into_iter().map(|content| Fact::Output { cell, content });
    let state = state_after(&numbered(facts.collect()));
    let kept = state.history.of(HistoryKind::Session).map(|event| match &event.fact {
        Fact::Output { content, .. } => content.clone(),
        other => panic!("{other:?}"),
    });
    kept.collect()
}

#[test]
fn what_a_cell_cleared_is_gone_and_what_it_updated_stands_where_it_stood() {
    let text = |text: &str| OutputContent::Stream { stream: StreamName::Stdout, text: text.to_owned() };
    let clear = |wait| OutputContent::Clear { wait };
    assert_eq!(outputs([text("a"), clear(false), text("b")]), [text("b")]);
    assert_eq!(outputs([text("a"), clear(true)]), [text("a"), clear(true)]);
    assert_eq!(outputs([text("a"), clear(true), text("b"), text("c")]), [text("b"), text("c")]);
    assert_eq!(outputs([shown("1", false), text("a"), shown("2", true)]), [shown("2", false), text("a")]);
}

#[test]
fn a_restored_run_goes_on_with_its_book() {
    let mut state = state_after(&events());
    let asked = Fact::InputRequested {
        cell: CellNumber(2),
        input: "2-1".into(),
        prompt: String::new(),
        password: false,
    };
    state.apply(&Event { seq: state.head.next(), time: time(8), fact: asked });
    let (orders, positions) = (state.orders.clone(), state.positions.clone());
    assert!(state.input.is_some() && !positions.is_empty());
    let started = Fact::Started { epoch: Epoch(3), restored: true };
    let event = Event { seq: state.head.next(), time: time(9), fact: started };
    assert_eq!(state.apply(&event), Applied::Applied);
    assert_eq!((state.orders, state.positions), (orders, positions));
    assert!(state.input.is_none() && state.queue.is_empty());
}

#[test]
fn a_new_run_begins_with_an_empty_book_and_keeps_the_history() {
    let mut state = state_after(&events());
    let history = state.history.all().len();
    let started = Event {
        seq: state.head.next(),
        time: time(9),
        fact: Fact::Started { epoch: Epoch(4), restored: false },
    };
    assert_eq!(state.apply(&started), Applied::Applied);
    assert_eq!(state.epoch, Epoch(4));
    assert!(state.positions.is_empty() && state.orders.is_empty() && state.queue.is_empty());
    assert!(state.history.all().len() >= history);
}
