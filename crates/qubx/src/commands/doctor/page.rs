//! The page for browsers: is it in this program, is what says who may come in this user's alone, and which gateways serve it?

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use qubx_gateway::{Exposure, Notice, gateways_in, has_page};
use qubx_home::Home;

use super::finding::Finding;
use crate::shell::quoted;

const PAGE: &str = "page";
const ACCESS: &str = "access";
const GATEWAY: &str = "gateway";

/// Looks whether this program has the page in it.
pub(super) fn check() -> Vec<Finding> {
    vec![judge_page(has_page())]
}

fn judge_page(is_there: bool) -> Finding {
    if is_there {
        return Finding::ok(PAGE, "it is in this program");
    }
    Finding::warning(
        PAGE,
        "it is not in this program: Node was missing when it was built; screens in a terminal need none",
        "install Node 20.19 or later, and in the project's folder: cargo xtask page && cargo build --release",
    )
}

/// Looks at the permissions of a home and at the gateways that run.
pub(super) fn of_home(home: &Home) -> Vec<Finding> {
    let folder = home.root().join("access");
    let mut findings = judge_access(&Facts::of(&folder));
    // Links are not followed: what is elsewhere is not believed.
    if folder.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
        findings.extend(gateways_in(&folder).iter().map(judge_gateway));
    }
    findings
}

/// What there is of permissions.
#[derive(Clone, Debug)]
struct Facts {
    folder: PathBuf,
    state: State,
    /// The files that others may read or write, or that are no files of this user.
    open: Vec<PathBuf>,
}

/// How the folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is not there.
    Missing,
    /// It is a link, a file, or another user's.
    Refused,
    /// It is this user's, with this mode.
    Own(u32),
}

impl Facts {
    fn of(folder: &Path) -> Self {
        let user = rustix::process::geteuid().as_raw();
        let state = match folder.symlink_metadata() {
            Err(_) => State::Missing,
            Ok(metadata) if !metadata.is_dir() || metadata.uid() != user => State::Refused,
            Ok(metadata) => State::Own(metadata.mode() & 0o777),
        };
        let mut open = Vec::new();
        if let State::Own(_) = state {
            let files = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
            let is_open = |path: &PathBuf| {
                let is_private = |metadata: std::fs::Metadata| {
                    metadata.is_file() && metadata.uid() == user && metadata.mode() & 0o077 == 0
                };
                // One that has gone meanwhile is none.
                path.symlink_metadata().is_ok_and(|metadata| !is_private(metadata))
            };
            open = files.map(|file| file.path()).filter(is_open).collect();
            open.sort();
        }
        Self { folder: folder.to_owned(), state, open }
    }
}

fn judge_access(facts: &Facts) -> Vec<Finding> {
    let Facts { folder, state, open } = facts;
    let shown = folder.display();
    let words = quoted(&shown.to_string());
    let of_folder = match state {
        State::Missing => Finding::ok(ACCESS, "nobody has been let in; the first page makes what it needs"),
        State::Refused => Finding::error(
            ACCESS,
            format!("{shown} is a link or a file, or belongs to somebody else; no page is served like that"),
            format!("look at what it is, and move it away: ls -ld {words}"),
        ),
        State::Own(mode) if mode & 0o077 != 0 => Finding::warning(
            ACCESS,
            format!("others may look into {shown}, where it stands who may come in (mode {mode:o})"),
            format!("chmod 700 {words}; the next page does it too"),
        ),
        State::Own(_) => Finding::ok(ACCESS, format!("{shown} is yours alone")),
    };
    let of_files = open.iter().map(|path| {
        let file = path.display();
        let text = format!("{file} is not yours alone, or no file");
        Finding::warning(ACCESS, text, format!("chmod 600 {}", quoted(&file.to_string())))
    });
    std::iter::once(of_folder).chain(of_files).collect()
}

/// A gateway that runs was allowed to: what would not be safe is refused when it starts.
fn judge_gateway(notice: &Notice) -> Finding {
    let Notice { process, origin, only, exposure } = notice;
    let whose = only.as_ref().map_or_else(|| "all sessions".to_owned(), |name| format!("`{name}`"));
    let how = exposure.as_ref().map_or_else(|| "of an older version".to_owned(), reach);
    Finding::ok(GATEWAY, format!("{origin} serves {whose}, {how} (process {})", process.pid))
}

/// Says who can reach a page.
fn reach(exposure: &Exposure) -> String {
    let Exposure { address, port, tls, proxies, public_urls } = exposure;
    let lock = if tls.is_some() { "encrypted" } else { "encrypted by the proxy alone" };
    let mut words = if exposure.is_public() {
        format!("reachable from elsewhere, {lock}: port {port} on {address}")
    } else {
        format!("from this machine only: port {port} on {address}")
    };
    if !proxies.is_empty() {
        let proxies: Vec<String> = proxies.iter().map(ToString::to_string).collect();
        words += &format!(", behind a proxy of {}", proxies.join(", "));
    }
    if !public_urls.is_empty() {
        words += &format!(", as {}", public_urls.join(", "));
    }
    words
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::finding::Status;
    use super::*;

    #[test]
    fn a_build_without_the_page_says_how_to_make_it() {
        assert_eq!(judge_page(true).status, Status::Ok);
        let missing = judge_page(false);
        assert_eq!(missing.status, Status::Warning);
        assert!(missing.hint.unwrap().contains("cargo xtask page"));
    }

    #[test]
    fn who_may_come_in_is_this_users_to_read() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("access");
        let set =
            |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        let found = || -> Vec<Status> {
            judge_access(&Facts::of(&folder)).iter().map(|finding| finding.status).collect()
        };
        assert_eq!(found(), [Status::Ok], "there is none");
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join("tokens.json");
        std::fs::write(&file, "").unwrap();
        for (of_folder, of_file, expected) in [
            (0o700, 0o600, vec![Status::Ok]),
            (0o755, 0o600, vec![Status::Warning]),
            (0o700, 0o640, vec![Status::Ok, Status::Warning]),
        ] {
            set(&folder, of_folder);
            set(&file, of_file);
            assert_eq!(found(), expected, "{of_folder:o} {of_file:o}");
        }
        std::os::unix::fs::symlink(&file, folder.join("link")).unwrap();
        assert_eq!(found().len(), 3, "a link is no file");
        std::fs::remove_dir_all(&folder).unwrap();
        std::os::unix::fs::symlink(root.path(), &folder).unwrap();
        assert_eq!(found(), [Status::Error]);
    }

    #[test]
    fn a_gateway_says_who_can_reach_it() {
        let local = Exposure::local(8001);
        let open = Exposure {
            address: [0, 0, 0, 0].into(),
            tls: Some(("/c".into(), "/k".into())),
            public_urls: vec!["https://q.example.org".to_owned()],
            ..local.clone()
        };
        let behind = Exposure { proxies: vec!["10.0.0.0/8".parse().unwrap()], ..local.clone() };
        for (exposure, expected) in [
            (local, "from this machine only: port 8001 on 127.0.0.1"),
            (open, "reachable from elsewhere, encrypted: port 8001 on 0.0.0.0, as https://q.example.org"),
            (
                behind,
                "reachable from elsewhere, encrypted by the proxy alone: port 8001 on 127.0.0.1, behind a proxy of 10.0.0.0/8",
            ),
        ] {
            assert_eq!(reach(&exposure), expected);
        }
    }
}
