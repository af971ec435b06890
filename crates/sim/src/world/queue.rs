//! What is due when. Events at one moment happen in the order in which they were added.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Event, Moment, Place};

/// Events to come.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    number: u64,
    due: BTreeMap<(Moment, u64), (Place, Event)>,
}

impl Queue {
    /// Adds an event.
    pub fn add(&mut self, at: Moment, place: Place, event: Event) {
        self.number += 1;
        self.due.insert((at, self.number), (place, event));
    }

    /// The moment of the first event.
    pub fn next(&self) -> Option<Moment> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the first event that is due by then.
    pub fn next_due(&mut self, by: Moment) -> Option<(Moment, Place, Event)> {
        self.next().filter(|at| *at <= by)?;
        self.due.pop_first().map(|((at, _), (place, event))| (at, place, event))
    }
}

impl Serialize for Queue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.due.iter().map(|((at, _), (place, event))| (at, place, event)))
    }
}

impl<'de> Deserialize<'de> for Queue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut queue = Self::default();
        for (at, place, event) in Vec::<(Moment, Place, Event)>::deserialize(deserializer)? {
            queue.add(at, place, event);
        }
        Ok(queue)
    }
}
