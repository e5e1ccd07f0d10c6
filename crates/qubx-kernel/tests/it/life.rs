//! Beginnings and ends of the child.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use qubx_kernel::{ChildLimits, KernelEvent};
use qubx_protocol::CellStatus;

use crate::harness::{Ended, IDLE, Kernel};

/// Waits until a process is gone, or a zombie of somebody else's.
async fn gone(pid: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            return;
        }
        assert!(Instant::now() < deadline, "process {pid} is still there: {stat}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_killed_kernel_is_told_and_takes_its_processes_with_it() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let (helper, _) = kernel
        .run("import subprocess\nhelper = subprocess.Popen(['sh', '-c', 'sleep 600 & echo $!; wait'], stdout=-1)\nprint(int(helper.stdout.readline()), end='')")
        .await;
    kernel.submit("print('begun', flush=True)\nwhile True: pass");
    kernel.printed("begun").await;
    let pid = rustix::process::Pid::from_raw(kernel.handle.pid().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let Ended { status, traceback, .. } = kernel.died().await;
    assert_eq!((status.as_str(), traceback.as_str()), ("signal 9 (killed)", ""));
    gone(helper.trim()).await;
    assert!(kernel.handle.complete("x", 1).await.is_err());
    kernel.cancel().await;
}

#[tokio::test]
async fn the_end_of_a_kernel_is_told_with_its_last_words() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    kernel.submit("import os; os._exit(7)");
    assert_eq!(kernel.died().await.status, "exit code 7");
    kernel.cancel().await;
}

#[tokio::test]
async fn a_crash_is_told_with_the_place_of_every_thread() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    kernel.submit("import ctypes\ndef broken(): ctypes.string_at(0)\nbroken()");
    let Ended { status, traceback, .. } = kernel.died().await;
    assert_eq!(status, "signal 11 (segmentation fault)");
    for expected in
        ["Fatal Python error: Segmentation fault", " in broken", "Current thread 0x", "\nThread 0x"]
    {
        assert!(traceback.contains(expected), "{expected}: {traceback}");
    }
    assert!(!kernel.folder.path().join("crash.txt").exists());
    kernel.cancel().await;
}

#[tokio::test]
async fn a_forked_worker_has_no_part_in_the_kernels_life() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let code =
        "import ctypes, os\npid = os.fork()\nif pid == 0: ctypes.string_at(0)\nos.waitpid(pid, 0)[1] & 127";
    let (text, status) = kernel.run(code).await;
    assert!(text.contains("11"), "{text}");
    assert_eq!(status, CellStatus::Ok);
    let code = "read, write = os.pipe()\nif os.fork() == 0:\n    \
        try: ctx.log('x')\n    except RuntimeError as error: os.write(write, str(error).encode())\n    \
        os._exit(0)\nprint(os.read(read, 1000), os.wait()[1])";
    let (text, _) = kernel.run(code).await;
    assert!(text.contains("not one that it forked"), "{text}");
    kernel.end().await;
}

#[tokio::test]
async fn a_kernel_that_hears_nothing_is_killed_after_its_grace() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    kernel.submit(
        "import ctypes, time\nprint('begun', flush=True)\ntime.sleep(0.5)\nctypes.PyDLL(None).sleep(600)",
    );
    kernel.printed("begun").await;
    kernel.handle.shutdown(Duration::from_secs(2)).await;
    // SIGTERM ends even a Python that holds its lock, because nobody handles it.
    assert_eq!(kernel.died().await.status, "signal 15 (terminated)");
    kernel.cancel().await;
}

#[tokio::test]
async fn a_cancelled_kernel_is_gone() {
    let Some(kernel) = Kernel::start(IDLE).await else { return };
    let pid = kernel.handle.pid().to_string();
    kernel.cancel().await;
    assert!(!std::path::Path::new("/proc").join(pid).exists());
}

#[tokio::test]
async fn only_the_user_can_read_what_a_kernel_leaves() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    kernel.run("1").await;
    for name in ["kernel.json", "output.log", "python/qubx_strategy/app.py"] {
        let mode = kernel.folder.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
    assert!(!kernel.folder.path().join("bridge.sock").exists(), "nobody else can come to the bridge");
    kernel.end().await;
}

#[tokio::test]
async fn the_repl_begins_with_its_names_and_little_else() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    println!("Python {}, ipykernel {}", kernel.versions.0, kernel.versions.1);
    for (code, expected) in [
        ("import sys; sys.argv", "['-c']"),
        ("import tested; tested.__file__.endswith('/tested.py')", "True"),
        ("get_ipython().history_manager.enabled", "False"),
        (
            "[name for name in dir() if name in ('ctx', 'S', 'portfolio', 'orders', 'trade')]",
            "['S', 'ctx', 'orders', 'portfolio', 'trade']",
        ),
        ("(S, portfolio(), orders())", "(None, no open positions, no open orders)"),
        ("import sys; 'debugpy' in sys.modules", "False"),
    ] {
        assert_eq!(kernel.run(code).await, (expected.into(), CellStatus::Ok), "{code}");
    }
    kernel.end().await;
}

#[tokio::test]
async fn an_interpreter_that_ends_at_once_is_told_with_its_last_words() {
    let Some(python) = crate::harness::python() else { return };
    let folder = tempfile::tempdir().unwrap();
    // A Python whose ipykernel cannot be imported.
    let script =
        format!("#!/bin/sh\nPYTHONPATH={} exec {} \"$@\"\n", folder.path().display(), python.display());
    std::fs::create_dir(folder.path().join("ipykernel")).unwrap();
    std::fs::write(folder.path().join("ipykernel/__init__.py"), "raise OSError('broken')\n").unwrap();
    let wrapper = folder.path().join("wrapper");
    std::fs::write(&wrapper, script).unwrap();
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut events = crate::harness::launch(wrapper, folder.path(), ChildLimits::default()).2;
    let event = tokio::time::timeout(Duration::from_secs(60), events.recv()).await.unwrap().unwrap();
    let KernelEvent::Died { status, last_output, .. } = event else { panic!("{event:?}") };
    assert_eq!(status, "exit code 1");
    assert!(last_output.contains("OSError: broken"), "{last_output}");
}
