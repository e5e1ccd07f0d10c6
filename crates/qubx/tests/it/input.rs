//! Cells that wait for a line: everyone sees the wait, one answers.

use qubx_protocol::{CellStatus, Command, Fact, InputId};

use crate::harness::{Guest, Place, Screen, Terminal};

fn answer(input: &InputId, text: &str) -> Command {
    Command::Answer { input: input.clone(), text: text.to_owned() }
}

/// Waits until a wait has ended, and returns who answered what.
async fn answered(screen: &mut Screen, wanted: &InputId) -> (Option<String>, Option<String>) {
    screen
        .event("the end of the wait", |fact| match fact {
            Fact::InputEnded { input, author, text, .. } if input == wanted => {
                Some((author.as_ref().map(ToString::to_string), text.clone()))
            }
            _ => None,
        })
        .await
}

#[tokio::test]
async fn everyone_sees_what_a_cell_asks_and_the_first_answer_counts() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut first = Screen::attach(&place, "idle", "op1").await;
    let mut second = Screen::attach(&place, "idle", "op2").await;
    let cell = first.submit("print('before')\nname = input('Name? ')\nprint('hello', name)").await;
    for screen in [&mut first, &mut second] {
        let asked = screen.asked().await;
        assert_eq!((asked.cell, asked.prompt.as_str(), asked.password), (cell, "Name? ", false));
        assert_eq!(screen.shown(cell), "before\n", "what came before the question is there");
    }
    // A screen that comes later sees it too.
    let late = Screen::attach(&place, "idle", "op3").await;
    assert_eq!(late.state().input, first.state().input);
    late.close().await;

    let asked = second.asked().await.input;
    let id = second.client.command(answer(&asked, "Ada"));
    assert_eq!(answered(&mut first, &asked).await, (Some("op2".into()), Some("Ada".into())));
    assert_eq!(first.state().input, None);
    let refusal = first.refused(answer(&asked, "Bob")).await;
    assert!(refusal.message.contains("already answered by op2"), "{refusal:?}");
    assert_eq!(first.ended(cell).await, CellStatus::Ok);
    assert_eq!(first.shown(cell), "before\nhello Ada\n");
    // The answer names its command.
    let names_it =
        |fact: &Fact| matches!(fact, Fact::InputEnded { command, .. } if *command == Some(id.clone()));
    second.event("its own answer", |fact| names_it(fact).then_some(())).await;

    // The next wait of the same cell is another one.
    let cell = second.submit("input('one '), input('two ')").await;
    let one = second.asked().await;
    second.answers(&one.input, "1");
    let two = second
        .until("the second wait", |screen| {
            screen.state().input.clone().filter(|asked| asked.input != one.input)
        })
        .await;
    let refusal = first.refused(answer(&one.input, "late")).await;
    assert!(refusal.message.contains("already answered by op2"), "{refusal:?}");
    assert_eq!(two.prompt, "two ");
    second.answers(&two.input, "");
    assert_eq!(second.ended(cell).await, CellStatus::Ok);
    assert_eq!(second.shown(cell), "('1', '')");
    first.close().await;
    second.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_password_is_written_down_nowhere() {
    const SECRET: &str = "correct-horse-7431";
    let Some(place) = Place::with_idle_session().await else { return };
    let mut first = Screen::attach(&place, "idle", "op1").await;
    let mut second = Screen::attach(&place, "idle", "op2").await;
    let mut plain = place.spawn(&["attach", "idle", "--plain"]);
    let cell = first.submit("import getpass\nsecret = getpass.getpass('Key: ')").await;
    let asked = second.asked().await;
    assert!(asked.password && asked.prompt == "Key: ");
    second.answers(&asked.input, SECRET);
    assert_eq!(answered(&mut first, &asked.input).await, (Some("op2".into()), None));
    assert_eq!(first.ended(cell).await, CellStatus::Ok);
    assert_eq!(first.run(&format!("secret == {:?}[::-1]", reversed(SECRET))).await.0, "True");
    // A word that is no secret is found, so the search below would find the other one.
    assert_eq!(first.run("'findable-1234'").await.0, "'findable-1234'");
    plain.prints("findable-1234").await;

    let history = place.qubx(&["history", "idle", "--json"]).await.code(0);
    let logs = place.qubx(&["kernel", "logs", "idle"]).await.code(0);
    for text in [&history.stdout, &history.stderr, &logs.stdout, &plain.out(), &plain.err()] {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert!(history.stdout.contains("findable-1234"));
    assert_eq!(place.files_with(SECRET.as_bytes()), Vec::<std::path::PathBuf>::new());
    assert!(!format!("{:?}", second.events).contains(SECRET));
    drop(plain.stdin.take());
    plain.end().await.code(0);
    first.close().await;
    second.close().await;
    place.stop("idle").await;
    assert_eq!(place.files_with(SECRET.as_bytes()), Vec::<std::path::PathBuf>::new());
    let found = place.files_with(b"findable-1234");
    assert!(found.iter().any(|path| path.ends_with("session.db")), "{found:?}");
    place.finish().await;
}

/// So that the secret is in no cell's source.
fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

#[tokio::test]
async fn what_a_jupyter_guests_cell_asks_can_be_answered_by_a_screen() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let mut guest = Guest::connect(&place, "idle").await;
    let answers = async {
        let asked = screen.asked().await;
        assert_eq!(asked.prompt, "Guest? ");
        screen.answers(&asked.input, "from the screen");
        asked
    };
    let ((status, seen), asked) = tokio::join!(guest.run("print('got', input('Guest? '))"), answers);
    assert_eq!(status, "ok");
    assert!(seen.contains(&("stream".into(), "got from the screen\n".into())), "{seen:?}");
    let (author, text) = answered(&mut screen, &asked.input).await;
    assert_eq!((author.as_deref(), text.as_deref()), (Some("op1"), Some("from the screen")));
    assert_eq!(screen.ended(asked.cell).await, CellStatus::Ok);
    guest.leave().await;
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_cell_that_waits_for_a_line_can_be_interrupted_and_its_kernel_may_end() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let cell = screen.submit("input('Anyone? ')").await;
    let asked = screen.asked().await;
    screen.verb(Command::Interrupt { cell: Some(cell) }).await;
    assert_eq!(answered(&mut screen, &asked.input).await, (None, None));
    assert_eq!(screen.ended(cell).await, CellStatus::Interrupted);
    let refusal = screen.refused(answer(&asked.input, "late")).await;
    assert!(refusal.message.contains("does not wait for this any more"), "{refusal:?}");
    assert_eq!(screen.run("1 + 1").await.0, "2");

    let pid = place.session("idle").file.qubx.kernel_pid;
    let cell = screen.submit("input('Still? ')").await;
    let asked = screen.asked().await;
    crate::harness::send_signal(pid, rustix::process::Signal::KILL);
    assert_eq!(answered(&mut screen, &asked.input).await, (None, None));
    assert_eq!(screen.ended(cell).await, CellStatus::KernelDied);
    screen.revived(pid).await;
    assert_eq!(screen.state().input, None);
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_terminal_screen_answers_what_a_cell_of_somebody_else_asks() {
    let Some(place) = Place::with_idle_session().await else { return };
    let Some(terminal) = Terminal::open(&place, "answers", 100, 30).await else {
        return place.stop_and_finish("idle").await;
    };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    terminal.qubx("attach idle").await;
    terminal.shows("detach (keeps running)").await;
    terminal.is_awake().await;
    let cell = screen.submit("print('got', input('Whom to greet? '))").await;
    terminal.shows("Whom to greet?").await;
    // A prompt that has just appeared is deaf to keys.
    terminal.presses("w", "www").await;
    terminal.key("C-u").await;
    terminal.shell("the world").await;
    assert_eq!(screen.ended(cell).await, CellStatus::Ok);
    assert_eq!(screen.shown(cell), "got the world\n");
    terminal.shows("got the world").await;
    terminal.key("C-q").await;
    terminal.is_given_back().await;
    terminal.close().await;
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn lines_from_a_pipe_answer_what_their_own_cells_ask_and_nobody_elses() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let cell = screen.submit("print('got', input('Theirs? '))").await;
    let theirs = screen.asked().await;
    let mut plain = place.spawn(&["attach", "idle", "--plain"]);
    plain.prints("waits for a line: Theirs?").await;
    let mut typed = plain.stdin.take().unwrap();
    let lines = b"x, y = input('one '), input('two ')\n41\n42\nprint('sum', int(x) + int(y))\n";
    tokio::io::AsyncWriteExt::write_all(&mut typed, lines).await.unwrap();
    drop(typed);
    // The first line is a cell, which waits behind the one that runs; the others wait for it.
    plain.prints("In[2] x, y").await;
    assert_eq!(screen.state().input.as_ref(), Some(&theirs), "a line of the pipe answered it");
    screen.answers(&theirs.input, "theirs");
    assert_eq!(screen.ended(cell).await, CellStatus::Ok);
    assert_eq!(screen.shown(cell), "got theirs\n");
    plain.prints("sum 83").await;
    plain.end().await.code(0);
    screen.close().await;
    place.stop_and_finish("idle").await;
}
