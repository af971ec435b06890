//! The keys of `autoscaling:` of a service, as tables. `autoscaling.rs` reads by them; says nothing of what they lead to in AWS.

use super::super::table::{EMPTY, Key, Table, Type, key};

/// `autoscaling:`.
pub(crate) static AUTOSCALING: Table = Table {
    path: "services.autoscaling",
    what: "the autoscaling of a service",
    groups: &[&[
        key("min", Type::Number(0, 5000), "The fewest tasks that run.")
            .also(&["min_capacity"])
            .needed("Say how few tasks may run: min: 1.")
            .aws("MinCapacity")
            .example("1"),
        key("max", Type::Number(0, 5000), "The most tasks that run.")
            .also(&["max_capacity"])
            .needed("Say how many tasks may run: max: 4.")
            .aws("MaxCapacity")
            .example("5000"),
        key("cpu", Type::AnyOf(&[Type::Percent(1, 100), Type::Map(&SHARE)]), "The average CPU that is aimed at, in percent.")
            .shape("1 to 100, or `{ target, scale_in, cooldown }`")
            .aws("ECSServiceAverageCPUUtilization")
            .example("60"),
        key("memory", Type::AnyOf(&[Type::Percent(1, 100), Type::Map(&SHARE)]), "The average memory that is aimed at, in percent.")
            .shape("1 to 100, or `{ target, scale_in, cooldown }`")
            .aws("ECSServiceAverageMemoryUtilization")
            .example("70"),
        key(
            "requests",
            Type::AnyOf(&[Type::Number(1, 1_000_000), Type::Map(&REQUESTS)]),
            "The requests per minute that each task is to answer; the service needs a target group of this file.",
        )
        .shape("number, or `{ target, target_group, scale_in, cooldown }`")
        .aws("ALBRequestCountPerTarget")
        .example("500"),
        key(
            "queue",
            Type::Map(&QUEUE),
            "The messages of an SQS queue that wait for each running task; the cluster needs `container_insights`.",
        )
        .shape("map (below)")
        .aws("CustomizedMetricSpecification.Metrics")
        .example("{ name: jobs, backlog: 100 }"),
        key("metrics", Type::Several(&Type::Map(&METRIC)), "Other metrics of CloudWatch, each with the value that is aimed at.")
            .shape("list of maps (below)")
            .aws("CustomizedMetricSpecification")
            .example("[{ name: depth, metric: Depth, namespace: Shop, statistic: Average, target: 10 }]"),
        key(
            "steps",
            Type::Several(&Type::Map(&STEPS)),
            "Policies that an alarm of CloudWatch starts. The alarm is made elsewhere, with the policy as its action.",
        )
        .shape("list of maps (below)")
        .aws("StepScalingPolicyConfiguration")
        .example("[{ name: burst, adjustments: { from: 0, change: 2 } }]"),
        key("schedule", Type::Several(&Type::Map(&ACTION)), "Other limits at certain times.")
            .shape("list of maps (below)")
            .aws("ScheduledActions")
            .example("[{ name: night, at: \"cron(0 22 * * ? *)\", min: 1, max: 1 }]"),
        key(
            "suspend",
            Type::Several(&Type::Word(&["scale_in", "scale_out", "scheduled"])),
            "What Application Auto Scaling leaves undone. ECS has scale-in suspended by itself while a deployment runs.",
        )
        .aws("SuspendedState")
        .example("[scale_out]"),
    ]],
    words: &[
        ("target_cpu", "Write cpu: 60."),
        ("target_memory", "Write memory: 70."),
        ("range", "Write `min:` and `max:`."),
        ("desired_count", "It is a key of the service: the count that it is created with."),
    ],
    ..EMPTY
};

/// What every policy that aims at a value may say.
static AIMED: [Key; 2] = [
    key("scale_in", Type::Flag, "Whether the policy also takes tasks away.").value("true").aws("DisableScaleIn"),
    key(
        "cooldown",
        Type::AnyOf(&[Type::Seconds(0, 86_400), Type::Map(&COOLDOWN)]),
        "How long the policy waits after it has changed the count.",
    )
    .shape("duration, or `{ in, out }`")
    .without("`5m`")
    .aws("ScaleInCooldown, ScaleOutCooldown")
    .example("{ in: 300s, out: 60s }"),
];

/// `cpu:` or `memory:` in its long form.
pub(crate) static SHARE: Table = Table {
    path: "services.autoscaling.cpu",
    what: "a policy for CPU or memory",
    groups: &[
        &[key("target", Type::Percent(1, 100), "The average that is aimed at, in percent.")
            .needed("Say the percentage to aim at: target: 60.")
            .shape("1 to 100, `60%` too")
            .aws("TargetValue")
            .example("60")],
        &AIMED,
    ],
    ..EMPTY
};

/// `requests:` in its long form.
pub(crate) static REQUESTS: Table = Table {
    path: "services.autoscaling.requests",
    what: "a policy for requests",
    groups: &[
        &[
            key("target", Type::Number(1, 1_000_000), "Requests per minute for each task.")
                .needed("Say how many requests per minute each task is to answer: target: 500.")
                .aws("TargetValue")
                .example("500"),
            key("target_group", Type::Entry("target_groups"), "Which target group of the service is counted.")
                .without("the only one")
                .aws("ResourceLabel")
                .example("web"),
        ],
        &AIMED,
    ],
    ..EMPTY
};

/// `queue:`.
pub(crate) static QUEUE: Table = Table {
    path: "services.autoscaling.queue",
    what: "a policy for a queue",
    groups: &[
        &[
            key("name", Type::Text, "The name of the SQS queue.")
                .needed("Name the SQS queue: name: jobs.")
                .example("jobs"),
            key("backlog", Type::Text, "Messages that wait for each running task.")
                .needed("Say how many messages may wait for each task: backlog: 100.")
                .shape("number above 0")
                .aws("TargetValue")
                .example("100"),
        ],
        &AIMED,
    ],
    ..EMPTY
};

/// One of `metrics:`.
pub(crate) static METRIC: Table = Table {
    path: "services.autoscaling.metrics",
    what: "a policy for a metric",
    groups: &[
        &[
            key("name", Type::Text, "The name of the policy.")
                .needed("Name the policy.")
                .aws("PolicyName")
                .example("depth"),
            key("metric", Type::Text, "The name of the metric.")
                .needed("Name the metric of CloudWatch: metric: QueueDepth.")
                .aws("MetricName")
                .example("Depth"),
            key("namespace", Type::Text, "The namespace of the metric.")
                .needed("Name the namespace of the metric: namespace: Shop.")
                .aws("Namespace")
                .example("Shop"),
            key(
                "statistic",
                Type::Word(&["Average", "Minimum", "Maximum", "SampleCount", "Sum"]),
                "Which statistic of the metric counts.",
            )
            .value("Average")
            .aws("Statistic"),
            key("dimensions", Type::MapOf(&Type::Open), "The dimensions of the metric.")
                .shape("map of strings")
                .aws("Dimensions")
                .example("{ Queue: jobs }"),
            key("unit", Type::Text, "The unit of the metric, if it is published in several.")
                .aws("Unit")
                .example("Count"),
            key("target", Type::Text, "The value that is aimed at.")
                .needed("Say the value to aim at: target: 10.")
                .shape("number above 0")
                .aws("TargetValue")
                .example("10"),
        ],
        &AIMED,
    ],
    ..EMPTY
};

/// `cooldown:` in its long form.
pub(crate) static COOLDOWN: Table = Table {
    path: "services.autoscaling.cpu.cooldown",
    what: "the cooldown of a policy",
    groups: &[&[
        key("in", Type::Seconds(0, 86_400), "After tasks were taken away.").value("5m").aws("ScaleInCooldown"),
        key("out", Type::Seconds(0, 86_400), "After tasks were added.").value("5m").aws("ScaleOutCooldown"),
    ]],
    ..EMPTY
};

/// One of `steps:`.
pub(crate) static STEPS: Table = Table {
    path: "services.autoscaling.steps",
    what: "a step policy",
    groups: &[&[
        key("name", Type::Text, "The name of the policy.")
            .needed("Name the policy.")
            .aws("PolicyName")
            .example("burst"),
        key(
            "adjustments",
            Type::Several(&Type::Map(&STEP)),
            "How the count changes, by how far the metric is from the alarm's threshold.",
        )
        .needed("Write adjustments: [{ from: 0, change: 2 }].")
        .shape("`{ from, to, change }`, or a list of up to 20")
        .aws("StepAdjustments")
        .example("{ from: 0, change: 2 }"),
        key(
            "adjustment",
            Type::Word(&["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"]),
            "What `change` means: tasks more or fewer, percent, or the new count.",
        )
        .also(&["adjustment_type"])
        .value("ChangeInCapacity")
        .aws("AdjustmentType"),
        key("minimum", Type::Number(1, 5000), "The fewest tasks that a change in percent adds or takes away.")
            .also(&["min_adjustment_magnitude"])
            .aws("MinAdjustmentMagnitude")
            .example("2"),
        key(
            "aggregation",
            Type::Word(&["Average", "Minimum", "Maximum"]),
            "How the values of the metric are taken together.",
        )
        .also(&["metric_aggregation_type"])
        .value("Average")
        .aws("MetricAggregationType"),
        key("cooldown", Type::Seconds(0, 86_400), "How long the policy waits after it has changed the count.")
            .value("5m")
            .aws("Cooldown"),
    ]],
    words: &[("alarm", "The alarm is made elsewhere; its action is the ARN of this policy.")],
    ..EMPTY
};

/// One of the adjustments of a step policy.
pub(crate) static STEP: Table = Table {
    path: "services.autoscaling.steps.adjustments",
    what: "an adjustment of a step policy",
    groups: &[&[
        key("from", Type::Text, "The distance from the threshold where it begins.")
            .shape("number")
            .without("no lower bound")
            .aws("MetricIntervalLowerBound")
            .example("0"),
        key("to", Type::Text, "The distance from the threshold where it ends.")
            .shape("number")
            .without("no upper bound")
            .aws("MetricIntervalUpperBound")
            .example("20"),
        key("change", Type::Number(-5000, 5000), "How the count changes.")
            .needed("Say how the count changes: change: 2.")
            .aws("ScalingAdjustment")
            .example("2"),
    ]],
    ..EMPTY
};

/// One of `schedule:`.
pub(crate) static ACTION: Table = Table {
    path: "services.autoscaling.schedule",
    what: "a scheduled action",
    groups: &[&[
        key("name", Type::Text, "The name of the action.")
            .needed("Name the action.")
            .aws("ScheduledActionName")
            .example("night"),
        key("at", Type::Text, "When it happens.")
            .also(&["cron"])
            .needed("Say when: at: \"cron(0 22 * * ? *)\".")
            .shape("`cron(…)` of six fields, `rate(1 day)`, or `at(2030-01-31T22:00:00)`")
            .aws("Schedule")
            .example("\"cron(0 22 * * ? *)\""),
        key("timezone", Type::Text, "The time zone of `at`.").value("UTC").aws("Timezone").example("Europe/Berlin"),
        key("min", Type::Number(0, 5000), "The fewest tasks from then on.")
            .without("as before")
            .aws("MinCapacity")
            .example("1"),
        key("max", Type::Number(0, 5000), "The most tasks from then on.")
            .without("as before")
            .aws("MaxCapacity")
            .example("2"),
        key("start", Type::Text, "When it begins to count.")
            .shape("`2030-01-31T22:00:00Z`")
            .aws("StartTime")
            .example("\"2030-01-31T22:00:00Z\""),
        key("end", Type::Text, "When it ends to count.")
            .shape("`2030-12-31T22:00:00Z`")
            .aws("EndTime")
            .example("\"2030-12-31T22:00:00Z\""),
    ]],
    ..EMPTY
};
