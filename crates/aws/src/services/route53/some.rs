//! The records of a large zone that can matter to a stack: its marks, the records that these are for, and those of wanted names. Few
//! names take a request each, side by side; many are found on pages that begin at a wanted name. A small zone is read whole, as that
//! takes fewer. Decides how to ask; what the records mean is the kinds'.

use std::collections::BTreeSet;

use aws_sdk_route53::operation::list_resource_record_sets::ListResourceRecordSetsOutput as Page;
use aws_sdk_route53::types::{ResourceRecordSet, RrType};
use evenkeel_core::error::CloudError;
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
/// Names that are read side by side, and chains of pages.
const SIDE_BY_SIDE: usize = 8;
/// Pages that a zone is read in whole.
const SMALL: usize = 4;

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
    names: BTreeSet<String>,
) -> Part<Vec<ResourceRecordSet>> {
    let pages = zone.count.div_ceil(usize::from(PAGE));
    if pages <= SMALL.min(names.len() + 1) {
        return records(aws, &zone.id).await;
    }
    marked_and_named(aws, (&zone.id, &zone.name), owner, names).await
}

/// The records of a zone, of which only the id and the name are known, that can matter to a stack, perhaps among others.
pub(super) async fn that_matter_now(
    aws: &Aws,
    (id, zone): (&str, &str),
    owner: &str,
    names: BTreeSet<String>,
) -> Part<Vec<ResourceRecordSet>> {
    let first = page(aws, id, &Start::default(), i32::from(PAGE)).await?;
    if !first.is_truncated() {
        return Ok(first.resource_record_sets);
    }
    marked_and_named(aws, (id, zone), owner, names).await
}

async fn marked_and_named(
    aws: &Aws,
    (id, zone): (&str, &str),
    owner: &str,
    mut names: BTreeSet<String>,
) -> Part<Vec<ResourceRecordSet>> {
    // The marks of all stacks: only they tell that another one claims a record of ours.
    let mut sets = marks(aws, id, zone).await?;
    let ours = sets.iter().filter_map(|set| Mark::read(set, zone)).filter(|mark| mark.owner == owner);
    names.extend(ours.map(|mark| mark.which.name));
    sets.extend(of_names(aws, id, names).await?);
    Ok(sets)
}

/// All marks of a zone.
async fn marks(aws: &Aws, id: &str, zone: &str) -> Part<Vec<ResourceRecordSet>> {
    let mut marks: Vec<ResourceRecordSet> = Vec::new();
    let mut from = Start::name(&format!("{LABEL}.{zone}"));
    loop {
        let page = page(aws, id, &from, i32::from(PAGE)).await?;
        let all = page.resource_record_sets();
        let before = marks.len();
        marks.extend(all.iter().take_while(|set| is_reserved(&name(set.name()), zone)).cloned());
        match Start::next(&page).filter(|_| marks.len() == before + all.len()) {
            Some(next) => from = next,
            None => return Ok(marks),
        }
    }
}

/// The records of these names.
async fn of_names(aws: &Aws, zone: &str, names: BTreeSet<String>) -> Part<Vec<ResourceRecordSet>> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by_cached_key(|name| by_label(name));
    let mut sets = Vec::new();
    if names.len() > SIDE_BY_SIDE {
        // Names of one stack often stand together.
        (sets, names) = stretch(aws, zone, names).await?;
    }
    let part = names.len().div_ceil(SIDE_BY_SIDE).max(1);
    let chains: Vec<_> = names.chunks(part).map(|part| chain(aws, zone, part.to_vec())).collect();
    let found: Vec<Vec<ResourceRecordSet>> = stream::iter(chains).buffered(SIDE_BY_SIDE).try_collect().await?;
    sets.extend(found.into_iter().flatten());
    Ok(sets)
}

async fn chain(aws: &Aws, zone: &str, mut names: Vec<String>) -> Part<Vec<ResourceRecordSet>> {
    let mut sets = Vec::new();
    while names.len() > 1 {
        let (found, rest) = stretch(aws, zone, names).await?;
        sets.extend(found);
        names = rest;
    }
    for last in names {
        sets.extend(of_name(aws, zone, &last).await?);
    }
    Ok(sets)
}

/// One page that begins at the first of these names: the records on it that are wanted, and the names of which it does not tell.
async fn stretch(aws: &Aws, zone: &str, names: Vec<String>) -> Part<(Vec<ResourceRecordSet>, Vec<String>)> {
    let Some(first) = names.first().cloned() else { return Ok((Vec::new(), names)) };
    let page = page(aws, zone, &Start::name(&first), i32::from(PAGE)).await?;
    let all: Vec<(String, &ResourceRecordSet)> =
        page.resource_record_sets().iter().map(|set| (name(set.name()), set)).collect();
    let next = page.next_record_name().filter(|_| page.is_truncated()).map(name);
    let tells = |of: &String| next.as_ref().is_none_or(|next| is_before(of, next));
    let (told, mut rest): (BTreeSet<String>, Vec<String>) = {
        let told = |of: &String| tells(of) && (*of == first || is_before(&first, of));
        let (told, rest): (Vec<String>, Vec<String>) = names.into_iter().partition(told);
        (told.into_iter().collect(), rest)
    };
    let mut sets: Vec<ResourceRecordSet> =
        all.into_iter().filter(|(of, _)| told.contains(of)).map(|(_, set)| set.clone()).collect();
    if let Some(at) = rest.iter().position(|of| *of == first) {
        // More records of one name than a page holds.
        rest.remove(at);
        sets.extend(of_name(aws, zone, &first).await?);
    }
    Ok((sets, rest))
}

/// Whether AWS lists one name before another. It sorts by labels from the last to the first; where that depends on how it
/// compares a hyphen with the end of a label, nobody knows, and the answer is no.
fn is_before(one: &str, other: &str) -> bool {
    by_label(one) < by_label(other) && by_character(one) < by_character(other)
}

fn by_label(name: &str) -> Vec<String> {
    name.trim_end_matches('.').rsplit('.').map(str::to_owned).collect()
}

fn by_character(name: &str) -> String {
    by_label(name).join(".") + "."
}

/// Where a page begins; by itself, at the beginning.
#[derive(Default)]
struct Start {
    name: Option<String>,
    kind: Option<RrType>,
    identifier: Option<String>,
}

impl Start {
    fn name(name: &str) -> Self {
        Self { name: Some(name.to_owned()), kind: None, identifier: None }
    }

    /// What comes after a page; `None` if nothing does.
    fn next(page: &Page) -> Option<Self> {
        let name = page.next_record_name().filter(|_| page.is_truncated())?.to_owned();
        let identifier = page.next_record_identifier().map(str::to_owned);
        Some(Self { name: Some(name), kind: page.next_record_type().cloned(), identifier })
    }
}

async fn page(aws: &Aws, zone: &str, from: &Start, size: i32) -> Result<Page, CloudError> {
    let request = || {
        aws.route53()
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .max_items(size)
            .set_start_record_name(from.name.clone())
            .set_start_record_type(from.kind.clone())
            .set_start_record_identifier(from.identifier.clone())
            .send()
    };
    aws.caller.send("route53:ListResourceRecordSets", request).await
}

/// The records of one name.
pub(super) async fn of_name(aws: &Aws, zone: &str, wanted: &str) -> Part<Vec<ResourceRecordSet>> {
    let mut sets: Vec<ResourceRecordSet> = Vec::new();
    let mut from = Start::name(wanted);
    loop {
        let page = page(aws, zone, &from, OF_A_NAME).await?;
        sets.extend(page.resource_record_sets().iter().filter(|set| name(set.name()) == wanted).cloned());
        match page.next_record_name().filter(|next| page.is_truncated() && name(next) == wanted) {
            Some(_) => from = Start::next(&page).unwrap_or_default(),
            None => return Ok(sets),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_the_order_of_their_labels_from_the_last() {
        for (one, other) in [("b.example", "a.b.example"), ("z.a.example", "b.example"), ("a.example", "b.example")] {
            assert!(is_before(one, other), "{one} {other}");
            assert!(!is_before(other, one), "{one} {other}");
        }
        // `a.example` is `example.a.` and `a-b.example` is `example.a-b.`: a hyphen is less than a dot.
        assert!(!is_before("a.example", "a-b.example"));
        assert!(!is_before("a-b.example", "a.example"));
    }
}
