//! What inputs are refused for, and with which words.

use serde_json::json;

use super::walk::without_looks;
use crate::lab::Lab;

#[test]
fn what_looks_ahead_is_left_out_of_a_pattern() {
    assert_eq!(without_looks(r"^(?!arn:)[!-~]{1,9}$"), "^[!-~]{1,9}$");
    assert_eq!(without_looks(r"((?=^.{1,9}$)^(a|b)$)|c"), "(^(a|b)$)|c");
    assert_eq!(without_looks(r"(?!([)]|\)))x"), "x");
    assert_eq!(without_looks("(a)"), "(a)");
}

#[test]
fn a_name_is_checked_though_its_pattern_looks_ahead() {
    let lab = Lab::new();
    for name in ["", "with space"] {
        let asked = json!({ "Name": name });
        lab.refuses("servicediscovery.CreateHttpNamespace", asked, "InvalidInput", "regular expression pattern");
    }
}

#[test]
fn a_number_has_its_least_value_even_if_that_is_zero() {
    let lab = Lab::new();
    let zone = lab.ok("route53.CreateHostedZone", json!({ "Name": "a.example", "CallerReference": "1" }));
    let set = json!({ "Name": "a.example", "Type": "A", "TTL": -1, "ResourceRecords": [{ "Value": "10.0.0.1" }] });
    let batch = json!({ "Changes": [{ "Action": "CREATE", "ResourceRecordSet": set }] });
    let asked = json!({ "HostedZoneId": zone["HostedZone"]["Id"], "ChangeBatch": batch });
    let text = "Value '-1' at 'changeBatch.changes.1.member.resourceRecordSet.tTL' failed to satisfy constraint: \
                Member must have value greater than or equal to 0";
    lab.refuses("route53.ChangeResourceRecordSets", asked, "InvalidInput", text);
}

#[test]
fn what_is_wrong_in_a_map_is_told_with_all_the_rules() {
    let lab = Lab::new();
    let request = json!({ "DeleteRequest": { "Key": { "id": { "S": "a" } } } });
    let asked = json!({ "RequestItems": { "tab": vec![request; 26] } });
    let text = "at 'requestItems' failed to satisfy constraint: Map value must satisfy constraint: [Member must have \
                length less than or equal to 25, Member must have length greater than or equal to 1]";
    lab.refuses("dynamodb.BatchWriteItem", asked, "ValidationException", text);
    let asked = json!({ "logGroupName": "a", "tags": { "k".repeat(129): "v" } });
    let text = "Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must";
    lab.refuses("logs.CreateLogGroup", asked, "InvalidParameterException", text);
}

#[test]
fn logs_tells_structures_by_name_with_what_they_lack() {
    let lab = Lab::new();
    let one = json!({ "metricName": "m", "metricNamespace": "n", "metricValue": "1" });
    let asked =
        json!({ "logGroupName": "a", "filterName": "f", "filterPattern": "", "metricTransformations": [one, one] });
    let text = "Value '[MetricTransformation(metricName=m, metricNamespace=n, metricValue=1, defaultValue=null, ";
    lab.refuses("logs.PutMetricFilter", asked, "InvalidParameterException", text);
}
