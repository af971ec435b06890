//! What a region has of CloudWatch Logs: groups, their streams, and the events in them. Decides how they are shown; times are
//! whole milliseconds here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::tags::Tags;
use crate::world::{Ids, Moment, Place};

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Logs {
    /// Groups by name.
    pub groups: BTreeMap<String, Group>,
    /// Resource policies by name: the document, and when it was put.
    pub policies: BTreeMap<String, (String, i64)>,
}

/// A group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    /// When it was made.
    pub created: i64,
    /// Days; for ever if unset.
    pub retention: Option<i64>,
    /// Its class.
    pub class: String,
    /// The key that encrypts it.
    pub key: Option<String>,
    /// Whether it cannot be deleted.
    pub protected: bool,
    /// Its tags.
    pub tags: Tags,
    /// Metric filters by name, as they are described.
    pub metric_filters: BTreeMap<String, Value>,
    /// Streams by name.
    pub streams: BTreeMap<String, Stream>,
}

/// A stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Stream {
    /// When it was made.
    pub created: i64,
    /// When something was last put into it.
    pub ingested: Option<i64>,
    /// The token that the next writer would once have needed.
    pub token: String,
    /// Events in the order of their times.
    pub events: Vec<Event>,
}

/// A line of a log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Event {
    /// When it happened.
    pub at: i64,
    /// When it arrived.
    pub ingested: i64,
    /// What it says.
    pub message: String,
    /// Its id.
    pub id: String,
}

/// The ARN of a group, without `:*`.
pub(super) fn arn(place: &Place, name: &str) -> String {
    place.arn("logs", &format!("log-group:{name}"))
}

impl Group {
    /// The group as lists show it; a search by pattern shows less.
    pub fn shown(&self, place: &Place, name: &str, by_pattern: bool) -> Value {
        let arn = arn(place, name);
        let mut shown = json!({
            "logGroupName": name,
            "creationTime": self.created,
            "retentionInDays": self.retention,
            "metricFilterCount": self.metric_filters.len(),
            "arn": format!("{arn}:*"),
            "logGroupArn": arn,
            "logGroupClass": self.class,
            "kmsKeyId": self.key,
        });
        if !by_pattern {
            shown["storedBytes"] = self.bytes().into();
            shown["deletionProtectionEnabled"] = self.protected.into();
        }
        shown
    }

    /// How much there is in it, as CloudWatch counts: each event with 26 bytes beside its text.
    fn bytes(&self) -> usize {
        let events = self.streams.values().flat_map(|stream| &stream.events);
        events.map(|event| event.message.len() + 26).sum()
    }

    /// The events that are not too old to be kept.
    pub fn kept<'g>(&self, stream: &'g Stream, now: Moment) -> &'g [Event] {
        let Some(days) = self.retention else { return &stream.events };
        let oldest = now.0 - days * 86_400_000;
        &stream.events[stream.events.partition_point(|event| event.at < oldest)..]
    }
}

impl Stream {
    /// An empty one.
    pub fn new(ids: &mut Ids, now: Moment) -> Self {
        Self { created: now.0, token: ids.digits(56), ..Self::default() }
    }

    /// Adds a line where its time belongs.
    pub fn add(&mut self, ids: &mut Ids, now: Moment, at: i64, message: &str) {
        let id = ids.digits(56);
        self.put(now, at, message, id);
    }

    /// The same with an id.
    pub fn put(&mut self, now: Moment, at: i64, message: &str, id: String) {
        let event = Event { at, ingested: now.0, message: message.to_owned(), id };
        let place = self.events.partition_point(|other| other.at <= at);
        self.events.insert(place, event);
        self.ingested = Some(now.0);
    }

    /// The stream as lists show it.
    pub fn shown(&self, group: &str, name: &str) -> Value {
        json!({
            "logStreamName": name,
            "creationTime": self.created,
            "firstEventTimestamp": self.events.first().map(|event| event.at),
            "lastEventTimestamp": self.events.last().map(|event| event.at),
            "lastIngestionTime": self.ingested,
            "uploadSequenceToken": self.ingested.map(|_| &self.token),
            "arn": format!("{group}:log-stream:{name}"),
            "storedBytes": 0,
        })
    }
}
