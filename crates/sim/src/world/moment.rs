//! A moment of the simulated time, and how it is written on the wire. Knows no clock.

use std::time::Duration;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Milliseconds since 1970. In documents it is a number of seconds, as AWS's JSON has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// Now, by the computer's clock.
    pub fn wall() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// That much later.
    pub fn plus(self, time: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The time since an earlier moment; nothing if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Seconds since 1970.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of the next hundred thousand years fit")]
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// From seconds since 1970.
    #[expect(clippy::cast_possible_truncation, reason = "a float turns into the nearest integer there is")]
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * 1000.0).round() as i64)
    }

    /// As it stands in a document: seconds as a number.
    pub fn value(self) -> Value {
        serde_json::Number::from_f64(self.seconds()).map_or(Value::Null, Value::Number)
    }

    /// The same moment without its milliseconds: some services know whole seconds only.
    pub fn whole(self) -> Self {
        Self(self.0.div_euclid(1000) * 1000)
    }

    /// ISO 8601 with milliseconds if there are any: `2026-01-31T10:00:00.123Z`.
    pub fn iso(self) -> String {
        DateTime::from_millis(self.0).fmt(Format::DateTime).unwrap_or_default()
    }

    /// Reads ISO 8601.
    pub fn parse_iso(text: &str) -> Option<Self> {
        DateTime::from_str(text, Format::DateTimeWithOffset).ok()?.to_millis().ok().map(Self)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.seconds())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Self::from_seconds)
    }
}
