//! Scaling policies and scheduled actions as documents, and the way to what Application Auto Scaling takes. Pure. What AWS fills in
//! by itself is written out (a cooldown of an ECS service is 300 seconds), so that a difference is a difference.

use evenkeel_stack::model::{self, ScalingPolicy, ScalingRule};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::metric::{self, Site};

/// The sort of policies that keep a metric at a value.
const TRACKING: &str = "TargetTrackingScaling";
/// The sort of policies that an alarm starts.
const STEPS: &str = "StepScaling";
/// Seconds between two changes if a policy says nothing of them.
const COOLS_DOWN: u64 = 300;

/// A policy.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Policy {
    /// Its name, unique in its target.
    pub name: String,
    /// `TargetTrackingScaling`, `StepScaling` or, of others, `PredictiveScaling`.
    pub kind: String,
    /// What is measured, of one that tracks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Value>,
    /// The value that it is kept at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Value>,
    /// Whether it also takes tasks away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale_in: Option<bool>,
    /// Seconds after tasks were taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown_in_secs: Option<u64>,
    /// Seconds after tasks were added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown_out_secs: Option<u64>,
    /// What the steps mean: `ChangeInCapacity`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjustment: Option<String>,
    /// The fewest tasks of a change in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<u64>,
    /// How values are taken together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregation: Option<String>,
    /// Seconds after a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown_secs: Option<u64>,
    /// The steps, lowest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// A step.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Where it begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// Where it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
    /// How the count changes.
    pub change: i64,
}

/// A scheduled action.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Action {
    /// Its name, unique in its target.
    pub name: String,
    /// `cron(…)`, `rate(…)` or `at(…)`.
    pub at: String,
    /// The time zone.
    pub timezone: String,
    /// The fewest tasks from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    /// The most tasks from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
    /// When it begins to count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// When it ends to count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
}

/// A number as a person writes it: 60 is not 60.0.
pub(super) fn number(number: f64) -> Value {
    let text = number.to_string();
    text.parse::<i64>().map_or_else(|_| number.into(), Into::into)
}

impl Policy {
    /// What the file wants; `None` if what it counts is behind no load balancer.
    pub(super) fn wanted(policy: &ScalingPolicy, site: &Site) -> Option<Self> {
        let name = policy.name.clone();
        Some(match &policy.rule {
            ScalingRule::Track { metric, target, scale_in, cooldown_in, cooldown_out } => Self {
                name,
                kind: TRACKING.to_owned(),
                metric: Some(metric::wanted(metric, site)?),
                target: Some(number(*target)),
                scale_in: Some(*scale_in),
                cooldown_in_secs: Some((*cooldown_in).into()),
                cooldown_out_secs: Some((*cooldown_out).into()),
                ..Self::default()
            },
            ScalingRule::Step { adjustment, minimum, aggregation, cooldown, steps } => Self {
                name,
                kind: STEPS.to_owned(),
                adjustment: Some(adjustment.clone()),
                minimum: Some((*minimum).into()).filter(|minimum| *minimum > 0),
                aggregation: Some(aggregation.clone()),
                cooldown_secs: Some((*cooldown).into()),
                steps: steps.iter().map(Step::wanted).collect(),
                ..Self::default()
            },
        })
    }

    /// A policy as AWS shows it.
    pub(super) fn observed(policy: &Value, arns: &str) -> Self {
        let text = |key: &str| policy[key].as_str().unwrap_or_default().to_owned();
        let (name, kind) = (text("PolicyName"), text("PolicyType"));
        let cooldown = |value: &Value| Some(value.as_u64().unwrap_or(COOLS_DOWN));
        match kind.as_str() {
            TRACKING => {
                let config = &policy["TargetTrackingScalingPolicyConfiguration"];
                Self {
                    name,
                    kind,
                    metric: Some(metric::observed(config, arns)),
                    target: config["TargetValue"].as_f64().map(number),
                    scale_in: Some(!config["DisableScaleIn"].as_bool().unwrap_or(false)),
                    cooldown_in_secs: cooldown(&config["ScaleInCooldown"]),
                    cooldown_out_secs: cooldown(&config["ScaleOutCooldown"]),
                    ..Self::default()
                }
            }
            STEPS => {
                let config = &policy["StepScalingPolicyConfiguration"];
                let word = |key: &str| config[key].as_str().map(str::to_owned);
                let mut steps: Vec<Step> =
                    config["StepAdjustments"].as_array().into_iter().flatten().map(Step::observed).collect();
                let begins = |step: &Step| step.from.as_ref().and_then(Value::as_f64).unwrap_or(f64::NEG_INFINITY);
                steps.sort_by(|a, b| begins(a).total_cmp(&begins(b)));
                Self {
                    name,
                    kind,
                    adjustment: word("AdjustmentType"),
                    minimum: config["MinAdjustmentMagnitude"].as_u64().filter(|minimum| *minimum > 0),
                    aggregation: Some(word("MetricAggregationType").unwrap_or_else(|| "Average".to_owned())),
                    cooldown_secs: cooldown(&config["Cooldown"]),
                    steps,
                    ..Self::default()
                }
            }
            _ => Self { name, kind, ..Self::default() },
        }
    }

    /// The members of a request that puts it.
    pub(super) fn sent(&self) -> Map<String, Value> {
        let mut body = Map::new();
        let mut add = |key: &str, value: Value| drop(body.insert(key.to_owned(), value));
        add("PolicyName", self.name.as_str().into());
        add("PolicyType", self.kind.as_str().into());
        if let Some(measured) = &self.metric {
            let (member, metric) = metric::sent(measured);
            let config = json!({
                member: metric,
                "TargetValue": self.target,
                "DisableScaleIn": !self.scale_in.unwrap_or(true),
                "ScaleInCooldown": self.cooldown_in_secs.unwrap_or(COOLS_DOWN),
                "ScaleOutCooldown": self.cooldown_out_secs.unwrap_or(COOLS_DOWN),
            });
            add("TargetTrackingScalingPolicyConfiguration", config);
        } else {
            let mut config = json!({
                "AdjustmentType": self.adjustment,
                "MetricAggregationType": self.aggregation,
                "Cooldown": self.cooldown_secs.unwrap_or(COOLS_DOWN),
                "StepAdjustments": self.steps.iter().map(Step::sent).collect::<Vec<_>>(),
            });
            if let Some(minimum) = self.minimum {
                config["MinAdjustmentMagnitude"] = minimum.into();
            }
            add("StepScalingPolicyConfiguration", config);
        }
        body
    }
}

impl Step {
    fn wanted(step: &model::Step) -> Self {
        Self { from: step.from.map(number), to: step.to.map(number), change: step.change }
    }

    fn observed(step: &Value) -> Self {
        let bound = |key: &str| step[key].as_f64().map(number);
        let (from, to) = (bound("MetricIntervalLowerBound"), bound("MetricIntervalUpperBound"));
        Self { from, to, change: step["ScalingAdjustment"].as_i64().unwrap_or_default() }
    }

    fn sent(&self) -> Value {
        let mut step = json!({ "ScalingAdjustment": self.change });
        for (key, bound) in [("MetricIntervalLowerBound", &self.from), ("MetricIntervalUpperBound", &self.to)] {
            if let Some(bound) = bound {
                step[key] = bound.clone();
            }
        }
        step
    }
}

impl Action {
    /// What the file wants.
    pub(super) fn wanted(action: &model::ScheduledAction) -> Self {
        Self {
            name: action.name.clone(),
            at: action.at.clone(),
            timezone: action.timezone.clone(),
            min: action.min.map(Into::into),
            max: action.max.map(Into::into),
            start: action.start.clone(),
            end: action.end.clone(),
        }
    }
}
