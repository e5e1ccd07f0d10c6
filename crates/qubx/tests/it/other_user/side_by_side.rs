//! Two users of one machine with a session of the same name: neither sees, stops or reads what is the other's, also when
//! one of them was there first to make the folders that the other needs.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{IDLE, Place, config, is_alive};

/// Nobody's numbers on any usual system.
const USERS: [u32; 2] = [61_735, 61_736];

/// Returns a place of each of the two users with the same strategy in it.
async fn two_users() -> Option<[Place; 2]> {
    let mut places = [Place::new()?, Place::new()?];
    for (place, user) in places.iter_mut().zip(USERS) {
        place.write("idle.py", IDLE);
        place.write("idle.yml", &config("idle", "idle.Idle"));
        if !place.belongs_to(user).await {
            for place in places {
                place.finish().await;
            }
            return None;
        }
    }
    Some(places)
}

/// Returns what a user's list says of their only session.
async fn listed(place: &Place) -> Value {
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!(list.as_array().unwrap().len(), 1, "they see their own alone: {list}");
    list[0].clone()
}

/// Tries to open, list or connect to each path, and to signal each process; prints what was possible.
const TRY: &str = r#"
import os, socket, sys
for word in sys.argv[1:]:
    tries = [lambda: open(word, 'rb').read(1), lambda: open(word, 'ab').close(), lambda: os.listdir(word)]
    if word.isdigit():
        tries = [lambda: os.kill(int(word), 0)]
    elif '/run/' in word:
        tries.append(lambda: socket.socket(socket.AF_UNIX).connect(word))
    for number, attempt in enumerate(tries):
        try:
            attempt()
        except (PermissionError, IsADirectoryError, NotADirectoryError):
            pass
        except OSError as error:
            print(word, number, error)
        else:
            print(word, number, 'is possible')
"#;

/// Returns all that is in a folder, with the folder itself.
fn all_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in std::fs::read_dir(folder).unwrap().filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(all_below(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

#[tokio::test]
async fn two_users_have_a_session_of_the_same_name_and_neither_can_touch_the_others() {
    let Some([one, other]) = two_users().await else { return };
    tokio::join!(one.start("idle.yml"), other.start("idle.yml"));
    for (place, secret) in [(&one, "one"), (&other, "other")] {
        let said = place.qubx(&["exec", "idle", &format!("mine = '{secret}'; import os; os.getuid()")]).await;
        let user = USERS[usize::from(secret == "other")];
        assert_eq!(said.code(0).stdout, format!("{user}\n"));
    }
    let sessions = [listed(&one).await, listed(&other).await];
    for ((place, theirs), session) in
        [(&one, &other), (&other, &one)].into_iter().zip([&sessions[1], &sessions[0]])
    {
        let pids = [&session["pid"], &session["kernel_pid"]].map(|pid| pid.as_u64().unwrap());
        let mut words: Vec<String> =
            all_below(&theirs.home()).iter().map(|path| path.display().to_string()).collect();
        for pid in pids {
            words.push(pid.to_string());
            words.extend(["environ", "mem", "fd", "cwd", "maps"].map(|name| format!("/proc/{pid}/{name}")));
        }
        let mut command = place.as_its_user(&place.python);
        command.args(["-c", TRY]).args(&words);
        let possible = place.finish_command(command, "").await.code(0).stdout;
        assert_eq!(possible, "", "nothing of {} is open to the other user", theirs.home().display());
        // What everybody may see of a process tells no key.
        let file = std::fs::read_to_string(session["connection_file"].as_str().unwrap()).unwrap();
        let key = serde_json::from_str::<Value>(&file).unwrap()["key"].as_str().unwrap().to_owned();
        for pid in pids {
            let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
            assert!(!String::from_utf8_lossy(&words).contains(&key), "the key is in a command line");
        }
        // Nor does naming the other's home help.
        for arguments in [
            &["kernel", "list"][..],
            &["status", "idle"],
            &["exec", "idle", "1"],
            &["history", "idle"],
            &["kernel", "logs", "idle"],
            &["kernel", "stop", "idle", "--yes"],
            &["flatten", "idle", "--yes"],
            &["run", "idle.yml", "--paper", "--detach"],
            &["verify", "idle"],
        ] {
            let mut command = place.command(arguments);
            command.env("QUBX_HOME", theirs.home());
            let refused = place.finish_command(command, "").await;

            assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{arguments:?}: {refused:?}");
        }
    }
    for (place, secret) in [(&one, "'one'\n"), (&other, "'other'\n")] {
        assert_eq!(place.qubx(&["exec", "idle", "mine"]).await.code(0).stdout, secret);
    }
    one.qubx(&["kernel", "stop", "--all", "--yes"]).await.code(0);
    let pid = u32::try_from(sessions[1]["pid"].as_u64().unwrap()).unwrap();
    assert!(is_alive(pid) && listed(&other).await == sessions[1], "it is the other's");
    other.stop("idle").await;
    one.finish().await;
    other.finish().await;
}

/// A folder in which everybody may make something, as `/tmp` is one.
fn shared_folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("qx").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o1777)).unwrap();
    folder
}

/// Makes a home in every way that a hostile user can, open to all, with settings and a connection file in it.
async fn make_home(hostile: &Place, home: &Path) {
    let file = r#"{"ip": "127.0.0.1", "qubx": {}}"#;
    let script = format!(
        "umask 0; mkdir -p {home}/kernels {home}/run {home}/sessions/paper-default-idle; \
         printf '[session]\nkernel_restarts = 0\n' > {home}/config.toml; \
         echo '{file}' > {home}/kernels/idle_20260102_030405.json; touch {home}/sessions/paper-default-idle/lock",
        home = home.display()
    );
    let mut command = hostile.as_its_user(Path::new("/bin/sh"));
    command.args(["-c", &script]);
    hostile.finish_command(command, "").await.code(0);
}

/// Returns everything below a folder with its owner, its mode and its size.
fn look(folder: &Path) -> Vec<(PathBuf, u32, u32, u64)> {
    let mut seen: Vec<_> = all_below(folder)
        .into_iter()
        .map(|path| {
            let metadata = std::fs::symlink_metadata(&path).unwrap();
            (path, metadata.uid(), metadata.mode(), metadata.len())
        })
        .collect();
    seen.sort();
    seen
}

#[tokio::test]
async fn what_another_user_made_in_the_place_of_ones_own_folders_is_refused_and_left_alone() {
    let Some([one, hostile]) = two_users().await else { return };
    let shared = shared_folder();
    let folder = |name: &str| shared.path().join(name);
    // A home, and a link to one.
    make_home(&hostile, &folder("home")).await;
    std::os::unix::fs::symlink(folder("home"), folder("link")).unwrap();
    std::os::unix::fs::lchown(folder("link"), Some(USERS[1]), Some(USERS[1])).unwrap();
    let before = look(&folder("home"));
    for home in ["home", "link"] {
        let ask = async |arguments: &[&str]| {
            let mut command = one.command(arguments);
            command.env("QUBX_HOME", folder(home));
            one.finish_command(command, "").await
        };
        for arguments in [
            &["run", "idle.yml", "--paper", "--detach"][..],
            &["validate", "idle.yml"],
            &["kernel", "list"],
            &["kernel", "logs", "idle"],
            &["history", "idle"],
            &["status", "idle"],
        ] {
            let refused = ask(arguments).await;

            refused.code(1).says(&[&format!("belongs to user {}", USERS[1])]);
        }
    }
    assert_eq!(look(&folder("home")), before, "nothing of it was touched");
    // The folder of sockets in a shared place, should somebody name that one.
    std::fs::create_dir(folder("qubx")).unwrap();
    chown(folder("qubx"), Some(USERS[1]), Some(USERS[1])).unwrap();
    let mut command = one.command(&["run", "idle.yml", "--paper", "--detach"]);
    command.env("XDG_RUNTIME_DIR", shared.path());
    let refused = one.finish_command(command, "").await.code(1);
    refused.says(&[&format!("belongs to user {}", USERS[1])]);
    assert_eq!(std::fs::read_dir(folder("qubx")).unwrap().count(), 0);
    one.start("idle.yml").await;
    one.stop_and_finish("idle").await;
    hostile.finish().await;
}

/// Tells what mode the folders have from which a strategy that is looked at imports.
const MODES: &str = "
import os
import sys

from qubx_strategy import Strategy

package = os.path.dirname(os.path.dirname(sys.modules['qubx_strategy'].__file__))
with open(os.path.join(os.path.dirname(__file__), 'modes'), 'a') as file:
    for folder in (package, os.path.dirname(package)):
        print(oct(os.stat(folder).st_mode & 0o777), file=file)


class Modes(Strategy):
    pass
";

#[tokio::test]
async fn no_other_user_can_put_code_where_a_strategy_is_looked_at_whatever_the_umask_says() {
    let Some(place) = Place::new() else { return };
    place.write("modes.py", MODES);
    place.write("modes.yml", &config("modes", "modes.Modes"));
    let mut command = place.as_its_user(Path::new("/bin/sh"));
    command.args(["-c", "umask 0; exec \"$0\" validate modes.yml", env!("CARGO_BIN_EXE_qubx")]);
    place.finish_command(command, "").await.code(0);
    assert_eq!(std::fs::read_to_string(place.path("modes")).unwrap(), "0o700\n0o700\n");
    place.finish().await;
}
