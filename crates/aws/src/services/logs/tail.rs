//! Reads lines of log groups in the order of their times, all groups side by side, and again and again for who follows them: each line
//! once, by the id of its event. A line may arrive late, so that each pass begins a little before the last one ended. Knows neither
//! services nor containers, only names of streams.

use std::collections::{BTreeMap, VecDeque};

use evenkeel_core::error::CloudError;
use futures::future::join_all;

use crate::client::Aws;

/// How late a line may come behind others, milliseconds.
const LATE: i64 = 60_000;
/// How many events a request gives at most.
const PAGE: i32 = 10_000;

/// A line of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The group.
    pub group: String,
    /// The stream.
    pub stream: String,
    /// When it was written, milliseconds since 1970.
    pub at: i64,
    /// What it says; may be several lines.
    pub message: String,
    /// The id of the event.
    pub id: String,
}

/// A log group that is read.
#[derive(Clone, Debug)]
struct Group {
    name: String,
    /// How the names of its streams begin, if that is known.
    prefix: Option<String>,
    /// Where the next pass begins, milliseconds since 1970.
    from: i64,
    /// The newest line that was seen.
    newest: i64,
    /// Ids of lines that were seen, with their times.
    seen: BTreeMap<String, i64>,
}

/// Log groups that are read side by side.
#[derive(Clone, Debug)]
pub struct Tail {
    groups: Vec<Group>,
    pattern: Option<String>,
}

/// What one pass reads of a group, page by page.
#[derive(Debug, Default)]
struct Cursor {
    buffer: VecDeque<Line>,
    token: Option<String>,
    done: bool,
    failed: Option<CloudError>,
}

impl Tail {
    /// Reads these groups, each with how the names of its streams begin; from a time on, milliseconds since 1970; only events that fit a
    /// pattern of CloudWatch Logs, if there is one.
    pub fn new(groups: BTreeMap<String, Option<String>>, from: i64, pattern: Option<&str>) -> Self {
        let group = |(name, prefix)| Group { name, prefix, from, newest: from, seen: BTreeMap::new() };
        Self { groups: groups.into_iter().map(group).collect(), pattern: pattern.map(str::to_owned) }
    }

    /// Reads everything that has come since the last pass, in the order of time, up to `until` if it is given. What a group could not be
    /// read for comes back; the others are read all the same, and it is tried again by the next pass.
    pub async fn pass(
        &mut self,
        aws: &Aws,
        until: Option<i64>,
        take: &mut (dyn FnMut(Line) + Send),
    ) -> Vec<(String, CloudError)> {
        let mut cursors: Vec<Cursor> = self.groups.iter().map(|_| Cursor::default()).collect();
        loop {
            self.fill(aws, until, &mut cursors).await;
            while let Some(next) = next(&cursors) {
                let (group, cursor) = (&mut self.groups[next], &mut cursors[next]);
                let Some(line) = cursor.buffer.pop_front() else { break };
                group.newest = group.newest.max(line.at);
                if group.seen.insert(line.id.clone(), line.at).is_none() {
                    take(line);
                }
            }
            if cursors.iter().all(|cursor| cursor.done && cursor.buffer.is_empty()) {
                break;
            }
        }
        for group in &mut self.groups {
            group.from = group.from.max(group.newest - LATE);
            let from = group.from;
            group.seen.retain(|_, at| *at >= from);
        }
        let names = self.groups.iter().map(|group| group.name.clone());
        names.zip(cursors).filter_map(|(name, cursor)| Some((name, cursor.failed?))).collect()
    }

    /// Reads the next page of each group that has none, all at once.
    async fn fill(&self, aws: &Aws, until: Option<i64>, cursors: &mut [Cursor]) {
        let empty = self.groups.iter().zip(cursors).filter(|(_, cursor)| cursor.buffer.is_empty() && !cursor.done);
        let asked = empty.map(|(group, cursor)| async move {
            match self.page(aws, group, until, cursor.token.take()).await {
                Ok((lines, token)) => {
                    cursor.buffer.extend(lines);
                    cursor.done = token.is_none();
                    cursor.token = token;
                }
                Err(error) => (cursor.done, cursor.failed) = (true, Some(error)),
            }
        });
        join_all(asked).await;
    }

    async fn page(
        &self,
        aws: &Aws,
        group: &Group,
        until: Option<i64>,
        token: Option<String>,
    ) -> Result<(Vec<Line>, Option<String>), CloudError> {
        let request = || {
            aws.logs()
                .filter_log_events()
                .log_group_name(&group.name)
                .set_log_stream_name_prefix(group.prefix.clone())
                .start_time(group.from)
                .set_end_time(until)
                .set_filter_pattern(self.pattern.clone())
                .set_next_token(token.clone())
                .limit(PAGE)
                .send()
        };
        let reply = aws.caller.send("logs:FilterLogEvents", request).await?;
        let line = |event: &aws_sdk_cloudwatchlogs::types::FilteredLogEvent| Line {
            group: group.name.clone(),
            stream: event.log_stream_name().unwrap_or_default().to_owned(),
            at: event.timestamp().unwrap_or_default(),
            message: event.message().unwrap_or_default().to_owned(),
            id: event.event_id().unwrap_or_default().to_owned(),
        };
        let token = reply.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        Ok((reply.events().iter().map(line).collect(), token))
    }
}

/// The group whose next line is the oldest; none while one of which more is to come has nothing at hand.
fn next(cursors: &[Cursor]) -> Option<usize> {
    if cursors.iter().any(|cursor| cursor.buffer.is_empty() && !cursor.done) {
        return None;
    }
    let heads = cursors.iter().enumerate().filter_map(|(at, cursor)| Some((cursor.buffer.front()?.at, at)));
    heads.min().map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_told_while_an_older_line_may_still_come() {
        let line =
            |at| Line { group: String::new(), stream: String::new(), at, message: String::new(), id: at.to_string() };
        let cursor = |lines: &[i64], done| Cursor {
            buffer: lines.iter().copied().map(line).collect(),
            done,
            ..Cursor::default()
        };
        assert_eq!(next(&[cursor(&[5], false), cursor(&[3, 9], true)]), Some(1));
        assert_eq!(next(&[cursor(&[], false), cursor(&[3], true)]), None, "its next page may begin with 2");
        assert_eq!(next(&[cursor(&[], true), cursor(&[3], false)]), Some(1));
        assert_eq!(next(&[cursor(&[], true)]), None);
    }
}
