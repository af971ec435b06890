//! ARNs in a stack file: whether one has the shape that its place takes, and whether it can be of this stack's partition,
//! region and account. Reports at the line that gives the ARN; must not know what the thing behind it does.

use evenkeel_core::diagnostic::{Diagnostic, Place};

use super::sections::Ctx;
use super::suggest;
use super::values::partition;

/// Where a thing has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// The field is empty: the thing is global.
    Nowhere,
    /// The stack's own.
    Own,
    /// The stack's own, or AWS's (`arn:aws:iam::aws:policy/…`).
    OwnOrAws,
    /// Any: it may be shared from elsewhere.
    Any,
}

/// What an ARN of one place looks like.
pub(crate) struct Shape {
    /// The thing, with its article: `a role`.
    pub what: &'static str,
    /// How one reads.
    pub example: &'static str,
    service: &'static str,
    region: Home,
    account: Home,
    /// Beginnings of the resource, up to and with the separator.
    kinds: &'static [&'static str],
    /// Whether what stands behind the beginning can be.
    rest: fn(&str) -> bool,
}

/// A role.
pub(crate) const ROLE: Shape = Shape {
    what: "a role",
    example: "arn:aws:iam::123456789012:role/NAME",
    service: "iam",
    region: Home::Nowhere,
    account: Home::Own,
    kinds: &["role/"],
    rest: iam_name,
};
/// An instance profile.
pub(crate) const INSTANCE_PROFILE: Shape = Shape {
    what: "an instance profile",
    example: "arn:aws:iam::123456789012:instance-profile/NAME",
    service: "iam",
    region: Home::Nowhere,
    account: Home::Own,
    kinds: &["instance-profile/"],
    rest: iam_name,
};
/// A managed policy.
pub(crate) const POLICY: Shape = Shape {
    what: "a managed policy",
    example: "arn:aws:iam::123456789012:policy/NAME, or arn:aws:iam::aws:policy/NAME for one of AWS",
    service: "iam",
    region: Home::Nowhere,
    account: Home::OwnOrAws,
    kinds: &["policy/"],
    rest: iam_name,
};
/// A certificate of ACM.
pub(crate) const CERTIFICATE: Shape = Shape {
    what: "a certificate",
    example: "arn:aws:acm:REGION:123456789012:certificate/ID",
    service: "acm",
    region: Home::Own,
    account: Home::Own,
    kinds: &["certificate/"],
    rest: word,
};
/// A certificate that was uploaded to IAM.
pub(crate) const SERVER_CERTIFICATE: Shape = Shape {
    what: "a certificate",
    example: "arn:aws:acm:REGION:123456789012:certificate/ID",
    service: "iam",
    region: Home::Nowhere,
    account: Home::Own,
    kinds: &["server-certificate/"],
    rest: iam_name,
};
/// An application load balancer.
pub(crate) const LOAD_BALANCER: Shape = Shape {
    what: "an application load balancer",
    example: "arn:aws:elasticloadbalancing:REGION:123456789012:loadbalancer/app/NAME/0123456789abcdef",
    service: "elasticloadbalancing",
    region: Home::Own,
    account: Home::Own,
    kinds: &["loadbalancer/app/"],
    rest: |rest| rest.split('/').count() == 2 && rest.split('/').all(word),
};
/// A trust store of Elastic Load Balancing.
pub(crate) const TRUST_STORE: Shape = Shape {
    what: "a trust store",
    example: "arn:aws:elasticloadbalancing:REGION:123456789012:truststore/NAME/0123456789abcdef",
    service: "elasticloadbalancing",
    region: Home::Own,
    account: Home::Any,
    kinds: &["truststore/"],
    rest: |rest| rest.split('/').count() == 2 && rest.split('/').all(word),
};
/// A user pool of Cognito.
pub(crate) const USER_POOL: Shape = Shape {
    what: "a user pool",
    example: "arn:aws:cognito-idp:REGION:123456789012:userpool/REGION_ID",
    service: "cognito-idp",
    region: Home::Any,
    account: Home::Any,
    kinds: &["userpool/"],
    rest: |rest| text_of(rest, "_-"),
};
/// A listener, or a rule of one.
pub(crate) const RULE: Shape = Shape {
    what: "a rule or a listener",
    example: "arn:aws:elasticloadbalancing:REGION:123456789012:listener-rule/app/NAME/0123456789abcdef/0123456789abcdef/0123456789abcdef",
    service: "elasticloadbalancing",
    region: Home::Own,
    account: Home::Own,
    kinds: &["listener-rule/app/", "listener/app/", "listener/net/"],
    rest: |rest| (3..=4).contains(&rest.split('/').count()) && rest.split('/').all(word),
};
/// A Lambda function.
pub(crate) const FUNCTION: Shape = Shape {
    what: "a function",
    example: "arn:aws:lambda:REGION:123456789012:function:NAME",
    service: "lambda",
    region: Home::Own,
    account: Home::Own,
    kinds: &["function:"],
    rest: |rest| rest.split(':').count() <= 2 && rest.split(':').all(word),
};
/// A gateway of ECS.
pub(crate) const GATEWAY: Shape = Shape {
    what: "a gateway",
    example: "arn:aws:ecs:REGION:123456789012:gateway/NAME",
    service: "ecs",
    region: Home::Own,
    account: Home::Own,
    kinds: &["gateway/"],
    rest: word,
};
/// A web ACL of AWS WAF for load balancers.
pub(crate) const WEB_ACL: Shape = Shape {
    what: "a web ACL",
    example: "arn:aws:wafv2:REGION:123456789012:regional/webacl/NAME/11111111-2222-3333-4444-555555555555",
    service: "wafv2",
    region: Home::Own,
    account: Home::Any,
    kinds: &["regional/webacl/"],
    rest: |rest| rest.split('/').count() == 2 && rest.split('/').all(word),
};
/// A cluster.
pub(crate) const CLUSTER: Shape = Shape {
    what: "a cluster",
    example: "arn:aws:ecs:REGION:123456789012:cluster/NAME",
    service: "ecs",
    region: Home::Own,
    account: Home::Own,
    kinds: &["cluster/"],
    rest: word,
};
/// A log group.
pub(crate) const LOG_GROUP: Shape = Shape {
    what: "a log group",
    example: "arn:aws:logs:REGION:123456789012:log-group:NAME",
    service: "logs",
    region: Home::Own,
    account: Home::Own,
    kinds: &["log-group:"],
    rest: |rest| text_of(rest.strip_suffix(":*").unwrap_or(rest), "_-/.#"),
};
/// A repository.
pub(crate) const REPOSITORY: Shape = Shape {
    what: "a repository",
    example: "arn:aws:ecr:REGION:123456789012:repository/NAME",
    service: "ecr",
    region: Home::Own,
    account: Home::Own,
    kinds: &["repository/"],
    rest: |rest| text_of(rest, "._-/"),
};
/// A target group.
pub(crate) const TARGET_GROUP: Shape = Shape {
    what: "a target group",
    example: "arn:aws:elasticloadbalancing:REGION:123456789012:targetgroup/NAME/0123456789abcdef",
    service: "elasticloadbalancing",
    region: Home::Own,
    account: Home::Own,
    kinds: &["targetgroup/"],
    rest: |rest| rest.split('/').count() == 2 && rest.split('/').all(word),
};
/// A key of KMS; another account may share one.
pub(crate) const KEY: Shape = Shape {
    what: "a KMS key",
    example: "arn:aws:kms:REGION:123456789012:key/ID",
    service: "kms",
    region: Home::Own,
    account: Home::Any,
    kinds: &["key/"],
    rest: word,
};
/// A secret; it may be in another region or account.
pub(crate) const SECRET: Shape = Shape {
    what: "a secret",
    example: "arn:aws:secretsmanager:REGION:123456789012:secret:NAME-AbCdEf",
    service: "secretsmanager",
    region: Home::Any,
    account: Home::Any,
    kinds: &["secret:"],
    rest: |rest| {
        // The name, then the key in the JSON, the stage and the version, each of which may be empty.
        let parts: Vec<&str> = rest.split(':').collect();
        matches!(parts.len(), 1 | 4) && text_of(parts[0], "/_+=.@-")
    },
};
/// A parameter; it may be in another region or account.
pub(crate) const PARAMETER: Shape = Shape {
    what: "a parameter",
    example: "arn:aws:ssm:REGION:123456789012:parameter/NAME",
    service: "ssm",
    region: Home::Any,
    account: Home::Any,
    kinds: &["parameter/"],
    rest: |rest| text_of(rest, "/_.-:"),
};
/// A revision of a task definition.
pub(crate) const TASK_DEFINITION: Shape = Shape {
    what: "a task definition",
    example: "arn:aws:ecs:REGION:123456789012:task-definition/FAMILY:7",
    service: "ecs",
    region: Home::Own,
    account: Home::Own,
    kinds: &["task-definition/"],
    rest: |rest| {
        let (family, revision) = rest.split_once(':').unwrap_or((rest, "1"));
        word(family) && revision.parse::<u32>().is_ok_and(|number| number > 0)
    },
};
/// A service of Cloud Map.
pub(crate) const REGISTRY: Shape = Shape {
    what: "a Cloud Map service",
    example: "arn:aws:servicediscovery:REGION:123456789012:service/srv-0123456789abcdef",
    service: "servicediscovery",
    region: Home::Own,
    account: Home::Any,
    kinds: &["service/"],
    rest: word,
};
/// A namespace of Cloud Map; another account may share one.
pub(crate) const NAMESPACE: Shape = Shape {
    what: "a namespace",
    example: "arn:aws:servicediscovery:REGION:123456789012:namespace/ns-0123456789abcdef",
    service: "servicediscovery",
    region: Home::Own,
    account: Home::Any,
    kinds: &["namespace/"],
    rest: word,
};
/// A private certificate authority; another account may share one.
pub(crate) const AUTHORITY: Shape = Shape {
    what: "a private certificate authority",
    example: "arn:aws:acm-pca:REGION:123456789012:certificate-authority/ID",
    service: "acm-pca",
    region: Home::Own,
    account: Home::Any,
    kinds: &["certificate-authority/"],
    rest: word,
};
/// An object in S3, as environment files are named.
pub(crate) const OBJECT: Shape = Shape {
    what: "an object in S3",
    example: "arn:aws:s3:::BUCKET/path/to/file.env",
    service: "s3",
    region: Home::Nowhere,
    account: Home::Nowhere,
    kinds: &[""],
    rest: |rest| rest.split_once('/').is_some_and(|(bucket, key)| text_of(bucket, ".-") && !key.is_empty()),
};

fn text_of(text: &str, also: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

fn word(text: &str) -> bool {
    text_of(text, "-_")
}

/// A path and a name of IAM.
fn iam_name(text: &str) -> bool {
    text.split('/').all(|part| text_of(part, "+=,.@_-"))
}

/// The six parts of an ARN.
struct Arn<'t> {
    partition: &'t str,
    service: &'t str,
    region: &'t str,
    account: &'t str,
    resource: &'t str,
}

fn parse(text: &str) -> Option<Arn<'_>> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = parts[..] else { return None };
    (arn == "arn" && partition.starts_with("aws")).then_some(Arn { partition, service, region, account, resource })
}

/// The service that a text names as an ARN of it: `acm`; `None` if it is no ARN at all.
pub(crate) fn service(text: &str) -> Option<&str> {
    parse(text).map(|arn| arn.service)
}

/// The name in an ARN of the shape; of an ARN that ends in an id, what is before that.
pub(crate) fn name(text: &str, shape: &Shape) -> Option<String> {
    let arn = parse(text)?;
    let rest = shape.kinds.iter().find_map(|kind| arn.resource.strip_prefix(kind))?;
    let rest = rest.strip_suffix(":*").unwrap_or(rest);
    let ends_in_id = shape.service == "elasticloadbalancing";
    Some(if ends_in_id { rest.split('/').next().unwrap_or(rest) } else { rest }.to_owned())
}

/// Whether the text can be an ARN of the shape that this stack may use; reports why not.
pub(crate) fn check(ctx: &Ctx<'_>, place: &Place, text: &str, shape: &Shape) -> bool {
    let Some(arn) = parse(text).filter(|arn| arn.service == shape.service) else {
        return wrong(ctx, place, text, shape, "");
    };
    let Some(rest) = shape.kinds.iter().find_map(|kind| arn.resource.strip_prefix(kind)) else {
        let given = arn.resource.split_inclusive(['/', ':']).next().unwrap_or_default();
        let near = suggest::nearest(given, shape.kinds.iter().copied());
        let more = near.map(|near| format!(" Did you mean `{near}` instead of `{given}`?")).unwrap_or_default();
        return wrong(ctx, place, text, shape, &more);
    };
    if !(shape.rest)(rest) {
        return wrong(ctx, place, text, shape, "");
    }
    let empty = [(shape.region, arn.region), (shape.account, arn.account)];
    if empty.iter().any(|(home, given)| (*home == Home::Nowhere) != given.is_empty()) {
        return wrong(ctx, place, text, shape, "");
    }
    let own_account = !(arn.account.is_empty() || shape.account == Home::OwnOrAws && arn.account == "aws");
    if own_account && (arn.account.len() != 12 || !arn.account.chars().all(|c| c.is_ascii_digit())) {
        return wrong(ctx, place, text, shape, " An account id has twelve digits.");
    }
    let region = region(ctx, place, &arn, shape);
    let account = !own_account || account(ctx, place, arn.account, shape);
    region && account
}

fn wrong(ctx: &Ctx<'_>, place: &Place, text: &str, shape: &Shape, more: &str) -> bool {
    let summary = format!("`{}` is not the ARN of {}", super::tree::shorten(text), shape.what);
    ctx.problems.error("bad-arn", place, summary, format!("The form is {}.{more}", shape.example));
    false
}

fn region(ctx: &Ctx<'_>, place: &Place, arn: &Arn<'_>, shape: &Shape) -> bool {
    let Some(own) = ctx.scope.region.as_deref() else { return true };
    if shape.region == Home::Own && arn.region != own {
        let summary = format!("this is {} of {}, but the stack is in {own}", shape.what, arn.region);
        let help = "AWS accepts only one of the same region here. Correct the ARN, or `region:`.";
        ctx.problems.error("other-region", place, summary, help);
        return false;
    }
    if arn.partition != partition(own) {
        let summary =
            format!("this is {} of partition {}, but {own} is in {}", shape.what, arn.partition, partition(own));
        let help = "AWS partitions are separate from each other. Give one of the same partition.";
        ctx.problems.error("other-region", place, summary, help);
        return false;
    }
    true
}

/// What has to be of the stack's own account is: that of `account:`, or the one that the other ARNs of the file have.
fn account(ctx: &Ctx<'_>, place: &Place, account: &str, shape: &Shape) -> bool {
    if !matches!(shape.account, Home::Own | Home::OwnOrAws) {
        return true;
    }
    if let Some(own) = ctx.scope.account.as_deref() {
        if own == account {
            return true;
        }
        let summary = format!("this is {} of account {account}, but the stack is for account {own}", shape.what);
        let help = "AWS accepts only one of the same account here. Correct the ARN, or `account:`.";
        ctx.problems.error("other-account", place, summary, help);
        return false;
    }
    let mut seen = ctx.account_seen.borrow_mut();
    match &*seen {
        None => {
            *seen = Some((account.to_owned(), place.clone()));
            true
        }
        Some((first, _)) if first == account => true,
        Some((first, at)) => {
            let summary = format!("this is {} of account {account}, but the file also has one of {first}", shape.what);
            ctx.problems.push(
                Diagnostic::error("other-account", summary, Some(place.clone()))
                    .related(at.clone(), "the other account")
                    .help(
                        "A stack is in one account, and AWS accepts only resources of that \
                         account here. Correct one of the two ARNs.",
                    ),
            );
            false
        }
    }
}
