//! How many requests a second the simulated AWS answers, in process and through the SDK, on one core. A plan of a hundred
//! services must not wait for it.
//!
//! The release profile leaves aws-sdk-ec2 unoptimised, so what goes through it says more of that than of the simulation, which
//! is therefore measured alone as well.
//!
//!   cargo bench --workspace --bench simulated

#![allow(missing_docs, reason = "criterion_group makes a function that nobody calls by name")]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use evenkeel_tests::simulated::Bench;
use serde_json::json;

/// A world with some things in it.
fn bench() -> Bench {
    let bench = Bench::new("us-east-1");
    let vpc = bench.ask("ec2.DescribeVpcs", json!({}))["Vpcs"][0]["VpcId"].clone();
    for number in 0..50 {
        let group = json!({ "GroupName": format!("g{number}"), "Description": "a group", "VpcId": vpc });
        bench.ask("ec2.CreateSecurityGroup", group);
        bench.ask("logs.CreateLogGroup", json!({ "logGroupName": format!("/g{number}") }));
    }
    bench.ask("ecs.CreateCluster", json!({ "clusterName": "bench" }));
    bench
}

fn requests(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let bench = runtime.block_on(async { bench() });
    let aws = bench.aws();
    let mut group = criterion.benchmark_group("requests through the SDK");
    group.throughput(Throughput::Elements(1));
    group.bench_function("sts GetCallerIdentity (query)", |bencher| {
        bencher.iter(|| runtime.block_on(async { aws.sts().get_caller_identity().send().await.expect("a reply") }));
    });
    group.bench_function("ecs DescribeClusters (json)", |bencher| {
        let ask = || aws.ecs().describe_clusters().clusters("bench").send();
        bencher.iter(|| runtime.block_on(async { ask().await.expect("a reply") }));
    });
    group.bench_function("ec2 DescribeSecurityGroups by name (ec2)", |bencher| {
        let filter = aws_sdk_ec2::types::Filter::builder().name("group-name").values("g7").build();
        let ask = || aws.ec2().describe_security_groups().filters(filter.clone()).send();
        bencher.iter(|| runtime.block_on(async { ask().await.expect("a reply") }));
    });
    group.bench_function("logs PutRetentionPolicy (json, a change)", |bencher| {
        let ask = || aws.logs().put_retention_policy().log_group_name("/g3").retention_in_days(7).send();
        bencher.iter(|| runtime.block_on(async { ask().await.expect("a reply") }));
    });
    group.finish();

    let mut group = criterion.benchmark_group("requests without the SDK");
    group.throughput(Throughput::Elements(1));
    let form = "Action=DescribeSecurityGroups&Version=2016-11-15&Filter.1.Name=group-name&Filter.1.Value.1=g7";
    let request = http::Request::post("/")
        .header("host", "ec2.us-east-1.amazonaws.com")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", "AWS4-HMAC-SHA256 Credential=test/20260131/us-east-1/ec2/aws4_request, Signature=0")
        .body(bytes::Bytes::from_static(form.as_bytes()))
        .expect("a request");
    group.bench_function("ec2 DescribeSecurityGroups by name (ec2)", |bencher| {
        bencher.iter(|| bench.sim.answer(&request));
    });
    group.finish();
}

criterion_group!(benches, requests);
criterion_main!(benches);
