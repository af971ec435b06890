//! What all requests to EC2 have in common: filters, tags, and names whose case does not count. Knows no resource and sends nothing.

use aws_sdk_ec2::types::{Filter, Tag};
use evenkeel_core::name;

use crate::tags::Tags;

/// Whether a group's name is this base name or one of its generations; EC2 ignores case.
pub(super) fn same_name(base: &str, physical: &str) -> bool {
    !base.is_empty() && name::generation(&base.to_ascii_lowercase(), &physical.to_ascii_lowercase()).is_some()
}

/// Tags as a map.
pub(super) fn tags_of(tags: &[Tag]) -> Tags {
    tags.iter()
        .map(|tag| (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned()))
        .collect()
}

/// A filter of a Describe call.
pub(super) fn filter(name: impl Into<String>, value: impl Into<String>) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// Tags as requests take them.
pub(super) fn sdk_tags(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
