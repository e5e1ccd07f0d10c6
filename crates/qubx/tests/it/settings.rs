//! `config.toml` in the home: what every session begins with, and what is wrong in it.

use crate::harness::{IDLE, Place, config};

fn place(settings: &str) -> Option<Place> {
    let place = Place::new()?;
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    std::fs::create_dir(place.home()).unwrap();
    std::fs::write(place.home().join("config.toml"), settings).unwrap();
    Some(place)
}

async fn leave(place: Place) {
    std::fs::remove_dir_all(place.home()).unwrap();
    place.finish().await;
}

#[tokio::test]
async fn settings_hold_for_every_session_and_a_config_wins_key_by_key() {
    let settings = "\
# A comment.
[session]
on_kernel_loss = \"flatten\"
kernel_restarts = 0x2
stale_after = \"2m\"
limits = { order_notional = 10_000.50, orders_per_minute = 60 }
kernel.memory_mb = 4_000
history.limit = 77

[session.outputs]
cell_mb = 7
";
    let Some(place) = place(settings) else { return };
    let json = place.qubx(&["validate", "idle.yml", "--json"]).await.code(0).json();
    let session = &json["session"];
    assert_eq!(session["on_kernel_loss"], "flatten");
    assert_eq!((&session["kernel_restarts"], &session["stale_after"]), (&2.into(), &"2m".into()));
    assert_eq!(session["limits"]["order_notional"], "10000.50");
    assert_eq!((&session["kernel"]["memory_mb"], &session["history"]["limit"]), (&4_000.into(), &77.into()));
    assert_eq!(session["outputs"], serde_json::json!({ "cell_mb": 7, "session_mb": 2_000 }));

    let own = [
        "--set",
        "session.limits.order_notional=5",
        "--set",
        "session.kernel_restarts=100",
        "--set",
        "session.on_kernel_loss=hold",
    ];
    let json = place.qubx(&[&["validate", "idle.yml", "--json"][..], &own].concat()).await.code(0).json();
    let session = &json["session"];
    assert_eq!(
        (&session["limits"]["order_notional"], &session["limits"]["orders_per_minute"]),
        (&"5".into(), &60.into())
    );
    assert_eq!((&session["kernel_restarts"], &session["on_kernel_loss"]), (&100.into(), &"hold".into()));
    leave(place).await;
}

#[tokio::test]
async fn a_mistake_in_the_settings_is_told_with_its_place() {
    for (settings, parts) in [
        (
            "[session]\non_kernel_los = \"hold\"\n",
            &["config.toml:2:1", "unknown key `on_kernel_los` in session", "did you mean `on_kernel_loss`?"]
                [..],
        ),
        ("[session]\non_kernel_loss = \"fold\"\n", &["config.toml:2:18", "did you mean `hold`?"]),
        (
            "[sesion]\nkernel_restarts = 1\n",
            &["config.toml:1:2", "unknown key `sesion`", "did you mean `session`?"],
        ),
        ("[session]\nkernel_restarts = 101\n", &["config.toml:2:19", "a whole number from 0 to 100"]),
        ("[session]\nkernel_restarts = 1.5\n", &["config.toml:2:19", "a whole number from 0 to 100"]),
        ("[session]\nstale_aftr = \"5s\"\n", &["config.toml:2:1", "did you mean `stale_after`?"]),
        (
            "[session]\nstale_after = 5\n",
            &["config.toml:2:15", "session.stale_after cannot be the number 5", "for example 10s"],
        ),
        ("[session]\nstale_after = \"2d\"\n", &["config.toml:2:15", "from a second to a day"]),
        ("[session.kernel]\nmemry_mb = 500\n", &["config.toml:2:1", "did you mean `memory_mb`?"]),
        ("[session.kernel]\nmemory_mb = 1\n", &["config.toml:2:13", "from 100"]),
        ("[session.history]\nlimit = 0\n", &["config.toml:2:9", "from 1 to"]),
        ("[session]\nlimits = 5\n", &["config.toml:2:10", "must be a map"]),
        ("[session\n", &["config.toml:1:9"]),
        ("[session]\nhistory = 2026-01-01\n", &["config.toml:2:11", "must be a map"]),
        ("a = 1\na = 2\n", &["config.toml:2:1", "duplicate key"]),
    ] {
        let Some(place) = place(settings) else { return };
        for command in [&["validate", "idle.yml"][..], &["run", "idle.yml", "--paper", "--detach"]] {
            place.qubx(command).await.code(2).says(parts);
        }
        assert_eq!(std::fs::read_dir(place.home()).unwrap().count(), 1, "nothing else was made");
        leave(place).await;
    }
}

#[tokio::test]
async fn a_mistake_in_what_is_the_screens_is_a_warning_and_stops_nothing() {
    let settings = "\
[keys.panel]
flaten = \"Z\"
help = [\"h\", \"c\"]
down = [\"n\", \"hyper+x\"]
up = []

[screen]
theme = \"drak\"
";
    let Some(place) = place(settings) else { return };
    let validated = place.qubx(&["validate", "idle.yml"]).await.code(0);
    validated.says(&[
        "config.toml:2:1: there is no action `flaten`",
        "did you mean `flatten`?",
        "config.toml:3:1: `c` cannot be help: it is cancel_order",
        "config.toml:4:14: `hyper+x` is no key",
        "config.toml:8:9: screen.theme must be one of auto, dark, light",
    ]);
    leave(place).await;
}

#[tokio::test]
async fn settings_that_cannot_be_read_are_an_error() {
    let Some(place) = place("") else { return };
    let file = place.home().join("config.toml");
    std::fs::write(&file, [b'a', 0xff]).unwrap();
    place.qubx(&["validate", "idle.yml"]).await.code(2).says(&["config.toml", "not UTF-8"]);
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    place.qubx(&["validate", "idle.yml"]).await.code(2).says(&["config.toml", "cannot read"]);
    leave(place).await;
}
