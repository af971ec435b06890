//! What is written down in a region, as it is kept. Knows no operation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{clusters, definitions, providers, settings};
use crate::world::Place;

/// What a region has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Registry {
    pub(super) clusters: BTreeMap<String, clusters::Cluster>,
    pub(super) providers: BTreeMap<String, providers::Provider>,
    pub(super) families: BTreeMap<String, definitions::Family>,
    pub(super) settings: settings::Settings,
}

pub(super) fn cluster_arn(place: &Place, name: &str) -> String {
    place.arn("ecs", &format!("cluster/{name}"))
}
