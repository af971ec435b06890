//! What of a live thing stays as it is when it is changed in place: fields that somebody else manages, and the outputs that others may
//! go on relying on. Pure; decides nothing about the change.

use crate::diff::Change;
use crate::doc::{Doc, Outputs};
use crate::graph::Node;
use crate::kind::Kind;
use crate::snapshot::Live;

/// The outputs of a thing that is changed in place, but for those that are other ones afterwards.
pub(super) fn settled(kind: &Kind, live: &Live, changes: &[Change]) -> Outputs {
    let shifts = kind.shifts.iter().filter(|(field, _)| changes.iter().any(|change| change.field() == *field));
    let shifted: Vec<&str> = shifts.flat_map(|(_, outputs)| outputs.iter().copied()).collect();
    let kept = live.outputs.iter().filter(|(name, _)| !shifted.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Puts the live values of delegated fields into what is wanted, so that nobody writes them back.
pub(super) fn keep_delegated(node: &Node, live: &Live, want: &mut Doc) {
    for (path, _) in node.ceded(&live.have) {
        if let Some(value) = at(&live.have, path) {
            let value = value.clone();
            let mut place = Some(&mut *want);
            for key in path.split('.') {
                place = place.and_then(|place| place.get_mut(key));
            }
            if let Some(place) = place {
                *place = value;
            }
        }
    }
}

pub(super) fn at<'d>(doc: &'d Doc, path: &str) -> Option<&'d Doc> {
    path.split('.').try_fold(doc, |place, key| place.get(key))
}
