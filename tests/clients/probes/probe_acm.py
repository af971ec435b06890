"""Probes of certificates: requests, tokens, names, use, lists and tags.

Decides what ACM refuses and what it answers to a repeated request.
"""

from fixtures import issued_certificate, listener
from harness import ACCOUNT, Part, probe

ABSENT = "00000000-0000-0000-0000-000000000000"


def absent(t):
    """The ARN of a certificate that never existed."""
    return f"arn:aws:acm:{t.region}:{ACCOUNT}:certificate/{ABSENT}"


def request(t, domain=None, **more):
    """A certificate of its own; its ARN."""
    answer = t.acm.request_certificate(
        DomainName=domain or f"{t.name}.probes.io", ValidationMethod="DNS", **more)
    return answer["CertificateArn"]


@probe("acm.unknown.{0}", cases=(
    ("describe_certificate", {}), ("delete_certificate", {}), ("list_tags_for_certificate", {}),
    ("add_tags_to_certificate", {"Tags": [{"Key": "a", "Value": "b"}]})))
def unknown(t, operation, more):
    t.refused("ResourceNotFoundException", Part(absent(t)), getattr(t.acm, operation),
              CertificateArn=absent(t), **more)


@probe("acm.describe.malformed-arn")
def malformed(t):
    t.refused("ValidationException", Part("at 'certificateArn' failed to satisfy constraint: "
                                          "Member must satisfy regular expression pattern:"),
              t.acm.describe_certificate, CertificateArn="not an arn at all, but long enough")


@probe("acm.describe.missing-arn")
def missing(t):
    t.refused("ValidationException",
              Part("Value null at 'certificateArn' failed to satisfy constraint: Member must not be null"),
              t.acm.describe_certificate)


@probe("acm.delete.in-use")
def in_use(t):
    arn = issued_certificate(t)
    listener(t, Protocol="HTTPS", Certificates=[{"CertificateArn": arn}])
    t.refused_within(10, "ResourceInUseException", f"Certificate {arn} in account {ACCOUNT} is in use.",
                     t.acm.delete_certificate, CertificateArn=arn)


@probe("acm.request.same-token")
def same_token(t):
    token = t.name.replace("-", "")
    t.equal(request(t, IdempotencyToken=token), request(t, IdempotencyToken=token), "the same ARN")


@probe("acm.request.no-token")
def no_token(t):
    first, second = request(t), request(t)
    t.true(first != second, "two certificates", second)


@probe("acm.request.11-names")
def eleven_names(t):
    names = [f"n{n}.{t.name}.probes.io" for n in range(10)]
    t.refused("LimitExceededException", Part("too many domains"), t.acm.request_certificate,
              DomainName=f"{t.name}.probes.io", ValidationMethod="DNS", SubjectAlternativeNames=names)


@probe("acm.request.{0}", cases=(
    ("bad-domain", {"DomainName": "not a domain!"}, Part("at 'domainName' failed to satisfy constraint")),
    ("no-domain", {}, Part("Value null at 'domainName' failed to satisfy constraint: Member must not be null")),
    ("token-characters", {"DomainName": "a.probes.io", "IdempotencyToken": "no-hyphens-allowed"},
     Part("at 'idempotencyToken' failed to satisfy constraint: Member must satisfy regular expression pattern")),
    ("token-too-long", {"DomainName": "a.probes.io", "IdempotencyToken": "x" * 33},
     Part("at 'idempotencyToken' failed to satisfy constraint: Member must have length less than or equal to 32")),
))
def bad_request(t, _case, more, text):
    t.refused("ValidationException", text, t.acm.request_certificate, ValidationMethod="DNS", **more)


@probe("acm.names.main-included-and-lower-case")
def names(t):
    arn = request(t, f"Up.{t.name}.probes.io", SubjectAlternativeNames=[f"b.{t.name}.probes.io"])
    found = t.acm.describe_certificate(CertificateArn=arn)["Certificate"]["SubjectAlternativeNames"]
    t.equal(sorted(found), [f"b.{t.name}.probes.io", f"up.{t.name}.probes.io"], "names")


@probe("acm.names.wildcard-shares-record")
def wildcard(t):
    domain = f"{t.name}.probes.io"
    arn = request(t, SubjectAlternativeNames=["*." + domain])

    def records():
        options = t.acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
        return [option["ResourceRecord"]["Name"] for option in options]

    found = t.until(records, 20)
    t.equal((len(found), len(set(found))), (2, 1), "two options, one record:")


@probe("acm.list.hides-other-keys", region="eu-central-1")
def key_filter(t):
    arn = request(t, KeyAlgorithm="EC_prime256v1")
    plain = t.walk(t.acm.list_certificates, "CertificateSummaryList", ("NextToken", "NextToken"))
    asked = t.walk(t.acm.list_certificates, "CertificateSummaryList", ("NextToken", "NextToken"),
                   Includes={"keyTypes": ["RSA_2048", "EC_prime256v1"]})
    seen = [[item["CertificateArn"] for page in pages for item in page] for pages in (plain, asked)]
    t.equal((arn in seen[0], arn in seen[1]), (False, True), "hidden, then shown")


@probe("acm.pages.certificates", region="eu-central-1")
def pages(t):
    wanted = [request(t, f"p{n}.{t.name}.io") for n in range(5)]
    found = t.walk(t.acm.list_certificates, "CertificateSummaryList", ("NextToken", "NextToken"), MaxItems=2)
    t.once(found, wanted, 2, lambda item: item["CertificateArn"])


@probe("acm.tags.reserved-prefix")
def reserved_tag(t):
    t.refused("InvalidTagException|ValidationException", None, t.acm.add_tags_to_certificate,
              CertificateArn=request(t), Tags=[{"Key": "aws:mine", "Value": "x"}])


@probe("acm.tags.51st")
def too_many_tags(t):
    arn = request(t)
    t.acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": f"k{n}", "Value": "v"} for n in range(50)])
    t.refused("TooManyTagsException", None, t.acm.add_tags_to_certificate, CertificateArn=arn,
              Tags=[{"Key": "one-more", "Value": "v"}])


@probe("acm.configuration.{0}", cases=(
    ("token-missing", {"ExpiryEvents": {"DaysBeforeExpiry": 1}},
     "1 validation error detected: Value null at 'idempotencyToken' failed to satisfy constraint: "
     "Member must not be null"),
    ("events-empty", {"IdempotencyToken": "t", "ExpiryEvents": {}}, "Configuration for events is empty.")))
def configuration(t, _case, more, text):
    t.refused("ValidationException", text, t.acm.put_account_configuration, **more)
