//! Load balancers and target groups of others that a file names: by name, by ARN, or by tags. Decides which of those that were read
//! is meant, and what is said if none or several are. Sends nothing, and must not know what is done with it.

use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::id::NodeId;
use evenkeel_core::snapshot::Owner;
use evenkeel_stack::model::Existing;
use evenkeel_stack::suggest;
use serde::{Deserialize, Serialize};

use crate::tags::{self, Tags};

/// How many of several that fit are named.
const NAMED: usize = 5;

/// Which one is meant; one of the three is given, and of an ARN the name as well.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Sought {
    /// Its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Tags that it has, with others or without.
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
}

/// What can be meant.
pub(super) struct Candidate<'a> {
    pub arn: &'a str,
    pub name: &'a str,
    pub tags: &'a Tags,
}

impl From<&Existing> for Sought {
    fn from(existing: &Existing) -> Self {
        match existing {
            Existing::Name(name) => Self { name: name.clone(), ..Self::default() },
            Existing::Arn { arn, name } => Self { name: name.clone(), arn: Some(arn.clone()), ..Self::default() },
            Existing::Tags(tags) => Self { tags: tags.clone(), ..Self::default() },
        }
    }
}

impl Sought {
    /// What it is called here, whatever its name turns out to be.
    pub fn label(&self) -> String {
        if self.name.is_empty() { self.told_tags() } else { self.name.clone() }
    }

    /// Whether only tags tell.
    pub fn is_by_tags(&self) -> bool {
        self.name.is_empty()
    }

    /// Whether this is one that is meant.
    pub(super) fn fits(&self, one: &Candidate<'_>) -> bool {
        match &self.arn {
            Some(arn) => arn == one.arn,
            None if self.is_by_tags() => self.tags.iter().all(|(key, value)| one.tags.get(key) == Some(value)),
            None => self.name == one.name,
        }
    }

    /// What is looked for, for a person: ``load balancer `web` ``.
    pub fn told(&self, title: &str) -> String {
        match &self.arn {
            Some(arn) => format!("{title} {arn}"),
            None if self.is_by_tags() => format!("{title} with the tags {}", self.told_tags()),
            None => format!("{title} `{}`", self.name),
        }
    }

    fn told_tags(&self) -> String {
        let pairs: Vec<String> = self.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join(", ")
    }

    /// The one that is meant, of all that fit.
    ///
    /// # Errors
    /// `Gone`: nothing fits; `known` are the names of all that there are. `Invalid`: several fit, or it is one of the stack's own.
    pub(super) fn choose<'a>(
        &self,
        what: &Kind<'_>,
        all: impl Iterator<Item = Candidate<'a>>,
        known: &[String],
    ) -> Result<Candidate<'a>, CloudError> {
        let mut fitting: Vec<Candidate<'a>> = all.filter(|one| self.fits(one)).collect();
        fitting.sort_by(|a, b| (a.name, a.arn).cmp(&(b.name, b.arn)));
        let error = |class, text, hint: String| {
            Err(CloudError { hint: Some(hint), ..CloudError::local(class, what.operation, text) })
        };
        match fitting.len() {
            0 => {
                let near = suggest::nearest(&self.name, known.iter().map(String::as_str));
                let near = near.filter(|_| !self.is_by_tags()).map(|near| format!("; the nearest name is `{near}`"));
                let text = format!("{}{}", self.told(what.title), near.unwrap_or_default());
                Err(CloudError::local(ErrorClass::Gone, what.operation, text))
            }
            1 => {
                let one = fitting.swap_remove(0);
                match tags::owner(one.tags, what.stack, what.kind) {
                    Owner::Ours(own) => {
                        let text = format!("{} belongs to this stack, as {own}", self.told(what.title));
                        error(ErrorClass::Invalid, text, hint_own(what.title, &own))
                    }
                    Owner::Managed { .. } | Owner::OtherStack(_) | Owner::Stray(_) | Owner::Nobody => Ok(one),
                }
            }
            many => {
                let names: Vec<&str> = fitting.iter().map(|one| one.name).take(NAMED).collect();
                let more = if many > NAMED { format!(" and {} more", many - NAMED) } else { String::new() };
                let text = format!("{many} fit {}: {}{more}", self.told(what.title), names.join(", "));
                error(ErrorClass::Invalid, text, "give its name or its ARN, or more tags".to_owned())
            }
        }
    }
}

/// Of what kind something is meant.
pub(super) struct Kind<'a> {
    /// What a person calls it.
    pub title: &'a str,
    /// The name of the kind.
    pub kind: &'a str,
    /// The request that read it.
    pub operation: &'a str,
    /// The stack that looks.
    pub stack: &'a str,
}

fn hint_own(title: &str, own: &NodeId) -> String {
    format!(
        "`existing` is for a {title} of others, and this one is made by the entry `{}`: name that, or give it its keys back",
        own.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn one_is_meant_and_what_else_was_found_is_said() {
        let (own, team) = (tags::marked(&Tags::new(), "a", &NodeId::new("load_balancer", "x")), tags(&[("team", "a")]));
        let all = || {
            [("arn:1", "web", &team), ("arn:2", "web-2", &team), ("arn:3", "own", &own)]
                .into_iter()
                .map(|(arn, name, tags)| Candidate { arn, name, tags })
        };
        let what = Kind { title: "load balancer", kind: "load_balancer", operation: "elb:X", stack: "a" };
        let known: Vec<String> = all().map(|one| one.name.to_owned()).collect();
        let choose = |sought: &Sought| {
            sought.choose(&what, all(), &known).map(|one| one.arn.to_owned()).map_err(|error| error.message)
        };
        let named = |name: &str| Sought { name: name.to_owned(), ..Sought::default() };
        assert_eq!(choose(&named("web")).as_deref(), Ok("arn:1"), "a generation of it is another one");
        assert_eq!(choose(&named("wbe")), Err("load balancer `wbe`; the nearest name is `web`".to_owned()));
        let by_arn = Sought { arn: Some("arn:2".to_owned()), ..named("web-2") };
        assert_eq!(choose(&by_arn).as_deref(), Ok("arn:2"));
        let several = Sought { tags: team.clone(), ..Sought::default() };
        let text = "2 fit load balancer with the tags team=a: web, web-2";
        assert_eq!(choose(&several), Err(text.to_owned()));
        let text = "load balancer `own` belongs to this stack, as load_balancer.x";
        assert_eq!(choose(&named("own")), Err(text.to_owned()));
    }
}
