//! The port on which a page for browsers is looked for first.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

use super::finding::Finding;

const CHECK: &str = "port";
/// The page's port, where no other is named.
const PORT: u16 = 8_000;

/// Listens there for a moment.
pub(super) fn check() -> Vec<Finding> {
    vec![judge(TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).map(drop).map_err(|error| error.kind()))]
}

fn judge(listened: Result<(), ErrorKind>) -> Finding {
    let hint = "only a page for browsers needs one, and it may be another; screens in a terminal need none";
    match listened {
        Ok(()) => Finding::ok(CHECK, format!("{PORT} is free on 127.0.0.1")),
        Err(ErrorKind::AddrInUse) => {
            Finding::warning(CHECK, format!("{PORT} on 127.0.0.1 is taken by another program"), hint)
        }
        Err(other) => Finding::warning(CHECK, format!("127.0.0.1 cannot be listened on: {other}"), hint),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_a_warning() {
        assert_eq!(judge(Ok(())).status, Status::Ok);
        for kind in [ErrorKind::AddrInUse, ErrorKind::PermissionDenied, ErrorKind::AddrNotAvailable] {
            assert_eq!(judge(Err(kind)).status, Status::Warning, "{kind}");
        }
    }
}
