//! A service that stands still for a while: nobody acts for it, and it goes on where it was.

use std::collections::BTreeSet;
use std::time::Duration;

use qubx_client::Link;
use qubx_protocol::{Fact, OrderStatus};
use rustix::process::Signal;

use crate::harness::{Place, STEPS, Screen, assert_kept, config, is_alive, send_signal, service_of, written};

/// Longer than what counts as standing still.
const PAUSE: Duration = Duration::from_secs(7);

#[tokio::test]
async fn a_service_that_stood_still_says_so_and_orders_nothing_twice() {
    let Some(place) = Place::new() else { return };
    place.write("steps.py", STEPS);
    place.write("steps.yml", &(config("steps", "steps.Steps") + "session: { stale_after: 3s }\n"));
    let owner = place.own("steps.yml").await;
    let mut screen = Screen::attach(&place, "steps", "op1").await;
    screen.event("a fill", |fact| matches!(fact, Fact::Fill { .. }).then_some(())).await;
    let service = service_of(&place, "steps").unwrap();
    send_signal(service, Signal::STOP);
    // The pause is the fault itself.
    tokio::time::sleep(PAUSE).await;
    let stopped_at = jiff::Timestamp::now();
    screen
        .until("the loss of the connection", |screen| {
            matches!(screen.mirror.link, Link::Lost { .. }).then_some(())
        })
        .await;
    send_signal(service, Signal::CONT);
    screen.logged("the service stood still for").await;
    // What it knew was old, which it says before it goes on with what is new.
    screen.logged("no quote of SIM:BTCUSDT, SIM:ETHUSDT since ").await;
    screen.logged("quotes of SIM:BTCUSDT, SIM:ETHUSDT come again, after ").await;
    assert_eq!(screen.run("'goes on'").await.0, "'goes on'");
    let before = screen.events.len();
    screen
        .until("trading after the pause", |screen| {
            let after = screen.events[before..].iter();
            (after.filter(|event| matches!(event.fact, Fact::Fill { .. })).count() >= 5).then_some(())
        })
        .await;
    assert!(is_alive(service) && service_of(&place, "steps") == Some(service), "its owner left it alone");
    // Seven seconds of quotes are not told at once: there are ten a second, of which the strategy trades a half.
    let burst = screen.events.iter().filter(|event| {
        let is_new =
            matches!(&event.fact, Fact::Order { order, .. } if order.status == OrderStatus::Intended);
        let since = event.time.duration_since(stopped_at).as_millis();
        is_new && (0..1_000).contains(&since)
    });
    let burst = burst.count();
    assert!(burst <= 30, "{burst} orders within a second");
    let events = written(&place, "steps");
    let (mut trades, mut intended) = (BTreeSet::new(), BTreeSet::new());
    for event in &events {
        match &event.fact {
            Fact::Fill { fill, .. } => assert!(trades.insert(&fill.trade_id), "{fill:?} is there twice"),
            Fact::Order { order, .. } if order.status == OrderStatus::Intended => {
                assert!(intended.insert(&order.id), "{order:?} was ordered twice");
            }
            _ => {}
        }
    }
    assert_kept(&screen, &written(&place, "steps"));
    screen.close().await;
    owner.signal(Signal::INT);
    owner.end().await.code(0);
    place.finish().await;
}
