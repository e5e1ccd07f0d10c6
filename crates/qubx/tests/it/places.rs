//! More screens than there is room for, and a service that runs out of descriptors.

use qubx_client::Update;
use qubx_protocol::{ClientMessage, ErrorCode, ServerMessage};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use tokio::process::Command;

use crate::harness::{IDLE, Place, Raw, Screen, config, hello, service_of, wait_for};

/// The limits of open files that the session is started with: the soft one is too small to serve anybody.
const SOFT: u64 = 80;
/// What the service raises its own limit to: descriptors for 16 screens beside the reserve.
const HARD: u64 = 128;
/// The screens for which there are places then.
const SCREENS: usize = 16;

/// Starts a session that stays, under the limits.
async fn start_limited(place: &Place) {
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let program = env!("CARGO_BIN_EXE_qubx");
    let mut command = Command::new("sh");
    place.prepare(&mut command);
    command.arg("-c").arg(format!(
        "ulimit -Sn {SOFT} && ulimit -Hn {HARD} && exec {program} run idle.yml --paper --detach"
    ));
    place.finish_command(command, "").await.code(0);
}

/// Comes as a screen, and returns why it may not stay if it may not.
async fn come(place: &Place, who: &str) -> Result<Raw, qubx_protocol::ErrorMessage> {
    let mut raw = Raw::connect(place, "idle").await;
    raw.send(&hello(who, None)).await;
    match raw.next().await {
        Some(ServerMessage::Welcome(_)) => Ok(raw),
        Some(ServerMessage::Error(error)) => Err(error),
        other => panic!("neither a welcome nor a refusal: {other:?}"),
    }
}

#[tokio::test]
async fn verbs_find_a_place_when_screens_have_taken_all_of_theirs() {
    let Some(place) = Place::new() else { return };
    start_limited(&place).await;
    let code = "import resource; resource.getrlimit(resource.RLIMIT_NOFILE)";
    let given = place.qubx(&["exec", "idle", code]).await.code(0).stdout;
    assert_eq!(given.trim(), format!("({SOFT}, {HARD})"), "Python has the limits of before");

    let mut screens = Vec::new();
    for number in 0..SCREENS {
        screens.push(come(&place, &format!("op{number}")).await.expect("a place"));
    }
    let refused = come(&place, "late").await.err().expect("no place is left");
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (ErrorCode::Busy, "16 screens are attached, and no more are served at once")
    );
    for arguments in
        [&["status", "idle"][..], &["cancel-orders", "idle", "--yes"], &["flatten", "idle", "--yes"]]
    {
        place.qubx(arguments).await.code(0);
    }
    place.qubx(&["exec", "idle", "1"]).await.code(1).says(&["no place for another client", "close some"]);

    // Who came for a question may not stay as a screen.
    let mut sly = Raw::connect(&place, "idle").await;
    let ClientMessage::Hello(mut question) = hello("sly", None) else { panic!("it is a hello") };
    question.screen = false;
    sly.send(&ClientMessage::Hello(question)).await;
    assert!(matches!(sly.next().await, Some(ServerMessage::Welcome(_))));
    sly.send(&hello("sly", None)).await;
    let refused = |message: &ServerMessage| match message {
        ServerMessage::Error(error) => Some(error.code),
        _ => None,
    };
    assert_eq!(sly.until(refused).await, ErrorCode::Busy);

    drop(screens.pop());
    let again = wait_for("the place of the screen that left", async || come(&place, "late").await.ok()).await;
    assert!(come(&place, "later").await.is_err());
    // All of them are still there, and the session can be stopped.
    screens.push(again);
    assert_eq!(place.qubx(&["kernel", "list", "--json"]).await.code(0).json()[0]["screens"], SCREENS);
    place.stop_and_finish("idle").await;
}

/// Sets the soft limit of a process that has the limits of this one, raised as far as possible.
fn limit_files(pid: u32, current: Option<u64>) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let current = current.or(maximum);
    prlimit(Pid::from_raw(pid.cast_signed()), Resource::Nofile, Rlimit { current, maximum }).unwrap();
}

#[tokio::test]
async fn a_service_that_has_no_descriptor_left_says_so_and_lets_clients_in_when_it_has() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let service = service_of(&place, "idle").unwrap();
    limit_files(service, Some(3));
    let mut late = Raw::connect(&place, "idle").await;
    late.send(&hello("op2", None)).await;
    let alarm = |update: &Update| match update {
        Update::Latest(latest) => latest.alarms.clone(),
        _ => None,
    };
    let raised = loop {
        let update = screen.next("the alarm").await;
        let raised = alarm(&update).and_then(|alarms| alarms.into_iter().find(|one| one.source == "clients"));
        if let Some(raised) = raised {
            break raised;
        }
    };
    assert!(raised.text.contains("Too many open files") && !raised.stops_orders, "{raised:?}");
    assert_eq!(screen.run("1 + 1").await.0, "2", "whoever is attached goes on");

    limit_files(service, None);
    assert!(matches!(late.next().await, Some(ServerMessage::Welcome(_))));
    place.qubx(&["status", "idle"]).await.code(0);
    loop {
        let update = screen.next("the end of the alarm").await;
        if alarm(&update).is_some_and(|alarms| alarms.iter().all(|one| one.source != "clients")) {
            break;
        }
    }
    let log = std::fs::read_to_string(place.session_dir("idle").join("service.log")).unwrap();
    assert_eq!(log.matches("clients cannot be accepted").count(), 1, "{log}");
    screen.close().await;
    place.stop_and_finish("idle").await;
}
