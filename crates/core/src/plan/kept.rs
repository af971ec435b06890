//! What of a live thing stays as it is when it is changed in place: fields that somebody else manages, and the outputs that others may
//! go on relying on. Pure; decides nothing about the change.

use crate::diff::{self, Change};
use crate::doc::{Doc, Outputs};
use crate::graph::Node;
use crate::kind::{Field, GROUP, Kind, List, WEIGHT};
use crate::snapshot::Live;

/// The outputs of a thing that is changed in place, but for those that are other ones afterwards.
pub(super) fn settled(kind: &Kind, live: &Live, changes: &[Change]) -> Outputs {
    let shifts = kind.shifts.iter().filter(|(field, _)| changes.iter().any(|change| change.field() == *field));
    let shifted: Vec<&str> = shifts.flat_map(|(_, outputs)| outputs.iter().copied()).collect();
    let kept = live.outputs.iter().filter(|(name, _)| !shifted.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Puts the live values of delegated fields into what is wanted, so that nobody writes them back.
///
/// A path may lead into the member of a list, by the label of that: `rules[host=a].action.targets`. Of a list whose members have
/// shares only these are kept: which members it has, the file decides.
pub(super) fn keep_delegated(kind: &Kind, node: &Node, live: &Live, want: &mut Doc) {
    for (path, _) in node.ceded(&live.have) {
        let (have, want, path) = match inner(path) {
            None => (Some(&live.have), Some(&mut *want), path.as_str()),
            Some((list, label, inner)) => {
                let keys = kind.fields.iter().find(|field| field.path == list).map_or(&[][..], keys);
                let is = |member: &Doc| diff::label(member, keys) == label;
                let member = live.have.pointer(&pointer(list)).and_then(Doc::as_array);
                let wanted = want.pointer_mut(&pointer(list)).and_then(Doc::as_array_mut);
                (
                    member.and_then(|all| all.iter().find(|it| is(it))),
                    wanted.and_then(|all| all.iter_mut().find(|it| is(it))),
                    inner,
                )
            }
        };
        let value = have.and_then(|have| at(have, path));
        let place = want.and_then(|want| want.pointer_mut(&pointer(path)));
        if let (Some(value), Some(place)) = (value, place) {
            keep(value, place);
        }
    }
}

/// The list, the label of the member and the path inside it that a path is made of, if it leads into a list.
fn inner(path: &str) -> Option<(&str, &str, &str)> {
    let (list, rest) = path.split_once('[')?;
    let (label, inner) = rest.rsplit_once("].")?;
    Some((list, label, inner))
}

fn keys(field: &Field) -> &'static [&'static str] {
    match field.list {
        List::Keyed(keys) | List::Recurring(keys) => keys,
        List::Ordered | List::Set => &[],
    }
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}

/// Puts a live value in the place of what is wanted; of a list of groups, the shares of those that are in both.
fn keep(value: &Doc, place: &mut Doc) {
    let (Doc::Array(have), Doc::Array(want)) = (value, &mut *place) else {
        *place = value.clone();
        return;
    };
    if want.iter().any(|member| member.get(GROUP).is_none()) {
        *place = value.clone();
        return;
    }
    let share = |group: Option<&Doc>| have.iter().find(|it| it.get(GROUP) == group).and_then(|it| it.get(WEIGHT));
    let carries = want.iter().filter_map(|member| share(member.get(GROUP))).any(|weight| weight.as_u64() > Some(0));
    for member in want {
        let weight = share(member.get(GROUP)).cloned();
        // One that is new gets nothing as long as another one carries the traffic.
        if let Some(weight) = weight.or(carries.then(|| 0.into())) {
            member[WEIGHT] = weight;
        }
    }
}

/// The value at a delegated path, which may lead into a member of a list.
pub(super) fn delegated<'d>(kind: &Kind, doc: &'d Doc, path: &str) -> Option<&'d Doc> {
    let Some((list, label, inner)) = inner(path) else { return at(doc, path) };
    let keys = kind.fields.iter().find(|field| field.path == list).map_or(&[][..], keys);
    let members = doc.pointer(&pointer(list))?.as_array()?;
    at(members.iter().find(|member| diff::label(member, keys) == label)?, inner)
}

pub(super) fn at<'d>(doc: &'d Doc, path: &str) -> Option<&'d Doc> {
    path.split('.').try_fold(doc, |place, key| place.get(key))
}
