"""Listener rules: every kind of condition, priorities, atomic reordering, weighted forwards.

Decides which requests reach which target group. Must not touch listeners.
"""

from compare import Absent, Bag, Has, Like, Maybe
from harness import step
from steps_balancer import tags_of
from steps_listeners import action, forward_one, weighted

BODY = {"StatusCode": "403", "ContentType": "application/json", "MessageBody": '{"no":1}'}


def rules(aws, lab):
    """All rules of the HTTPS listener."""
    return aws.elbv2.describe_rules(ListenerArn=lab.https)["Rules"]


def rule(lab, priority, conditions, actions):
    """A rule as AWS lists it."""
    path = lab.https.split(":listener/")[1]
    return {
        "RuleArn": Like(rf"arn:aws:elasticloadbalancing:{lab.region}:{lab.account}:listener-rule/{path}/[0-9a-f]{{16}}"),
        "Priority": priority, "Conditions": Bag(conditions), "Actions": actions, "IsDefault": False, "Transforms": Maybe([]),
    }


@step("rule on host and path")
def host_and_path(aws, lab):
    hosts, paths = [f"www.{lab.domain}", f"api.{lab.domain}"], ["/v1/*", "/v2/*"]
    made = aws.elbv2.create_rule(
        ListenerArn=lab.https, Priority=10, Tags=[{"Key": "run", "Value": lab.run}],
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": hosts}},
                    {"Field": "path-pattern", "PathPatternConfig": {"Values": paths}}],
        Actions=[{"Type": "forward", "TargetGroupArn": lab.green}])["Rules"]
    lab.first_rule = made[0]["RuleArn"]
    # The older member Values mirrors the newer one for these two fields.
    wanted = rule(lab, "10", [
        {"Field": "host-header", "Values": hosts, "HostHeaderConfig": {"Values": hosts}},
        {"Field": "path-pattern", "Values": Bag(paths), "PathPatternConfig": {"Values": Bag(paths)}},
    ], [forward_one(lab.green)])
    lab.same("CreateRule", [wanted], made)
    lab.same("DescribeRules", [wanted], aws.elbv2.describe_rules(RuleArns=[lab.first_rule])["Rules"])
    lab.same("tags", [{"Key": "run", "Value": lab.run}], tags_of(aws, lab.first_rule))


@step("rule on header, query, method and source address")
def other_conditions(aws, lab):
    conditions = [
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Stage", "Values": ["beta"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}},
        {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["192.0.2.0/24"]}},
    ]
    made = aws.elbv2.create_rule(ListenerArn=lab.https, Priority=20, Conditions=conditions, Actions=[
        {"Type": "fixed-response", "FixedResponseConfig": BODY}])["Rules"]
    lab.second_rule = made[0]["RuleArn"]
    wanted = rule(lab, "20", [{**item, "Values": Maybe()} for item in conditions],
                  [action("fixed-response", FixedResponseConfig=BODY)])
    lab.same("CreateRule", [wanted], made)
    lab.same("DescribeRules", [wanted], aws.elbv2.describe_rules(RuleArns=[lab.second_rule])["Rules"])


@step("rule with a weighted forward, rule with a redirect")
def weighted_and_redirect(aws, lab):
    config = weighted([(lab.blue, 80), (lab.green, 20)], seconds=3600)
    made = aws.elbv2.create_rule(
        ListenerArn=lab.https, Priority=30, Conditions=[{"Field": "path-pattern", "Values": ["/split*"]}],
        Actions=[{"Type": "forward", "Order": 1, "ForwardConfig": config}])["Rules"]
    lab.third_rule = made[0]["RuleArn"]
    path = {"Field": "path-pattern", "Values": ["/split*"], "PathPatternConfig": {"Values": ["/split*"]}}
    wanted = rule(lab, "30", [path], [{"Type": "forward", "Order": 1, "TargetGroupArn": Absent(), "ForwardConfig": {
        **config, "TargetGroups": Bag(config["TargetGroups"])}}])
    lab.same("CreateRule", [wanted], made)
    made = aws.elbv2.create_rule(
        ListenerArn=lab.https, Priority=40, Conditions=[{"Field": "path-pattern", "Values": ["/old/*"]}],
        Actions=[{"Type": "redirect", "RedirectConfig": {"Path": "/new/#{path}", "StatusCode": "HTTP_302"}}])["Rules"]
    lab.fourth_rule = made[0]["RuleArn"]
    lab.same("redirect", [Has(Actions=[action("redirect", RedirectConfig={
        "Protocol": "#{protocol}", "Host": "#{host}", "Port": "#{port}", "Path": "/new/#{path}", "Query": "#{query}",
        "StatusCode": "HTTP_302"})])], aws.elbv2.describe_rules(RuleArns=[lab.fourth_rule])["Rules"])


@step("rules in order with the default one last")
def order(aws, lab):
    got = rules(aws, lab)
    lab.same("priorities", ["10", "20", "30", "40", "default"], [item["Priority"] for item in got])
    lab.default_rule = got[-1]["RuleArn"]
    lab.same("default rule", {**rule(lab, "default", [], [forward_one(lab.blue)]), "IsDefault": True}, got[-1])


@step("priority in use, and a swap in one call")
def priorities(aws, lab):
    lab.refused("priority taken", "PriorityInUse", lambda: aws.elbv2.create_rule(
        ListenerArn=lab.https, Priority=10, Conditions=[{"Field": "path-pattern", "Values": ["/x"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": lab.green}]), status=400, message="Priority '10' is currently in use")
    lab.refused("one-sided swap", "PriorityInUse", lambda: aws.elbv2.set_rule_priorities(
        RulePriorities=[{"RuleArn": lab.first_rule, "Priority": 20}]), status=400)
    got = aws.elbv2.set_rule_priorities(RulePriorities=[
        {"RuleArn": lab.first_rule, "Priority": 20}, {"RuleArn": lab.second_rule, "Priority": 10},
        {"RuleArn": lab.fourth_rule, "Priority": 35}])["Rules"]
    lab.same("SetRulePriorities", Bag([
        Has(RuleArn=lab.first_rule, Priority="20"), Has(RuleArn=lab.second_rule, Priority="10"),
        Has(RuleArn=lab.fourth_rule, Priority="35")]), got)
    lab.same("order", [lab.second_rule, lab.first_rule, lab.third_rule, lab.fourth_rule, lab.default_rule],
             [item["RuleArn"] for item in rules(aws, lab)])


@step("rule modified, rule deleted")
def modify(aws, lab):
    got = aws.elbv2.modify_rule(RuleArn=lab.first_rule, Conditions=[
        {"Field": "host-header", "HostHeaderConfig": {"Values": [f"*.{lab.domain}"]}}])["Rules"]
    wanted = rule(lab, "20", [{"Field": "host-header", "Values": [f"*.{lab.domain}"],
                               "HostHeaderConfig": {"Values": [f"*.{lab.domain}"]}}], [forward_one(lab.green)])
    lab.same("ModifyRule keeps the actions", [wanted], got)
    lab.same("read back", [wanted], aws.elbv2.describe_rules(RuleArns=[lab.first_rule])["Rules"])
    aws.elbv2.delete_rule(RuleArn=lab.fourth_rule)
    lab.refused("deleted", "RuleNotFound", lambda: aws.elbv2.describe_rules(RuleArns=[lab.fourth_rule]), status=400,
                message="One or more rules not found")
