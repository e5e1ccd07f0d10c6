use super::*;

fn text(text: &str) -> OutputContent {
    OutputContent::Stream { stream: StreamName::Stdout, text: text.to_owned() }
}

fn update(text: &str) -> OutputContent {
    let data = [("text/plain".to_owned(), text.into())].into();
    OutputContent::Data { data, result: false, display: Some("d".to_owned()), update: true }
}

const CLEAR: OutputContent = OutputContent::Clear { wait: true };

/// Returns the text of the log, with a mark where something is left out.
fn logged(contents: &[OutputContent]) -> String {
    let texts = contents.iter().map(|content| match content {
        OutputContent::Stream { text, .. } => text.clone(),
        OutputContent::Omitted { bytes, file, .. } => {
            format!("\n<{bytes} {}>\n", file.as_deref().unwrap())
        }
        other => panic!("{other:?}"),
    });
    texts.collect()
}

#[test]
fn a_huge_output_keeps_head_and_tail_in_the_log_and_all_of_it_in_the_file() {
    let now = Instant::now();
    let mut printed = Printed::default();
    let (mut log, mut file, mut whole) = (Vec::new(), String::new(), String::new());
    for line in 0..600_000 {
        let line = format!("line {line} ä\n");
        whole += &line;
        let shown = printed.take(text(&line), now);
        log.extend(shown.log);
        file += &shown.file;
    }
    assert!(printed.overflows());
    log.extend(printed.finish(now, Some("f".to_owned())).log);
    let log = logged(&log);
    assert!(log.len() < HEAD_BYTES + 2 * TAIL_BYTES + 100);
    let (head, rest) = log.split_once("\n<").unwrap();
    let (left_out, tail) = rest.split_once(" f>\n").unwrap();
    assert!(whole.starts_with(head) && whole.ends_with(tail) && tail.len() >= TAIL_BYTES);
    assert_eq!(head.len() + left_out.parse::<usize>().unwrap() + tail.len(), whole.len());
    assert!(file == whole);
}

#[test]
fn a_single_huge_print_shows_its_beginning_and_its_end() {
    let now = Instant::now();
    let mut printed = Printed::default();
    let head = printed.take(text(&("a".to_owned() + &"ä".repeat(3 << 20) + "z")), now);
    let head = logged(&head.log);
    assert!(head.starts_with("aä") && head.len() <= HEAD_BYTES);
    assert!(logged(&printed.finish(now, Some("f".to_owned())).log).ends_with("äz"));
}

#[test]
fn a_loss_is_told_at_once_and_stands_in_the_file_where_it_was() {
    let (now, lost) = (Instant::now(), OutputContent::Lost { messages: 3 });
    let mut printed = Printed::default();
    printed.take(text("a"), now);
    assert_eq!(printed.take(lost.clone(), now).log, std::slice::from_ref(&lost));
    let huge = "x".repeat(HEAD_BYTES);
    let mut file = printed.take(text(&huge), now).file;
    let shown = printed.take(lost.clone(), now);
    assert_eq!(shown.log, std::slice::from_ref(&lost), "it is not left out with what is left out");
    file += &shown.file;
    file += &printed.take(text("z"), now).file;
    let mark = "[3 messages of the kernel were lost here]\n";
    assert!(file == format!("a{mark}{huge}{mark}z"));
}

#[test]
fn what_fits_into_head_and_tail_is_there_without_a_mark() {
    let now = Instant::now();
    let mut printed = Printed::default();
    let whole = "x".repeat(HEAD_BYTES + 10);
    let mut log = printed.take(text(&whole), now).log;
    log.extend(printed.finish(now, Some("f".to_owned())).log);
    assert!(logged(&log) == whole);
}

#[test]
fn what_is_cleared_often_goes_to_the_log_a_few_times_a_second_and_ends_with_the_last() {
    let begin = Instant::now();
    let mut printed = Printed::default();
    let mut log = Vec::new();
    for step in 0..1_000 {
        let now = begin + Duration::from_millis(step);
        if printed.due().is_some_and(|due| due <= now) {
            log.extend(printed.flush(now).log);
        }
        log.extend(printed.take(CLEAR, now).log);
        log.extend(printed.take(text(&step.to_string()), now).log);
    }
    log.extend(printed.finish(begin, None).log);
    assert!(log.len() < 12, "{log:?}");
    assert_eq!(log[..2], [CLEAR, text("0")]);
    assert_eq!(log[log.len() - 2..], [CLEAR, text("999")]);
}

#[test]
fn what_is_updated_often_goes_to_the_log_a_few_times_a_second_and_ends_with_the_last() {
    let begin = Instant::now();
    let mut printed = Printed::default();
    let mut log = printed.take(update("0"), begin).log;
    for step in 1..100 {
        log.extend(printed.take(update(&step.to_string()), begin).log);
    }
    assert_eq!(log, [update("0")]);
    assert_eq!(printed.flush(begin), Shown::default());
    let due = printed.due().unwrap();
    assert_eq!(printed.flush(due).log, [update("99")]);
    assert_eq!(printed.due(), None);
}

#[test]
fn what_a_clear_took_away_leaves_room_for_what_follows() {
    let begin = Instant::now();
    let mut printed = Printed::default();
    printed.take(text(&"x".repeat(HEAD_BYTES + 10)), begin);
    let shown = printed.take(CLEAR, begin);
    assert_eq!(shown.log, [CLEAR]);
    assert_eq!(printed.take(text("new"), begin).log, [text("new")]);
    assert_eq!(printed.finish(begin, None).log, []);
}
