//! How far a run waits for deployments: until they are healthy, or only until they are under way or have reached a stage. Which it is
//! belongs to the run, so it is set once. Makes no verdict on what is over.

use std::sync::OnceLock;

use evenkeel_core::plan::Until;
use evenkeel_core::snapshot::Readiness;
use serde_json::Value;

use crate::client::Aws;
use crate::services::ecs::read::text;

/// The stages of a deployment in their order; API: ServiceDeploymentLifecycleStage.
pub const STAGES: &[&str] = &[
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
];

/// How far this run waits.
#[derive(Debug, Default)]
pub(super) struct Patience(OnceLock<Until>);

/// Says how far a run waits for deployments; what was said first holds.
pub fn wait_until(aws: &Aws, until: &Until) {
    let _ = aws.memory::<Patience>().0.set(until.clone());
}

impl Patience {
    /// Ready, if a deployment that goes on has come far enough.
    pub(super) fn enough(&self, service: &Value, deployment: &Value) -> Option<Readiness> {
        let runs = text(deployment, "status") == "IN_PROGRESS" && text(service, "status") == "ACTIVE";
        let far = match self.0.get()? {
            Until::Healthy => false,
            Until::Active => true,
            Until::Stage(name) => {
                let place = |stage: &str| STAGES.iter().position(|known| *known == stage);
                place(text(deployment, "lifecycleStage")) >= place(name)
                    && !text(deployment, "lifecycleStage").is_empty()
            }
        };
        (runs && far).then_some(Readiness::Ready)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_deployment_is_waited_for_as_far_as_was_said() {
        let enough = |until: Until, status: &str, stage: &str| {
            let patience = Patience::default();
            let _ = patience.0.set(until);
            let deployment = json!({ "status": status, "lifecycleStage": stage });
            patience.enough(&json!({ "status": "ACTIVE" }), &deployment).is_some()
        };
        let bake = || Until::Stage("BAKE_TIME".to_owned());
        assert!(enough(Until::Active, "IN_PROGRESS", "") && !enough(Until::Active, "ROLLBACK_IN_PROGRESS", ""));
        assert!(enough(bake(), "IN_PROGRESS", "BAKE_TIME") && enough(bake(), "IN_PROGRESS", "CLEAN_UP"));
        assert!(!enough(bake(), "IN_PROGRESS", "SCALE_UP") && !enough(bake(), "IN_PROGRESS", ""));
        assert!(!enough(Until::Healthy, "IN_PROGRESS", "CLEAN_UP"));
    }
}
