//! The metrics that policies keep at a value: from the stack file to the document, and between the document and what Application
//! Auto Scaling takes and shows. Pure. A policy for requests names a load balancer and a target group by their ARNs, of which AWS
//! takes the ends alone, joined, as a label.

use evenkeel_core::doc::Text;
use evenkeel_stack::model::ScalingMetric;
use serde_json::{Map, Value, json};

/// Where a metric is measured.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// The cluster's name.
    pub(super) cluster: String,
    /// The service's name.
    pub(super) service: Text,
    /// The ARNs of the load balancer and the target group whose requests count, if they are known in the file.
    pub(super) balanced: Option<(Text, Text)>,
}

/// The metrics that AWS has by name.
const CPU: &str = "ECSServiceAverageCPUUtilization";
const MEMORY: &str = "ECSServiceAverageMemoryUtilization";
const REQUESTS: &str = "ALBRequestCountPerTarget";

/// The document of a metric; `None` if no load balancer of the file leads to its target group.
pub(super) fn wanted(metric: &ScalingMetric, site: &Site) -> Option<Value> {
    Some(match metric {
        ScalingMetric::Cpu => json!({ "predefined": CPU }),
        ScalingMetric::Memory => json!({ "predefined": MEMORY }),
        ScalingMetric::Requests(_) => {
            let (balancer, group) = site.balanced.as_ref()?;
            json!({ "predefined": REQUESTS, "load_balancer": balancer.to_value(), "target_group": group.to_value() })
        }
        ScalingMetric::Queue(queue) => {
            let of = |id: &str, metric: &str, namespace: &str, statistic: &str, dimensions: Value| {
                json!({ "id": id, "metric": metric, "namespace": namespace, "statistic": statistic,
                    "dimensions": dimensions, "returned": false })
            };
            let service = json!({ "ClusterName": site.cluster, "ServiceName": site.service.to_value() });
            let queue = json!({ "QueueName": queue });
            json!({ "queries": [
                of("messages", "ApproximateNumberOfMessagesVisible", "AWS/SQS", "Sum", queue),
                of("tasks", "RunningTaskCount", "ECS/ContainerInsights", "Average", service),
                { "id": "backlog", "expression": "messages / tasks", "returned": true },
            ] })
        }
        ScalingMetric::Custom { metric, namespace, statistic, dimensions, unit } => {
            let dimensions: Map<String, Value> =
                dimensions.iter().map(|(name, value)| (name.clone(), value.to_value())).collect();
            let mut custom =
                json!({ "name": metric, "namespace": namespace, "statistic": statistic, "dimensions": dimensions });
            if let Some(unit) = unit {
                custom["unit"] = unit.as_str().into();
            }
            custom
        }
    })
}

/// A metric as it is sent: the member of the configuration of a policy, and its value.
pub(super) fn sent(metric: &Value) -> (&'static str, Value) {
    if let Some(name) = metric["predefined"].as_str() {
        let mut one = json!({ "PredefinedMetricType": name });
        let end = |key: &str, mark: &str| Some(metric[key].as_str()?.split_once(mark)?.1.to_owned());
        if let Some((balancer, group)) =
            end("load_balancer", ":loadbalancer/").zip(end("target_group", ":targetgroup/"))
        {
            one["ResourceLabel"] = format!("{balancer}/targetgroup/{group}").into();
        }
        return ("PredefinedMetricSpecification", one);
    }
    let one = match metric["queries"].as_array() {
        Some(queries) => json!({ "Metrics": queries.iter().map(query).collect::<Vec<_>>() }),
        None => {
            let mut one = plain(metric, "name");
            one["Statistic"] = metric["statistic"].clone();
            with_unit(&mut one, metric);
            one
        }
    };
    ("CustomizedMetricSpecification", one)
}

fn with_unit(one: &mut Value, metric: &Value) {
    if let Some(unit) = metric["unit"].as_str() {
        one["Unit"] = unit.into();
    }
}

fn plain(metric: &Value, name: &str) -> Value {
    let dimensions = metric["dimensions"].as_object().into_iter().flatten();
    let dimensions: Vec<Value> = dimensions.map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    json!({ "MetricName": metric[name], "Namespace": metric["namespace"], "Dimensions": dimensions })
}

fn query(query: &Value) -> Value {
    let mut one = json!({ "Id": query["id"], "ReturnData": query["returned"] });
    if query["expression"].is_string() {
        one["Expression"] = query["expression"].clone();
    } else {
        let mut stat = json!({ "Metric": plain(query, "metric"), "Stat": query["statistic"] });
        with_unit(&mut stat, query);
        one["MetricStat"] = stat;
    }
    if query["label"].is_string() {
        one["Label"] = query["label"].clone();
    }
    one
}

/// The metric of a configuration as AWS shows it; `arns` is what ARNs of ELB in that region and account begin with.
pub(super) fn observed(config: &Value, arns: &str) -> Value {
    let predefined = &config["PredefinedMetricSpecification"];
    if let Some(name) = predefined["PredefinedMetricType"].as_str() {
        let mut one = json!({ "predefined": name });
        let label = predefined["ResourceLabel"].as_str();
        match label.and_then(|label| label.split_once("/targetgroup/")) {
            Some((balancer, group)) => {
                one["load_balancer"] = format!("{arns}loadbalancer/{balancer}").into();
                one["target_group"] = format!("{arns}targetgroup/{group}").into();
            }
            None => drop(label.map(|label| one["label"] = label.into())),
        }
        return one;
    }
    let custom = &config["CustomizedMetricSpecification"];
    match custom["Metrics"].as_array() {
        Some(queries) if !queries.is_empty() => {
            json!({ "queries": queries.iter().map(observed_query).collect::<Vec<_>>() })
        }
        _ => {
            let mut one = observed_plain(custom, "name");
            one["statistic"] = custom["Statistic"].clone();
            if custom["Unit"].is_string() {
                one["unit"] = custom["Unit"].clone();
            }
            one
        }
    }
}

fn observed_plain(custom: &Value, name: &str) -> Value {
    let dimensions = custom["Dimensions"].as_array().into_iter().flatten();
    let dimensions: Map<String, Value> =
        dimensions.filter_map(|one| Some((one["Name"].as_str()?.to_owned(), one["Value"].clone()))).collect();
    json!({ name: custom["MetricName"], "namespace": custom["Namespace"], "dimensions": dimensions })
}

fn observed_query(query: &Value) -> Value {
    let stat = &query["MetricStat"];
    let mut one = match query["Expression"].as_str() {
        Some(expression) => json!({ "expression": expression }),
        None => {
            let mut one = observed_plain(&stat["Metric"], "metric");
            one["statistic"] = stat["Stat"].clone();
            if stat["Unit"].is_string() {
                one["unit"] = stat["Unit"].clone();
            }
            one
        }
    };
    one["id"] = query["Id"].clone();
    // Without a word of it the data counts.
    one["returned"] = query["ReturnData"].as_bool().unwrap_or(true).into();
    if query["Label"].is_string() {
        one["label"] = query["Label"].clone();
    }
    one
}

/// The ARNs that a metric of requests refers to.
pub(super) fn uses(metric: &Value) -> impl Iterator<Item = String> + use<> {
    ["load_balancer", "target_group"].map(|key| metric[key].as_str().map(str::to_owned)).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use evenkeel_core::id::NodeId;

    use super::*;

    const ARNS: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:";

    fn site(service: &str) -> Site {
        let arn = |end: &str| Text::from(format!("{ARNS}{end}"));
        let balanced =
            (arn("loadbalancer/app/shop-web/0123456789abcdef"), arn("targetgroup/shop-app/fedcba9876543210"));
        Site { cluster: "shop".to_owned(), service: service.into(), balanced: Some(balanced) }
    }

    fn custom(unit: Option<&str>) -> ScalingMetric {
        let dimensions = [("Queue".to_owned(), Text::from("jobs"))].into();
        let text = str::to_owned;
        ScalingMetric::Custom {
            metric: text("Depth"),
            namespace: text("Shop"),
            statistic: text("Average"),
            dimensions,
            unit: unit.map(text),
        }
    }

    #[test]
    fn what_is_sent_reads_back_as_it_was() {
        let requests = ScalingMetric::Requests("app".to_owned());
        let queue = ScalingMetric::Queue("jobs".to_owned());
        for metric in [ScalingMetric::Cpu, ScalingMetric::Memory, requests, queue, custom(None), custom(Some("Count"))]
        {
            let want = wanted(&metric, &site("shop-app")).unwrap();
            let (member, value) = sent(&want);
            assert_eq!(observed(&json!({ member: value }), ARNS), want);
        }
    }

    #[test]
    fn requests_are_counted_by_the_ends_of_two_arns() {
        let want = wanted(&ScalingMetric::Requests("app".to_owned()), &site("shop-app")).unwrap();
        let (_, sent) = sent(&want);
        let label = "app/shop-web/0123456789abcdef/targetgroup/shop-app/fedcba9876543210";
        assert_eq!(sent["ResourceLabel"], label);
        assert_eq!(uses(&want).count(), 2);
        let alone = Site { balanced: None, ..site("shop-app") };
        assert_eq!(wanted(&ScalingMetric::Requests("app".to_owned()), &alone), None);
    }

    #[test]
    fn a_queue_is_divided_by_the_running_tasks() {
        let mut site = site("");
        site.service = Text::output(NodeId::new("service", "app"), "name");
        let want = wanted(&ScalingMetric::Queue("jobs".to_owned()), &site).unwrap();
        assert!(evenkeel_core::doc::is_open(&want), "the name of the service is known once it is there");
        let returned = want["queries"].as_array().unwrap().iter().filter(|query| query["returned"] == true).count();
        assert_eq!(returned, 1, "AWS takes one that returns data");
    }
}
