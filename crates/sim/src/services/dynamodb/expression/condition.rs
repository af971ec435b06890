//! Conditions and whether an item meets them. Also tells which part of a condition is about keys, for queries.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::super::{Item, value};
use super::path::{self, Path};

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operand {
    /// What is at a path of the item.
    Path(Path),
    /// A value of the request.
    Value(Value),
    /// The size of something.
    Size(Box<Operand>),
}

/// How two operands are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `=`
    Equal,
    /// `<>`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Condition {
    /// Two operands compared.
    Compare(Operator, Operand, Operand),
    /// Within bounds, both included.
    Between(Operand, Operand, Operand),
    /// Equal to one of these.
    In(Operand, Vec<Operand>),
    /// There is something at the path.
    Exists(Path),
    /// What is at the path has this type.
    Type(Path, String),
    /// A text begins with another.
    BeginsWith(Operand, Operand),
    /// A text, set or list contains something.
    Contains(Operand, Operand),
    /// Both.
    And(Box<Condition>, Box<Condition>),
    /// One of them.
    Or(Box<Condition>, Box<Condition>),
    /// Not that.
    Not(Box<Condition>),
}

impl Operator {
    /// By its sign.
    pub(crate) fn of(sign: &str) -> Option<Self> {
        Some(match sign {
            "=" => Self::Equal,
            "<>" => Self::Unequal,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }

    /// Its sign.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "<>",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Whether it makes sense only for values that have an order.
    pub(crate) fn needs_order(self) -> bool {
        !matches!(self, Self::Equal | Self::Unequal)
    }

    fn holds(self, one: Option<&Value>, two: Option<&Value>) -> bool {
        let (Some(one), Some(two)) = (one, two) else {
            // What is not there differs from everything.
            return self == Self::Unequal;
        };
        match self {
            Self::Equal => value::equal(one, two),
            Self::Unequal => !value::equal(one, two),
            Self::Less => value::compare(one, two) == Some(Ordering::Less),
            Self::AtMost => value::compare(one, two).is_some_and(Ordering::is_le),
            Self::Greater => value::compare(one, two) == Some(Ordering::Greater),
            Self::AtLeast => value::compare(one, two).is_some_and(Ordering::is_ge),
        }
    }
}

impl Operand {
    fn of(&self, item: &Item) -> Option<Value> {
        match self {
            Self::Path(path) => path::find(item, path).cloned(),
            Self::Value(value) => Some(value.clone()),
            Self::Size(inner) => value::length(&inner.of(item)?).map(|length| json!({"N": length.to_string()})),
        }
    }
}

impl Condition {
    /// Whether an item meets it; no item is one without attributes.
    pub(crate) fn holds(&self, item: &Item) -> bool {
        match self {
            Self::Compare(operator, one, two) => operator.holds(one.of(item).as_ref(), two.of(item).as_ref()),
            Self::Between(operand, low, high) => {
                let operand = operand.of(item);
                Operator::AtLeast.holds(operand.as_ref(), low.of(item).as_ref())
                    && Operator::AtMost.holds(operand.as_ref(), high.of(item).as_ref())
            }
            Self::In(operand, list) => {
                let operand = operand.of(item);
                list.iter().any(|one| Operator::Equal.holds(operand.as_ref(), one.of(item).as_ref()))
            }
            Self::Exists(path) => path::find(item, path).is_some(),
            Self::Type(path, kind) => path::find(item, path).is_some_and(|found| value::kind(found) == kind),
            Self::BeginsWith(whole, start) => {
                whole.of(item).zip(start.of(item)).is_some_and(|(whole, start)| value::begins_with(&whole, &start))
            }
            Self::Contains(whole, part) => {
                whole.of(item).zip(part.of(item)).is_some_and(|(whole, part)| value::contains(&whole, &part))
            }
            Self::And(one, two) => one.holds(item) && two.holds(item),
            Self::Or(one, two) => one.holds(item) || two.holds(item),
            Self::Not(inner) => !inner.holds(item),
        }
    }

    /// The parts that all have to hold.
    pub(crate) fn all(&self) -> Vec<&Self> {
        match self {
            Self::And(one, two) => one.all().into_iter().chain(two.all()).collect(),
            other => vec![other],
        }
    }

    /// The top-level attributes that it looks at.
    pub(crate) fn attributes(&self) -> Vec<&str> {
        let operands: Vec<&Operand> = match self {
            Self::Compare(_, one, two) | Self::BeginsWith(one, two) | Self::Contains(one, two) => vec![one, two],
            Self::Between(one, two, three) => vec![one, two, three],
            Self::In(one, list) => std::iter::once(one).chain(list).collect(),
            Self::Exists(path) | Self::Type(path, _) => return first(path).into_iter().collect(),
            Self::And(one, two) | Self::Or(one, two) => return [one.attributes(), two.attributes()].concat(),
            Self::Not(inner) => return inner.attributes(),
        };
        operands.into_iter().filter_map(Operand::attribute).collect()
    }
}

impl Operand {
    /// The top-level attribute that it looks at.
    pub(crate) fn attribute(&self) -> Option<&str> {
        match self {
            Self::Path(path) => first(path),
            Self::Size(inner) => inner.attribute(),
            Self::Value(_) => None,
        }
    }
}

fn first(path: &Path) -> Option<&str> {
    match path.first()? {
        path::Step::Name(name) => Some(name),
        path::Step::Index(_) => None,
    }
}
