//! What an account has of IAM: roles, users, customer-managed policies, instance profiles, and the temporary keys that were
//! given out. Decides how each is shown; knows no operation. Names are unique whatever their case, so maps are keyed by the
//! small letters of the name.

use std::collections::BTreeMap;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::tags::{Tags, to_list};
use crate::world::Moment;

/// How long a new role stays unknown outside IAM.
const PROPAGATION: Duration = Duration::from_secs(8);

/// What an account has of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Iam {
    /// Roles.
    pub roles: BTreeMap<String, Role>,
    /// Customer-managed policies.
    pub policies: BTreeMap<String, Policy>,
    /// Instance profiles.
    pub profiles: BTreeMap<String, Profile>,
    /// Users.
    pub users: BTreeMap<String, User>,
    /// Temporary access keys.
    pub sessions: BTreeMap<String, Session>,
    /// Deletions of service-linked roles, by task.
    pub deletions: BTreeMap<String, Moment>,
}

/// A role.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Role {
    /// The name as written.
    pub name: String,
    /// The path, with slashes at both ends.
    pub path: String,
    /// `AROA…`.
    pub id: String,
    /// The ARN.
    pub arn: String,
    /// When it was made.
    pub created: Moment,
    /// Who may take it on: the document as sent.
    pub trust: String,
    /// The description.
    pub description: Option<String>,
    /// Seconds.
    pub longest_session: i64,
    /// The ARN of the policy that bounds it.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// Inline documents by name.
    pub inline: BTreeMap<String, String>,
    /// ARNs of managed policies, in the order of attachment.
    pub attached: Vec<String>,
    /// When and in which region its credentials were last used.
    pub used: Option<(Moment, String)>,
    /// Whether it belongs to a service.
    pub linked: bool,
}

impl Role {
    /// Whether other services see it by then.
    pub(super) fn is_visible(&self, now: Moment) -> bool {
        self.created.plus(PROPAGATION) <= now
    }
}

/// A customer-managed policy.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// The name as written.
    pub name: String,
    /// The path.
    pub path: String,
    /// `ANPA…`.
    pub id: String,
    /// The ARN.
    pub arn: String,
    /// The description.
    pub description: Option<String>,
    /// When it was made.
    pub created: Moment,
    /// When its last version was made.
    pub updated: Moment,
    /// Documents by number.
    pub versions: BTreeMap<u32, Version>,
    /// The number of the version in force.
    pub default: u32,
    /// The number of the newest version ever.
    pub newest: u32,
    /// Its tags.
    pub tags: Tags,
}

/// A version of a policy.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Version {
    /// The document as sent.
    pub document: String,
    /// When it was made.
    pub created: Moment,
}

/// An instance profile.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The name as written.
    pub name: String,
    /// The path.
    pub path: String,
    /// `AIPA…`.
    pub id: String,
    /// The ARN.
    pub arn: String,
    /// When it was made.
    pub created: Moment,
    /// The key of its role.
    pub role: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct User {
    /// The name as written.
    pub name: String,
    /// The path.
    pub path: String,
    /// `AIDA…`.
    pub id: String,
    /// The ARN.
    pub arn: String,
    /// When it was made.
    pub created: Moment,
    /// The ARN of the policy that bounds it.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A temporary access key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// The ARN of whoever holds it.
    pub arn: String,
    /// The ARN of the role or user behind it.
    pub principal: String,
    /// The unique id of whoever holds it.
    pub id: String,
    /// When it ends.
    pub expires: Moment,
    /// The keys of its tags that every session taken on from it has too.
    pub transitive: Vec<String>,
}

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A document as IAM hands it out.
pub fn encoded(document: &str) -> String {
    utf8_percent_encode(document, UNRESERVED).to_string()
}

/// Tags as a list; nothing if there are none.
pub fn tag_list(tags: &Tags) -> Value {
    if tags.is_empty() { Value::Null } else { to_list(tags, "Key", "Value") }
}

/// A permissions boundary as shown.
pub fn boundary(arn: Option<&String>) -> Value {
    arn.map_or(Value::Null, |arn| json!({ "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn }))
}

impl Role {
    /// What every view of a role has.
    pub fn core(&self) -> Value {
        json!({
            "Path": self.path,
            "RoleName": self.name,
            "RoleId": self.id,
            "Arn": self.arn,
            "CreateDate": self.created.value(),
            "AssumeRolePolicyDocument": encoded(&self.trust),
        })
    }

    /// As a new role is shown.
    pub fn fresh(&self) -> Value {
        let mut shown = self.core();
        shown["Description"] = self.description.clone().into();
        shown["Tags"] = tag_list(&self.tags);
        shown["PermissionsBoundary"] = boundary(self.boundary.as_ref());
        shown
    }

    /// As a list shows it: without tags, boundary and use.
    pub fn listed(&self) -> Value {
        let mut shown = self.core();
        shown["Description"] = self.description.clone().into();
        shown["MaxSessionDuration"] = self.longest_session.into();
        shown
    }

    /// All there is to show.
    pub fn whole(&self) -> Value {
        let mut shown = self.fresh();
        shown["MaxSessionDuration"] = self.longest_session.into();
        shown["RoleLastUsed"] = self.last_used();
        shown
    }

    /// When it was last used; empty if never.
    pub fn last_used(&self) -> Value {
        match &self.used {
            Some((at, region)) => json!({ "LastUsedDate": at.value(), "Region": region }),
            None => json!({}),
        }
    }
}

impl Profile {
    /// The profile with its role.
    pub fn shown(&self, roles: &BTreeMap<String, Role>) -> Value {
        let role = self.role.as_ref().and_then(|key| roles.get(key));
        json!({
            "Path": self.path,
            "InstanceProfileName": self.name,
            "InstanceProfileId": self.id,
            "Arn": self.arn,
            "CreateDate": self.created.value(),
            "Roles": role.map(Role::core).into_iter().collect::<Vec<_>>(),
            "Tags": tag_list(&self.tags),
        })
    }
}

impl User {
    /// The user; lists leave tags and boundary out.
    pub fn shown(&self, whole: bool) -> Value {
        let core = json!({
            "Path": self.path,
            "UserName": self.name,
            "UserId": self.id,
            "Arn": self.arn,
            "CreateDate": self.created.value(),
        });
        if !whole {
            return core;
        }
        let mut shown = core;
        shown["Tags"] = tag_list(&self.tags);
        shown["PermissionsBoundary"] = boundary(self.boundary.as_ref());
        shown
    }
}
