//! Output that is cleared, updated, lost, or the strategy's.

use qubx_kernel::{CellRef, KernelEvent};
use qubx_protocol::{CellStatus, OutputContent};

use crate::harness::{IDLE, Kernel, wait_for_file};

#[tokio::test]
async fn a_cell_clears_and_updates_what_it_showed() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let cell = kernel.submit(
        "from IPython.display import clear_output, display\nshown = display('a', display_id='d')\n\
         shown.update('b')\nclear_output()\nclear_output(wait=True)\ndisplay('c')",
    );
    let (events, status) = kernel.finish(&cell).await;
    assert_eq!(status, CellStatus::Ok);
    let shown: Vec<String> = events
        .into_iter()
        .filter_map(|event| match event {
            KernelEvent::Output { content: OutputContent::Data { data, display, update, .. }, .. } => {
                Some(format!("{} {display:?} {update}", data["text/plain"]))
            }
            KernelEvent::Output { content: OutputContent::Clear { wait }, .. } => {
                Some(format!("clear {wait}"))
            }
            _ => None,
        })
        .collect();
    let expected = [
        r#""'a'" Some("d") false"#,
        r#""'b'" Some("d") true"#,
        "clear false",
        "clear true",
        r#""'c'" None false"#,
    ];
    assert_eq!(shown, expected);
    kernel.end().await;
}

#[tokio::test]
async fn a_reader_that_stalls_is_told_how_many_messages_it_lost_and_where() {
    const MESSAGES: u64 = 40_000;
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let done = kernel.folder.path().join("done");
    // Prints would be merged; these are messages of their own.
    let cell = kernel.submit(&format!(
        "import sys\nkernel = get_ipython().kernel\nparent = kernel.get_parent('shell')\n\
         for i in range({MESSAGES}):\n    \
             kernel.session.send(kernel.iopub_socket, 'stream', {{'name': 'stdout', 'text': f'{{i}}\\n'}}, parent)\n    \
             if i % 1000 == 0: sys.stdout.flush()\n\
         sys.stdout.flush()\nopen('{}', 'w').close()",
        done.display()
    ));
    wait_for_file(&done).await;
    let (events, status) = kernel.finish(&cell).await;
    assert_eq!(status, CellStatus::Ok);
    let (mut next, mut lost) = (0, 0);
    for event in events {
        match event {
            KernelEvent::Output { content: OutputContent::Stream { text, .. }, .. } => {
                for line in text.lines() {
                    assert_eq!(line, next.to_string(), "after a loss of {lost}");
                    next += 1;
                }
            }
            KernelEvent::Lost { messages } => {
                next += messages;
                lost += messages;
            }
            _ => {}
        }
    }
    // The state of the kernel may be among what was lost behind the last line.
    assert!((MESSAGES..MESSAGES + 20).contains(&next), "{next}");
    println!("{lost} of {MESSAGES} messages were lost");
    assert!((1000..MESSAGES * 9 / 10).contains(&lost), "{lost} of {MESSAGES} were lost");
    kernel.end().await;
}

#[tokio::test]
async fn what_a_strategy_shows_is_not_the_cells() {
    let code = "from IPython.display import clear_output, display\nfrom qubx_strategy import Strategy\n\n\
        class S(Strategy):\n    \
            def on_quote(self, ctx, quote):\n        \
                print('seen')\n        display('seen')\n        clear_output()\n";
    let Some(mut kernel) = Kernel::start(code).await else { return };
    kernel.handle.start_strategy("2026-01-01T00:00:00Z".parse().unwrap(), &[], &[]);
    kernel.run("1").await;
    let cell = kernel.submit(
        "import time\nprint('begun', flush=True)\ndisplay('mine')\nfor _ in range(20): time.sleep(0.05)\ndisplay('mine')",
    );
    kernel.printed("begun").await;
    kernel.quotes(1, &[("BTCUSDT", 5)]);
    let (events, status) = kernel.finish(&cell).await;
    assert_eq!(status, CellStatus::Ok);
    let (mut authors, mut printed) = (Vec::new(), String::new());
    for event in events {
        match event {
            // A text may come in parts.
            KernelEvent::Output { cell, content: OutputContent::Stream { text, .. } } => {
                assert_eq!(cell, CellRef::Strategy);
                printed.push_str(&text);
            }
            KernelEvent::Output { cell, content: OutputContent::Data { data, .. } } => {
                authors.push((data["text/plain"].to_string(), cell));
            }
            KernelEvent::Output { cell, content } => authors.push((format!("{content:?}"), cell)),
            _ => {}
        }
    }
    assert_eq!(printed, "seen\n");
    authors.sort_by_key(|(text, _)| text.clone());
    let mine = (r#""'mine'""#.to_owned(), cell);
    let strategy = |text: &str| (text.to_owned(), CellRef::Strategy);
    let expected = [mine.clone(), mine, strategy(r#""'seen'""#), strategy("Clear { wait: false }")];
    assert_eq!(authors, expected);
    kernel.end().await;
}

#[tokio::test]
async fn text_with_halves_of_characters_is_shown_in_every_way() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    for half in ["\\udcff", "\\ud800"] {
        for (code, expected, ended) in [
            (format!("print('a{half}b')"), "a\u{fffd}b\n", CellStatus::Ok),
            (
                format!("class Shown:\n    def __repr__(self): return 'a{half}b'\nShown()"),
                "a\u{fffd}b",
                CellStatus::Ok,
            ),
            (format!("raise OSError('a{half}b')"), "OSError: a\u{fffd}b", CellStatus::Error),
        ] {
            assert_eq!(kernel.run(&code).await, (expected.to_owned(), ended), "{code}");
        }
    }
    kernel.end().await;
}

#[tokio::test]
async fn a_log_that_takes_nothing_more_holds_no_output_back() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    kernel
        .run(
            "import os, sys\nfull = os.open('/dev/full', os.O_WRONLY)\n\
             os.dup2(full, sys.stdout._original_stdstream_copy)",
        )
        .await;
    kernel.run("os.system('echo first') and None").await;
    let (text, status) = kernel.run("_ = os.system('seq 50000; echo last')").await;
    assert_eq!(status, CellStatus::Ok);
    assert!(text.len() > 200_000 && text.ends_with("50000\nlast\n"), "{} bytes", text.len());
    kernel.end().await;
}

#[tokio::test]
async fn a_huge_print_is_many_messages_and_nothing_of_it_is_missing() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    for _ in 0..3 {
        let cell = kernel.submit("print('x' * 40_000_000)");
        let (mut characters, mut longest) = (0, 0);
        loop {
            match kernel.next().await {
                KernelEvent::Output { content: OutputContent::Stream { text, .. }, .. } => {
                    characters += text.len();
                    longest = longest.max(text.len());
                }
                KernelEvent::OutputEnds { number } => kernel.handle.has_read(number),
                KernelEvent::CellFinished { cell: ended, status } if ended == cell => {
                    assert_eq!(status, CellStatus::Ok);
                    break;
                }
                KernelEvent::Lost { messages } => panic!("{messages} messages are lost"),
                _ => {}
            }
        }
        assert_eq!(characters, 40_000_001);
        assert!(longest <= 32_000, "{longest}");
    }
    kernel.end().await;
}
