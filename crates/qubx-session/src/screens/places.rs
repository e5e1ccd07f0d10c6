//! How many clients are served at once, so that descriptors are left for the session itself and for whoever must act.
//!
//! Every client takes a place when it comes, and a screen one more when it says that it stays. There are fewer places to
//! stay than to come: with all screens' places taken, `stop` and `flatten` still find one.

use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The screens that are served at once, if the system has descriptors for them.
pub const MOST_SCREENS: usize = 1_000;
/// The places that no screen takes: for clients that have not said yet what they want, and for those that come with a
/// short question or a verb and leave.
const KEPT_FREE: usize = 16;
/// The descriptors for everything but clients. A session at rest has 25; a Python that starts beside one that ends needs
/// ten more, a reader of history six, each file of a cell's output one, and a client that is refused has one until it
/// has read why.
const RESERVE: u64 = 96;
/// The screens that are served however few descriptors there are: with less, the session would be of no use.
const FEWEST_SCREENS: usize = 4;

/// The places of one service. It is cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// For all clients.
    all: Arc<Semaphore>,
    /// For those of them that are screens.
    screens: Arc<Semaphore>,
    most_screens: usize,
}

impl Places {
    /// Returns as many places as this process may have descriptors for.
    pub(crate) fn within_the_limit() -> Self {
        let limit = getrlimit(Resource::Nofile).current;
        let most_screens = screens_within(limit);
        if most_screens < MOST_SCREENS {
            tracing::warn!(limit, most_screens, "the limit of open files leaves fewer places for screens");
        }
        Self::for_screens(most_screens)
    }

    fn for_screens(most_screens: usize) -> Self {
        let all = Arc::new(Semaphore::new(most_screens + KEPT_FREE));
        Self { all, screens: Arc::new(Semaphore::new(most_screens)), most_screens }
    }

    /// Gives a place to a client that comes.
    ///
    /// # Errors
    /// When there is none, in words.
    pub(crate) fn come(&self) -> Result<Place, String> {
        let most = self.most_screens + KEPT_FREE;
        match self.all.clone().try_acquire_owned() {
            Ok(client) => Ok(Place { _client: client, screen: None, places: self.clone() }),
            Err(_) => Err(format!("{most} clients are attached, and no more are served at once")),
        }
    }
}

/// The place of one client. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _client: OwnedSemaphorePermit,
    screen: Option<OwnedSemaphorePermit>,
    places: Places,
}

impl Place {
    /// Makes it the place of a screen, which stays.
    ///
    /// # Errors
    /// When all screens' places are taken, in words.
    pub(crate) fn stay(&mut self) -> Result<(), String> {
        if self.screen.is_some() {
            return Ok(());
        }
        let most = self.places.most_screens;
        let permit = self.places.screens.clone().try_acquire_owned();
        self.screen =
            Some(permit.map_err(|_| format!("{most} screens are attached, and no more are served at once"))?);
        Ok(())
    }
}

/// Returns how many screens there are descriptors for; a limit of none is no limit.
#[must_use]
pub fn screens_within(limit: Option<u64>) -> usize {
    let left = limit.unwrap_or(u64::MAX).saturating_sub(RESERVE);
    let left = usize::try_from(left).unwrap_or(usize::MAX).saturating_sub(KEPT_FREE);
    left.clamp(FEWEST_SCREENS, MOST_SCREENS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_descriptors_bounds_the_screens() {
        for (limit, screens) in [
            (None, 1_000),
            (Some(1_048_576), 1_000),
            (Some(1_112), 1_000),
            (Some(1_024), 912),
            (Some(128), 16),
            (Some(64), 4),
            (Some(0), 4),
        ] {
            assert_eq!(screens_within(limit), screens, "{limit:?}");
        }
    }

    #[test]
    fn with_all_screens_there_a_question_finds_a_place_and_a_screen_that_leaves_gives_its_own_back() {
        let places = Places::for_screens(2);
        let screen = || {
            let mut place = places.come()?;
            place.stay().map(|()| place)
        };
        let first = screen().unwrap();
        let second = screen().unwrap();
        assert_eq!(screen().unwrap_err(), "2 screens are attached, and no more are served at once");
        let questions: Vec<Place> = (0..KEPT_FREE).map(|_| places.come().unwrap()).collect();
        assert_eq!(places.come().unwrap_err(), "18 clients are attached, and no more are served at once");
        drop(first);
        let mut third = screen().unwrap();
        assert!(third.stay().is_ok(), "it has its place already");
        drop((second, third, questions));
        assert_eq!((places.all.available_permits(), places.screens.available_permits()), (18, 2));
    }
}
