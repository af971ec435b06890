//! Writes a document whose members have an order: for texts that AWS hands out as texts. Knows no service.

use serde_json::Value;

/// A JSON object with its members in this order.
pub fn in_order(members: &[(&str, Value)]) -> String {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{}:{value}", Value::from(*name))).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_keep_their_order() {
        assert_eq!(in_order(&[("b", json!([1])), ("a\"", json!("x"))]), r#"{"b":[1],"a\"":"x"}"#);
    }
}
