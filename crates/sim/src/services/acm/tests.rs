//! What is true of ACM, one test each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::lab::Lab;
use crate::services::acm;

/// Made for these tests: an elliptic key, two names, valid for a hundred years.
const OWN: &str = include_str!("tests/own.pem");

fn request(lab: &Lab, input: Value) -> String {
    lab.ok("acm.RequestCertificate", input)["CertificateArn"].as_str().expect("an ARN").to_owned()
}

fn describe(lab: &Lab, arn: &str) -> Value {
    lab.ok("acm.DescribeCertificate", json!({"CertificateArn": arn}))["Certificate"].clone()
}

fn zone(lab: &Lab, name: &str) -> String {
    let reply = lab.ok("route53.CreateHostedZone", json!({"Name": name, "CallerReference": name}));
    reply["HostedZone"]["Id"].as_str().expect("an id").to_owned()
}

fn set_record(lab: &Lab, zone: &str, record: &Value) {
    let values = json!([{"Value": record["Value"]}]);
    let set = json!({"Name": record["Name"], "Type": "CNAME", "TTL": 300, "ResourceRecords": values});
    let batch = json!({"Changes": [{"Action": "UPSERT", "ResourceRecordSet": set}]});
    lab.ok("route53.ChangeResourceRecordSets", json!({"HostedZoneId": zone, "ChangeBatch": batch}));
}

fn issued(lab: &Lab) -> String {
    let id = zone(lab, "issued.example");
    let arn = request(lab, json!({"DomainName": "issued.example", "ValidationMethod": "DNS"}));
    lab.pass(10);
    set_record(lab, &id, &describe(lab, &arn)["DomainValidationOptions"][0]["ResourceRecord"]);
    lab.pass(300);
    assert_eq!(describe(lab, &arn)["Status"], "ISSUED");
    arn
}

#[test]
fn a_validation_record_appears_some_seconds_after_the_request() {
    let lab = Lab::new();
    let arn = request(&lab, json!({"DomainName": "A.example", "ValidationMethod": "DNS"}));
    let before = describe(&lab, &arn);
    assert_eq!(before["Status"], "PENDING_VALIDATION");
    assert_eq!(before["DomainValidationOptions"][0]["ResourceRecord"], Value::Null);
    lab.pass(10);
    let option = describe(&lab, &arn)["DomainValidationOptions"][0].clone();
    let name = option["ResourceRecord"]["Name"].as_str().unwrap();
    assert!(name.starts_with('_') && name.ends_with(".a.example.") && name.len() == 33 + ".a.example.".len(), "{name}");
    assert!(option["ResourceRecord"]["Value"].as_str().unwrap().ends_with(".acm-validations.aws."));
    assert_eq!((&option["ValidationDomain"], &option["ValidationMethod"]), (&json!("a.example"), &json!("DNS")));
}

#[test]
fn a_pending_certificate_reads_back_with_all_defaults() {
    let lab = Lab::new();
    let input = json!({
        "DomainName": "test.example", "SubjectAlternativeNames": ["Another.example", "*.test.example"],
        "ValidationMethod": "DNS", "Tags": [{"Key": "a", "Value": "1"}],
    });
    let arn = request(&lab, input);
    let certificate = describe(&lab, &arn);
    let expected = json!({
        "SubjectAlternativeNames": ["test.example", "another.example", "*.test.example"],
        "Subject": "CN=test.example", "Issuer": "Amazon", "KeyAlgorithm": "RSA-2048",
        "SignatureAlgorithm": "SHA256WITHRSA", "InUseBy": [], "KeyUsages": [], "ExtendedKeyUsages": [],
        "Type": "AMAZON_ISSUED", "RenewalEligibility": "INELIGIBLE",
        "Options": {"CertificateTransparencyLoggingPreference": "ENABLED", "Export": "DISABLED"},
        "IssuedAt": null, "NotAfter": null, "Serial": null,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&certificate[name], value, "{name}");
    }
    let tags = lab.ok("acm.ListTagsForCertificate", json!({"CertificateArn": arn}));
    assert_eq!(tags["Tags"], json!([{"Key": "a", "Value": "1"}]));
}

#[test]
fn a_wildcard_and_its_base_share_one_record() {
    let lab = Lab::new();
    let input =
        json!({"DomainName": "a.example", "SubjectAlternativeNames": ["*.a.example"], "ValidationMethod": "DNS"});
    let arn = request(&lab, input);
    lab.pass(10);
    let options = describe(&lab, &arn)["DomainValidationOptions"].clone();
    assert_eq!(options.as_array().unwrap().len(), 2);
    assert_eq!(options[0]["ResourceRecord"], options[1]["ResourceRecord"]);
}

#[test]
fn a_certificate_is_issued_minutes_after_its_record_is_in_a_public_zone() {
    let lab = Lab::new();
    let id = zone(&lab, "a.example");
    let arn = request(&lab, json!({"DomainName": "www.a.example", "ValidationMethod": "DNS"}));
    lab.pass(20 * 3600);
    assert_eq!(describe(&lab, &arn)["Status"], "PENDING_VALIDATION");
    let record = describe(&lab, &arn)["DomainValidationOptions"][0]["ResourceRecord"].clone();
    let mut wrong = record.clone();
    wrong["Value"] = "_x.acm-validations.aws.".into();
    set_record(&lab, &id, &wrong);
    lab.pass(3600);
    assert_eq!(describe(&lab, &arn)["Status"], "PENDING_VALIDATION");
    set_record(&lab, &id, &record);
    lab.pass(30);
    assert_eq!(describe(&lab, &arn)["Status"], "PENDING_VALIDATION");
    lab.pass(90);
    let certificate = describe(&lab, &arn);
    assert_eq!(certificate["Status"], "ISSUED");
    assert_eq!(certificate["DomainValidationOptions"][0]["ValidationStatus"], "SUCCESS");
    assert_eq!(certificate["KeyUsages"], json!([{"Name": "DIGITAL_SIGNATURE"}, {"Name": "KEY_ENCIPHERMENT"}]));
    assert_eq!(certificate["Serial"].as_str().unwrap().len(), 47);
    for name in ["IssuedAt", "NotBefore", "NotAfter"] {
        assert!(certificate[name].is_number(), "{name}");
    }
}

#[test]
fn a_certificate_that_nobody_validates_for_three_days_is_given_up() {
    let lab = Lab::new();
    let arn = request(&lab, json!({"DomainName": "a.example", "ValidationMethod": "DNS"}));
    lab.pass(72 * 3600 - 60);
    assert_eq!(describe(&lab, &arn)["Status"], "PENDING_VALIDATION");
    lab.pass(120);
    assert_eq!(describe(&lab, &arn)["Status"], "VALIDATION_TIMED_OUT");
}

#[test]
fn mail_is_the_usual_way_and_nobody_gets_example_com_by_it() {
    let lab = Lab::new();
    let arn = request(&lab, json!({"DomainName": "test.example.com"}));
    let option = describe(&lab, &arn)["DomainValidationOptions"][0].clone();
    assert_eq!((&option["ValidationMethod"], &option["ValidationEmails"]), (&json!("EMAIL"), &json!([])));
    lab.pass(10);
    let certificate = describe(&lab, &arn);
    assert_eq!(certificate["Status"], "FAILED");
    assert_eq!(certificate["FailureReason"], "ADDITIONAL_VERIFICATION_REQUIRED");
}

#[test]
fn a_token_stands_for_one_request_for_an_hour() {
    let lab = Lab::new();
    let input = json!({"DomainName": "a.example", "ValidationMethod": "DNS", "IdempotencyToken": "one"});
    let first = request(&lab, input.clone());
    assert_eq!(request(&lab, input.clone()), first);
    lab.pass(3700);
    assert_ne!(request(&lab, input), first);
}

#[test]
fn names_are_checked_and_counted() {
    let lab = Lab::new();
    let text = "1 validation error detected: Value 'nodots' at 'domainName' failed to satisfy constraint: Member must \
                satisfy regular expression pattern";
    lab.refuses("acm.RequestCertificate", json!({"DomainName": "nodots"}), "ValidationException", text);
    let more: Vec<String> = (0..10).map(|number| format!("a{number}.example")).collect();
    let input = json!({"DomainName": "a.example", "SubjectAlternativeNames": more});
    lab.refuses("acm.RequestCertificate", input, "LimitExceededException", "Certificate has too many domains.");
}

#[test]
fn a_list_hides_keys_that_are_not_plain_rsa_unless_asked() {
    let lab = Lab::new();
    let elliptic = json!({"DomainName": "ec.example", "ValidationMethod": "DNS", "KeyAlgorithm": "EC_prime256v1"});
    let elliptic = request(&lab, elliptic);
    let plain = request(&lab, json!({"DomainName": "rsa.example", "ValidationMethod": "DNS"}));
    let arns = |input: Value| -> Vec<String> {
        let reply = lab.ok("acm.ListCertificates", input);
        let list = reply["CertificateSummaryList"].as_array().unwrap();
        list.iter().filter_map(|one| one["CertificateArn"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(arns(json!({})), std::slice::from_ref(&plain));
    assert_eq!(arns(json!({"Includes": {"keyTypes": ["EC_prime256v1"]}})), [elliptic]);
    assert_eq!(arns(json!({"Includes": {"keyTypes": ["EC_prime256v1", "RSA_2048"]}})).len(), 2);
    assert!(arns(json!({"CertificateStatuses": ["ISSUED"]})).is_empty());
    assert_eq!(arns(json!({"CertificateStatuses": ["PENDING_VALIDATION"]})), [plain]);
}

#[test]
fn lists_come_in_pages() {
    let lab = Lab::new();
    for number in 0..5 {
        request(&lab, json!({"DomainName": format!("a{number}.example"), "ValidationMethod": "DNS"}));
    }
    let (mut seen, mut token) = (0, Value::Null);
    loop {
        let page = lab.ok("acm.ListCertificates", json!({"MaxItems": 2, "NextToken": token}));
        seen += page["CertificateSummaryList"].as_array().unwrap().len();
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, 5);
    lab.refuses("acm.ListCertificates", json!({"NextToken": "x"}), "ValidationException", "NextToken");
}

#[test]
fn a_certificate_in_use_cannot_be_deleted_until_a_minute_after() {
    let lab = Lab::new();
    let arn = issued(&lab);
    let place = lab.place.clone();
    lab.sim.with_world(|world| acm::use_by(world, &place, &arn, "arn:lb"));
    assert_eq!(describe(&lab, &arn)["InUseBy"], json!(["arn:lb"]));
    assert_eq!(describe(&lab, &arn)["RenewalEligibility"], "ELIGIBLE");
    let delete = json!({"CertificateArn": arn});
    let refusal = lab.refused("acm.DeleteCertificate", delete.clone());
    assert_eq!(refusal.code, "ResourceInUseException");
    assert_eq!(refusal.message, format!("Certificate {arn} in account 123456789012 is in use."));
    lab.sim.with_world(|world| acm::unuse_by(world, &place, &arn, "arn:lb"));
    lab.pass(20);
    lab.refuses("acm.DeleteCertificate", delete.clone(), "ResourceInUseException", "is in use.");
    lab.pass(45);
    lab.ok("acm.DeleteCertificate", delete.clone());
    let text = format!("Could not find certificate {arn}.");
    lab.refuses("acm.DescribeCertificate", delete.clone(), "ResourceNotFoundException", &text);
    lab.refuses("acm.DeleteCertificate", delete, "ResourceNotFoundException", &text);
}

#[test]
fn the_text_of_a_certificate_is_there_once_it_is_issued() {
    let lab = Lab::new();
    let pending = request(&lab, json!({"DomainName": "p.example", "ValidationMethod": "DNS"}));
    lab.refuses("acm.GetCertificate", json!({"CertificateArn": pending}), "RequestInProgressException", "not issued");
    let arn = issued(&lab);
    let reply = lab.ok("acm.GetCertificate", json!({"CertificateArn": arn}));
    assert!(reply["Certificate"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert!(reply["CertificateChain"].as_str().unwrap().ends_with("-----END CERTIFICATE-----"));
}

#[test]
fn an_imported_certificate_is_read_for_its_names_and_times() {
    let lab = Lab::new();
    let key = STANDARD.encode("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    let input = json!({"Certificate": STANDARD.encode(OWN), "PrivateKey": key});
    let arn = lab.ok("acm.ImportCertificate", input.clone())["CertificateArn"].as_str().unwrap().to_owned();
    let certificate = describe(&lab, &arn);
    assert_eq!((&certificate["Status"], &certificate["Type"]), (&json!("ISSUED"), &json!("IMPORTED")));
    assert_eq!(certificate["DomainName"], "own.example.com");
    assert_eq!(certificate["SubjectAlternativeNames"], json!(["own.example.com", "www.own.example.com"]));
    assert_eq!(certificate["KeyAlgorithm"], "EC-prime256v1");
    assert_eq!(
        (&certificate["Subject"], &certificate["Issuer"]),
        (&json!("O=Test,CN=own.example.com"), &json!("Test"))
    );
    assert_eq!(certificate["Serial"], "7a:72:85:ec:84:26:85:e8:6f:cd:fb:1c:c8:0f:2d:ec:d0:18:ea:05");
    assert_eq!(certificate["DomainValidationOptions"][0], json!({"DomainName": "own.example.com"}));
    assert!(certificate["NotBefore"].is_number() && certificate["NotAfter"].is_number());
    let options = json!({"CertificateTransparencyLoggingPreference": "DISABLED", "Export": "DISABLED"});
    assert_eq!(certificate["Options"], options);
    // It has neither extension.
    assert_eq!(certificate["KeyUsages"], json!([{"Name": "ANY"}]));
    assert_eq!(certificate["ExtendedKeyUsages"], json!([{"Name": "NONE", "OID": null}]));
    let text = lab.ok("acm.GetCertificate", json!({"CertificateArn": arn}));
    assert_eq!(text["Certificate"], OWN);
    let mut again = input.clone();
    again["CertificateArn"] = arn.clone().into();
    assert_eq!(lab.ok("acm.ImportCertificate", again.clone())["CertificateArn"], arn);
    again["Tags"] = json!([{"Key": "a", "Value": "b"}]);
    let text = "Tagging is not permitted on re-import.";
    lab.refuses("acm.ImportCertificate", again, "ValidationException", text);
    let bad = json!({"Certificate": STANDARD.encode("no"), "PrivateKey": input["PrivateKey"]});
    lab.refuses("acm.ImportCertificate", bad, "ValidationException", "Could not parse the certificate");
}

#[test]
fn options_of_an_issued_certificate_can_be_changed() {
    let lab = Lab::new();
    let pending = request(&lab, json!({"DomainName": "p.example", "ValidationMethod": "DNS"}));
    let input =
        |arn: &str| json!({"CertificateArn": arn, "Options": {"CertificateTransparencyLoggingPreference": "DISABLED"}});
    lab.refuses("acm.UpdateCertificateOptions", input(&pending), "InvalidStateException", "PENDING_VALIDATION");
    let arn = issued(&lab);
    lab.ok("acm.UpdateCertificateOptions", input(&arn));
    let options = json!({"CertificateTransparencyLoggingPreference": "DISABLED", "Export": "DISABLED"});
    assert_eq!(describe(&lab, &arn)["Options"], options);
}

#[test]
fn a_tag_is_removed_with_its_value_or_without() {
    let lab = Lab::new();
    let arn = request(&lab, json!({"DomainName": "a.example", "ValidationMethod": "DNS"}));
    let with = |tags: Value| json!({"CertificateArn": arn, "Tags": tags});
    lab.ok("acm.AddTagsToCertificate", with(json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])));
    lab.ok("acm.RemoveTagsFromCertificate", with(json!([{"Key": "a", "Value": "x"}, {"Key": "b"}])));
    let tags = lab.ok("acm.ListTagsForCertificate", json!({"CertificateArn": arn}));
    assert_eq!(tags["Tags"], json!([{"Key": "a", "Value": "1"}]));
    let many: Vec<Value> = (0..50).map(|number| json!({"Key": format!("k{number}"), "Value": ""})).collect();
    lab.refuses("acm.AddTagsToCertificate", with(many.into()), "TooManyTagsException", "too many");
    lab.refuses("acm.AddTagsToCertificate", with(json!([{"Key": "aws:x"}])), "InvalidTagException", "aws:");
}

#[test]
fn certificates_belong_to_a_region() {
    let lab = Lab::new();
    let arn = request(&lab, json!({"DomainName": "a.example", "ValidationMethod": "DNS"}));
    let elsewhere = lab.in_region("eu-west-1");
    elsewhere.refuses("acm.DescribeCertificate", json!({"CertificateArn": arn}), "ResourceNotFoundException", &arn);
}

#[test]
fn certificates_are_announced_to_expire_so_many_days_before() {
    let lab = Lab::new();
    let days = |lab: &Lab| lab.ok("acm.GetAccountConfiguration", json!({}))["ExpiryEvents"]["DaysBeforeExpiry"].clone();
    assert_eq!(days(&lab), 45);
    let empty = json!({"IdempotencyToken": "a", "ExpiryEvents": {}});
    lab.refuses("acm.PutAccountConfiguration", empty, "ValidationException", "Configuration for events is empty.");
    let chosen = json!({"IdempotencyToken": "b", "ExpiryEvents": {"DaysBeforeExpiry": 7}});
    lab.ok("acm.PutAccountConfiguration", chosen);
    assert_eq!(days(&lab), 7);
}

#[test]
fn an_imported_certificate_tells_what_its_key_may_be_used_for() {
    /// Made for this test: it has both extensions.
    const USED: &str = include_str!("tests/used.pem");
    let lab = Lab::new();
    let key = STANDARD.encode("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    // It is valid from later than the lab's beginning.
    lab.pass(400 * 24 * 3600);
    let input = json!({"Certificate": STANDARD.encode(USED), "PrivateKey": key});
    let arn = lab.ok("acm.ImportCertificate", input)["CertificateArn"].as_str().unwrap().to_owned();
    let certificate = describe(&lab, &arn);
    let usages = json!([{"Name": "DIGITAL_SIGNATURE"}, {"Name": "NON_REPUDIATION"}, {"Name": "KEY_AGREEMENT"}]);
    assert_eq!(certificate["KeyUsages"], usages);
    let extended = json!([
        {"Name": "TLS_WEB_SERVER_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.1"},
        {"Name": "TLS_WEB_CLIENT_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.2"},
    ]);
    assert_eq!(certificate["ExtendedKeyUsages"], extended);
}
