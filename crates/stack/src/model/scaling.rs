//! What a stack file says of how the count of a service follows the load. Data only.

use std::collections::BTreeMap;

use evenkeel_core::diagnostic::Place;
use evenkeel_core::doc::Text;

/// `autoscaling:` of a service.
#[derive(Clone, PartialEq, Debug)]
pub struct Scaling {
    /// Where it stands.
    pub place: Place,
    /// `min:`.
    pub min: u32,
    /// `max:`, not below `min`.
    pub max: u32,
    /// The policies, by name.
    pub policies: Vec<ScalingPolicy>,
    /// `schedule:`, by name.
    pub schedule: Vec<ScheduledAction>,
    /// `suspend:`: `scale_in`, `scale_out`, `scheduled`, sorted.
    pub suspended: Vec<String>,
}

impl Scaling {
    /// The least count that it leads to: a scheduled action may lower `min` for its time.
    pub fn least(&self) -> u32 {
        let lowered = self.schedule.iter().flat_map(|action| [action.min, action.max]).flatten();
        lowered.min().map_or(self.min, |least| least.min(self.min))
    }
}

/// A policy.
#[derive(Clone, PartialEq, Debug)]
pub struct ScalingPolicy {
    /// Its name, unique in the service.
    pub name: String,
    /// What it does.
    pub rule: ScalingRule,
}

/// What a policy does.
#[derive(Clone, PartialEq, Debug)]
pub enum ScalingRule {
    /// It keeps a metric at a value.
    Track {
        /// The metric.
        metric: ScalingMetric,
        /// The value, above 0.
        target: f64,
        /// Whether it also takes tasks away.
        scale_in: bool,
        /// Seconds after tasks were taken away; 300 by default.
        cooldown_in: u32,
        /// Seconds after tasks were added; 300 by default.
        cooldown_out: u32,
    },
    /// It changes the count when an alarm says so.
    Step {
        /// `ChangeInCapacity`, `PercentChangeInCapacity` or `ExactCapacity`.
        adjustment: String,
        /// The fewest tasks of a change in percent; 0 for none.
        minimum: u32,
        /// `Average`, `Minimum` or `Maximum`.
        aggregation: String,
        /// Seconds; 300 by default.
        cooldown: u32,
        /// By their bounds, lowest first, without gaps.
        steps: Vec<Step>,
    },
}

/// A metric that a policy keeps at a value.
#[derive(Clone, PartialEq, Debug)]
pub enum ScalingMetric {
    /// The average CPU of the service.
    Cpu,
    /// The average memory of the service.
    Memory,
    /// Requests for each target of an entry of `target_groups:`.
    Requests(String),
    /// Messages of an SQS queue for each running task.
    Queue(String),
    /// One of CloudWatch.
    Custom {
        /// The name of the metric.
        metric: String,
        /// Its namespace.
        namespace: String,
        /// `Average`, `Minimum`, `Maximum`, `SampleCount` or `Sum`.
        statistic: String,
        /// Its dimensions.
        dimensions: BTreeMap<String, Text>,
        /// Its unit; `None` for any.
        unit: Option<String>,
    },
}

/// An adjustment of a step policy.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// The distance from the alarm's threshold where it begins; `None` for no bound.
    pub from: Option<f64>,
    /// The distance where it ends; `None` for no bound.
    pub to: Option<f64>,
    /// How the count changes.
    pub change: i64,
}

/// A scheduled action.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScheduledAction {
    /// Its name, unique in the service.
    pub name: String,
    /// `cron(…)`, `rate(…)` or `at(…)`.
    pub at: String,
    /// The time zone of `at`.
    pub timezone: String,
    /// The new `min`; `None` leaves it.
    pub min: Option<u32>,
    /// The new `max`; `None` leaves it.
    pub max: Option<u32>,
    /// When it begins to count, `2030-01-31T22:00:00Z`.
    pub start: Option<String>,
    /// When it ends to count.
    pub end: Option<String>,
}
