//! Cells, their output, interrupts and completion.

use qubx_kernel::{CellRef, KernelError, KernelEvent};
use qubx_protocol::{AnswerResult, CellStatus, Completeness, OutputContent, StreamName};

use crate::harness::{IDLE, Kernel, has, text_of};

#[tokio::test]
async fn a_cell_tells_its_start_its_output_and_its_end() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let cell = kernel.submit("import sys\nprint('out')\nprint('err', file=sys.stderr)\n6 * 7");
    let (events, status) = kernel.finish(&cell).await;
    assert_eq!(status, CellStatus::Ok);
    let begins =
        |event: &&KernelEvent| matches!(event, KernelEvent::Begins { cell: begun, .. } if *begun == cell);
    assert_eq!(events.iter().filter(begins).count(), 1, "{events:?}");
    let first = events.iter().find(|event| !begins(event)).unwrap();
    assert!(
        matches!(first, KernelEvent::CellStarted { cell: started, code, execution_count: Some(1), .. }
            if *started == cell && code.ends_with("6 * 7")),
        "{events:?}"
    );
    let streams: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            KernelEvent::Output { content: OutputContent::Stream { stream, text }, .. } => {
                Some((*stream, text.as_str()))
            }
            _ => None,
        })
        .collect();
    assert!(streams.contains(&(StreamName::Stdout, "out\n")), "{streams:?}");
    assert!(streams.contains(&(StreamName::Stderr, "err\n")), "{streams:?}");
    assert!(events.iter().any(|event| matches!(event, KernelEvent::Output {
        content: OutputContent::Data { data, result: true, .. }, .. } if data["text/plain"] == "42")));

    let show = "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))";
    let cell = kernel.submit(show);
    let (events, _) = kernel.finish(&cell).await;
    assert!(events.iter().any(|event| matches!(event, KernelEvent::Output {
        content: OutputContent::Data { data, result: false, .. }, .. } if data["text/html"] == "<b>x</b>")));

    for (code, expected, expected_status) in [
        ("1 / 0", "ZeroDivisionError: division by zero", CellStatus::Error),
        ("raise SystemExit(3)", "SystemExit: 3", CellStatus::Error),
        ("'still here'", "'still here'", CellStatus::Ok),
        ("In[1][:10]", "'import sys'", CellStatus::Ok),
        // A kernel that lives for weeks keeps no copy of what it showed.
        ("print(len(get_ipython().history_manager.outputs), 'kept')", "0 kept", CellStatus::Ok),
        ("import os; os.system('echo sub')", "sub", CellStatus::Ok),
    ] {
        let (text, status) = kernel.run(code).await;
        assert!(text.contains(expected), "{code}: {text}");
        assert_eq!(status, expected_status, "{code}");
    }
    kernel.end().await;
}

#[tokio::test]
async fn no_output_is_lost_or_comes_after_the_end() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let cell = kernel.submit("for i in range(20000): print(i)\nprint('x' * 5_000_000)");
    let (events, status) = kernel.finish(&cell).await;
    assert_eq!(status, CellStatus::Ok);
    let expected: usize = (0..20000).map(|i: i32| i.to_string().len() + 1).sum::<usize>() + 5_000_001;
    assert_eq!(text_of(&events, &cell).len(), expected);
    kernel.end().await;
}

#[tokio::test]
async fn the_last_words_of_a_program_are_the_cells_that_ran_it() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    for number in 0..50 {
        // The thread takes the interpreter just when the stream's own thread wants it.
        let code = format!(
            "import os, threading\nthreading.Thread(target=sum, args=(range(200_000),)).start()\n\
             os.system('echo word {number}; echo error {number} >&2');"
        );
        let (text, status) = kernel.run(&code).await;
        assert!(
            text.contains(&format!("word {number}\n")) && text.contains(&format!("error {number}\n")),
            "{text}"
        );
        assert_eq!(status, CellStatus::Ok);
    }
    let (text, _) = kernel
        .run("import subprocess; left = subprocess.Popen('while :; do echo x; done', shell=True); 'over'")
        .await;
    assert!(text.contains("'over'"), "a program that goes on does not hold the cell");
    assert_eq!(kernel.run("left.kill(); left.wait()").await.1, CellStatus::Ok);
    kernel.end().await;
}

#[tokio::test]
async fn an_interrupt_ends_loops_and_awaits_and_the_next_cell_runs() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    for code in [
        "print('begun', flush=True)\nwhile True: pass",
        "import asyncio\nprint('begun', flush=True)\nawait asyncio.sleep(60)",
        "import time\nprint('begun', flush=True)\ntime.sleep(60)",
    ] {
        let cell = kernel.submit(code);
        kernel.printed("begun").await;
        kernel.handle.interrupt();
        let (_, status) = kernel.finish(&cell).await;
        assert_eq!(status, CellStatus::Interrupted, "{code}");
    }
    kernel.handle.interrupt();
    assert_eq!(kernel.run("1 + 1").await, ("2".into(), CellStatus::Ok), "an idle kernel minds no interrupt");
    kernel.end().await;
}

#[tokio::test]
async fn completion_and_documentation_work_while_a_cell_runs() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let cell = kernel.submit("some_name = 1\nprint('begun', flush=True)\nwhile True: pass");
    kernel.printed("begun").await;
    // The first completion under a busy loop loads much; it may take longer than its limit, once.
    let answer = loop {
        match kernel.handle.complete("x = 'é'\nsome_na", 15).await {
            Err(KernelError::TimedOut) => {}
            answer => break answer.unwrap(),
        }
    };
    let AnswerResult::Completions { start, end, matches } = answer else { panic!("{answer:?}") };
    assert_eq!((start, end), (8, 15));
    assert!(matches.iter().any(|found| found.text == "some_name"), "{matches:?}");
    for (code, expected) in [
        ("1 + 1", Completeness::Complete),
        ("for i in range(3):", Completeness::Incomplete),
        ("1 +* 2", Completeness::Invalid),
    ] {
        let answer = kernel.handle.is_complete(code).await.unwrap();
        assert!(
            matches!(answer, AnswerResult::IsComplete { status, .. } if status == expected),
            "{answer:?}"
        );
    }
    for (code, cursor, expected) in [
        ("x = 'é'; len(", 13, Some("len(obj, /)\n\nReturn the number of items")),
        ("some_name", 4, Some("some_name: int\n\nint([x]) -> integer")),
        ("ctx.save_state", 14, Some("save_state(state: Any) -> None\n\nKeeps an object")),
        ("%timeit", 3, Some("Time execution")),
        ("nothing_like_it", 5, None),
    ] {
        let answer = kernel.handle.inspect(code, cursor).await.unwrap();
        let AnswerResult::Inspection { text } = answer else { panic!("{answer:?}") };
        let as_expected = match (&text, expected) {
            (Some(text), Some(expected)) => text.contains(expected) && !text.contains('\u{1b}'),
            (text, expected) => text.is_none() && expected.is_none(),
        };
        assert!(as_expected, "{code}: {text:?}");
    }
    kernel.handle.interrupt();
    assert_eq!(kernel.finish(&cell).await.1, CellStatus::Interrupted);
    kernel.end().await;
}

#[tokio::test]
async fn output_after_the_end_of_its_cell_is_nobodys() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    kernel
        .run("import threading, time\ngo = threading.Event()\ndef late():\n    go.wait(60); print('late')\nthreading.Thread(target=late).start()")
        .await;
    let cell = kernel.submit("threading.Timer(0.5, go.set).start()");
    kernel.finish(&cell).await;
    let author = kernel
        .until(|event| match event {
            KernelEvent::Output { cell, content: OutputContent::Stream { text, .. } }
                if text.contains("late") =>
            {
                Some(cell.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(author, CellRef::Strategy);
    kernel.end().await;
}

#[tokio::test]
async fn figures_are_shown() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let cell = kernel.submit("%matplotlib inline\nimport matplotlib.pyplot as plot\nplot.plot([1, 2]);");
    let (events, status) = kernel.finish(&cell).await;
    let lacks = text_of(&events, &cell).contains("No module named 'matplotlib'");
    if has("matplotlib", !lacks, "this Python has no matplotlib") {
        assert_eq!(status, CellStatus::Ok, "{events:?}");
        assert!(events.iter().any(|event| matches!(event, KernelEvent::Output {
            content: OutputContent::Data { data, .. }, .. } if data.contains_key("image/png"))));
    }
    kernel.end().await;
}
