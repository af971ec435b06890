//! The marks of records, which have no tags: for each a TXT record under `_evenkeel` in the zone. Its name and its value say
//! whose the record is, and which one: stack, region, name, type and set identifier. Only what is written exactly so counts;
//! everything else is somebody's text: told, never acted on. Pure; the form is kept in docs/decisions/0007.

use aws_sdk_route53::types::{ResourceRecordSet, RrType};
use evenkeel_core::doc::fingerprint;
use serde_json::json;

use super::form::{Key, name};
use crate::tags;

/// The label that all marks in a zone have in common.
pub(crate) const LABEL: &str = "_evenkeel";
/// Most characters of a DNS name.
const NAME_LIMIT: usize = 253;
/// Most characters of a label.
const LABEL_LIMIT: usize = 63;
/// Most characters of one string of a TXT value.
const STRING: usize = 255;
/// How long a hash is.
const HASH: usize = 10;
/// Types of records that a stack file can ask for.
const TYPES: [&str; 7] = ["A", "AAAA", "CNAME", "TXT", "MX", "SRV", "CAA"];

/// One record set of a zone: name, type, and the identifier that tells weighted ones and the like apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Which {
    /// The canonical name.
    pub name: String,
    /// The type.
    pub kind: String,
    /// A hash of the set identifier, which may hold any characters; `None` for a record without one.
    pub set: Option<String>,
}

impl Which {
    /// A record without a set identifier.
    pub fn plain((name, kind): &Key) -> Self {
        Self { name: name.clone(), kind: kind.clone(), set: None }
    }

    /// Which one a record set is.
    pub fn of(set: &ResourceRecordSet) -> Self {
        let hash = set.set_identifier().map(|identifier| fingerprint(&json!(identifier)));
        Self { name: name(set.name()), kind: set.r#type().as_str().to_owned(), set: hash }
    }

    /// Whether a stack file can ask for it.
    pub fn can_be_ours(&self) -> bool {
        self.set.is_none() && TYPES.contains(&self.kind.as_str())
    }

    fn words(&self) -> String {
        let set = self.set.as_ref().map(|hash| format!(" {hash}")).unwrap_or_default();
        format!("{} {}{set}", self.name, self.kind)
    }
}

/// What a mark says, if it is written exactly as evenkeel writes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// The stack in its region, as [`tags::global`] writes it.
    pub owner: String,
    /// The record.
    pub which: Which,
    /// Whether the record is protected from deletion.
    pub protect: bool,
}

impl Mark {
    /// The name of the TXT record.
    ///
    /// It reads `_a.api.<region>.<stack>._evenkeel.<zone>` where that can be, with `_any` for a wildcard; otherwise a hash
    /// stands for the record.
    pub fn name(&self, zone: &str) -> String {
        let (which, home) = (&self.which, home(&self.owner, zone));
        let inside = if which.name == zone { Some("") } else { which.name.strip_suffix(&format!(".{zone}")) };
        let readable = inside.and_then(|inside| {
            let (star, rest) = match inside.strip_prefix('*') {
                Some(rest) => ("._any", rest),
                None if inside.is_empty() => ("", ""),
                None => (".", inside),
            };
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
            let fine = rest.chars().all(plain) && rest.split('.').all(|label| label != "_any");
            let set = which.set.as_ref().map(|hash| format!("-{hash}")).unwrap_or_default();
            fine.then(|| format!("_{}{set}{star}{rest}.{home}", which.kind.to_lowercase()))
        });
        let hashed = || format!("{}.{home}", fingerprint(&json!([which.name, which.kind, which.set])));
        readable.filter(|name| name.len() <= NAME_LIMIT).unwrap_or_else(hashed)
    }

    /// The value of the TXT record: strings of at most 255 characters in quotes.
    pub fn value(&self) -> String {
        let protect = if self.protect { format!(",{}=true", tags::PROTECT) } else { String::new() };
        let whole = format!("{}={},{RECORD}={}{protect}", tags::STACK, self.owner, self.which.words());
        let characters: Vec<char> = whole.chars().collect();
        let strings = characters.chunks(STRING).map(|string| format!("\"{}\"", string.iter().collect::<String>()));
        strings.collect::<Vec<_>>().join(" ")
    }

    /// What a TXT record says; `None` if it is not exactly what evenkeel writes for that record of that zone.
    pub fn read(set: &ResourceRecordSet, zone: &str) -> Option<Self> {
        let [value] = set.resource_records() else { return None };
        let text = unquoted(value.value());
        let mut fields = text.split(',');
        let owner = fields.next()?.strip_prefix(tags::STACK)?.strip_prefix('=')?.to_owned();
        let mut words = fields.next()?.strip_prefix(RECORD)?.strip_prefix('=')?.split(' ');
        let (record, kind) = (words.next()?.to_owned(), words.next()?.to_owned());
        let which = Which { name: record, kind, set: words.next().map(str::to_owned) };
        let mark = Self { owner, which, protect: fields.next().is_some() };
        let exact = mark.value() == value.value() && mark.name(zone) == name(set.name());
        (exact && set.set_identifier().is_none()).then_some(mark)
    }
}

/// The field of a mark's value that says which record it is for.
const RECORD: &str = "evenkeel:record";

/// What the names of all marks of a stack in a zone end in: they stand side by side in the zone's order.
pub fn home(owner: &str, zone: &str) -> String {
    let (stack, region) = owner.split_once('@').unwrap_or((owner, "-"));
    let whole = format!("{region}.{stack}.{LABEL}.{zone}").to_lowercase();
    if stack.len() <= LABEL_LIMIT && HASH + 1 + whole.len() <= NAME_LIMIT {
        whole
    } else {
        format!("{}.{LABEL}.{zone}", fingerprint(&json!(owner)))
    }
}

/// Whether a record set stands where marks stand, and is of their type. Whether it says anything is another question.
pub fn is_mark(set: &ResourceRecordSet, zone: &str) -> bool {
    *set.r#type() == RrType::Txt && is_reserved(&name(set.name()), zone)
}

/// Whether a name is kept for marks.
pub fn is_reserved(name: &str, zone: &str) -> bool {
    let inside = name.strip_suffix(zone).and_then(|inside| inside.strip_suffix('.'));
    inside.is_some_and(|inside| inside == LABEL || inside.ends_with(&format!(".{LABEL}")))
}

/// Whether a mark that does not count stands among those of this stack, or names it.
pub fn pretends(set: &ResourceRecordSet, owner: &str, zone: &str) -> bool {
    let named = |text: &str| unquoted(text).split(',').any(|field| field == format!("{}={owner}", tags::STACK));
    name(set.name()).ends_with(&format!(".{}", home(owner, zone)))
        || set.resource_records().iter().any(|value| named(value.value()))
}

fn unquoted(text: &str) -> String {
    text.split("\" \"").collect::<String>().trim_matches('"').to_owned()
}

#[cfg(test)]
pub mod tests {
    use aws_sdk_route53::types::ResourceRecord;

    use super::*;

    pub const OWNER: &str = "cruddur@ca-central-1";

    pub fn mark(owner: &str, name: &str, kind: &str) -> Mark {
        let which = Which::plain(&(name.to_owned(), kind.to_owned()));
        Mark { owner: owner.to_owned(), which, protect: false }
    }

    pub fn txt(name: &str, values: &[&str]) -> ResourceRecordSet {
        let mut set = ResourceRecordSet::builder().name(name).r#type(RrType::Txt).ttl(300);
        for value in values {
            set = set.resource_records(ResourceRecord::builder().value(*value).build().unwrap());
        }
        set.build().unwrap()
    }

    /// The mark as Route 53 shows it.
    pub fn written(mark: &Mark, zone: &str) -> ResourceRecordSet {
        txt(&format!("{}.", mark.name(zone)), &[mark.value().as_str()])
    }

    #[test]
    fn marks_stand_side_by_side_and_are_read_again() {
        let zone = "a.example";
        let names = [
            ("a.example", "A", "_a.ca-central-1.cruddur._evenkeel.a.example"),
            ("api.a.example", "A", "_a.api.ca-central-1.cruddur._evenkeel.a.example"),
            ("*.a.example", "AAAA", "_aaaa._any.ca-central-1.cruddur._evenkeel.a.example"),
            ("*.x.a.example", "TXT", "_txt._any.x.ca-central-1.cruddur._evenkeel.a.example"),
        ];
        for (record, kind, expected) in names {
            let mark = mark(OWNER, record, kind);
            assert_eq!(mark.name(zone), expected);
            assert!(mark.name(zone).ends_with(&home(OWNER, zone)));
            assert_eq!(Mark::read(&written(&mark, zone), zone), Some(mark.clone()));
            let protected = Mark { protect: true, ..mark };
            assert_eq!(Mark::read(&written(&protected, zone), zone), Some(protected));
        }
        assert_eq!(
            mark(OWNER, "api.a.example", "A").value(),
            "\"evenkeel:stack=cruddur@ca-central-1,evenkeel:record=api.a.example A\""
        );
    }

    #[test]
    fn long_and_odd_names_stay_within_dns_and_apart() {
        let labels = |letter: &str, count: usize| vec![letter.repeat(60); count].join(".");
        let stack = format!("{}@us-east-1", "S".repeat(64));
        for zone in ["a.example".to_owned(), format!("{}.example", labels("z", 3))] {
            let records = [format!("{}.{zone}", "x".repeat(50)), format!("{}.{zone}", "y".repeat(50))];
            let odd = [format!("a\\b.{zone}"), format!("_any.{zone}"), format!("*.{zone}"), format!("a.*.{zone}")];
            let names = records.iter().chain(&odd).map(|record| {
                let mark = mark(&stack, record, "CNAME");
                let name = mark.name(&zone);
                assert!(name.len() <= NAME_LIMIT && name.split('.').all(|label| label.len() <= LABEL_LIMIT), "{name}");
                assert_eq!(Mark::read(&written(&mark, &zone), &zone), Some(mark));
                name
            });
            let names: std::collections::BTreeSet<String> = names.collect();
            assert_eq!(names.len(), 6, "{names:?}");
        }
        let long = format!("{}.{}.a.example", labels("l", 3), "m".repeat(50));
        let value = mark(&stack, &long, "A").value();
        assert!(value.contains("\" \"") && value.split("\" \"").all(|string| string.len() <= STRING + 1), "{value}");
    }

    #[test]
    fn set_identifiers_tell_marks_apart() {
        let mut sets = Vec::new();
        for identifier in ["one", "two, \"three\" \u{e9}"] {
            let set = ResourceRecordSet::builder().name("x.a.example.").r#type(RrType::A).set_identifier(identifier);
            let which = Which::of(&set.weight(1).build().unwrap());
            assert!(!which.can_be_ours());
            let mark = Mark { owner: OWNER.to_owned(), which, protect: false };
            assert_eq!(Mark::read(&written(&mark, "a.example"), "a.example"), Some(mark.clone()));
            sets.push(mark.name("a.example"));
        }
        assert_ne!(sets[0], sets[1]);
    }

    #[test]
    fn only_what_evenkeel_writes_is_a_mark() {
        let zone = "a.example";
        let mark = mark(OWNER, "api.a.example", "A");
        let (place, value) = (mark.name(zone), mark.value());
        let longer = value.replace("\"evenkeel", "\"x,evenkeel");
        let odd = [
            txt(&place, &[value.as_str(), "\"more\""]),
            txt(&place, &[longer.as_str()]),
            txt(&place, &[value.replace(" A\"", " A,evenkeel:protect=maybe\"").as_str()]),
            txt(&place, &[value.replace("api", "www").as_str()]),
            txt("_a.www.ca-central-1.cruddur._evenkeel.a.example", &[value.as_str()]),
            txt("_a.api.eu-west-1.cruddur._evenkeel.a.example", &[value.as_str()]),
        ];
        for set in &odd {
            assert_eq!(Mark::read(set, zone), None, "{set:?}");
            assert!(is_mark(set, zone) && pretends(set, OWNER, zone));
        }
        let theirs = txt("_a.api.eu-west-1.blog._evenkeel.a.example", &["\"hello\""]);
        assert!(is_mark(&theirs, zone) && !pretends(&theirs, OWNER, zone));
        assert!(!is_mark(&txt("api.a.example", &["\"hello\""]), zone));
    }
}
