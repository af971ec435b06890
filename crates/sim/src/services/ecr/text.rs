//! Policies as text. ECR prints them anew, with the members in the order in which they came: repository policies over lines
//! with spaces around colons, lifecycle policies in one line.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// A document whose members keep their order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ordered {
    /// What has no parts.
    Plain(Value),
    /// A list.
    List(Vec<Ordered>),
    /// Members in their order.
    Members(Vec<(String, Ordered)>),
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Ordered;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Ordered, E> {
        Ok(Ordered::Plain(Number::from_f64(value).map_or(Value::Null, Value::Number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Ordered, E> {
        Ok(Ordered::Plain(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Ordered, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Ordered::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Ordered::Members(members))
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

impl Ordered {
    /// Reads a text.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// In one line, without spaces.
    pub(super) fn compact(&self) -> String {
        match self {
            Self::Plain(value) => value.to_string(),
            Self::List(items) => format!("[{}]", items.iter().map(Self::compact).collect::<Vec<_>>().join(",")),
            Self::Members(members) => {
                let member =
                    |(name, value): &(String, Self)| format!("{}:{}", Value::from(name.clone()), value.compact());
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
            }
        }
    }

    /// Over several lines: each member on its own, lists in line.
    pub(super) fn pretty(&self) -> String {
        self.nested(0)
    }

    fn nested(&self, depth: usize) -> String {
        match self {
            Self::Plain(value) => value.to_string(),
            Self::List(items) if items.is_empty() => "[ ]".to_owned(),
            Self::List(items) => {
                format!("[ {} ]", items.iter().map(|item| item.nested(depth)).collect::<Vec<_>>().join(", "))
            }
            Self::Members(members) if members.is_empty() => "{ }".to_owned(),
            Self::Members(members) => {
                let indent = "  ".repeat(depth + 1);
                let member = |(name, value): &(String, Self)| {
                    format!("{indent}{} : {}", Value::from(name.clone()), value.nested(depth + 1))
                };
                let lines: Vec<String> = members.iter().map(member).collect();
                format!("{{\n{}\n{}}}", lines.join(",\n"), "  ".repeat(depth))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_printed_in_the_order_of_its_members() {
        let text = r#"{"Version":"2008-10-17","Statement":[{"Sid":"a","Action":["x","y"],"Condition":{}}]}"#;
        let document = Ordered::read(text).unwrap();
        assert_eq!(document.compact(), text);
        let lines = "{\n  \"Version\" : \"2008-10-17\",\n  \"Statement\" : [ {\n    \"Sid\" : \"a\",\n    \"Action\" : [ \
                     \"x\", \"y\" ],\n    \"Condition\" : { }\n  } ]\n}";
        assert_eq!(document.pretty(), lines);
    }
}
