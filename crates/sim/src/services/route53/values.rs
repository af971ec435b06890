//! What a record's value has to look like, by the record's type, and Route 53's words for what does not. Knows no zones.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::names;

/// Most characters of one quoted string.
const LONGEST_STRING: usize = 255;

/// What is wrong with a value.
pub(super) fn problem(kind: &str, value: &str) -> Option<String> {
    if value.is_empty() {
        return Some("FATAL problem: DomainNameEmpty (Domain name is empty) encountered with ''".to_owned());
    }
    let fields: Vec<&str> = value.split_whitespace().collect();
    match kind {
        "A" | "AAAA" | "CNAME" | "NS" | "PTR" => single(kind, value, &fields),
        "MX" if fields.len() == 1 => {
            Some(fatal("MXRRDATAPriorityRequired", "MX record doesn't have a priority field", value))
        }
        "MX" => counted(kind, value, &fields, 2).or_else(|| {
            let number = number::<u16>(kind, value, fields[0]);
            number.or_else(|| name(fields[1]))
        }),
        "SRV" => counted(kind, value, &fields, 4).or_else(|| {
            let numbers = fields[..3].iter().find_map(|field| number::<u16>(kind, value, field));
            numbers.or_else(|| if fields[3] == "." { None } else { name(fields[3]) })
        }),
        "TXT" | "SPF" => strings(value).err(),
        "CAA" => caa(value, &fields),
        "SOA" => counted(kind, value, &fields, 7)
            .or_else(|| fields[2..].iter().find_map(|field| number::<u32>(kind, value, field))),
        "NAPTR" => counted(kind, value, &fields, 6),
        "DS" | "TLSA" if fields.len() < 4 => counted(kind, value, &fields, 4),
        _ => None,
    }
}

fn fatal(code: &str, text: &str, value: &str) -> String {
    format!("Invalid Resource Record: 'FATAL problem: {code} ({text}) encountered with '{value}''")
}

fn name(text: &str) -> Option<String> {
    names::canonical(text).err().map(|bad| bad.0)
}

/// A value that is one word.
fn single(kind: &str, value: &str, fields: &[&str]) -> Option<String> {
    if fields.len() != 1 || fields[0] != value {
        return Some(fatal(&format!("{kind}RRDATANotSingleField"), "Value contains spaces", value));
    }
    match kind {
        "A" if value.parse::<Ipv4Addr>().is_err() => {
            Some(fatal("ARRDATAIllegalIPv4Address", "Value is not a valid IPv4 address", value))
        }
        "AAAA" if value.parse::<Ipv6Addr>().is_err() => {
            Some(fatal("AAAARRDATAIllegalIPv6Address", "Value is not a valid IPv6 address", value))
        }
        "A" | "AAAA" => None,
        _ => name(value),
    }
}

fn counted(kind: &str, value: &str, fields: &[&str], count: usize) -> Option<String> {
    let words = ["Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven"];
    let code = format!("{kind}RRDATANot{}Fields", words[count]);
    (fields.len() != count).then(|| fatal(&code, &format!("Record doesn't have {count} fields"), value))
}

fn number<T: std::str::FromStr>(kind: &str, value: &str, field: &str) -> Option<String> {
    let text = "Value should be a non-negative integer within its range";
    field.parse::<T>().is_err().then(|| fatal(&format!("{kind}RRDATAIllegalNumber"), text, value))
}

fn caa(value: &str, fields: &[&str]) -> Option<String> {
    if fields.len() < 3 {
        return counted("CAA", value, fields, 3);
    }
    if let Some(problem) = number::<u8>("CAA", value, fields[0]) {
        return Some(problem);
    }
    let rest = value.split_once(fields[1]).map_or("", |(_, rest)| rest).trim();
    match strings(rest) {
        Ok(1) => None,
        _ => Some(fatal("CAARRDATAIllegalValue", "Value should be enclosed in quotation marks", value)),
    }
}

/// How many quoted strings there are.
fn strings(value: &str) -> Result<usize, String> {
    let unquoted = || fatal("InvalidCharacterString", "Value should be enclosed in quotation marks", value);
    let (mut count, mut length, mut inside, mut escaped) = (0, 0, false, false);
    for letter in value.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if inside => {
                escaped = true;
                length += 1;
            }
            '"' if inside => inside = false,
            '"' => {
                (inside, length) = (true, 0);
                count += 1;
            }
            _ if inside => {
                length += 1;
                if length > LONGEST_STRING {
                    return Err(fatal("CharacterStringTooLong", "Value is too long", value));
                }
            }
            ' ' | '\t' => {}
            _ => return Err(unquoted()),
        }
    }
    if inside || count == 0 { Err(unquoted()) } else { Ok(count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_by_type() {
        let good = [
            ("A", "192.0.2.1"),
            ("AAAA", "2001:db8::1"),
            ("CNAME", "a.example.com"),
            ("MX", "10 mail.example.com."),
            ("TXT", "\"a b\" \"c\\\"d\""),
            ("SRV", "1 10 5269 xmpp.example.com."),
            ("CAA", "0 issue \"amazon.com\""),
            ("NS", "ns-1.awsdns-00.com."),
        ];
        for (kind, value) in good {
            assert_eq!(problem(kind, value), None, "{kind} {value}");
        }
        let bad = [
            ("A", "300.0.0.1", "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)"),
            ("A", "a b", "ARRDATANotSingleField (Value contains spaces)"),
            ("AAAA", "192.0.2.1", "AAAARRDATAIllegalIPv6Address"),
            ("CNAME", "", "DomainNameEmpty"),
            ("MX", "mail.example.com", "MXRRDATAPriorityRequired"),
            ("MX", "10 mail.example.com x", "MXRRDATANotTwoFields"),
            ("MX", "x mail.example.com", "MXRRDATAIllegalNumber"),
            ("TXT", "plain", "InvalidCharacterString (Value should be enclosed in quotation marks)"),
            ("SRV", "1 2 3", "SRVRRDATANotFourFields"),
            ("CAA", "0 issue amazon.com", "CAARRDATAIllegalValue"),
        ];
        for (kind, value, part) in bad {
            let text = problem(kind, value).unwrap_or_default();
            assert!(text.contains(part), "{kind} {value}: {text}");
        }
        let long = format!("\"{}\"", "x".repeat(256));
        assert!(problem("TXT", &long).unwrap().contains("CharacterStringTooLong"));
    }
}
