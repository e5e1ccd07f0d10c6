//! What a cell shows never commands a terminal: not line by line, not by `exec`, not on the screen.

mod words;

use qubx_protocol::CellStatus;

use crate::harness::{Place, Screen, Terminal, text_of};

/// Sequences that act on a terminal, as they stand in Python text, each around the word `safe`. `EVIL` stands in what
/// must not get through.
const CORPUS: &[&str] = &[
    // The clipboard, by OSC 52, ended by BEL, by ST, and by nothing.
    r"\x1b]52;c;RVZJTA==\x07safe",
    r"\x1b]52;c;RVZJTA==\x1b\\safe",
    r"safe\x1b]52;c;RVZJTA==",
    // The title, a link, a notification, the working folder, colours of the palette.
    r"\x1b]0;EVIL\x07safe",
    r"\x1b]2;EVIL\x1b\\safe",
    r"\x1b]8;;http://EVIL/\x1b\\safe\x1b]8;;\x1b\\",
    r"\x1b]9;EVIL\x07safe",
    r"\x1b]7;file://EVIL/\x07safe",
    r"\x1b]4;1;rgb:ff/00/00\x07safe",
    r"\x1b]1337;File=name=EVIL:RVZJTA==\x07safe",
    // Moves, erasures, scrolling, the other screen, modes, a reset.
    r"\x1b[2J\x1b[Hsafe",
    r"\x1b[10A\x1b[99Csafe",
    r"\x1b[1;1fsafe\x1b[K",
    r"\x1b[5S\x1b[5Tsafe",
    r"\x1b[?1049hsafe",
    r"\x1b[?1000h\x1b[?2004h\x1b[?25lsafe",
    r"\x1bcsafe",
    r"\x1b7\x1b8\x1bD\x1bMsafe",
    // Questions that a terminal answers by typing.
    r"\x1b[c\x1b[>c\x1b[6n\x1b[21tsafe",
    r"\x1bP$qm\x1b\\safe",
    r"\x1bP+q544e\x1b\\safe",
    r"\x05safe",
    // Other strings: APC, PM, SOS, and tmux's way through.
    r"\x1b_GEVIL\x1b\\safe",
    r"\x1b^EVIL\x1b\\safe",
    r"\x1bXEVIL\x1b\\safe",
    r"\x1bPtmux;\x1b\x1b]0;EVIL\x07\x1b\\safe",
    // The same introduced by C1 controls.
    r"\x9b2J\x9bHsafe",
    r"\x9d0;EVIL\x9csafe",
    r"\x90$qm\x9csafe",
    r"\x9fEVIL\x9csafe",
    r"\x84\x85\x8dsafe",
    // Single controls, and letters that reorder their neighbours.
    r"\x07\x08\x0b\x0c\x0e\x0f\x7fsafe",
    r"\u202esafe\u202c\u2066\u2069",
];

/// Returns a cell that shows the corpus on every way that there is.
fn cell() -> String {
    format!(
        "import sys\nfrom IPython.display import display\ncorpus = {}\n\
         class Shown:\n    def __init__(self, text): self.text = text\n    def __repr__(self): return self.text\n\
         for text in corpus:\n    print('out', text)\n    print('err', text, file=sys.stderr)\n    \
         display(Shown('shown ' + text))\n    ctx.log('logged ' + text)\n\
         # \u{1b}]0;EVIL\u{7}\u{9b}2J in the source\n\
         raise type('Error\\x1b]0;EVIL\\x07', (Exception,), {{}})('raised ' + ''.join(corpus))",
        python_list()
    )
}

fn python_list() -> String {
    let texts: Vec<String> = CORPUS.iter().map(|text| format!("\"{text}\"")).collect();
    format!("[{}]", texts.join(", "))
}

/// Asserts that a text has no control character but the end of a line, and nothing that reorders letters.
#[track_caller]
fn assert_no_controls(text: &str) {
    for line in text.split('\n') {
        let reorders = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let bad = line.chars().find(|c| c.is_control() || reorders(*c));
        assert_eq!(bad, None, "{line:?}");
    }
}

/// Asserts that a text commands nothing, and that no part of a command is left in it.
#[track_caller]
fn assert_harmless(text: &str) {
    assert_no_controls(text);
    for line in text.split('\n') {
        let through = ["RVZJTA", "52;c", "0;EVIL", "$qm", "+q544e"].into_iter().find(|part| {
            // The program's own words may quote a cell's source, where a backslash is a backslash.
            line.contains(part) && !line.contains("\\x")
        });
        assert_eq!(through, None, "{line:?}");
    }
}

#[tokio::test]
async fn a_session_line_by_line_has_no_control_sequence() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op\u{1b}]0;EVIL\u{7}1").await;
    let mut plain = place.spawn(&["attach", "idle", "--plain"]);
    let number = screen.submit(&cell()).await;
    assert_eq!(screen.ended(number).await, CellStatus::Error);
    assert!(text_of(&screen.events, number).contains("\u{1b}]52;c;RVZJTA=="), "it is told as it came");
    let asks = screen.submit("input('asks \\x1b]0;EVIL\\x07 safe? ')").await;
    let input = screen.asked().await.input;
    screen.answers(&input, "\u{1b}]0;EVIL\u{7}answer");
    assert_eq!(screen.ended(asks).await, CellStatus::Ok);
    screen.run("'the last one'").await;
    plain.prints("the last one").await;
    // Once as it came, and once as history.
    let mut later = place.spawn(&["attach", "idle", "--plain"]);
    later.prints("the last one").await;
    for running in [plain, later] {
        let ended = running.end().await.code(0);
        for way in ["out safe", "err safe", "shown safe", "logged safe", "raised safe", "asks  safe?"] {
            assert!(ended.stdout.contains(way), "{way} in\n{}", ended.stdout);
        }
        assert_harmless(&ended.stdout);
    }
    let history = place.qubx(&["history", "idle"]).await.code(0);
    assert_harmless(&history.stdout);
    assert_harmless(&place.qubx(&["kernel", "logs", "idle"]).await.code(0).stdout);
    assert_harmless(&place.qubx(&["kernel", "list"]).await.code(0).stdout);
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn exec_and_the_screen_give_a_terminal_nothing_that_a_cell_wants_it_to_do() {
    let Some(place) = Place::with_idle_session().await else { return };
    let Some(terminal) = Terminal::open(&place, "escapes", 160, 45).await else {
        return place.stop_and_finish("idle").await;
    };
    terminal.takes_the_clipboard().await;
    let title = terminal.title().await;
    place.write("cell.py", &cell());
    let raw = terminal.record("exec").await;
    terminal.shell(&format!("{} exec idle - < cell.py; echo code-$?", env!("CARGO_BIN_EXE_qubx"))).await;
    terminal.shows("code-1").await;
    let bytes = terminal.recorded(&raw, "code-1").await;
    let text = String::from_utf8(bytes).expect("nothing but text");
    assert!(text.contains("out safe") && text.contains("err safe") && text.contains("shown safe"), "{text}");
    assert_harmless(&text.replace("\r\n", "\n"));
    assert_eq!(terminal.title().await, title);
    assert!(!terminal.is_taken_over().await);
    assert_eq!(terminal.clipboard().await, "");

    // The screen draws with sequences of its own; none of the cell's is among them.
    let raw = terminal.record("screen").await;
    terminal.qubx("attach idle").await;
    terminal.shows("detach (keeps running)").await;
    terminal.is_awake().await;
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let (_, status) = screen.run(&cell()).await;
    assert_eq!(status, CellStatus::Error);
    screen.run("print('\\x1b]0;EVIL\\x07\\x1b[2J\\x9b2J', 'the end of it', sep='')").await;
    let shown = terminal.shows("the end of it").await;
    assert!(shown.contains("safe"), "{shown}");
    assert_eq!(terminal.clipboard().await, "");
    assert!(!terminal.title().await.contains("EVIL"));
    terminal.key("C-q").await;
    terminal.is_given_back().await;
    terminal.shell("echo the-shell-is-back").await;
    let bytes = terminal.recorded(&raw, "the-shell-is-back").await;
    let text = String::from_utf8_lossy(&bytes);
    for part in [
        "\u{1b}]52",
        "\u{1b}]0;EVIL",
        "\u{1b}]2;EVIL",
        "\u{1b}]8;",
        "\u{1b}]9;",
        "\u{1b}P",
        "\u{1b}_",
        "\u{1b}^",
        "\u{1b}X",
        "\u{1b}c",
        "\u{1b}[5S",
        "\u{1b}[>c",
        "\u{1b}[6n",
        "\u{1b}[21t",
    ] {
        assert!(!text.contains(part), "{part:?} reached the terminal");
    }
    assert!(!text.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c)), "a C1 control reached the terminal");
    screen.close().await;
    terminal.close().await;
    place.stop_and_finish("idle").await;
}
