//! Several screens and a Jupyter client on one session.

use qubx_protocol::{CellNumber, Event, Fact, Seq};
use tokio::io::AsyncWriteExt;

use crate::harness::{Guest, Place, Screen, Terminal};

/// What everyone must see alike: cells with their numbers, authors and outputs.
fn session(events: &[Event]) -> Vec<(Seq, String)> {
    let describe = |event: &Event| {
        let text = match &event.fact {
            Fact::Cell { cell, code, author, .. } => format!("{cell} {author}: {code}"),
            Fact::Output { cell: Some(cell), content } => format!("{cell} {content:?}"),
            Fact::Error { cell: Some(cell), ename, evalue, .. } => format!("{cell} {ename}: {evalue}"),
            Fact::CellFinished { cell, status, .. } => format!("{cell} {status:?}"),
            _ => return None,
        };
        Some((event.seq, text))
    };
    events.iter().filter_map(describe).collect()
}

#[tokio::test]
async fn everyone_sees_what_the_others_typed_and_got() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut first = Screen::attach(&place, "idle", "op1").await;
    let mut second = Screen::attach(&place, "idle", "op2").await;
    let mut guest = Guest::connect(&place, "idle").await;
    let mut plain = place.spawn(&["attach", "idle", "--plain"]);
    let mut typed = plain.stdin.take().unwrap();

    assert_eq!(first.run("shared = 40").await.0, "");
    assert_eq!(second.run("shared += 1; shared").await.0, "41");
    let (status, _) = guest.run("shared += 1; print('the guest has', shared)").await;
    assert_eq!(status, "ok");
    typed.write_all(b"print('lines have', shared + 1)\n").await.unwrap();
    plain.prints("lines have 43").await;
    typed.write_all(b"1 / 0\n").await.unwrap();
    let last = CellNumber(5);
    for screen in [&mut first, &mut second] {
        screen.ended(last).await;
    }
    plain.prints("ZeroDivisionError").await;

    let seen = session(&first.events);
    assert_eq!(seen, session(&second.events));
    let typed_in_order: Vec<String> = first
        .events
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::Cell { cell, code, author, .. } => Some(format!("{cell} {author} {code}")),
            _ => None,
        })
        .collect();
    assert_eq!(
        typed_in_order,
        [
            "1 op1 shared = 40",
            "2 op2 shared += 1; shared",
            "3 op@jupyter shared += 1; print('the guest has', shared)",
            "4 op@cli print('lines have', shared + 1)",
            "5 op@cli 1 / 0",
        ]
    );
    let text = format!("{seen:?}");
    for part in ["41", "the guest has 42", "lines have 43", "ZeroDivisionError: division by zero"] {
        assert!(text.contains(part), "{part} in {text}");
    }

    // The lines have it in the same order, with authors.
    let lines = plain.out();
    let mut rest = &lines[..];
    for part in [
        "op1 › In[1] shared = 40",
        "op2 › In[2]",
        "Out[2] 41",
        "op@jupyter › In[3]",
        "the guest has 42",
        "op@cli › In[4]",
        "lines have 43",
        "op@cli › In[5] 1 / 0",
        "ZeroDivisionError",
    ] {
        rest = rest.split_once(part).unwrap_or_else(|| panic!("`{part}` is not next in\n{lines}")).1;
    }

    // The Jupyter client was told of every cell after its own by the kernel itself.
    let told = guest.until("ZeroDivisionError").await;
    let inputs: Vec<&str> =
        told.iter().filter(|(kind, _)| kind == "execute_input").map(|(_, code)| code.as_str()).collect();
    assert_eq!(inputs, ["print('lines have', shared + 1)", "1 / 0"]);
    assert!(told.contains(&("stream".into(), "lines have 43\n".into())), "{told:?}");

    drop(typed);
    plain.end().await.code(0);
    guest.leave().await;
    first.close().await;
    second.close().await;
    place.stop("idle").await;
    place.finish().await;
}

#[tokio::test]
async fn jupyter_console_shares_the_session() {
    let Some(place) = Place::with_idle_session().await else { return };
    let Some(console) = crate::harness::console(&place.python) else {
        return place.stop_and_finish("idle").await;
    };
    let Some(terminal) = Terminal::open(&place, "console", 100, 30).await else {
        return place.stop_and_finish("idle").await;
    };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.run("shared = 40").await;
    let file = place.session("idle").path;
    terminal.shell(&format!("{} --existing {}", console.display(), file.display())).await;
    terminal.shows("In [").await;
    terminal.shell("print('the console has', shared + 2)").await;
    terminal.shows("the console has 42").await;
    screen
        .event("the console's cell", |fact| match fact {
            Fact::Cell { code, author, .. } if author.as_str() == "op@jupyter" => {
                code.contains("the console has").then_some(())
            }
            _ => None,
        })
        .await;
    assert_eq!(screen.run("'still here'").await.0, "'still here'");
    terminal.shell("exit").await;
    terminal.shows("shell> ").await;
    assert_eq!(screen.run("'the kernel lives'").await.0, "'the kernel lives'");
    screen.close().await;
    terminal.close().await;
    place.stop_and_finish("idle").await;
}
