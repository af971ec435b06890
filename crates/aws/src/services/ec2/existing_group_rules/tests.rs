//! Which rules in a group of others count as ours, from replies of EC2.

use aws_sdk_ec2::types::{
    IpPermission, IpRange, ReferencedSecurityGroup, SecurityGroup, SecurityGroupRule, UserIdGroupPair,
};

use super::*;
use crate::services::ec2::network;
use crate::services::ec2::read::Network;
use crate::services::ec2::replies::sdk_tags;
use crate::tags::{self, Tags};

const HOST: &str = "sg-db";

/// A rule for PostgreSQL from another group, marked for an entry if there is one.
fn rule(id: &str, from: &str, marked: Option<&str>) -> SecurityGroupRule {
    let marks = marked.map(|entry| tags::marked(&Tags::new(), "a", &super::id(entry))).unwrap_or_default();
    SecurityGroupRule::builder()
        .security_group_rule_id(id)
        .group_id(HOST)
        .is_egress(false)
        .ip_protocol("tcp")
        .from_port(5432)
        .to_port(5432)
        .referenced_group_info(ReferencedSecurityGroup::builder().group_id(from).build())
        .set_tags(Some(sdk_tags(&marks)))
        .build()
}

fn want(peers: Vec<Text>) -> Spec {
    let rule = |peer: Text| convert::canonical("tcp", Some(5432), Some(5432), peer, "for us");
    Spec { group: HOST.into(), ingress: peers.into_iter().map(rule).collect(), egress: Vec::new() }
}

/// A group of others that lets in sg-app, 10.0.0.0/8 and sg-other, and our group sg-app.
fn ec2(guests: Vec<SecurityGroupRule>, want: &Spec) -> Ec2 {
    let spec = network::Spec { vpc: network::VpcChoice::Default, subnets: network::SubnetChoice::Default };
    let group = |id: &str, name: &str| SecurityGroup::builder().group_id(id).group_name(name).vpc_id("vpc-1");
    let rules = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(5432)
        .to_port(5432)
        .ip_ranges(IpRange::builder().cidr_ip("10.0.0.0/8").build())
        .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-app").build())
        .user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-other").build())
        .build();
    let app = tags::marked(&Tags::new(), "a", &security_group::id("app"));
    Ec2 {
        networks: [(network::id(), Ok(Network { spec, vpc: "vpc-1".to_owned(), subnets: Vec::new() }))].into(),
        groups: Ok(vec![
            group(HOST, "database").ip_permissions(rules).build(),
            group("sg-app", "a-app").set_tags(Some(sdk_tags(&app))).build(),
        ]),
        wanted: BTreeMap::new(),
        guests: Ok(guests),
        hosts: vec![Host {
            node: Node::new(id("db"), "", doc(want)),
            sought: security_group::Sought { group: "database".to_owned(), look_up: String::new() },
        }],
        others: Default::default(),
        own: Default::default(),
    }
}

fn peers(live: &Live<Spec>) -> Vec<&str> {
    live.have.ingress.iter().filter_map(|rule| rule.peer.known()).collect()
}

#[test]
fn only_rules_with_the_mark_are_ours_and_an_equal_one_of_others_is_enough() {
    let from_app = Text::output(security_group::id("app"), "id");
    let want = want(vec![from_app, "10.0.0.0/8".into()]);
    let found = observe(&ec2(vec![rule("sgr-1", "sg-app", Some("db"))], &want), "a").unwrap();
    let [live] = &found[..] else { panic!("{found:#?}") };
    assert_eq!((peers(live), &live.owner), (vec!["10.0.0.0/8", "sg-app"], &Owner::Ours(id("db"))));
    assert_eq!(live.have.ingress[0].description, "for us", "that of others may say what it likes");
    assert_eq!(live.uses, ["sg-app"]);

    // Nothing of ours is there: two of the three rules of others say what is wanted.
    let found = observe(&ec2(Vec::new(), &want), "a").unwrap();
    assert_eq!(peers(&found[0]), ["10.0.0.0/8", "sg-app"]);
}

#[test]
fn rules_of_a_dropped_entry_and_strays_are_told_apart() {
    let mut odd = tags::marked(&Tags::new(), "a", &security_group::id("app"));
    odd.insert("team".to_owned(), "x".to_owned());
    let mut stray = rule("sgr-2", "sg-other", None);
    stray.tags = Some(sdk_tags(&odd));
    let mut ec2 = ec2(vec![rule("sgr-1", "sg-app", Some("old")), stray], &want(Vec::new()));
    ec2.hosts.clear();
    let found = observe(&ec2, "a").unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((peers(&found[0]), &found[0].owner), (vec!["sg-app"], &Owner::Ours(id("old"))));
    assert!(matches!(&found[1].owner, Owner::Stray(_)), "{found:#?}");
}
