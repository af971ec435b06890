//! Reads expressions: operands, conditions, updates. Resolves names and values of the request on the way.

use super::condition::{Condition, Operand, Operator};
use super::lexer::{self, Kind, Token};
use super::path::{Path, Step};
use super::update::{Action, Source, Update};
use super::{Scope, reserved};
use crate::call::Refusal;
use crate::services::dynamodb::{invalid, value};

/// Deeper than any expression worth writing; the stack has an end.
const DEEPEST: usize = 200;

/// An expression that is being read.
pub(super) struct Parser<'s> {
    scope: &'s mut Scope,
    member: &'static str,
    text: &'s str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl<'s> Parser<'s> {
    /// Begins.
    pub(super) fn new(scope: &'s mut Scope, member: &'static str, text: &'s str) -> Result<Self, Refusal> {
        let wrong = |token: String| {
            invalid(format!("Invalid {member}: Syntax error; token: \"{token}\", near: \"{}\"", around(text, &token)))
        };
        let tokens = lexer::tokens(text).map_err(wrong)?;
        Ok(Self { scope, member, text, tokens, at: 0, depth: 0 })
    }

    fn peek(&self) -> &Kind {
        self.tokens.get(self.at).map_or(&Kind::End, |token| &token.kind)
    }

    fn next(&mut self) -> Kind {
        let kind = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len());
        kind
    }

    /// Takes a sign if it comes next.
    pub(super) fn accept(&mut self, sign: &str) -> bool {
        let here = matches!(self.peek(), Kind::Sign(found) if *found == sign);
        self.at += usize::from(here);
        here
    }

    fn keyword(&mut self, word: &str) -> bool {
        let here = matches!(self.peek(), Kind::Word(found) if found.eq_ignore_ascii_case(word));
        self.at += usize::from(here);
        here
    }

    fn expect(&mut self, sign: &str) -> Result<(), Refusal> {
        if self.accept(sign) { Ok(()) } else { Err(self.syntax()) }
    }

    /// Nothing may come any more.
    pub(super) fn end(&self) -> Result<(), Refusal> {
        if *self.peek() == Kind::End { Ok(()) } else { Err(self.syntax()) }
    }

    fn wrong(&self, text: &str) -> Refusal {
        invalid(format!("Invalid {}: {text}", self.member))
    }

    fn syntax(&self) -> Refusal {
        let span = |at: usize| self.tokens.get(at).map_or((self.text.len(), self.text.len()), |token| token.span);
        let (start, end) = span(self.at);
        let token = if start == end { "<EOF>" } else { &self.text[start..end] };
        let near = self.text[span(self.at.saturating_sub(1)).0..span(self.at + 1).1].trim();
        self.wrong(&format!("Syntax error; token: \"{token}\", near: \"{near}\""))
    }

    fn first_name(&mut self) -> Result<String, Refusal> {
        match self.peek().clone() {
            Kind::Word(word) => {
                if reserved::is_reserved(&word) {
                    let text = format!("Attribute name is a reserved keyword; reserved keyword: {word}");
                    return Err(self.wrong(&text));
                }
                self.at += 1;
                Ok(word)
            }
            Kind::Name(name) => {
                self.at += 1;
                self.scope.name(&name).ok_or_else(|| {
                    let text =
                        "An expression attribute name used in the document path is not defined; attribute name: ";
                    self.wrong(&format!("{text}{name}"))
                })
            }
            _ => Err(self.syntax()),
        }
    }

    /// A document path.
    pub(super) fn path(&mut self) -> Result<Path, Refusal> {
        let mut path = vec![Step::Name(self.first_name()?)];
        loop {
            if self.accept(".") {
                path.push(Step::Name(self.first_name()?));
            } else if self.accept("[") {
                let Kind::Number(index) = self.peek().clone() else { return Err(self.syntax()) };
                self.at += 1;
                self.expect("]")?;
                path.push(Step::Index(index));
            } else {
                return Ok(path);
            }
        }
    }

    fn value(&mut self, name: &str) -> Result<serde_json::Value, Refusal> {
        self.scope.value(name).ok_or_else(|| {
            let text = "An expression attribute value used in expression is not defined; attribute value: ";
            self.wrong(&format!("{text}{name}"))
        })
    }

    fn is_call(&self) -> bool {
        matches!(self.tokens.get(self.at + 1), Some(Token { kind: Kind::Sign("("), .. }))
    }

    fn operand(&mut self) -> Result<Operand, Refusal> {
        match self.peek().clone() {
            Kind::Value(name) => {
                self.at += 1;
                self.value(&name).map(Operand::Value)
            }
            Kind::Word(word) if self.is_call() => {
                if word != "size" {
                    return Err(self.no_function(&word));
                }
                self.at += 2;
                let inner = self.operand()?;
                self.expect(")")?;
                Ok(Operand::Size(Box::new(inner)))
            }
            _ => self.path().map(Operand::Path),
        }
    }

    fn no_function(&self, word: &str) -> Refusal {
        const KNOWN: [&str; 8] = [
            "size",
            "attribute_exists",
            "attribute_not_exists",
            "attribute_type",
            "begins_with",
            "contains",
            "if_not_exists",
            "list_append",
        ];
        if KNOWN.contains(&word) {
            self.wrong(&format!("The function is not allowed to be used this way in an expression; function: {word}"))
        } else {
            self.wrong(&format!("Invalid function name; function: {word}"))
        }
    }

    /// A condition.
    pub(super) fn condition(&mut self) -> Result<Condition, Refusal> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong("The expression is nested too deeply"));
        }
        let mut left = self.conjunction()?;
        while self.keyword("OR") {
            left = Condition::Or(Box::new(left), Box::new(self.conjunction()?));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Condition, Refusal> {
        let mut left = self.negation()?;
        while self.keyword("AND") {
            left = Condition::And(Box::new(left), Box::new(self.negation()?));
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Condition, Refusal> {
        let mut turned = false;
        while self.keyword("NOT") {
            turned = !turned;
        }
        let condition = self.single()?;
        Ok(if turned { Condition::Not(Box::new(condition)) } else { condition })
    }

    fn single(&mut self) -> Result<Condition, Refusal> {
        if self.accept("(") {
            let inner = self.condition()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if let Kind::Word(word) = self.peek().clone()
            && self.is_call()
            && word != "size"
        {
            return self.function(&word);
        }
        let left = self.operand()?;
        if self.keyword("BETWEEN") {
            let low = self.operand()?;
            if !self.keyword("AND") {
                return Err(self.syntax());
            }
            let high = self.operand()?;
            return self.between(left, low, high);
        }
        if self.keyword("IN") {
            self.expect("(")?;
            let mut list = vec![self.operand()?];
            while self.accept(",") {
                list.push(self.operand()?);
            }
            self.expect(")")?;
            return Ok(Condition::In(left, list));
        }
        let operator = match self.peek() {
            Kind::Sign(sign) => Operator::of(sign),
            _ => None,
        };
        let operator = operator.ok_or_else(|| self.syntax())?;
        self.at += 1;
        let right = self.operand()?;
        for side in [&left, &right] {
            self.ordered(side, operator.sign(), operator.needs_order())?;
        }
        Ok(Condition::Compare(operator, left, right))
    }

    /// A value given in the request has to have an order where one is needed.
    fn ordered(&self, side: &Operand, sign: &str, needed: bool) -> Result<(), Refusal> {
        match side {
            Operand::Value(given) if needed && !["S", "N", "B"].contains(&value::kind(given)) => {
                let text = "Incorrect operand type for operator or function; operator: ";
                Err(self.wrong(&format!("{text}{sign}, operand type: {}", value::kind(given))))
            }
            _ => Ok(()),
        }
    }

    fn between(&self, left: Operand, low: Operand, high: Operand) -> Result<Condition, Refusal> {
        if let (Operand::Value(a), Operand::Value(b)) = (&low, &high) {
            self.ordered(&low, "BETWEEN", true)?;
            self.ordered(&high, "BETWEEN", true)?;
            if value::kind(a) != value::kind(b) {
                let text =
                    "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand";
                return Err(
                    self.wrong(&format!("{text}: AttributeValue: {a}, upper bound operand: AttributeValue: {b}"))
                );
            }
            if value::compare(a, b) == Some(std::cmp::Ordering::Greater) {
                let text = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound";
                return Err(self.wrong(&format!(
                    "{text}; lower bound operand: AttributeValue: {a}, upper bound operand: AttributeValue: {b}"
                )));
            }
        }
        Ok(Condition::Between(left, low, high))
    }

    fn function(&mut self, word: &str) -> Result<Condition, Refusal> {
        self.at += 2;
        let mut operands = vec![self.operand()?];
        while self.accept(",") {
            operands.push(self.operand()?);
        }
        self.expect(")")?;
        let count = operands.len();
        let mut operands = operands.into_iter();
        let found = match (word, count, operands.next(), operands.next()) {
            ("attribute_exists", 1, Some(Operand::Path(path)), _) => Condition::Exists(path),
            ("attribute_not_exists", 1, Some(Operand::Path(path)), _) => {
                Condition::Not(Box::new(Condition::Exists(path)))
            }
            ("attribute_exists" | "attribute_not_exists", 1, ..) => {
                let text = "Operator or function requires a document path; operator or function: ";
                return Err(self.wrong(&format!("{text}{word}")));
            }
            ("attribute_type", 2, Some(Operand::Path(path)), Some(Operand::Value(kind))) => {
                let kind = value::parts(&kind).1.as_str().unwrap_or_default().to_owned();
                Condition::Type(path, kind)
            }
            ("begins_with", 2, Some(whole), Some(start)) => {
                self.text_like(&start)?;
                Condition::BeginsWith(whole, start)
            }
            ("contains", 2, Some(whole), Some(part)) => Condition::Contains(whole, part),
            ("attribute_exists" | "attribute_not_exists" | "attribute_type" | "begins_with" | "contains", ..) => {
                let text = "Incorrect number of operands for operator or function; operator or function: ";
                return Err(self.wrong(&format!("{text}{word}, number of operands: {count}")));
            }
            _ => return Err(self.no_function(word)),
        };
        Ok(found)
    }

    fn text_like(&self, operand: &Operand) -> Result<(), Refusal> {
        match operand {
            Operand::Value(given) if !["S", "B"].contains(&value::kind(given)) => {
                let text = "Incorrect operand type for operator or function; operator or function: begins_with, operand type: ";
                Err(self.wrong(&format!("{text}{}", value::kind(given))))
            }
            _ => Ok(()),
        }
    }

    /// An update.
    pub(super) fn update(&mut self) -> Result<Update, Refusal> {
        let (mut actions, mut seen) = (Vec::new(), Vec::new());
        while *self.peek() != Kind::End {
            let section = ["SET", "REMOVE", "ADD", "DELETE"].into_iter().find(|word| self.keyword(word));
            let Some(section) = section else { return Err(self.syntax()) };
            if seen.contains(&section) {
                let text = format!("The \"{section}\" section can only be used once in an update expression;");
                return Err(self.wrong(&text));
            }
            seen.push(section);
            loop {
                actions.push(self.action(section)?);
                if !self.accept(",") {
                    break;
                }
            }
        }
        Update::new(actions).map_err(|text| self.wrong(&text))
    }

    fn action(&mut self, section: &str) -> Result<Action, Refusal> {
        let path = self.path()?;
        if section == "REMOVE" {
            return Ok(Action::Remove(path));
        }
        if section == "SET" {
            self.expect("=")?;
            let source = self.sum()?;
            return Ok(Action::Set(path, source));
        }
        let Kind::Value(name) = self.next() else {
            self.at = self.at.saturating_sub(1);
            return Err(self.syntax());
        };
        let given = self.value(&name)?;
        let kind = value::kind(&given).to_owned();
        let set = ["SS", "NS", "BS"].contains(&kind.as_str());
        if !set && (section == "DELETE" || kind != "N") {
            let text = format!("Incorrect operand type for operator or function; operator: {section}, operand type: ");
            return Err(self.wrong(&format!("{text}{}", long_name(&kind))));
        }
        Ok(if section == "ADD" { Action::Add(path, given) } else { Action::Delete(path, given) })
    }

    fn sum(&mut self) -> Result<Source, Refusal> {
        let left = self.source()?;
        for (sign, negative) in [("+", false), ("-", true)] {
            if self.accept(sign) {
                let right = self.source()?;
                for side in [&left, &right] {
                    if let Source::Value(given) = side
                        && value::kind(given) != "N"
                    {
                        let text = "Incorrect operand type for operator or function; operator or function: ";
                        return Err(self.wrong(&format!("{text}{sign}, operand type: {}", value::kind(given))));
                    }
                }
                return Ok(Source::Sum(Box::new(left), Box::new(right), negative));
            }
        }
        Ok(left)
    }

    fn source(&mut self) -> Result<Source, Refusal> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong("The expression is nested too deeply"));
        }
        let found = self.source_inner()?;
        self.depth -= 1;
        Ok(found)
    }

    fn source_inner(&mut self) -> Result<Source, Refusal> {
        match self.peek().clone() {
            Kind::Sign("(") => {
                self.at += 1;
                let inner = self.sum()?;
                self.expect(")")?;
                Ok(inner)
            }
            Kind::Value(name) => {
                self.at += 1;
                self.value(&name).map(Source::Value)
            }
            Kind::Word(word) if self.is_call() => {
                self.at += 2;
                match word.as_str() {
                    "if_not_exists" => {
                        let path = self.path()?;
                        self.expect(",")?;
                        let other = self.source()?;
                        self.expect(")")?;
                        Ok(Source::IfNotExists(path, Box::new(other)))
                    }
                    "list_append" => {
                        let first = self.source()?;
                        self.expect(",")?;
                        let second = self.source()?;
                        self.expect(")")?;
                        Ok(Source::ListAppend(Box::new(first), Box::new(second)))
                    }
                    _ => Err(self.no_function(&word)),
                }
            }
            _ => self.path().map(Source::Path),
        }
    }
}

fn long_name(kind: &str) -> &str {
    match kind {
        "S" => "STRING",
        "N" => "NUMBER",
        "B" => "BINARY",
        "BOOL" => "BOOLEAN",
        "M" => "MAP",
        "L" => "LIST",
        other => other,
    }
}

fn around<'t>(text: &'t str, token: &str) -> &'t str {
    let at = text.find(token).unwrap_or_default();
    let start = text[..at].char_indices().rev().nth(4).map_or(0, |(index, _)| index);
    let end = text[at..].char_indices().nth(6).map_or(text.len(), |(index, _)| at + index);
    &text[start..end]
}
