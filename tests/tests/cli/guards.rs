//! The wrong account, and a region in which nothing is: one server for both.

use evenkeel_tests::moto::Moto;

use super::{Desk, GOOD};

#[test]
fn the_wrong_account_and_the_wrong_region() {
    let moto = Moto::start();
    let at_moto = |text: &str| {
        let mut desk = Desk::new(text).with_credentials();
        desk.program = desk.program.env("AWS_ENDPOINT_URL", &moto.url());
        desk
    };
    let elsewhere = at_moto(&GOOD.replace("region:", "account: \"999999999999\"\nregion:"));
    for arguments in [&["plan"][..], &["apply", "--yes"], &["destroy", "--yes"]] {
        let ran = elsewhere.run(arguments).exits(1);
        for words in ["123456789012", "999999999999", "--profile"] {
            assert!(ran.stderr.contains(words), "{arguments:?} says {words}:\n{}", ran.stderr);
        }
    }
    at_moto(&GOOD.replace("region:", "account: \"123456789012\"\nregion:")).run(&["apply", "--yes"]).exits(0);
    let desk = at_moto(GOOD);
    desk.run(&["plan", "--detailed-exitcode"]).exits(0);
    desk.run(&["plan", "--detailed-exitcode", "--region", "eu-central-1"]).exits(2);
    let nothing = desk.run(&["destroy", "--yes", "--region", "eu-central-1"]).exits(0);
    assert!(nothing.stdout.contains("Nothing"), "{}", nothing.stdout);
    desk.run(&["plan", "--detailed-exitcode"]).exits(0);
}
