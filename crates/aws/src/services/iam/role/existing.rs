//! A role that somebody else manages: looked up by name in what the reader of IAM fetched, or, if the file gives the ARN,
//! taken at its word without any request. Never changed.

use evenkeel_core::error::CloudError;
use evenkeel_core::graph::Node;
use evenkeel_core::snapshot::{Live, Owner};
use serde::{Deserialize, Serialize};

use crate::resource::spec;
use crate::services::iam::read::Iam;

/// What to look for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sought {
    /// The role's name.
    pub name: String,
    /// Its ARN, if the file gives it.
    pub arn: Option<String>,
    /// What is told if it is not found.
    pub look_up: String,
}

impl Sought {
    /// A role to look for.
    pub fn new(name: &str, arn: Option<&str>) -> Self {
        Self { name: name.to_owned(), arn: arn.map(str::to_owned), look_up: format!("IAM role `{name}`") }
    }
}

/// The role that a node looks for, if it is there.
///
/// # Errors
/// That roles could not be read, unless the file gives the ARN.
pub fn look_up(iam: &Iam, node: &Node) -> Result<Option<Live>, CloudError> {
    let sought: Sought = spec(&node.want)?;
    let (name, arn) = match &sought.arn {
        Some(arn) => (sought.name.as_str(), arn.as_str()),
        None => {
            let roles = iam.roles.as_ref().map_err(Clone::clone)?;
            match roles.iter().find(|role| role.name.eq_ignore_ascii_case(&sought.name)) {
                Some(role) => (role.name.as_str(), role.arn.as_str()),
                None => return Ok(None),
            }
        }
    };
    let live = Live::new(name, "", Owner::Nobody, node.want.clone());
    Ok(Some(live.output("arn", arn).output("name", name)))
}

#[cfg(test)]
mod tests {
    use evenkeel_core::error::ErrorClass;

    use super::super::id;
    use super::*;
    use crate::resource::doc;

    #[test]
    fn a_given_arn_needs_no_reading_and_a_missing_role_is_absent() {
        let node = |entry: &str, sought: &Sought| Node::lookup(id(entry), "", doc(sought));
        let given = node("a", &Sought::new("ecs", Some("arn:aws:iam::1:role/ecs")));
        let named = node("b", &Sought::new("other", None));
        let denied = CloudError::local(ErrorClass::Denied, "iam:ListRoles", "no");
        let mut iam = Iam { roles: Err(denied.clone()), ..Iam::nothing() };
        let found = look_up(&iam, &given).unwrap().unwrap();
        assert_eq!(found.outputs["arn"], "arn:aws:iam::1:role/ecs");
        assert_eq!(look_up(&iam, &named), Err(denied));
        iam.roles = Ok(Vec::new());
        assert_eq!(look_up(&iam, &named), Ok(None));
    }
}
