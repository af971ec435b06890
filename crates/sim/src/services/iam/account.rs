//! The account as a whole: everything in it with its documents, how much of it there is, and what a role would be allowed.

use serde_json::{Value, json};

use super::common::{absent, iam, key, page};
use super::evaluate::{self, Decision};
use super::policies::{self, Uses};
use super::state::{Iam, Policy, encoded};
use super::{managed, roles, versions};
use crate::call::{Call, Input, Members, Refusal, Reply, Table};

/// The operations.
pub(super) const OPERATIONS: Table = &[
    ("GetAccountAuthorizationDetails", details),
    ("GetAccountSummary", summary),
    ("GetServerCertificate", certificate),
    ("ListAccountAliases", aliases),
    ("ListServerCertificates", certificates),
    ("SimulatePrincipalPolicy", simulate),
];

const KINDS: [&str; 4] = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];

fn policy_detail(policy: &Policy, uses: &Uses) -> Value {
    let mut shown = policies::shown(policy, uses);
    shown["Description"] = policy.description.clone().into();
    let version = |(number, version): (&u32, &super::state::Version)| {
        let mut shown = versions::shown(policy, *number, version);
        shown["Document"] = encoded(&version.document).into();
        shown
    };
    shown["PolicyVersionList"] = policy.versions.iter().rev().map(version).collect();
    shown
}

fn managed_detail(policy: &managed::Managed, uses: &Uses) -> Value {
    let mut shown = policies::shown_managed(policy, uses);
    shown["PolicyVersionList"] = json!([{
        "VersionId": "v1",
        "IsDefaultVersion": true,
        "CreateDate": policy.created().value(),
        "Document": encoded(&policy.document()),
    }]);
    shown
}

/// Everything that a filter wants, each with the list that it belongs to. Of AWS's policies only those in use are shown.
fn everything(iam: &Iam, wants: impl Fn(&str) -> bool) -> Vec<(String, Value)> {
    let uses = Uses::of(iam);
    let mut items = Vec::new();
    if wants("User") {
        items.extend(iam.users.values().map(|user| {
            let mut shown = user.shown(true);
            shown["GroupList"] = json!([]);
            shown["AttachedManagedPolicies"] = json!([]);
            shown["Tags"] = crate::tags::to_list(&user.tags, "Key", "Value");
            (format!("0 {}", user.name), shown)
        }));
    }
    if wants("Role") {
        items.extend(iam.roles.values().map(|role| (format!("2 {}", role.name), roles::detail(iam, role))));
    }
    if wants("LocalManagedPolicy") {
        items.extend(iam.policies.values().map(|one| (format!("3 {}", one.arn), policy_detail(one, &uses))));
    }
    if wants("AWSManagedPolicy") {
        let used = managed::all().iter().filter(|(arn, _)| uses.attached(arn) + uses.bounds(arn) > 0);
        items.extend(used.map(|(arn, policy)| (format!("3 {arn}"), managed_detail(policy, &uses))));
    }
    items
}

fn details(call: &mut Call<'_>, input: &Input) -> Reply {
    let filter = input.texts("Filter");
    let items = everything(iam(call), |kind| filter.is_empty() || filter.iter().any(|wanted| wanted == kind));
    let items = items.into_iter().map(|(key, item)| (key.clone(), json!([key, item]))).collect();
    let paged = page(call, input, "all", items)?;
    let mut reply = json!({ "IsTruncated": paged["IsTruncated"], "Marker": paged["Marker"] });
    for (kind, name) in KINDS.iter().enumerate() {
        let start = format!("{kind} ");
        let of_kind =
            paged.list("all").iter().filter(|pair| pair[0].as_str().is_some_and(|key| key.starts_with(&start)));
        reply[*name] = of_kind.map(|pair| pair[1].clone()).collect();
    }
    Ok(reply)
}

fn summary(call: &mut Call<'_>, _: &Input) -> Reply {
    let iam = iam(call);
    let uses = Uses::of(iam);
    let in_use = iam.policies.values().filter(|policy| uses.attached(&policy.arn) > 0).count()
        + managed::all().keys().filter(|arn| uses.attached(arn) > 0).count();
    Ok(json!({ "SummaryMap": {
        "Users": iam.users.len(), "UsersQuota": 5000, "Groups": 0, "GroupsQuota": 300,
        "Roles": iam.roles.len(), "RolesQuota": 1000,
        "InstanceProfiles": iam.profiles.len(), "InstanceProfilesQuota": 1000,
        "Policies": iam.policies.len(), "PoliciesQuota": 1500, "PolicySizeQuota": 6144,
        "PolicyVersionsInUse": in_use, "PolicyVersionsInUseQuota": 10000, "VersionsPerPolicyQuota": 5,
        "AttachedPoliciesPerRoleQuota": 10, "AttachedPoliciesPerUserQuota": 10, "AttachedPoliciesPerGroupQuota": 10,
        "AssumeRolePolicySizeQuota": 2048, "UserPolicySizeQuota": 2048, "GroupPolicySizeQuota": 5120,
        "RolePolicySizeQuota": 10240,
        "ServerCertificates": 0, "ServerCertificatesQuota": 20, "SigningCertificatesPerUserQuota": 2,
        "AccessKeysPerUserQuota": 2, "GroupsPerUserQuota": 10, "MFADevices": 0, "MFADevicesInUse": 0,
        "AccountMFAEnabled": 0, "AccountAccessKeysPresent": 0, "AccountSigningCertificatesPresent": 0,
        "AccountPasswordPresent": 1, "Providers": 0, "GlobalEndpointTokenVersion": 1,
    } }))
}

fn aliases(call: &mut Call<'_>, input: &Input) -> Reply {
    page(call, input, "AccountAliases", Vec::new())
}

/// Certificates are ACM's here: IAM has none.
fn certificate(_call: &mut Call<'_>, input: &Input) -> Reply {
    let name = input.text_or_empty("ServerCertificateName");
    Err(absent(format!("The Server Certificate with name {name} cannot be found.")))
}

fn certificates(call: &mut Call<'_>, input: &Input) -> Reply {
    page(call, input, "ServerCertificateMetadataList", Vec::new())
}

fn simulate(call: &mut Call<'_>, input: &Input) -> Reply {
    let source = input.text_or_empty("PolicySourceArn").to_owned();
    let mut resources = input.texts("ResourceArns");
    if resources.is_empty() {
        resources.push("*".to_owned());
    }
    let extra: Vec<Value> =
        input.texts("PolicyInputList").iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    let iam = iam(call);
    let name = source.rsplit('/').next().unwrap_or_default();
    let role = iam.roles.get(&key(name)).filter(|role| role.arn == source);
    let user = iam.users.values().find(|user| user.arn == source);
    if role.is_none() && user.is_none() {
        let kind = if source.contains(":role/") { "role" } else { "user" };
        if !source.starts_with("arn:") {
            return Err(Refusal::new("InvalidInput", format!("Invalid Entity Arn: {source}")).status(400));
        }
        return Err(absent(format!("The {kind} with name {name} cannot be found.")));
    }
    let decide = |action: &str, resource: &str| {
        // The account's users may do everything here.
        let own = role.map_or(Decision::Allowed, |role| evaluate::of_role(iam, role, action, resource));
        match (own, evaluate::decide(&extra, action, resource)) {
            (Decision::Denied, _) | (_, Decision::Denied) => "explicitDeny",
            (Decision::Allowed, _) | (_, Decision::Allowed) => "allowed",
            _ => "implicitDeny",
        }
    };
    let mut items = Vec::new();
    for action in input.texts("ActionNames") {
        for resource in &resources {
            let result = json!({
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": decide(&action, resource),
                "MatchedStatements": [],
                "MissingContextValues": [],
            });
            items.push((format!("{action} {resource}"), result));
        }
    }
    page(call, input, "EvaluationResults", items)
}
