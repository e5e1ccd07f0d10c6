//! The screens that are attached, and who they are.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use qubx_protocol::{ErrorMessage, Event, Hello, Presence};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::screens::fan_out::FanOut;
use crate::session::input::{FrameReceiver, SubscriberId, frames};

/// The attached screens.
#[derive(Debug)]
pub(crate) struct Subscribers {
    by_id: BTreeMap<SubscriberId, Subscriber>,
    last: SubscriberId,
    presence: watch::Sender<Vec<Presence>>,
    told: FanOut,
}

#[derive(Debug)]
struct Subscriber {
    presence: Presence,
    screen: bool,
}

impl Subscribers {
    pub(crate) fn new(presence: watch::Sender<Vec<Presence>>, told: FanOut) -> Self {
        Self { by_id: BTreeMap::new(), last: 0, presence, told }
    }

    /// Adds a screen; it gets every event sent from now on.
    pub(crate) fn add(
        &mut self,
        hello: &Hello,
        now: Timestamp,
    ) -> (SubscriberId, FrameReceiver, CancellationToken) {
        self.last += 1;
        let (sender, receiver) = frames();
        let cut = CancellationToken::new();
        let (identity, owner, role) = (hello.identity.clone(), hello.owner, hello.role);
        let presence = Presence { identity, owner, role, since: now, screens: 1 };
        self.by_id.insert(self.last, Subscriber { presence, screen: hello.screen });
        self.told.add(self.last, sender, cut.clone());
        self.publish_presence();
        (self.last, receiver, cut)
    }

    /// Forgets a screen that left, or was cut off.
    pub(crate) fn remove(&mut self, id: SubscriberId) {
        if self.by_id.remove(&id).is_some() {
            self.told.remove(id);
            self.publish_presence();
        }
    }

    /// Sends events to everyone, and cuts off whoever has no room for them.
    pub(crate) fn send(&self, events: Vec<Event>) {
        if !self.by_id.is_empty() {
            self.told.events(events);
        }
    }

    /// Says goodbye to everyone: the last frame tells why, then the queues end.
    pub(crate) fn dismiss(&mut self, error: ErrorMessage) {
        self.by_id.clear();
        self.told.over(error);
    }

    /// Tells whether a screen other than the owner's is attached.
    pub(crate) fn anyone_but_the_owner(&self) -> bool {
        self.by_id.values().any(|subscriber| subscriber.screen && !subscriber.presence.owner)
    }

    fn publish_presence(&self) {
        let screens = self.by_id.values().filter(|subscriber| subscriber.screen);
        let mut all: Vec<Presence> = Vec::new();
        let mut places: HashMap<_, usize> = HashMap::new();
        for Subscriber { presence, .. } in screens {
            // One entry for all tabs of somebody: a thousand would cost each of them as many.
            match places.entry((&presence.identity, presence.owner, presence.role)) {
                Entry::Occupied(place) => all[*place.get()].screens += 1,
                Entry::Vacant(place) => {
                    place.insert(all.len());
                    all.push(presence.clone());
                }
            }
        }
        self.presence.send_if_modified(|shown| {
            let changed = *shown != all;
            *shown = all;
            changed
        });
    }
}

#[cfg(test)]
mod tests {
    use qubx_protocol::Role;

    use super::*;
    use crate::screens::fan_out::fan_out;

    #[test]
    fn the_screens_of_somebody_are_one_entry_with_their_number() {
        let (sender, presence) = watch::channel(Vec::new());
        let mut subscribers = Subscribers::new(sender, fan_out().0);
        let mut attach = |identity: &str, role, second| {
            let hello = Hello {
                version: qubx_protocol::PROTOCOL_VERSION,
                log: None,
                after: None,
                identity: identity.into(),
                owner: false,
                screen: true,
                latest: true,
                role,
            };
            subscribers.add(&hello, Timestamp::from_second(second).unwrap()).0
        };
        attach("anna", Role::Admin, 1);
        attach("ben", Role::Admin, 2);
        attach("anna", Role::Viewer, 3);
        let last = attach("anna", Role::Admin, 4);
        let shown = |presence: &watch::Receiver<Vec<Presence>>| {
            let entry =
                |one: &Presence| (one.identity.to_string(), one.role, one.screens, one.since.as_second());
            presence.borrow().iter().map(entry).collect::<Vec<_>>()
        };
        let (anna, ben) = ("anna".to_owned(), ("ben".to_owned(), Role::Admin, 1, 2));
        let reader = (anna.clone(), Role::Viewer, 1, 3);
        assert_eq!(shown(&presence), [(anna.clone(), Role::Admin, 2, 1), ben.clone(), reader.clone()]);
        subscribers.remove(last);
        assert_eq!(shown(&presence), [(anna, Role::Admin, 1, 1), ben, reader]);
    }
}
