//! The network look-up against moto: default, by id, by tags, and what is said when nothing or too much is found.

use evenkeel_aws::client::Aws;
use evenkeel_aws::kinds::network::{self, Spec, SubnetChoice, VpcChoice};
use evenkeel_aws::read::Scope;
use evenkeel_aws::reading;
use evenkeel_aws::resource::doc;
use evenkeel_core::error::{CloudError, ErrorClass};
use evenkeel_core::graph::{Graph, Node, StackInfo};
use evenkeel_core::snapshot::Live;
use evenkeel_tests::moto::Moto;

async fn look(aws: &Aws, vpc: VpcChoice, subnets: SubnetChoice) -> Result<Live, CloudError> {
    let node = Node::lookup(network::id(), "", doc(&Spec { vpc, subnets }));
    let graph = Graph::detached(StackInfo { name: "a".to_owned(), region: "us-east-1".to_owned() }, [node.clone()]);
    let only = ["network".to_owned()].into();
    let scope = Scope { stack: "a", graph: &graph, thorough: false, closely: false, only: Some(&only) };
    let found = network::ENTRY.driver.look_up(&reading::fetch(aws, &scope).await, &node)?;
    Ok(found.expect("what is missing is an error"))
}

fn ids(live: &Live) -> Vec<String> {
    serde_json::from_value(live.outputs["subnets"].clone()).unwrap()
}

async fn make_vpc(aws: &Aws, range: &str, name: &str) -> String {
    let vpc = aws.ec2().create_vpc().cidr_block(range).send().await.unwrap();
    let id = vpc.vpc().unwrap().vpc_id().unwrap().to_owned();
    tag(aws, &id, name).await;
    id
}

async fn make_subnet(aws: &Aws, vpc: &str, range: &str, zone: &str) -> String {
    let subnet = aws.ec2().create_subnet().vpc_id(vpc).cidr_block(range).availability_zone(zone).send().await.unwrap();
    subnet.subnet().unwrap().subnet_id().unwrap().to_owned()
}

async fn tag(aws: &Aws, id: &str, name: &str) {
    let tag = aws_sdk_ec2::types::Tag::builder().key("Name").value(name).build();
    aws.ec2().create_tags().resources(id).tags(tag).send().await.unwrap();
}

fn named(name: &str) -> std::collections::BTreeMap<String, String> {
    [("Name".to_owned(), name.to_owned())].into()
}

#[tokio::test]
async fn a_network_is_found_or_the_answer_says_what_was_looked_for() {
    let moto = Moto::start();
    let aws = moto.aws().await;

    let default = look(&aws, VpcChoice::Default, SubnetChoice::Default).await.unwrap();
    assert_eq!(aws.caller.stats().total, 1, "one request tells VPC and subnets");
    let zones: Vec<String> = serde_json::from_value(default.outputs["zones"].clone()).unwrap();
    assert_eq!(zones.len(), ids(&default).len());
    assert!(zones.is_sorted() && zones.len() > 1, "{zones:?}");
    let default_vpc = default.outputs["vpc_id"].as_str().unwrap().to_owned();

    let main = make_vpc(&aws, "10.1.0.0/16", "main").await;
    let b = make_subnet(&aws, &main, "10.1.1.0/24", "us-east-1b").await;
    let a = make_subnet(&aws, &main, "10.1.2.0/24", "us-east-1a").await;
    let a2 = make_subnet(&aws, &main, "10.1.3.0/24", "us-east-1a").await;
    let by_id = look(&aws, VpcChoice::Id(main.clone()), SubnetChoice::Default).await.unwrap();
    assert_eq!(ids(&by_id), [a.clone().min(a2.clone()), b.clone()], "one of each zone, by zone");
    tag(&aws, &b, "public").await;
    let by_tags = look(&aws, VpcChoice::Tags(named("main")), SubnetChoice::Tags(named("public"))).await.unwrap();
    assert_eq!((by_tags.outputs["vpc_id"].as_str(), ids(&by_tags)), (Some(main.as_str()), vec![b.clone()]));
    let listed = SubnetChoice::Ids(vec![b.clone(), a.clone()]);
    let by_list = look(&aws, VpcChoice::Id(main.clone()), listed.clone()).await.unwrap();
    assert_eq!(ids(&by_list), [a.clone(), b.clone()]);

    let error = look(&aws, VpcChoice::Default, listed).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Invalid);
    assert!(error.message.contains(&default_vpc) && error.hint.unwrap().contains(&main), "{}", error.message);
    make_vpc(&aws, "10.2.0.0/16", "main").await;
    let error = look(&aws, VpcChoice::Tags(named("main")), SubnetChoice::Default).await.unwrap_err();
    assert!(error.message.starts_with("2 VPCs have the tags Name=main: vpc-"), "{}", error.message);
    let error = look(&aws, VpcChoice::Tags(named("none")), SubnetChoice::Default).await.unwrap_err();
    assert_eq!(error.message, "region us-east-1 has no VPC with the tags Name=none");
    let error = look(&aws, VpcChoice::Id("vpc-00000000".to_owned()), SubnetChoice::Default).await.unwrap_err();
    assert!(error.message.starts_with("vpc-00000000 does not exist"), "{}", error.message);

    for subnet in ids(&default) {
        aws.ec2().delete_subnet().subnet_id(subnet).send().await.unwrap();
    }
    aws.ec2().delete_vpc().vpc_id(default_vpc).send().await.unwrap();
    let error = look(&aws, VpcChoice::Default, SubnetChoice::Default).await.unwrap_err();
    assert_eq!(error.message, "region us-east-1 has no default VPC");
    assert!(error.hint.unwrap().contains("create-default-vpc"));
}
