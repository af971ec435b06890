//! `docs/adding-a-kind.md`, followed once: the kind of `vpc.rs` is written as the page says, and gets from the program what the page
//! promises: marks on what is made, differences of tags and owners on what is changed, "gone" on what is deleted.

mod vpc;

use evenkeel_aws::client::Aws;
use evenkeel_aws::read::{Fetched, Gathered, Scope};
use evenkeel_aws::resource::{Work, doc};
use evenkeel_aws::tags;
use evenkeel_core::cloud::{Create, Update};
use evenkeel_core::diff::diff;
use evenkeel_core::doc::Doc;
use evenkeel_core::graph::{Graph, StackInfo};
use evenkeel_core::snapshot::{Live, Owner};
use evenkeel_tests::moto::{Moto, root};

use self::vpc::{ENTRY, Spec, fetch, id};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn work(aws: &Aws) -> Work<'_> {
    Work { aws, stack: "a" }
}

async fn seen(aws: &Aws) -> Vec<Live> {
    let graph = Graph::empty(StackInfo { name: "a".to_owned(), region: "us-east-1".to_owned() });
    let scope = Scope { stack: "a", graph: &graph, thorough: false, closely: false, only: None };
    let gathered = Gathered::of(fetch(aws, &scope).await);
    ENTRY.driver.observe(&Fetched::new("a", "us-east-1", vec![gathered])).expect("VPCs can be read")
}

async fn update(aws: &Aws, live: &Live, want: &Doc) -> Live {
    let (node, changes) = (id("main"), diff(&ENTRY.kind, want, &live.have));
    let order = Update { node: &node, live, want, changes: &changes, token: TOKEN };
    ENTRY.driver.update(work(aws), order).await.expect("moto takes it")
}

fn spec(team: &str, dns_hostnames: bool) -> Doc {
    doc(&Spec { range: "10.0.0.0/16".to_owned(), dns_hostnames, tags: [("team".into(), team.into())].into() })
}

#[tokio::test]
async fn a_kind_written_as_the_page_says_does_what_the_page_promises() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    let (node, want) = (id("main"), spec("blue", true));
    let order = Create { node: &node, name: "", want: &want, replaces: Some("vpc-before"), token: TOKEN };
    let made = ENTRY.driver.create(work(&aws), order).await.expect("moto takes it");
    assert_eq!(made.owner, Owner::Ours(node.clone()), "the first request puts the marks on");
    assert_eq!(made.replaces.as_deref(), Some("vpc-before"));
    assert_eq!(seen(&aws).await, std::slice::from_ref(&made));
    assert_eq!(diff(&ENTRY.kind, &want, &made.have), []);

    // Tags alone take one request, another field takes its own.
    let before = aws.caller.stats().total;
    let tagged = update(&aws, &made, &spec("red", true)).await;
    assert_eq!(aws.caller.stats().total - before, 1);
    assert_eq!(seen(&aws).await, std::slice::from_ref(&tagged));
    let changed = update(&aws, &tagged, &spec("red", false)).await;
    assert_eq!(aws.caller.stats().calls["ec2:ModifyVpcAttribute"], 2);
    assert_eq!(seen(&aws).await, std::slice::from_ref(&changed));

    // What is taken over gets the marks, and keeps what AWS itself has put on it.
    let reply = aws.ec2().create_vpc().cidr_block("10.0.0.0/16").send().await.expect("moto takes it");
    let theirs = reply.vpc().and_then(|vpc| vpc.vpc_id()).expect("it has an id").to_owned();
    let stranger = Live { id: theirs, owner: Owner::Nobody, replaces: None, ..made.clone() };
    let adopted = update(&aws, &stranger, &want).await;
    assert_eq!(adopted.owner, Owner::Ours(node.clone()));
    assert!(seen(&aws).await.iter().any(|live| live.id == stranger.id && live.owner == adopted.owner));

    for live in [&changed, &adopted] {
        for _ in 0..2 {
            ENTRY.driver.delete(work(&aws), &node, live).await.expect("deleting what is gone succeeds");
        }
    }
    assert_eq!(seen(&aws).await, []);
}

#[test]
fn the_pieces_of_the_page_are_those_of_the_kind() {
    let page = std::fs::read_to_string(root().join("docs/adding-a-kind.md")).expect("the page is there");
    let kind = std::fs::read_to_string(root().join("tests/tests/contract/adding/vpc.rs")).expect("the kind is there");
    let pieces: Vec<&str> = page.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(pieces.len() >= 4, "{} pieces", pieces.len());
    for piece in pieces {
        assert!(kind.contains(piece), "the page says otherwise than the kind:\n{piece}");
    }
    assert!(page.contains(tags::ID), "the page names the mark");
}
