//! Moments as people and AWS write them: `2026-11-30T12:00:00Z`. Knows no clock.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// Milliseconds since 1970 of a time as RFC 3339 has it; none of anything else.
pub fn parse(text: &str) -> Option<i64> {
    let moment = DateTime::from_str(text, Format::DateTimeWithOffset).ok()?;
    moment.to_millis().ok()
}

/// A time in milliseconds since 1970 as RFC 3339 has it, in UTC.
pub fn shown(millis: i64) -> String {
    DateTime::from_millis(millis).fmt(Format::DateTime).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        assert_eq!(parse("1970-01-01T00:01:00Z"), Some(60_000));
        assert_eq!(parse("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!((parse("yesterday"), parse("")), (None, None));
        assert_eq!(shown(60_500), "1970-01-01T00:01:00.5Z");
    }
}
