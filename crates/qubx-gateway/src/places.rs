//! Places for sockets: so many in all, and so many for one permission with all that was made from it, so that nobody takes the
//! places of the others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::access::Entry;

/// How many sockets there may be at once: as many as a service takes screens.
const MOST: usize = 1_024;
/// How many of them one permission may have.
const MOST_OF_ONE: usize = 128;

/// The places that are taken, by permission.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

/// A place that was taken; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    of: String,
}

impl Places {
    /// Takes a place; none when there is none.
    pub(crate) fn take(&self, entry: &Entry) -> Option<Place> {
        let of = entry.parent.as_ref().unwrap_or(&entry.id).clone();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let own = taken.entry(of.clone()).or_default();
        if all >= MOST || *own >= MOST_OF_ONE {
            return None;
        }
        *own += 1;
        Some(Place { places: self.clone(), of })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.of) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.of);
            }
        }
    }
}
