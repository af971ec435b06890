//! The connection itself: identity, and what an unreachable endpoint looks like.

use evenkeel_core::error::ErrorClass;
use evenkeel_tests::moto::{Moto, connect};

#[tokio::test]
async fn the_account_is_known() {
    let moto = Moto::start();
    let aws = moto.aws().await;
    assert_eq!(aws.account().await.unwrap(), "123456789012");
    assert_eq!(aws.caller.stats().calls["sts:GetCallerIdentity"], 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let aws = connect("http://127.0.0.1:9").await;
    let error = aws.account().await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unreachable, "{error:?}");
    assert!(error.hint.unwrap().contains("--endpoint-url"));
}
