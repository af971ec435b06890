//! `grants:` of a role: what it may do, by word. Decides which statements a word stands for; they become one inline policy, which a plan
//! shows like any other. Knows no kind but by its word.

use evenkeel_core::doc::{Doc, Text};
use evenkeel_core::id::NodeId;
use serde_json::{Value as Json, json};

use super::super::decode::Want;
use super::super::suggest;
use super::super::tree::{Tree, shorten};
use super::super::values::partition;
use super::Ctx;

/// The inline policy that holds the statements.
pub(crate) const POLICY: &str = "evenkeel-grants";

/// What stands behind the colon of a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Nothing: AWS has no resources to name for these actions.
    All,
    /// A resource, in words.
    One(&'static str),
    /// A resource, in words, or nothing, which means this one.
    OneOr(&'static str, &'static str),
}

/// A word.
struct Grant {
    word: &'static str,
    of: Of,
    /// Statements: the actions, and the ARNs, where `@` is the resource as it is given.
    allows: &'static [(&'static [&'static str], &'static [&'static str])],
}

const BUCKET: Of = Of::One("bucket, bucket/key or bucket/*");
const READ_OBJECT: &[&str] = &["s3:GetObject"];
const OBJECT: &[&str] = &["s3:DeleteObject", "s3:GetObject", "s3:PutObject"];
const LIST: (&[&str], &[&str]) = (&["s3:GetBucketLocation", "s3:ListBucket"], &["arn:PARTITION:s3:::@bucket"]);
const QUEUE: Of = Of::One("queue");
const QUEUES: &[&str] = &["arn:PARTITION:sqs:REGION:ACCOUNT:@"];
const TABLE: Of = Of::One("table");
const TABLES: &[&str] =
    &["arn:PARTITION:dynamodb:REGION:ACCOUNT:table/@", "arn:PARTITION:dynamodb:REGION:ACCOUNT:table/@/index/*"];

/// All words. The actions are those of AWS's own guides for each use; source: IAM's service authorization reference.
static GRANTS: &[Grant] = &[
    Grant {
        word: "exec",
        of: Of::All,
        allows: &[(
            &[
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            &["*"],
        )],
    },
    Grant {
        word: "xray",
        of: Of::All,
        allows: &[(
            &[
                "xray:GetSamplingRules",
                "xray:GetSamplingStatisticSummaries",
                "xray:GetSamplingTargets",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ],
            &["*"],
        )],
    },
    // What the collector of AWS's distribution of OpenTelemetry does with its default configuration for ECS.
    Grant {
        word: "otel",
        of: Of::All,
        allows: &[(
            &[
                "cloudwatch:PutMetricData",
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogGroups",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
                "logs:PutRetentionPolicy",
                "xray:GetSamplingRules",
                "xray:GetSamplingStatisticSummaries",
                "xray:GetSamplingTargets",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ],
            &["*"],
        )],
    },
    Grant { word: "metrics", of: Of::All, allows: &[(&["cloudwatch:PutMetricData"], &["*"])] },
    Grant {
        word: "logs",
        of: Of::OneOr("log group", "*"),
        allows: &[(
            &["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            &["arn:PARTITION:logs:REGION:ACCOUNT:log-group:@", "arn:PARTITION:logs:REGION:ACCOUNT:log-group:@:*"],
        )],
    },
    Grant {
        word: "ssm",
        of: Of::One("/path/of/parameter or /path/*"),
        allows: &[(
            &["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
            &["arn:PARTITION:ssm:REGION:ACCOUNT:parameter/@path"],
        )],
    },
    Grant {
        word: "secret",
        of: Of::One("entry of `secrets`, or name of another secret"),
        // Secrets Manager adds a hyphen and six characters to the name in the ARN.
        allows: &[(
            &["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            &["arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:@-??????"],
        )],
    },
    Grant { word: "s3", of: BUCKET, allows: &[(OBJECT, &["arn:PARTITION:s3:::@objects"]), LIST] },
    Grant { word: "s3-read", of: BUCKET, allows: &[(READ_OBJECT, &["arn:PARTITION:s3:::@objects"]), LIST] },
    Grant {
        word: "sqs",
        of: QUEUE,
        allows: &[(
            &[
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ],
            QUEUES,
        )],
    },
    Grant {
        word: "sqs-send",
        of: QUEUE,
        allows: &[(&["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"], QUEUES)],
    },
    Grant { word: "sns", of: Of::One("topic"), allows: &[(&["sns:Publish"], &["arn:PARTITION:sns:REGION:ACCOUNT:@"])] },
    Grant {
        word: "dynamodb",
        of: TABLE,
        allows: &[(
            &[
                "dynamodb:BatchGetItem",
                "dynamodb:BatchWriteItem",
                "dynamodb:ConditionCheckItem",
                "dynamodb:DeleteItem",
                "dynamodb:DescribeTable",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:Scan",
                "dynamodb:UpdateItem",
            ],
            TABLES,
        )],
    },
    Grant {
        word: "dynamodb-read",
        of: TABLE,
        allows: &[(
            &[
                "dynamodb:BatchGetItem",
                "dynamodb:ConditionCheckItem",
                "dynamodb:DescribeTable",
                "dynamodb:GetItem",
                "dynamodb:Query",
                "dynamodb:Scan",
            ],
            TABLES,
        )],
    },
    Grant {
        word: "ses",
        of: Of::OneOr("verified domain or address", "*"),
        allows: &[(&["ses:SendEmail", "ses:SendRawEmail"], &["arn:PARTITION:ses:REGION:ACCOUNT:identity/@"])],
    },
    Grant {
        word: "kms",
        of: Of::One("key id"),
        allows: &[(&["kms:Decrypt", "kms:GenerateDataKey"], &["arn:PARTITION:kms:REGION:ACCOUNT:key/@"])],
    },
];

/// The words with what follows them, for the reference.
pub(crate) const WORDS: &str = "list of `exec`, `xray`, `otel`, `metrics`, `logs`, `logs:GROUP`, `ssm:/PATH`, `secret:NAME`, `s3:BUCKET/*`, \
     `s3-read:BUCKET/*`, `sqs:QUEUE`, `sqs-send:QUEUE`, `sns:TOPIC`, `dynamodb:TABLE`, `dynamodb-read:TABLE`, `ses`, \
     `ses:DOMAIN`, `kms:KEY`; an ARN may follow the colon";

/// The statements of a word that names no resource.
pub(crate) fn of(word: &str) -> Vec<Json> {
    let grant = GRANTS.iter().find(|grant| grant.word == word && grant.of == Of::All);
    let statement = |(actions, resources): &(&[&str], &[&str])| {
        statement(actions, resources.iter().map(|it| Json::from(*it)).collect())
    };
    grant.into_iter().flat_map(|grant| grant.allows).map(statement).collect()
}

fn statement(actions: &[&str], mut resources: Vec<Json>) -> Json {
    let resources = if resources.len() == 1 { resources.swap_remove(0) } else { Json::Array(resources) };
    json!({ "Effect": "Allow", "Action": actions, "Resource": resources })
}

/// Reads the list; gives the document of the inline policy.
pub(crate) fn read(ctx: &Ctx<'_>, tree: &Tree, what: &str) -> Option<Doc> {
    let key = format!("`grants` of {what}");
    let want = Want::new(&key, ctx.problems);
    let mut statements: Vec<Json> = Vec::new();
    for item in want.several(tree) {
        let Some(text) = want.text(item) else { continue };
        let Some((grant, resource)) = parse(ctx, item, text) else { continue };
        for (actions, arns) in grant.allows {
            let new = statement(actions, resources(ctx, arns, &resource));
            if statements.contains(&new) {
                let summary = format!("{key} names {} twice", item.describe());
                ctx.problems.error("duplicate", &item.place, summary, "Remove one of the two.");
                break;
            }
            statements.push(new);
        }
    }
    (!statements.is_empty()).then(|| json!({ "Version": "2012-10-17", "Statement": statements }))
}

/// A word, and what stands behind its colon; reports what is wrong.
fn parse(ctx: &Ctx<'_>, tree: &Tree, text: Text) -> Option<(&'static Grant, Text)> {
    let mut parts = match text {
        Text::Join(parts) => parts,
        one => vec![one],
    };
    let first = match parts.first_mut() {
        Some(Text::Known(first)) => std::mem::take(first),
        _ => String::new(),
    };
    let (word, rest) = first.split_once(':').map_or((first.as_str(), None), |(word, rest)| (word, Some(rest)));
    let Some(grant) = GRANTS.iter().find(|grant| grant.word == word) else {
        let near = suggest::nearest(word, GRANTS.iter().map(|grant| grant.word));
        let near = near.map(|near| format!("Did you mean `{near}`? ")).unwrap_or_default();
        let words: Vec<_> = GRANTS.iter().map(|grant| grant.word).collect();
        let help = format!("{near}Grants are {}. Anything else goes under `policies`.", suggest::list(&words));
        ctx.problems.error("unknown-grant", &tree.place, format!("there is no grant `{}`", shorten(word)), help);
        return None;
    };
    let open = parts.len() > 1;
    let rest = rest.filter(|rest| open || !rest.is_empty());
    match (grant.of, rest) {
        (Of::All, None) => Some((grant, Text::default())),
        (Of::All, Some(_)) => {
            let help = format!("AWS has no resources to name for it. Write {word} alone.");
            ctx.problems.error("bad-value", &tree.place, format!("the grant `{word}` is for no single resource"), help);
            None
        }
        (Of::OneOr(_, all), None) => Some((grant, all.into())),
        (Of::One(of), None) => {
            let help = format!("Write {word}: and the resource: {of}.");
            ctx.problems.error("bad-value", &tree.place, format!("the grant `{word}` names no resource"), help);
            None
        }
        (Of::One(_) | Of::OneOr(..), Some(rest)) => {
            if rest.contains(char::is_whitespace) {
                let summary = format!("`{}` is not a resource of the grant `{word}`", shorten(rest));
                ctx.problems.error("bad-value", &tree.place, summary, "Give one resource, without spaces, to a grant.");
                return None;
            }
            if rest.is_empty() {
                parts.remove(0);
            } else {
                parts[0] = rest.into();
            }
            let resource = if parts.len() == 1 { parts.swap_remove(0) } else { Text::Join(parts) };
            Some((grant, own(ctx, grant, resource)))
        }
    }
}

/// What an entry of the file is called is the entry, as in `secrets` of a container.
fn own(ctx: &Ctx<'_>, grant: &Grant, resource: Text) -> Text {
    match resource.known() {
        Some(name) if grant.word == "secret" && ctx.scope.names.has("secret", name) => {
            Text::output(NodeId::new("secret", name), "arn")
        }
        _ => resource,
    }
}

/// The ARNs that a statement is about.
fn resources(ctx: &Ctx<'_>, arns: &[&str], given: &Text) -> Vec<Json> {
    // The first text tells a whole ARN from a name; so does the output that is referred to.
    let first = match given {
        Text::Join(parts) => parts.first(),
        one => Some(one),
    };
    let whole = match first {
        Some(Text::Known(text)) => text.starts_with("arn:"),
        Some(Text::From(output)) => matches!(output.output.as_str(), "arn" | "secret"),
        Some(Text::Join(_)) | None => false,
    };
    let region = ctx.scope.region.as_deref().unwrap_or("*");
    let account = ctx.scope.account.as_deref().unwrap_or("*");
    let fill = |arn: &&str| {
        let arn = arn.replace("PARTITION", partition(region)).replace("REGION", region).replace("ACCOUNT", account);
        let Some((before, after)) = arn.split_once('@') else { return arn.into() };
        let before = if whole { "" } else { before };
        match after {
            "path" => joined(before, &without(given, '/'), "").to_value(),
            "objects" => joined(before, &objects(given), "").to_value(),
            "bucket" => joined(before, &bucket(given), "").to_value(),
            // What belongs to a resource has its ARN with more behind it (a table's indexes, a log group's streams).
            part if !whole || part.starts_with(['/', ':']) => joined(before, given, part).to_value(),
            _ => given.to_value(),
        }
    };
    arns.iter().map(fill).collect()
}

fn joined(before: &str, given: &Text, after: &str) -> Text {
    if let Some(known) = given.known() {
        return format!("{before}{known}{after}").into();
    }
    let mut parts = vec![Text::from(before)];
    match given {
        Text::Join(inner) => parts.extend(inner.iter().cloned()),
        one => parts.push(one.clone()),
    }
    parts.push(after.into());
    parts.retain(|part| part.known() != Some(""));
    if parts.len() == 1 { parts.swap_remove(0) } else { Text::Join(parts) }
}

/// Without that character in front.
fn without(given: &Text, first: char) -> Text {
    match given {
        Text::Known(text) => text.strip_prefix(first).unwrap_or(text).into(),
        Text::Join(parts) => {
            let mut parts = parts.clone();
            if let Some(Text::Known(text)) = parts.first_mut() {
                *text = text.strip_prefix(first).unwrap_or(text).to_owned();
            }
            Text::Join(parts)
        }
        Text::From(_) => given.clone(),
    }
}

/// The objects: those that are named, or all of the bucket.
fn objects(given: &Text) -> Text {
    let named = match given {
        Text::Known(text) => text.contains('/'),
        Text::Join(parts) => parts.iter().any(|part| part.known().is_some_and(|text| text.contains('/'))),
        Text::From(_) => false,
    };
    if named { given.clone() } else { joined("", given, "/*") }
}

/// The bucket of objects.
fn bucket(given: &Text) -> Text {
    match given {
        Text::Known(text) => text.split('/').next().unwrap_or(text).into(),
        Text::Join(parts) => {
            let mut kept = Vec::new();
            for part in parts {
                if let Some((before, _)) = part.known().and_then(|text| text.split_once('/')) {
                    kept.push(Text::from(before));
                    break;
                }
                kept.push(part.clone());
            }
            kept.retain(|part| part.known() != Some(""));
            if kept.len() == 1 { kept.swap_remove(0) } else { Text::Join(kept) }
        }
        Text::From(_) => given.clone(),
    }
}
