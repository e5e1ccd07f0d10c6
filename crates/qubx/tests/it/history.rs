//! Pages of history: a screen that begins with few entries gets all that were before.

use qubx_protocol::{AnswerResult, Event, Fact, HistoryKind, RequestKind, Seq};

use crate::harness::{Place, Raw, Screen, text_of};

/// How many entries a screen begins with.
const LIMIT: usize = 5;
const CELLS: usize = 23;

/// Asks for pages until there is nothing before them, and returns all that they have, oldest first.
async fn everything_before(
    screen: &mut Screen,
    mut before: Seq,
    kind: Option<HistoryKind>,
    page: usize,
) -> Vec<Event> {
    let mut all = Vec::new();
    loop {
        let asked = screen.ask(RequestKind::History { before, kind, limit: page }).await;
        let AnswerResult::History { events, complete } = asked else { panic!("{asked:?}") };
        let begins = |event: &&Event| !event.fact.continues_an_entry();
        assert!(events.first().is_none_or(|first| begins(&first)), "whole entries: {events:#?}");
        assert!(events.iter().filter(begins).count() <= page, "no more than was asked for");
        assert!(events.iter().all(|event| event.seq < before), "before what is there already");
        assert!(complete || !events.is_empty(), "a page without an end has something in it");
        before = events.first().map_or(before, |first| first.seq);
        all.splice(0..0, events);
        if complete {
            return all;
        }
    }
}

#[tokio::test]
async fn a_screen_pages_back_to_the_very_beginning_in_whole_entries_in_order() {
    let more = format!("session: {{ history: {{ limit: {LIMIT} }} }}\n");
    let Some(place) = Place::with_idle_session_and(&more).await else { return };
    let mut first = Screen::attach(&place, "idle", "op1").await;
    first.quoted().await;
    for number in 0..CELLS {
        let code =
            format!("print('printed', {number}); ctx.log('logged {number}'); trade('ETHUSDT', 1); {number}");
        first
            .run(
                &code.replace(
                    "; trade('ETHUSDT', 1)",
                    if number % 3 == 0 { "; trade('ETHUSDT', 1)" } else { "" },
                ),
            )
            .await;
    }
    let mut second = Screen::attach(&place, "idle", "op2").await;
    let cells = second.events.iter().filter(|event| matches!(event.fact, Fact::Cell { .. })).count();
    assert_eq!(cells, LIMIT, "it begins with few");
    let oldest = |kind: HistoryKind, screen: &Screen| {
        screen.state().history.of(kind).next().map(|event| event.seq).unwrap()
    };
    // `first` was there from the start, so it has had every event.
    for kind in [HistoryKind::Session, HistoryKind::Trading, HistoryKind::Log] {
        let from = oldest(kind, &second);
        for page in [1, 3, 1_000] {
            let older = everything_before(&mut second, from, Some(kind), page).await;
            let live: Vec<&Event> = first
                .events
                .iter()
                .filter(|event| event.fact.history_kind() == Some(kind) && event.seq < from)
                .collect();
            let older: Vec<&Event> = older
                .iter()
                .filter(|event| event.seq >= live.first().map_or(from, |live| live.seq))
                .collect();
            assert!(!live.is_empty());
            assert_eq!(older, live, "{kind:?} in pages of {page}");
        }
    }
    // All kinds at once, from the end to the beginning.
    let head = second.state().head.next();
    let all = everything_before(&mut second, head, None, 7).await;
    let numbers: Vec<Seq> = all.iter().map(|event| event.seq).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "in order, each once");
    assert!(matches!(all[0].fact, Fact::Started { .. }), "from the very beginning: {:?}", all[0]);
    let cells: Vec<_> = all
        .iter()
        .filter_map(|event| if let Fact::Cell { cell, .. } = event.fact { Some(cell) } else { None })
        .collect();
    assert_eq!(cells.len(), CELLS);
    for (number, cell) in cells.into_iter().enumerate() {
        assert_eq!(text_of(&all, cell), format!("printed {number}\n{number}"));
        assert!(
            all.iter().any(|event| matches!(event.fact, Fact::CellFinished { cell: of, .. } if of == cell)),
            "with its end"
        );
    }
    second.close().await;
    first.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut_off_and_resumes_without_loss_and_nobody_waits_for_it() {
    use qubx_protocol::{Applied, ErrorCode, ServerMessage};
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let (mut raw, welcome) = Raw::attach(&place, "idle", "sleeper").await;
    let mut state = *welcome.snapshot.expect("a new screen gets a state");
    // What waits for one screen is bounded by 16 MiB; the one that reads gets everything.
    let mut given = 0;
    screen.until("the sleeper", |screen| screen.is_present("sleeper").then_some(())).await;
    while screen.is_present("sleeper") {
        let (text, _) = screen.run("for n in range(2_000): print(str(n % 10) * 999)").await;
        assert_eq!(text.len(), 2_000_000);
        given += text.len();
        assert!(given < 64 << 20, "it is never cut off");
    }
    // It wakes up: whole events, then why it was cut off, unless that word came too late for it, and the end.
    let mut last_word = None;
    while let Some(message) = raw.next().await {
        match message {
            ServerMessage::Event(event) => assert_eq!(state.apply(&event), Applied::Applied),
            ServerMessage::Error(error) => last_word = Some(error.code),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(last_word, Some(ErrorCode::TooSlow) | None), "{last_word:?}");
    println!("cut off after {given} bytes with {last_word:?}");
    assert!(state.head < screen.state().head, "it missed something");

    let mut raw = Raw::connect(&place, "idle").await;
    raw.send(&crate::harness::hello("sleeper", Some((state.log.clone(), state.head)))).await;
    let Some(ServerMessage::Welcome(welcome)) = raw.next().await else { panic!("no welcome") };
    if let Some(snapshot) = welcome.snapshot {
        state = *snapshot;
    }
    screen.run("'the last one'").await;
    let head = screen.state().head;
    while state.head < head {
        match raw.next().await {
            Some(ServerMessage::Event(event)) => assert_eq!(state.apply(&event), Applied::Applied),
            other => panic!("{other:?}"),
        }
    }
    assert!(state == *screen.state(), "it has the state that the others have");
    screen.close().await;
    place.stop_and_finish("idle").await;
}
