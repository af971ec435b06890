//! The records of a large zone that can matter to a stack: its marks, the records that these are for, and those of wanted names, each
//! with one request. A small zone is read whole, as that takes fewer. Decides how to ask; what the records mean is the kinds'.

use std::collections::BTreeSet;

use aws_sdk_route53::types::ResourceRecordSet;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::read::{Zone, records};
use crate::client::Aws;
use crate::kinds::records::form::name;
use crate::kinds::records::marks::{LABEL, Mark, is_reserved};
use crate::read::Part;

/// Records on a page.
const PAGE: u16 = 300;
/// Records that are read for one name: more than have one name, most often.
const OF_A_NAME: i32 = 10;
/// Names that are read side by side.
const SIDE_BY_SIDE: usize = 8;

/// What of a zone is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Demand {
    /// Every record.
    All,
    /// The marks of all stacks, what the stack's are for, and the records of these names.
    Named(BTreeSet<String>),
}

/// The records of a zone that can matter to a stack, perhaps among others.
pub(super) async fn that_matter(
    aws: &Aws,
    zone: &Zone,
    owner: &str,
    mut names: BTreeSet<String>,
) -> Part<Vec<ResourceRecordSet>> {
    let pages = zone.count.div_ceil(usize::from(PAGE));
    if pages <= names.len() + 1 {
        return records(aws, &zone.id).await;
    }
    // The marks of all stacks: only they tell that another one claims a record of ours.
    let Some(mut sets) = marks(aws, zone).await? else { return records(aws, &zone.id).await };
    let ours = sets.iter().filter_map(|set| Mark::read(set, &zone.name)).filter(|mark| mark.owner == owner);
    names.extend(ours.map(|mark| mark.which.name));
    if pages <= names.len() + 1 {
        return records(aws, &zone.id).await;
    }
    let reads: Vec<_> = names.iter().map(|name| of_name(aws, &zone.id, name)).collect();
    let found: Vec<Vec<ResourceRecordSet>> = stream::iter(reads).buffered(SIDE_BY_SIDE).try_collect().await?;
    sets.extend(found.into_iter().flatten());
    Ok(sets)
}

/// All marks of a zone; `None` if they are more than a page.
async fn marks(aws: &Aws, zone: &Zone) -> Part<Option<Vec<ResourceRecordSet>>> {
    let start = format!("{LABEL}.{}", zone.name);
    let request = || {
        let request = aws.route53().list_resource_record_sets().hosted_zone_id(&zone.id).max_items(i32::from(PAGE));
        request.start_record_name(&start).send()
    };
    let page = aws.caller.send("route53:ListResourceRecordSets", request).await?;
    let reserved = |set: &&ResourceRecordSet| is_reserved(&name(set.name()), &zone.name);
    let marks: Vec<ResourceRecordSet> = page.resource_record_sets().iter().take_while(reserved).cloned().collect();
    let all = marks.len() < page.resource_record_sets().len() || !page.is_truncated();
    Ok(all.then_some(marks))
}

/// The records of one name.
async fn of_name(aws: &Aws, zone: &str, wanted: &str) -> Part<Vec<ResourceRecordSet>> {
    let mut sets: Vec<ResourceRecordSet> = Vec::new();
    let (mut start, mut kind, mut identifier) = (wanted.to_owned(), None, None);
    loop {
        let request = || {
            aws.route53()
                .list_resource_record_sets()
                .hosted_zone_id(zone)
                .max_items(OF_A_NAME)
                .start_record_name(&start)
                .set_start_record_type(kind.clone())
                .set_start_record_identifier(identifier.clone())
                .send()
        };
        let page = aws.caller.send("route53:ListResourceRecordSets", request).await?;
        sets.extend(page.resource_record_sets().iter().filter(|set| name(set.name()) == wanted).cloned());
        match page.next_record_name().filter(|next| page.is_truncated() && name(next) == wanted) {
            Some(next) => next.clone_into(&mut start),
            None => return Ok(sets),
        }
        kind = page.next_record_type().cloned();
        identifier = page.next_record_identifier().map(str::to_owned);
    }
}
