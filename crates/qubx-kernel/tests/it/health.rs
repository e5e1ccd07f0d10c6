//! A kernel that hangs, and kernels that only look like it.

use std::time::{Duration, Instant};

use qubx_kernel::KernelEvent;
use qubx_protocol::CellStatus;

use crate::harness::{IDLE, Kernel};

#[tokio::test]
async fn a_call_that_holds_the_interpreter_is_told_within_five_seconds_and_its_end_too() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    // ipykernel 6 publishes a flushed text only at the next flush, or a little later.
    let cell = kernel.submit(
        "import ctypes, sys\nprint('begun', flush=True)\nsys.stdout.flush()\nctypes.PyDLL(None).sleep(8)",
    );
    kernel.printed("begun").await;
    let begun = Instant::now();
    for expected in [false, true] {
        let responding = kernel
            .until(|event| match event {
                KernelEvent::Responding(responding) => Some(*responding),
                KernelEvent::CellFinished { .. } => panic!("the cell ended before {expected}"),
                _ => None,
            })
            .await;
        assert_eq!(responding, expected);
        println!("responding {responding} after {:?}", begun.elapsed());
        let limit = if responding { 15 } else { 5 };
        assert!(begun.elapsed() < Duration::from_secs(limit), "{:?}", begun.elapsed());
    }
    assert_eq!(kernel.finish(&cell).await.1, CellStatus::Ok);
    kernel.end().await;
}

#[tokio::test]
async fn a_kernel_that_only_works_hard_is_no_silent_one() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    for work in [
        "while time.monotonic() < end: pass",
        "while time.monotonic() < end: print('line')",
        "for _ in range(3): threading.Thread(target=lambda: [None for _ in iter(lambda: time.monotonic() < end, False)]).start()\nwhile time.monotonic() < end: pass",
        "while time.monotonic() < end:\n    for name in [n for n in sys.modules if n.startswith(('email', 'xml', 'http'))]: del sys.modules[name]\n    import email.message, xml.dom.minidom, http.client",
        "time.sleep(5)",
    ] {
        let code = format!("import sys, threading, time\nend = time.monotonic() + 5\n{work}");
        let cell = kernel.submit(&code);
        let (events, status) = kernel.finish(&cell).await;
        assert_eq!(status, CellStatus::Ok, "{work}");
        assert!(!events.iter().any(|event| matches!(event, KernelEvent::Responding(_))), "{work}");
    }
    kernel.end().await;
}
