//! What all requests to EC2 have in common: filters, tags, and names whose case does not count. How network interfaces are told. Knows no resource
//! and sends nothing.

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

/// AWS describes the interfaces that it makes: `ELB app/web/50dc6c495c0c9188`, `arn:aws:ecs:…:attachment/…`.
pub(super) fn interface_in_words(id: &str, description: &str) -> String {
    if let Some(balancer) = description.strip_prefix("ELB ") {
        format!("network interface {id} of load balancer {balancer}")
    } else if description.contains(":ecs:") && description.contains(":attachment/") {
        format!("network interface {id} of an ECS task")
    } else if description.is_empty() {
        format!("network interface {id}")
    } else {
        format!("network interface {id} ({description})")
    }
}

/// The handle under which those who are in a subnet refer to its route table: they need the way out that it gives them.
pub(crate) fn routes_of(subnet: &str) -> String {
    format!("routes/{subnet}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_told_by_what_it_belongs_to() {
        assert_eq!(interface_in_words("eni-1", "ELB app/web/5"), "network interface eni-1 of load balancer app/web/5");
        assert_eq!(interface_in_words("eni-1", "RDSNetworkInterface"), "network interface eni-1 (RDSNetworkInterface)");
    }
}
