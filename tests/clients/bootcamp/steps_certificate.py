"""A certificate with DNS validation: pending until the right record exists, then issued.

Decides the certificate of the HTTPS listener. Must not attach it.
"""

from compare import Absent, Bag, Has, Like, Maybe, OneOf, Time
from harness import step
from steps_dns import change, record


def certificate(aws, lab):
    """Reads the certificate."""
    return aws.acm.describe_certificate(CertificateArn=lab.certificate)["Certificate"]


def validation(lab, domain, status):
    """One entry of DomainValidationOptions; a wildcard shares the record of its base."""
    return {
        "DomainName": domain, "ValidationDomain": OneOf(domain, lab.domain), "ValidationStatus": status,
        "ValidationMethod": "DNS", "ResourceRecord": {
            "Name": Like(rf"_[0-9a-f]{{32}}\.{lab.domain}\."), "Type": "CNAME",
            "Value": Like(r"_[0-9a-f]{32}\.[a-z0-9]+\.acm-validations\.aws\.")},
    }


@step("request a certificate, twice with one token")
def request(aws, lab):
    def ask():
        return aws.acm.request_certificate(
            DomainName=lab.domain, SubjectAlternativeNames=[f"*.{lab.domain}"], ValidationMethod="DNS",
            IdempotencyToken=f"t{lab.run}", Tags=[{"Key": "run", "Value": lab.run}])

    answer = ask()
    lab.certificate = answer["CertificateArn"]
    lab.same("answer", {"CertificateArn": Like(rf"arn:aws:acm:{lab.region}:{lab.account}:certificate/[0-9a-f-]{{36}}")}, answer)
    lab.same("same token, same certificate", lab.certificate, ask()["CertificateArn"])


@step("pending certificate with its validation record")
def pending(aws, lab):
    got = lab.until("validation record is published", lambda: certificate(aws, lab),
                    lambda cert: all("ResourceRecord" in item for item in cert.get("DomainValidationOptions", [{}])))
    lab.validation = got["DomainValidationOptions"][0]["ResourceRecord"]
    lab.same("DescribeCertificate", {
        "CertificateArn": lab.certificate, "DomainName": lab.domain, "Status": "PENDING_VALIDATION",
        "SubjectAlternativeNames": Bag([lab.domain, f"*.{lab.domain}"]), "Type": "AMAZON_ISSUED", "Issuer": "Amazon",
        "Subject": f"CN={lab.domain}", "CreatedAt": Time(), "InUseBy": [], "KeyUsages": [], "ExtendedKeyUsages": [],
        "RenewalEligibility": "INELIGIBLE", "SignatureAlgorithm": "SHA256WITHRSA", "KeyAlgorithm": OneOf("RSA-2048", "RSA_2048"),
        "Options": {"CertificateTransparencyLoggingPreference": "ENABLED", "Export": Maybe("DISABLED")},
        "DomainValidationOptions": Bag([
            validation(lab, name, "PENDING_VALIDATION") for name in (lab.domain, f"*.{lab.domain}")]),
        "CertificateKeyPairOrigin": Maybe(),
    }, got)
    lab.same("one record for both names", 1, len({item["ResourceRecord"]["Value"] for item in got["DomainValidationOptions"]}))


@step("a record with the wrong value validates nothing")
def wrong_record(aws, lab):
    change(aws, lab, ("CREATE", record(lab.validation["Name"], "CNAME", ["_0.wrong.acm-validations.aws."], ttl=300)))
    # Ten looks are two seconds of ours and minutes of simulated time, longer than issuing takes.
    looks = []
    lab.until("ten looks", lambda: looks.append(certificate(aws, lab)["Status"]) or looks, lambda seen: len(seen) >= 10)
    lab.same("status all along", ["PENDING_VALIDATION"] * 10, looks)


@step("the right record: certificate is issued")
def issued(aws, lab):
    change(aws, lab, ("UPSERT", record(lab.validation["Name"], "CNAME", [lab.validation["Value"]], ttl=300)))
    got = lab.until("certificate is ISSUED", lambda: certificate(aws, lab), lambda cert: cert["Status"] == "ISSUED")
    lab.same("DescribeCertificate", Has({
        "IssuedAt": Time(), "NotBefore": Time(), "NotAfter": Time(), "Serial": Like(r"[0-9a-f]{2}(:[0-9a-f]{2})+"),
        "KeyUsages": Bag([{"Name": "DIGITAL_SIGNATURE"}, {"Name": "KEY_ENCIPHERMENT"}]),
        "ExtendedKeyUsages": Bag([{"Name": "TLS_WEB_SERVER_AUTHENTICATION", "OID": "1.3.6.1.5.5.7.3.1"}], exact=False),
        "InUseBy": [], "FailureReason": Absent(), "RenewalEligibility": "INELIGIBLE",
        "DomainValidationOptions": Bag([validation(lab, name, "SUCCESS") for name in (lab.domain, f"*.{lab.domain}")]),
    }), got)


@step("certificate tags and listing")
def listing(aws, lab):
    aws.acm.add_tags_to_certificate(CertificateArn=lab.certificate, Tags=[{"Key": "team", "Value": "core"}])
    aws.acm.remove_tags_from_certificate(CertificateArn=lab.certificate, Tags=[{"Key": "run"}])
    lab.same("tags", {"Tags": [{"Key": "team", "Value": "core"}]}, aws.acm.list_tags_for_certificate(CertificateArn=lab.certificate))
    pages = aws.acm.get_paginator("list_certificates").paginate(CertificateStatuses=["ISSUED"])
    mine = [item for page in pages for item in page["CertificateSummaryList"] if item["CertificateArn"] == lab.certificate]
    lab.same("ListCertificates", [Has({
        "DomainName": lab.domain, "Status": "ISSUED", "Type": "AMAZON_ISSUED", "KeyAlgorithm": OneOf("RSA-2048", "RSA_2048"),
        "InUse": False, "SubjectAlternativeNameSummaries": Bag([lab.domain, f"*.{lab.domain}"])})], mine)
    unknown = lab.certificate[:-12] + "000000000000"
    lab.refused("unknown", "ResourceNotFoundException", lambda: aws.acm.describe_certificate(CertificateArn=unknown), status=400,
                message=f"Could not find certificate {unknown}.")
