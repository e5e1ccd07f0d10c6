//! What a child may use.

use qubx_kernel::{ChildLimits, StrategyEvent};
use qubx_protocol::{CellStatus, LogLevel};

use crate::harness::{IDLE, Kernel};

#[tokio::test]
async fn a_child_keeps_to_its_limits_and_stays_alive_at_them() {
    let limits = ChildLimits {
        memory: Some(2 << 30),
        processes: Some(500),
        open_files: Some(u64::MAX >> 1),
        ..ChildLimits::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let Some(mut kernel) = Kernel::start_limited(folder, IDLE, limits).await else { return };
    let StrategyEvent::Log { level, text, .. } = kernel.strategy().await else { panic!() };
    assert_eq!(level, LogLevel::Warning);
    assert!(text.contains("open files is above the system's; it is"), "{text}");
    let (text, status) = kernel.run("bytearray(3 << 30)").await;
    assert_eq!((text.trim_end_matches(": "), status), ("MemoryError", CellStatus::Error));
    for (code, expected) in [
        ("import resource; resource.getrlimit(resource.RLIMIT_DATA)", "(2147483648, 2147483648)"),
        ("500 < resource.getrlimit(resource.RLIMIT_NPROC)[1] < 100_000", "True"),
        ("len(set(resource.getrlimit(resource.RLIMIT_NOFILE)))", "1"),
        ("open('/proc/self/oom_score_adj').read()", "'800\\n'"),
    ] {
        assert_eq!(kernel.run(code).await, (expected.into(), CellStatus::Ok), "{code}");
    }
    kernel.end().await;
}
