//! The attributes of listeners, each of which costs a call: read only of listeners of ours, and of these only where the file sets some, or
//! once set some according to a tag. Sends nothing for others.

use std::collections::{BTreeMap, BTreeSet};

use super::{Attributes, Listeners, Reading, attributes, calls, pick};
use crate::tags::Tags;

impl Reading<'_> {
    /// The attributes of a listener that are managed. Whose a listener is, its tags say, which are known by then.
    fn managed_of_listener(&self, tags: &Tags) -> BTreeSet<String> {
        let mut keys = self.declared("listener", tags, "");
        keys.extend(tags.get(attributes::TAG).into_iter().flat_map(|tag| attributes::table("listener").decode(tag)));
        keys
    }

    /// Reads the attributes of listeners.
    pub(super) async fn listener_attributes(&self, listeners: &Listeners) -> Attributes {
        let due = listeners.iter().flatten().filter(|item| !self.managed_of_listener(&item.tags).is_empty());
        let arns = due.filter_map(|item| item.raw.listener_arn()).map(str::to_owned).collect();
        let read = calls::each(arns, |arn| async move {
            let attributes = calls::listener_attributes(self.aws, &arn).await?;
            Ok((arn, attributes))
        });
        read.await.map(|read| read.into_iter().collect::<BTreeMap<_, _>>())
    }

    /// Puts beside each listener what was read of it.
    pub(super) fn attach_listeners(&self, listeners: Listeners, read: Attributes) -> Listeners {
        let (mut listeners, read) = (listeners?, read?);
        for item in &mut listeners {
            let keys = self.managed_of_listener(&item.tags);
            item.attributes = pick(&read, item.raw.listener_arn(), &keys);
        }
        Ok(listeners)
    }
}
