//! What follows from a dialect's parameters. The words of each service are tested with the service.

use serde_json::json;

use super::dialect::*;
use super::*;
use crate::call::Said;

const DIALECT: Dialect = Dialect {
    rules: &[
        Rule::request(Breach::NoKey, Said::new("Empty", "a key is empty")),
        Rule::request(Breach::ReservedInAnyCase(AWS), Said::new("Reserved", "{key} is reserved")),
        Rule::request(Breach::TwiceInAnyCase, Said::new("Twice", "{key} is there twice")),
        Rule::whole(Breach::OwnCount(2), Said::new("Many", "{tags} are too many")),
    ],
    folds: true,
    ..Dialect::LIST
};

fn given(pairs: &[(&str, &str)]) -> Result<Tags, (String, String)> {
    let list: Vec<Value> = pairs.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    DIALECT.given(&json!({ "Tags": list })).map_err(|refusal| (refusal.code, refusal.message))
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_first_rule_that_a_request_breaks_decides() {
    let refused = |pairs: &[(&str, &str)]| given(pairs).expect_err("a rule is broken");
    assert_eq!(refused(&[("AWS:a", ""), ("", "")]), ("Reserved".to_owned(), "AWS:a is reserved".to_owned()));
    assert_eq!(refused(&[("k", "1"), ("K", "2"), ("", "")]).0, "Empty");
    assert_eq!(refused(&[("k", "1"), ("K", "2")]), ("Twice".to_owned(), "K is there twice".to_owned()));
    assert_eq!(given(&[("k", "1"), ("ä", "aws:")]), Ok(tags(&[("k", "1"), ("ä", "aws:")])));
}

#[test]
fn a_resource_has_so_many_tags_beside_those_of_aws() {
    let there = tags(&[("aws:one", "1"), ("a", "1")]);
    let two = DIALECT.changed(&there, tags(&[("A", "2"), ("b", "1")]), &[]).expect("it has two of its own");
    assert_eq!(two, tags(&[("aws:one", "1"), ("A", "2"), ("b", "1")]));
    let refusal = DIALECT.changed(&two, tags(&[("c", "3")]), &[]).expect_err("one too many");
    assert_eq!(refusal.message, "{A=2, aws:one=1, b=1, c=3} are too many");
    assert!(DIALECT.changed(&two, tags(&[("c", "3")]), &["B".to_owned()]).is_ok());
}

#[test]
fn a_tag_is_removed_by_its_key_or_with_its_value_alone() {
    let by_tags = Dialect { keys: Keys::Tags("Tags"), ..DIALECT };
    let mut there = tags(&[("a", "1"), ("b", ""), ("c", "3")]);
    let input = json!({ "Tags": [{ "Key": "a", "Value": "" }, { "Key": "b", "Value": "" }, { "Key": "c" }] });
    by_tags.removed(&mut there, &input);
    assert_eq!(there, tags(&[("a", "1")]));
    DIALECT.removed(&mut there, &json!({ "TagKeys": ["A"] }));
    assert_eq!(there, Tags::new());
}
